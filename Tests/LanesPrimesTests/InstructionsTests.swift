import CSIMD
import LanesOS
import LanesPrimes
import LanesTesting
import Testing

/// Kernels of vector instructions against Swift alone; where the processor has none of them both are the same.
@Suite struct InstructionsTests {
  /// The levels that have kernels of their own and that this machine has.
  private static let levels = [csimd_avx2, csimd_avx512_vbmi].filter { $0.rawValue <= csimd_best().rawValue }

  /// Runs `body` with kernels of this thread at each level.
  private func atEachLevel(_ body: (csimd_level) throws -> Void) rethrows {
    defer { csimd_limit(csimd_best()) }
    for level in Self.levels {
      csimd_limit(level)
      try body(level)
    }
  }

  private func expectSame(_ start: UInt64, _ stop: UInt64) throws {
    for mode in [PrimesMode.count, .sum, .twins, .sextuplets] {
      let portable = try BatchRunner(start, stop, mode, .portable)
      #expect(portable.failures.isEmpty)
      try atEachLevel { level in
        let vectors = try BatchRunner(start, stop, mode, .vectors)
        #expect(vectors.failures.isEmpty)
        #expect(vectors.partial == portable.partial, "\(mode): \(start)…\(stop) at level \(level.rawValue)")
      }
    }
  }

  /// Steps in blocks, steps in segments, and primes above 2^24 that are made on the fly.
  @Test(arguments: [
    UInt64(0), 900_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 281_474_976_710_656,
    1_000_000_000_000_000,
  ]) func `both find the same primes`(start: UInt64) throws {
    try expectSame(start, start + 40_000_000)
    try expectSame(start + 12_345, start + 12_345 + 1_000_003)
  }

  /// Where squares of sieving primes lie, groups hold primes that have not begun and others that have as many multiples as they can; the
  /// bounds between sieves are among them.
  @Test(arguments: [UInt64(163), 8191, 16_381, 32_749, 65_521, 98_299, 131_071, 524_287, 1_048_573])
  func
    `both agree where primes begin`(prime: UInt64) throws
  {
    let square = prime * prime
    try expectSame(square - min(square, 2_000_003), square + 3_000_017)
  }

  @Test(arguments: [16 << 10, 32 << 10, 48 << 10, 128 << 10], [256 << 10, 1 << 20, 3 << 20])
  func `the sizes of both caches change nothing`(level1: Int, level2: Int) throws {
    let caches = Caches(level1: level1, level2: level2)
    for (start, length) in [
      (UInt64(0), UInt64(3_000_000)), (999_999_999_000, 3_000_000), (300_000_000_000_000, 300_000),
    ] {
      for mode in [PrimesMode.sum, .twins] {
        let expected = try BatchRunner(start, start + length, mode, .portable, caches: .usual)
        let portable = try BatchRunner(start, start + length, mode, .portable, caches: caches)
        #expect(portable.partial == expected.partial && portable.failures.isEmpty, "\(start)")
        try atEachLevel { level in
          let vectors = try BatchRunner(start, start + length, mode, .vectors, caches: caches)
          #expect(
            vectors.partial == expected.partial && vectors.failures.isEmpty, "\(start) at level \(level.rawValue)")
        }
      }
    }
  }

  @Test func `both list what the Miller-Rabin test finds`() throws {
    var random = Repeatable(state: 41)
    for round in 0..<40 {
      let start = random.next() >> UInt64(round + 8)
      let stop = start + random.next() % 4000
      let expected = Oracle.primes(start, stop)
      #expect(try BatchRunner(start, stop, .list, .portable).primes == expected, "\(start)…\(stop)")
      try atEachLevel { level in
        let found = try BatchRunner(start, stop, .list, .vectors).primes
        #expect(found == expected, "\(start)…\(stop) at level \(level.rawValue)")
      }
    }
  }

  @Test func `both agree near the top`() throws {
    let portable = try BatchRunner(.max - 12_000_000, .max, .count, .portable).partial.count
    try atEachLevel { level in
      let vectors = try BatchRunner(.max - 12_000_000, .max, .count, .vectors).partial.count
      #expect(vectors == portable, "at level \(level.rawValue)")
    }
  }
}
