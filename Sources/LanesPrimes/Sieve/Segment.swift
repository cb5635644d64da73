import CKernels

/// A finished part of a sieve: a bit is set if and only if its number is a prime of the interval.
struct Segment {
  let bytes: UnsafePointer<UInt8>
  /// A multiple of 128; bytes after the interval are zero.
  let count: Int
  let firstByte: UInt64
  let instructions: SieveInstructions

  /// What bit `b` of a little-endian word of eight bytes adds to 30 × its first byte.
  private static let offsets: [UInt64] = (0..<64).map { UInt64($0 / 8 * 30) + Wheel30.residues[$0 % 8] }

  /// Calls `body` for every prime, ascending.
  @inline(__always) func forEachPrime(_ body: (UInt64) -> Void) {
    Self.offsets.withUnsafeBufferPointer { offsets in
      let offsets = offsets.baseAddress!
      let raw = UnsafeRawPointer(bytes)
      var base = firstByte &* 30
      for at in stride(from: 0, to: count, by: 8) {
        var word = raw.load(fromByteOffset: at, as: UInt64.self)
        while word != 0 {
          body(base &+ offsets[word.trailingZeroBitCount])
          word &= word &- 1
        }
        base &+= 240
      }
    }
  }

  /// How many primes there are.
  var primeCount: UInt64 {
    switch instructions {
    case .vectors: ckernels_sieve_count(bytes, count)
    case .portable: BitCount.ones(bytes, count: count)
    }
  }

  /// How many closest groups of `size` primes, 2 to 6, there are; none lies across two bytes.
  func tupletCount(of size: Int) -> UInt64 { BitCount.tuplets(of: size, bytes, count: count) }

  /// The sum of all primes.
  var sum: UInt128 {
    // Per byte: primes in bits 0–31, the sum of their residues above.
    var primes: UInt64 = 0
    var relative: UInt64 = 0
    Self.byteSums.withUnsafeBufferPointer { sums in
      for at in 0..<count {
        let entry = sums[Int(bytes[at])]
        primes &+= entry & 0xFF
        relative &+= (entry & 0xFF) &* UInt64(at) &* 30 &+ entry >> 8
      }
    }
    return UInt128(firstByte * 30) * UInt128(primes) + UInt128(relative)
  }

  /// By byte: bits set in bits 0–7, the sum of their residues above.
  private static let byteSums: [UInt64] = (0..<256).map { byte in
    var sum: UInt64 = 0
    for bit in 0..<8 where byte >> bit & 1 == 1 { sum += Wheel30.residues[bit] << 8 + 1 }
    return sum
  }
}
