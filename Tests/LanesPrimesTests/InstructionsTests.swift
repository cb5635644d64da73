import LanesPrimes
import LanesTesting
import Testing

/// Kernels of vector instructions against Swift alone; where the processor has none of them both are the same.
@Suite struct InstructionsTests {
  private func expectSame(_ start: UInt64, _ stop: UInt64) throws {
    for mode in [PrimesMode.count, .sum, .twins, .sextuplets] {
      let best = try BatchRunner(start, stop, mode, .best)
      let portable = try BatchRunner(start, stop, mode, .portable)
      #expect(best.failures.isEmpty && portable.failures.isEmpty)
      #expect(best.partial == portable.partial, "\(mode): \(start)…\(stop)")
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

  @Test func `both list what the Miller-Rabin test finds`() throws {
    var random = Repeatable(state: 41)
    for round in 0..<40 {
      let start = random.next() >> UInt64(round + 8)
      let stop = start + random.next() % 4000
      let expected = Oracle.primes(start, stop)
      for instructions in SieveInstructions.allCases where instructions == .portable || instructions == .best {
        #expect(try BatchRunner(start, stop, .list, instructions).primes == expected, "\(start)…\(stop)")
      }
    }
  }

  @Test func `both agree near the top`() throws {
    let portable = try BatchRunner(.max - 12_000_000, .max, .count, .portable).partial.count
    #expect(try count(.max - 12_000_000, .max) == portable)
  }
}
