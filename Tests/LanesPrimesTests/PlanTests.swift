import LanesCore
import LanesOS
import Testing

@testable import LanesPrimes

@Suite struct PlanTests {
  private func units(_ start: UInt64, _ stop: UInt64, _ mode: PrimesMode = .count) throws -> (
    units: [Unit], claimed: Int
  ) {
    let plan = PrimesPlan(try PrimeRange(start: start, stop: stop), mode: mode)
    let claimed = plan.totalUnits ?? -1
    var units: [Unit] = []
    while units.count < 20_000, case .unit(let unit) = plan.next() { units.append(unit) }
    return (units, claimed)
  }

  private func interval(_ unit: Unit) throws -> ClosedRange<UInt64> {
    var reader = WireReader(unit.task)
    let start: UInt64 = try reader.read()
    return start...(try reader.read())
  }

  static let ranges: [(UInt64, UInt64)] = [
    (0, 0), (5, 5), (0, 1 << 32), (999, 20_000_000_123), (1 << 63, (1 << 63) + 5_000_000_000),
  ]

  @Test(arguments: ranges)
  func `units cover the range without gaps and end where bytes do`(start: UInt64, stop: UInt64) throws {
    for mode in [PrimesMode.count, .list] {
      let (units, claimed) = try units(start, stop, mode)
      #expect(units.count == claimed)
      #expect(units.map(\.number) == Array(0..<units.count))
      var next = start
      var last: SievingShare?
      for unit in units {
        let interval = try interval(unit)
        let share = try PrimesTask(wire: unit.task).share
        // The shares of an interval come one after the other, the first one after the last one of another.
        #expect((last?.isLast ?? true) ? (share?.number ?? 0) == 0 : share!.follows(last!))
        last = share
        #expect(unit.sink == (share != nil ? .fold : mode == .list ? .standardOutput : .none))
        guard share?.isLast ?? true else { continue }
        #expect(interval.lowerBound == next)
        next = interval.upperBound + 1
        if interval.upperBound != stop { #expect(interval.upperBound % 30 == 1) }
      }
      #expect(next == stop + 1)
    }
  }

  /// Bounds of a range, and how many units it has: as many as balance 64 lanes where they cost little.
  static let lengths: [(start: UInt64, stop: UInt64, units: Int)] = [
    (0, 1_000_000_000, 65), (0, 10_000_000_000, 65), (0, 100_000_000_000, 417),
    (100_000_000_000_000, 100_001_000_000_000, 4), (1_000_000_000_000_000, 1_000_001_000_000_000, 4),
    (1_000_000_000_000_000, 1_000_100_000_000_000, 100), (.max - 64_000_000_000, .max, 64),
    // Two and four shares of their sieving primes.
    (1_000_000_000_000_000_000, 1_000_000_001_000_000_000, 4), (.max - 1_000_000_000, .max, 4),
    (.max - 5_000_000_000, .max, 10), (.max - 100_000_000, .max, 8),
    // Numbers that are proved prime.
    (.max - 8_000_000, .max, 8), (.max - 1_000_000, .max, 8), (.max - 300_000, .max, 3),
    (.max - 100_000, .max, 1),
  ]

  @Test(arguments: lengths)
  func `units are of one length, and as many as the range pays for`(start: UInt64, stop: UInt64, units: Int) throws {
    let plan = PrimesPlan(try PrimeRange(start: start, stop: stop), mode: .count)
    #expect(plan.totalUnits == units)
    var lengths: [UInt64] = []
    while case .unit(let unit) = plan.next() {
      let interval = try interval(unit)
      lengths.append(interval.upperBound - interval.lowerBound)
    }
    #expect(lengths.count == units)
    #expect(Double(lengths.min()!) > 0.9 * Double(lengths.max()!), "\(lengths)")
  }

  @Test func `the last unit ends at the top`() throws {
    let (units, claimed) = try units(.max - 10_000_000_000, .max)
    #expect(units.count == claimed)
    #expect(try interval(units.last!).upperBound == .max)
  }

  /// 32 million numbers below 2^64 make the most units that an interval becomes; lists are made by whoever finds the primes.
  @Test func `lists have no shares`() throws {
    let (listed, _) = try units(.max - 32_000_000, .max, .list)
    #expect(listed.allSatisfy { $0.sink == .standardOutput })
    #expect(try units(.max - 32_000_000, .max, .twins).units.count == 8)
  }

  @Test func `the whole range is planned lazily`() throws {
    let plan = PrimesPlan(try PrimeRange(start: 0, stop: .max), mode: .count)
    guard case .unit(let unit) = plan.next() else {
      Issue.record("no unit")
      return
    }
    #expect(try interval(unit).lowerBound == 0)
    #expect(plan.totalUnits! > 1_000_000_000)
  }

  @Test(arguments: [(UInt64(0), 4), (1_000_000_000, 4), (1_000_000_000_000, 4), (1 << 50, 32), (1 << 56, 32)])
  func `a unit of a list makes some megabytes at most`(start: UInt64, most: Int) throws {
    let plan = PrimesPlan(try PrimeRange(start: start, stop: start + 1_000_000_000), mode: .list)
    guard case .unit(let unit) = plan.next() else {
      Issue.record("no unit")
      return
    }
    #expect(unit.sink == .standardOutput)
    let output = OutputBuffer()
    let nothing = Bytes()
    let workload = PrimesWorkload(mode: .list)
    _ = try workload.perform(unit, input: nothing.span.bytes, output: output, deadline: .never)
    #expect((most * 25_000...(most << 20)).contains(output.count))
  }

  @Test func `a range that runs backwards is refused`() {
    #expect(throws: PrimeRangeError.backwards(start: 8, stop: 7)) { try PrimeRange(start: 8, stop: 7) }
    #expect(
      "\(PrimeRangeError.backwards(start: 8, stop: 7))"
        == "the range starts at 8 and ends at 7: write the smaller bound first")
  }
}

@Suite struct TotalTests {
  @Test func `partials and workloads come back as they were written`() throws {
    let partial = try BatchRunner(0, 100_000, .sum).partial
    #expect(try PrimesPartial(wire: partial.wire) == partial)
    #expect(throws: WireError.self) { try PrimesPartial(wire: Bytes(partial.wire.dropLast())) }
    for mode in PrimesMode.allCases {
      var writer = WireWriter()
      PrimesWorkload(mode: mode).describe(to: &writer)
      var reader = WireReader(writer.bytes)
      #expect(try PrimesWorkload(from: &reader).mode == mode)
    }
  }

  @Test func `the first failure is kept and the rest is added up`() {
    let total = PrimesTotal(.count)
    var partial = PrimesPartial()
    partial.count = 4
    total.absorb(Unit(number: 0, label: "a"), .done(partial.wire))
    total.absorb(Unit(number: 1, label: "b"), .failed(UnitFailure(.crashed, "it died")))
    total.absorb(Unit(number: 2, label: "c"), .failed(UnitFailure(.timedOut, "it took longer")))
    total.absorb(Unit(number: 3, label: "d"), .done(partial.wire))
    #expect(total.total.count == 8)
    #expect(total.unitsFailed == 2)
    #expect(total.firstFailure?.unit.label == "b")
    #expect(total.firstFailure?.failure.reason == "it died")
  }

  @Test func `a unit that is none and a timeout fail the unit`() {
    let workload = PrimesWorkload(mode: .count)
    let nothing = Bytes()
    #expect(throws: UnitFailure.self) {
      try workload.perform(
        Unit(number: 0, label: ""), input: nothing.span.bytes, output: OutputBuffer(), deadline: .never)
    }
    let plan = try! PrimesPlan(PrimeRange(start: 1 << 63, stop: 1 << 63 + 100_000_000), mode: .count)
    guard case .unit(let unit) = plan.next() else { return }
    #expect(throws: UnitFailure(.timedOut, "it took longer than allowed")) {
      try workload.perform(
        unit, input: nothing.span.bytes, output: OutputBuffer(), deadline: Deadline(timeout: .milliseconds(5)))
    }
  }
}
