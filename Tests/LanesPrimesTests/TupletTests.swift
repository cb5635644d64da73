import LanesPrimes
import LanesTesting
import Testing

/// Groups of primes as close as primes can be.
@Suite struct TupletTests {
  /// The forms of each size: distances of the later members from the first.
  static let forms: [Int: [[UInt64]]] = [
    2: [[2]], 3: [[2, 6], [4, 6]], 4: [[2, 6, 8]], 5: [[2, 6, 8, 12], [4, 6, 10, 12]], 6: [[4, 6, 10, 12, 16]],
  ]

  private func expect(_ start: UInt64, _ stop: UInt64, _ primes: [UInt64]) throws {
    let members = Set(primes)
    for (size, forms) in Self.forms {
      let expected = primes.reduce(0) { count, prime in
        count
          + forms.count { form in
            form.allSatisfy { prime <= .max - $0 && members.contains(prime + $0) }
          }
      }
      let mode = try #require(PrimesMode(tupletsOf: size))
      #expect(try BatchRunner(start, stop, mode).partial.tuplets == UInt64(expected), "\(size): \(start)…\(stop)")
    }
  }

  @Test func `every range below fifty`() throws {
    let primes = (0...50).map(UInt64.init).filter(Oracle.byDivision)
    for start in UInt64(0)...50 {
      for stop in start...50 { try expect(start, stop, primes.filter { (start...stop).contains($0) }) }
    }
  }

  @Test func `random ranges`() throws {
    var random = Repeatable(state: 21)
    for _ in 0..<40 {
      let start = random.next() % 200_000
      let stop = start + random.next() % 30_000
      try expect(start, stop, (start...stop).filter(Oracle.byDivision))
    }
  }

  @Test func `the top of the range`() throws {
    try expect(.max - 2000, .max, Oracle.primes(.max - 2000, .max))
  }

  /// As primesieve 11.0 counts below 10^9.
  @Test(arguments: [(2, UInt64(3_424_506)), (3, 759_256), (4, 28_388), (5, 7221), (6, 317)])
  func `groups below a thousand million`(size: Int, expected: UInt64) throws {
    let mode = try #require(PrimesMode(tupletsOf: size))
    #expect(try BatchRunner(0, 1_000_000_000, mode).partial.tuplets == expected)
  }

  /// primesieve test/count_triplets.cpp: counts in [10^12, 10^12 + 10^9].
  @Test func `triplets from ten to the twelfth`() throws {
    #expect(try BatchRunner(1_000_000_000_000, 1_001_000_000_000, .triplets).partial.tuplets == 271_316)
  }

  @Test func `other sizes are none`() {
    for size in [-1, 0, 1, 7, 1000] { #expect(PrimesMode(tupletsOf: size) == nil) }
  }
}
