import LanesCore
import LanesOS
import LanesPrimes
import LanesTesting
import Testing

/// Counting without finding.
@Suite struct CombinatorialTests {
  /// Plans, performs and adds up as an engine does, with the workload rebuilt from its bytes.
  private func combinatorial(_ bound: UInt64) throws -> UInt64 {
    var writer = WireWriter()
    let planned = try CombinatorialWorkload(bound: bound)
    planned.describe(to: &writer)
    var reader = WireReader(writer.bytes)
    let workload = try CombinatorialWorkload(from: &reader)
    let plan = planned.makePlan()
    let total = planned.makeTotal()
    let claimed = plan.totalUnits
    let nothing = Bytes()
    var units = 0
    while case .unit(let unit) = plan.next() {
      units += 1
      let bytes = try workload.perform(
        unit, input: nothing.span.bytes, output: OutputBuffer(), deadline: .never)
      total.absorb(unit, .done(bytes))
    }
    #expect(units == claimed)
    #expect(total.firstFailure == nil)
    return total.count
  }

  /// OEIS A006880.
  @Test(
    arguments: zip(
      4...13,
      [
        UInt64(1229), 9592, 78498, 664_579, 5_761_455, 50_847_534, 455_052_511, 4_118_054_813, 37_607_912_018,
        346_065_536_839,
      ]))
  func `primes below powers of ten`(exponent: Int, expected: UInt64) throws {
    let bound = (0..<exponent).reduce(UInt64(1)) { power, _ in power * 10 }
    #expect(try combinatorial(bound) == expected)
  }

  /// OEIS A007053.
  @Test(arguments: [(31, UInt64(105_097_565)), (32, 203_280_221), (40, 41_203_088_796)])
  func `primes below powers of two`(exponent: Int, expected: UInt64) throws {
    #expect(try combinatorial(1 << UInt64(exponent)) == expected)
  }

  @Test func `the sieve counts the same up to every small bound`() throws {
    for bound in UInt64(10_000)...10_300 { #expect(try combinatorial(bound) == (try count(0, bound)), "\(bound)") }
  }

  @Test func `the sieve counts the same around powers of primes`() throws {
    for prime: UInt64 in [23, 31, 101, 307, 467] {
      for power in [prime * prime * prime, prime * prime * prime * prime] where power <= 300_000_000 && power >= 10_001
      {
        for bound in power - 1...power + 1 { #expect(try combinatorial(bound) == (try count(0, bound)), "\(bound)") }
      }
    }
  }

  @Test func `the sieve counts the same up to random bounds`() throws {
    var random = Repeatable(state: 51)
    for round in 0..<30 {
      let bound = 10_000 + random.next() % (100_000 << UInt64(round % 12))
      #expect(try combinatorial(bound) == (try count(0, bound)), "\(bound)")
    }
  }

  @Test func `bounds out of range and units that are none are refused`() throws {
    for bound: UInt64 in [0, 9999, 1_000_000_000_000_000_001] {
      var writer = WireWriter()
      writer.write(bound)
      #expect(throws: WireError.self) {
        var reader = WireReader(writer.bytes)
        _ = try CombinatorialWorkload(from: &reader)
      }
    }
    let workload = try CombinatorialWorkload(bound: 1_000_000)
    let nothing = Bytes()
    #expect(throws: UnitFailure.self) {
      try workload.perform(
        Unit(number: 0, label: "a"), input: nothing.span.bytes, output: OutputBuffer(), deadline: .never)
    }
  }

  @Test func `a failure ends the count`() throws {
    let total = try CombinatorialWorkload(bound: 1_000_000).makeTotal()
    #expect(total.wantsMore)
    total.absorb(Unit(number: 0, label: "a"), .failed(UnitFailure(.crashed, "it died")))
    #expect(!total.wantsMore)
    #expect(total.firstFailure?.unit.label == "a")
  }
}
