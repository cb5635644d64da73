import LanesCore
import LanesOS
import LanesPrimes
import LanesTesting
import Testing

/// The n-th prime after a number.
@Suite struct NthTests {
  /// Plans, performs and counts as an engine does, units included that nobody asks for any more.
  private func nth(_ nth: UInt64, after start: UInt64) throws -> UInt64? {
    let plan = PrimesPlan(try PrimeRange(ofPrime: nth, after: start), mode: .count)
    let search = NthSearch(nth)
    let nothing = Bytes()
    while case .unit(let unit) = plan.next() {
      let output = OutputBuffer()
      let bytes = try PrimesWorkload(mode: .count).perform(
        unit, input: nothing.span.bytes, output: output, deadline: .never)
      output.withBytes { search.absorb(unit, .done(bytes), output: $0) }
    }
    return try search.prime()
  }

  /// OEIS A006988.
  @Test(
    arguments: zip(
      [UInt64(1), 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000],
      [UInt64(2), 29, 541, 7919, 104_729, 1_299_709, 15_485_863, 179_424_673, 2_038_074_743]))
  func `the primes at powers of ten`(index: UInt64, expected: UInt64) throws {
    #expect(try nth(index, after: 0) == expected)
  }

  @Test func `every small prime after every small number`() throws {
    let primes = (0...200).map(UInt64.init).filter(Oracle.byDivision)
    for start in UInt64(0)...60 {
      for (index, prime) in primes.filter({ $0 > start }).prefix(20).enumerated() {
        #expect(try nth(UInt64(index + 1), after: start) == prime, "\(index + 1) after \(start)")
      }
    }
  }

  @Test func `random places`() throws {
    var random = Repeatable(state: 31)
    for round in 0..<50 {
      let start = random.next() >> UInt64(round)
      let primes = Oracle.primes(start + 1, start + 4000)
      let index = Int(random.next() % UInt64(primes.count))
      #expect(try nth(UInt64(index + 1), after: start) == primes[index], "\(index + 1) after \(start)")
    }
  }

  @Test func `what lies beyond the top does not exist`() throws {
    let last: UInt64 = 18_446_744_073_709_551_557
    #expect(try nth(1, after: last - 1) == last)
    #expect(try nth(1, after: last) == nil)
    #expect(try nth(20, after: 18_446_744_073_709_550_680) == last)
    #expect(try nth(21, after: 18_446_744_073_709_550_680) == nil)
    #expect(throws: NthError(nth: 1, start: .max)) { try PrimeRange(ofPrime: 1, after: .max) }
    #expect(throws: NthError(nth: 500_000_000_000_000_000, start: 0)) {
      try PrimeRange(ofPrime: 500_000_000_000_000_000, after: 0)
    }
    #expect(throws: NthError(nth: .max, start: 5)) { try PrimeRange(ofPrime: .max, after: 5) }
  }

  /// π(10^18) = 24739954287740860 (OEIS A006880); the whole of the search is never run.
  @Test func `the search for a far prime is planned close to where it is`() throws {
    let range = try PrimeRange(ofPrime: 24_739_954_287_740_860, after: 0)
    #expect(range.start == 1)
    #expect((1_000_000_000_000_000_000...1_000_100_000_000_000_000).contains(range.stop))
  }

  @Test func `a search goes on in a second range`() throws {
    let search = NthSearch(1000)
    for (start, stop) in [(UInt64(0), UInt64(5000)), (5001, 10_000)] {
      #expect(search.wantsMore)
      let plan = PrimesPlan(try PrimeRange(start: start, stop: stop), mode: .count)
      guard case .unit(let unit) = plan.next() else { break }
      var partial = PrimesPartial()
      partial.count = try count(start, stop)
      search.absorb(unit, .done(partial.wire))
    }
    #expect(try search.prime() == 7919)
  }

  @Test func `a unit that failed ends the search`() throws {
    let search = NthSearch(5)
    search.absorb(Unit(number: 0, label: "a"), .failed(UnitFailure(.crashed, "it died")))
    #expect(!search.wantsMore)
    #expect(search.firstFailure?.unit.label == "a")
    #expect(try search.prime() == nil)
  }
}
