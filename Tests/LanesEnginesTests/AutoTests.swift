import Glibc
import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// What `auto` makes of what it measured.
@Suite struct AutoRulesTests {
  /// Units whose input comes from storage, as far as they wait.
  private func costs(units: Int = 100, micro: Int64, waited: Double = 0, bytes: Int = 0) -> UnitCosts {
    var costs = UnitCosts()
    costs.units = units
    costs.wall = micro * 1_000 * Int64(units)
    costs.off = Int64(Double(costs.wall) * waited)
    costs.processor = costs.wall - costs.off
    costs.bytes = bytes * units
    costs.fetched = waited > 0 ? max(1, costs.bytes) : 0
    return costs
  }

  @Test func `waiting for a core is no waiting for storage`() {
    var busy = costs(micro: 60_000, waited: 0.67, bytes: 6_000_000)
    busy.queued = busy.off
    let choice = AutoRules(cpus: 2, mayAddLanes: true).choose(busy)
    #expect(choice.setup == EngineSetup(kind: .threads, lanes: 2))
    #expect(!choice.reason.contains("storage"))
  }

  @Test func `waiting for storage is seen however busy the cores are`() {
    var cold = costs(micro: 100, waited: 0.4, bytes: 30_000)
    cold.wall *= 5
    cold.queued = cold.wall - cold.wall / 5
    cold.off += cold.queued
    let choice = AutoRules(cpus: 2, mayAddLanes: true).choose(cold)
    #expect(choice.lanes == 16 && choice.reason.contains("units waited 40% of their time for storage"))
  }

  @Test func `units whose input was in the page cache wait for no storage`() {
    var warm = costs(micro: 60_000, waited: 0.67, bytes: 6_000_000)
    // A few pages of the program itself.
    warm.fetched = 40_960
    warm.majorFaults = 3
    let choice = AutoRules(cpus: 2, mayAddLanes: true).choose(warm)
    #expect(choice.setup == EngineSetup(kind: .threads, lanes: 2))
    #expect(choice.reason.contains("neither for storage nor for writing"))
  }

  @Test func `the reason names what units wait for`() {
    let rules = AutoRules(cpus: 2, mayAddLanes: true)
    var writing = costs(micro: 10_000, waited: 0.5, bytes: 100_000)
    writing.fetched = 0
    writing.storing = writing.wall * 6 / 10
    #expect(rules.choose(writing).reason.hasPrefix("units waited 50% of their time for writing"))
    #expect(rules.choose(writing).lanes == 16)
    var pipes = costs(micro: 10_000, waited: 0.5, bytes: 100_000)
    pipes.fetched = 0
    pipes.loading = pipes.wall / 2
    #expect(rules.choose(pipes).reason.hasPrefix("units waited 50% of their time for input"))
  }

  @Test(arguments: [
    // CPUs, lanes free, µs a unit, waiting, engine, lanes
    (2, true, Int64(4_000), 0.0, EngineKind.threads, 2), (2, true, 4_000, 0.2, .threads, 2),
    (2, true, 60, 0.3, .threads, 16), (64, true, 60, 0.9, .threads, 512), (2, false, 60, 0.9, .threads, 2),
    (1, true, 4_000, 0.0, .serial, 1), (1, true, 60, 0.9, .threads, 8), (1, false, 60, 0.9, .serial, 1),
    (8, true, 40, 0.0, .threads, 8), (8, true, 10_000_000, 0.05, .threads, 8),
  ]) func `waiting asks for lanes, computing for CPUs`(
    _ cpus: Int, _ isFree: Bool, _ micro: Int64, _ waited: Double, _ kind: EngineKind, _ lanes: Int
  ) {
    let choice = AutoRules(cpus: cpus, mayAddLanes: isFree).choose(costs(micro: micro, waited: waited))
    #expect(choice.kind == kind)
    #expect(choice.lanes == lanes)
  }

  @Test(arguments: [1, 2, 64], [true, false]) func `waiting for storage asks for one loop for all lanes`(
    _ cpus: Int, _ mayAddLanes: Bool
  ) {
    var rules = AutoRules(cpus: cpus, mayAddLanes: mayAddLanes)
    rules.hasRing = true
    let cold = rules.choose(costs(micro: 60, waited: 0.9, bytes: 30_000))
    #expect(cold.setup == EngineSetup(kind: .hybrid, lanes: cpus))
    #expect(cold.reason.contains("for storage"))
    #expect(rules.choose(costs(micro: 60, waited: 0.1)).kind != .hybrid)
    var crowded = costs(micro: 60, waited: 0.5, bytes: 30_000)
    crowded.wall *= 2
    crowded.queued = crowded.wall / 8
    #expect(rules.choose(crowded).kind != .hybrid, "a loop among busy programs waits for a core")
    var writing = costs(micro: 10_000, waited: 0.5, bytes: 100_000)
    writing.fetched = 0
    writing.storing = writing.wall * 6 / 10
    #expect(rules.choose(writing).kind != .hybrid)
  }

  @Test func `units shorter than their hand-over stay in the calling thread`() {
    var short = UnitCosts()
    short.units = 20_000
    short.wall = 6_000_000
    short.processor = 6_000_000
    let choice = AutoRules(cpus: 8, mayAddLanes: true).choose(short)
    #expect(choice.kind == .serial)
    #expect(choice.reason.contains("20000 units of 0 B and 300 ns each"))
  }

  @Test func `the reason holds the figures it rests on`() {
    let rules = AutoRules(cpus: 2, mayAddLanes: true)
    let waiting = rules.choose(costs(units: 1_203, micro: 50, waited: 0.62, bytes: 34_000))
    #expect(waiting.reason.contains("units waited 62% of their time for storage"))
    #expect(waiting.reason.contains("1203 units of 34 kB and 19 µs each"))
    #expect(
      AutoRules(cpus: 2, mayAddLanes: false).choose(costs(micro: 50, waited: 0.62)).reason.hasSuffix(
        "--cores was given"))
    #expect(rules.choose(costs(micro: 60_000, bytes: 6_000_000)).reason.contains("worker processes would add 2%"))
  }

  @Test func `a single unit needs no lane, and one CPU no thread`() {
    #expect(AutoRules(cpus: 8, mayAddLanes: true).start(isOnlyUnit: true).setup == EngineSetup(kind: .serial, lanes: 1))
    #expect(
      AutoRules(cpus: 8, mayAddLanes: true).start(isOnlyUnit: false).setup == EngineSetup(kind: .threads, lanes: 8))
    #expect(
      AutoRules(cpus: 1, mayAddLanes: true).start(isOnlyUnit: false).setup == EngineSetup(kind: .serial, lanes: 1))
  }

  @Test func `bytes make worker processes dearer`() {
    let few = AutoRules.processCost(costs(micro: 100))
    let many = AutoRules.processCost(costs(micro: 100, bytes: 1_000_000))
    #expect(few > 0 && few < 0.1)
    #expect(many > 1)
  }

  @Test func `the pilot measures at first, for some time and some units, and again after a rest`() {
    var one = UnitCosts()
    one.units = 1
    one.wall = 5
    var pilot = Pilot(now: 0)
    #expect(pilot.isMeasuring)
    #expect(pilot.look(now: 1_000_000, one) == nil)
    #expect(pilot.look(now: 25_000_000, one) == nil, "two units say little")
    for _ in 0..<5 { #expect(pilot.look(now: 80_000_000, one) == nil) }
    #expect(pilot.look(now: 90_000_000, one)?.units == 8)
    #expect(!pilot.isMeasuring)
    var many = one
    many.units = 64
    var quick = Pilot(now: 0)
    #expect(quick.look(now: 4_000_000, many) == nil)
    #expect(quick.look(now: 5_000_000, UnitCosts()) == many, "many short units are known sooner")
    #expect(pilot.look(now: 91_000_000, UnitCosts()) == nil)
    #expect(pilot.look(now: 300_000_000, UnitCosts()) == nil)
    #expect(pilot.isMeasuring)
    #expect(pilot.look(now: 330_000_000, UnitCosts()) == nil)
    let eight = (0..<7).reduce(into: one) { sum, _ in sum.add(one) }
    #expect(pilot.look(now: 331_000_000, eight) == eight, "nothing of the first measurement is left")
  }
}

extension ContractTests {
  /// How `auto` goes over from one way to another.
  @Suite(.serialized) struct AutoTests {
    /// Units whose inputs are pipes that somebody writes to slowly, one after the other; long enough for any pilot.
    private func waitingUnits(_ folder: TemporaryFolder, _ count: Int) throws -> ([Unit], WorkerThread) {
      let paths = (0..<count).map { folder.file("pipe \($0)") }
      for path in paths { _ = path.withPlatformString { mkfifo($0, 0o600) } }
      let thread = try WorkerThread {
        for path in paths {
          usleep(5_000)
          let fd = path.withPlatformString { open($0, O_WRONLY) }
          guard fd >= 0 else { continue }
          var byte = UInt8(0)
          write(fd, &byte, 1)
          close(fd)
        }
      }
      return (paths.enumerated().map { unit($0.offset, .echo, source: .file($0.element)) }, thread)
    }

    @Test(arguments: [(2, true, 16), (2, false, 2), (1, true, 8), (1, false, 1)])
    func `units that wait get more lanes unless their number was given`(_ cpus: Int, _ isFree: Bool, _ lanes: Int)
      throws
    {
      let folder = TemporaryFolder()
      let (units, thread) = try waitingUnits(folder, 60)
      defer { thread.join() }
      let engine = AutoEngine(EngineOptions(lanes: cpus, usesRing: false), mayAddLanes: isFree)
      let (collector, record) = try run(engine, units)
      #expect(collector.sums == (0..<60).map { UInt64($0) })
      #expect(record.setup == EngineSetup(kind: lanes == 1 ? .serial : .threads, lanes: lanes))
      #expect(record.lanes.count == lanes)
      #expect(record.lanes.reduce(0) { $0 + $1.units } == 60)
      #expect(record.notes[0].hasPrefix("auto chose \(record.setup.title): units waited"))
    }

    @Test func `a batch goes over to the calling thread without losing or repeating a unit`() throws {
      let folder = TemporaryFolder()
      let (units, thread) = try waitingUnits(folder, 40)
      defer { thread.join() }
      var rules = AutoRules(cpus: 2, mayAddLanes: true)
      rules.muchWaiting = 2
      rules.handOver = .infinity
      let (collector, record) = try run(AutoEngine(EngineOptions(lanes: 2), rules), units)
      #expect(collector.numbers == Array(0..<40))
      #expect(record.setup.kind == .serial)
      #expect(record.unitsDone == 40)
      #expect(record.lanes.reduce(0) { $0 + $1.units } == 40)
    }

    @Test(arguments: [1, 2]) func `a batch goes over to the hybrid engine without losing or repeating a unit`(
      _ lanes: Int
    ) throws {
      let folder = TemporaryFolder()
      let (units, thread) = try waitingUnits(folder, 100)
      defer { thread.join() }
      var rules = AutoRules(cpus: lanes, mayAddLanes: true)
      rules.hasRing = true
      rules.loopSuits = [.input, .storage, .writing]
      rules.muchQueueing = .infinity
      let (collector, record) = try run(AutoEngine(EngineOptions(lanes: lanes), rules), units)
      #expect(collector.numbers == Array(0..<100))
      #expect(collector.sums == (0..<100).map { UInt64($0) })
      #expect(record.setup == EngineSetup(kind: .hybrid, lanes: lanes))
      #expect(record.lanes.reduce(0) { $0 + $1.units } == 100)
      #expect(record.notes[0].hasPrefix("auto chose \(record.setup.title): units waited"))
    }

    @Test func `one unit runs in the calling thread`() throws {
      let (_, record) = try run(AutoEngine(EngineOptions(lanes: 4), mayAddLanes: true), [unit(0, .echo)])
      #expect(record.setup == EngineSetup(kind: .serial, lanes: 1))
      #expect(record.lanes.count == 1)
      #expect(record.notes == ["auto chose serial: there is one unit only"])
    }
  }
}
