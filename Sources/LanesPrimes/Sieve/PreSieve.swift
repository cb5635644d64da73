import CKernels

/// Removes the multiples of the primes 7 … 163 from part of a sieve with 16 repeating patterns.
///
/// Each pattern holds the multiples of two or three primes and repeats after their product in bytes; the grouping, which
/// keeps all patterns together at about 126 KB (L2), is that of primesieve 12.
final class PreSieve: Sendable {
  static let shared = PreSieve()

  /// The largest prime whose multiples the patterns hold.
  static let largestPrime: UInt64 = 163

  private static let groups: [[UInt64]] = [
    [7, 23, 37], [11, 19, 31], [13, 17, 29], [41, 163], [43, 157], [47, 151], [53, 149], [59, 139], [61, 137],
    [67, 131], [71, 127], [73, 113], [79, 109], [83, 107], [89, 103], [97, 101],
  ]
  /// All primes in the patterns, ascending.
  static let primes: [UInt64] = groups.flatMap { $0 }.sorted()
  /// Bytes done at a time: small beside L1, large beside the work of moving 16 pattern positions.
  private static let chunk = 1024

  /// Never freed and never changed after `init`, hence safe to share.
  private nonisolated(unsafe) let patterns: UnsafeMutablePointer<UInt8>
  private let starts: [Int]
  private let periods: [Int]

  private init() {
    let periods = Self.groups.map { Int($0.reduce(1, *)) }
    var starts: [Int] = []
    var total = 0
    for period in periods {
      starts.append(total)
      total += (period + Self.chunk + 63) & ~63
    }
    patterns = .allocate(capacity: total)
    patterns.initialize(repeating: 0xFF, count: total)
    self.starts = starts
    self.periods = periods
    for (index, primes) in Self.groups.enumerated() {
      for prime in primes { Self.unset(prime, in: patterns + starts[index], count: periods[index] + Self.chunk) }
    }
  }

  /// Clears the bits of all multiples of `prime`, itself included, in the first `count` bytes of a sieve.
  private static func unset(_ prime: UInt64, in bytes: UnsafeMutablePointer<UInt8>, count: Int) {
    for cofactor in Wheel30.cofactors {
      let mask = ~Wheel30.mask(of: prime * cofactor)
      var byte = Int(Wheel30.byte(of: prime * cofactor))
      while byte < count {
        bytes[byte] &= mask
        byte += Int(prime)
      }
    }
  }

  /// Applies the patterns to `count` bytes that stand for the numbers from 30 × `firstByte` on.
  ///
  /// `count` is a multiple of 64. With `keepingBits` the result is the AND of the patterns and what was there; otherwise what was
  /// there is overwritten.
  func apply(
    to bytes: UnsafeMutablePointer<UInt8>, count: Int, firstByte: UInt64, keepingBits: Bool,
    _ instructions: SieveInstructions
  ) {
    // Where each pattern stands; they repeat after different lengths, so none of the positions can be derived from another.
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 16) { positions in
      for index in 0..<16 { positions[index] = Int(firstByte % UInt64(periods[index])) }
      var done = 0
      while done < count {
        let length = min(Self.chunk, count - done)
        switch instructions {
        case .vectors: applyWithVectors(over: bytes + done, length, positions, keepingBits)
        case .portable: applyPortably(over: bytes + done, length, positions, keepingBits)
        }
        for index in 0..<16 {
          positions[index] += length
          if positions[index] >= periods[index] { positions[index] -= periods[index] }
        }
        done += length
      }
    }
  }

  private func applyWithVectors(
    over bytes: UnsafeMutablePointer<UInt8>, _ length: Int, _ positions: UnsafeMutableBufferPointer<Int>,
    _ keepingBits: Bool
  ) {
    withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: 16) { sources in
      for index in 0..<16 { sources[index] = UnsafePointer(patterns + starts[index] + positions[index]) }
      let first = sources.baseAddress!
      ckernels_presieve(bytes, first, length, keepingBits)
      ckernels_presieve(bytes, first + 8, length, true)
    }
  }

  @inline(__always) private func applyPortably(
    over bytes: UnsafeMutablePointer<UInt8>, _ length: Int, _ positions: UnsafeMutableBufferPointer<Int>,
    _ keepingBits: Bool
  ) {
    for pass in 0..<4 {
      let first = 4 * pass
      let a = UnsafeRawPointer(patterns + starts[first] + positions[first])
      let b = UnsafeRawPointer(patterns + starts[first + 1] + positions[first + 1])
      let c = UnsafeRawPointer(patterns + starts[first + 2] + positions[first + 2])
      let d = UnsafeRawPointer(patterns + starts[first + 3] + positions[first + 3])
      if pass == 0 && !keepingBits {
        Self.and(a, b, c, d, over: bytes, length, keep: false)
      } else {
        Self.and(a, b, c, d, over: bytes, length, keep: true)
      }
    }
  }

  @inline(__always) private static func and(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeRawPointer, _ d: UnsafeRawPointer,
    over bytes: UnsafeMutablePointer<UInt8>, _ length: Int, keep: Bool
  ) {
    typealias Vector = SIMD4<UInt64>
    let out = UnsafeMutableRawPointer(bytes)
    var at = 0
    while at < length {
      var bits =
        a.loadUnaligned(fromByteOffset: at, as: Vector.self) & b.loadUnaligned(fromByteOffset: at, as: Vector.self)
        & c.loadUnaligned(fromByteOffset: at, as: Vector.self) & d.loadUnaligned(fromByteOffset: at, as: Vector.self)
      if keep { bits &= out.loadUnaligned(fromByteOffset: at, as: Vector.self) }
      out.storeBytes(of: bits, toByteOffset: at, as: Vector.self)
      at &+= 32
    }
  }
}
