import LanesCore
import LanesPrimes
import LanesTesting
import Testing

/// Ranges of every size and place against methods that do not sieve.
@Suite struct RangeTests {
  /// What all four modes say of a range, against `expected` primes.
  private func expect(_ start: UInt64, _ stop: UInt64, _ expected: [UInt64]) throws {
    let members = Set(expected)
    let twins = expected.filter { $0 <= stop - 2 && members.contains($0 + 2) }.count
    let listed = try BatchRunner(start, stop, .list)
    #expect(listed.primes == expected, "\(start)…\(stop)")
    #expect(listed.partial.count == UInt64(expected.count))
    #expect(try count(start, stop) == UInt64(expected.count), "\(start)…\(stop)")
    #expect(try BatchRunner(start, stop, .sum).partial.sum == expected.reduce(0) { $0 + UInt128($1) })
    if stop >= 2 { #expect(try BatchRunner(start, stop, .twins).partial.tuplets == UInt64(twins), "\(start)…\(stop)") }
  }

  @Test func `every range below seventy`() throws {
    let primes = (0...70).map(UInt64.init).filter(Oracle.byDivision)
    for start in UInt64(0)...70 {
      for stop in start...70 { try expect(start, stop, primes.filter { (start...stop).contains($0) }) }
    }
  }

  @Test func `ranges from zero around every small prime`() throws {
    let primes = (0...2000).map(UInt64.init).filter(Oracle.byDivision)
    for prime in primes {
      for stop in [prime - 1, prime, prime + 1] { try expect(0, stop, primes.filter { $0 <= stop }) }
    }
  }

  /// Squares and products of primes near the bounds between techniques, and places where buffers begin and end.
  static let edges: [UInt64] = {
    let bytes: [UInt64] = [1, 127, 128, 1024, 4096, 32 << 10, 64 << 10, 512 << 10, 1024 << 10, 2048 << 10]
    let primes: [UInt64] = [
      7, 163, 167, 8191, 8209, 12_281, 12_289, 24_571, 24_593, 65521, 65537, 131_071, 131_101, 983_029, 983_063,
      4_194_301,
      4_194_319, 16_777_213, 16_777_259, 4_294_967_291,
    ]
    return bytes.map { 30 * $0 } + primes.map { $0 * $0 } + primes.dropLast().map { $0 * 4_294_967_291 }
      + [1 << 32, 15_000_000, 240_000_000, 1_000_000_007, 4_194_301 * 4_194_319]
  }()

  @Test(arguments: edges) func `ranges around an edge`(edge: UInt64) throws {
    for (below, above) in [(UInt64(0), UInt64(0)), (1, 1), (30, 29), (31, 200), (3000, 5000)] {
      let start = edge - min(below, edge)
      try expect(start, edge + above, Oracle.primes(start, edge + above))
    }
  }

  @Test func `random ranges`() throws {
    var random = Repeatable(state: 11)
    for round in 0..<60 {
      let start = random.next() >> UInt64(round)
      let stop = start.addingReportingOverflow(random.next() % 3000)
      let end = stop.overflow ? .max : stop.partialValue
      try expect(start, end, Oracle.primes(start, end))
    }
  }

  @Test func `the top of the range`() throws {
    for length: UInt64 in [0, 1, 2, 14, 15, 16, 17, 29, 30, 31, 58, 59, 60, 1000] {
      try expect(.max - length, .max, Oracle.primes(.max - length, .max))
    }
  }

  /// 32 million numbers are sieved by all primes below 2^32, halves of that are proved one by one.
  @Test func `sieving and proving agree near the top`() throws {
    let middle = UInt64.max - 16_000_000
    let whole = try count(.max - 32_000_000, .max)
    #expect(whole == (try count(.max - 32_000_000, middle)) + (try count(middle + 1, .max)))
  }

  @Test func `a range of several units is the sum of its parts`() throws {
    var random = Repeatable(state: 12)
    for _ in 0..<6 {
      let start = random.next() % 1_000_000_000
      let cut = start + random.next() % 60_000_000
      let stop = cut + 1 + random.next() % 60_000_000
      let whole = try BatchRunner(start, stop)
      #expect(whole.units.count > 1)
      #expect(whole.partial.count == (try count(start, cut)) + (try count(cut + 1, stop)))
      #expect(try BatchRunner(start, stop, .list).partial.count == whole.partial.count)
    }
  }
}
