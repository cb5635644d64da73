import CKernels

/// Finds the first multiples of many primes in an interval with vector kernels, which divide eight primes at a time.
struct FirstMultiples: ~Copyable {
  /// Bytes of a segment whose primes are listed at a time: the lists stay in L2, and take less than what the allocator gives
  /// back to the system at once, which would clear their pages anew for each unit.
  private static let chunk = 512
  /// By residue modulo 210: the distance to the next cofactor worth crossing off; 256 elements.
  private static let skips: [UInt8] = (0..<256).map { UInt8($0 < 210 ? Wheel210.shared.entries[$0] & 0xFF : 0) }
  /// By cofactor modulo 210, or that plus 210: its wheel index in `Wheel210`.
  private static let wheelIndexes: [UInt8] = (0..<420).map { UInt8(Wheel210.shared.entries[$0 % 210] >> 8) }

  private let low: UInt64
  private let span: UInt64
  /// Primes of one chunk, and those of them with a multiple in the interval; see `ckernels_sieve_first_multiples`.
  private let primes = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * chunk + 64)
  private let distances = UnsafeMutablePointer<UInt64>.allocate(capacity: 8 * chunk + 8)
  private let residues = UnsafeMutablePointer<UInt64>.allocate(capacity: 8 * chunk + 8)

  /// - Parameters:
  ///   - low: the first number of a byte of the sieve.
  ///   - byteCount: the interval's bytes from there on.
  init(low: UInt64, byteCount: Int) {
    self.low = low
    span = UInt64(byteCount) * 30
  }

  deinit {
    primes.deallocate()
    distances.deallocate()
    residues.deallocate()
  }

  /// True where the kernel divides rightly for all primes from `least` through `largest`: quotients below 2^43, distances below 2^32,
  /// and no prime among its own multiples.
  static func canDivide(low: UInt64, byteCount: Int, least: UInt64, largest: UInt64) -> Bool {
    low > largest && low / max(least, 1) < 1 << 43 && UInt64(byteCount) * 30 <= UInt64(UInt32.max)
  }

  /// Calls `body` for each prime of `segment` with a multiple in the interval: the prime, the byte of the first one relative to the
  /// interval's first, the prime's position in `Wheel30.cofactors`, and the cofactor's wheel index in `Wheel210`.
  @inline(__always) func forEach(
    of segment: Segment, _ body: (_ prime: UInt32, _ byte: UInt32, _ residueIndex: Int, _ wheelIndex: UInt8) -> Void
  ) {
    for at in stride(from: 0, to: segment.count, by: Self.chunk) {
      let first = UInt32(truncatingIfNeeded: (segment.firstByte + UInt64(at)) * 30)
      divide(ckernels_sieve_collect(segment.bytes + at, min(Self.chunk, segment.count - at), first, primes), body)
    }
  }

  /// As `forEach(of:_:)`, for primes of a list.
  @inline(__always) func forEach(
    of list: ArraySlice<UInt32>,
    _ body: (_ prime: UInt32, _ byte: UInt32, _ residueIndex: Int, _ wheelIndex: UInt8) -> Void
  ) {
    var rest = list
    while !rest.isEmpty {
      let part = rest.prefix(8 * Self.chunk)
      for (index, prime) in part.enumerated() { primes[index] = prime }
      divide(part.count, body)
      rest = rest.dropFirst(part.count)
    }
  }

  /// Divides the first `count` primes of the list.
  @inline(__always) private func divide(_ count: Int, _ body: (UInt32, UInt32, Int, UInt8) -> Void) {
    let found = ckernels_sieve_first_multiples(primes, count, low, span, Self.skips, distances, residues)
    Wheel210.shared.residueIndexes.withUnsafeBufferPointer { residueIndexes in
      Self.wheelIndexes.withUnsafeBufferPointer { wheelIndexes in
        for index in 0..<found {
          let prime = UInt32(truncatingIfNeeded: distances[index] >> 32)
          body(
            prime, UInt32(truncatingIfNeeded: distances[index]) / 30, Int(residueIndexes[Int(prime % 30)]),
            wheelIndexes[Int(residues[index])])
        }
      }
    }
  }
}
