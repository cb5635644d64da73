import Glibc
import LanesCore
import LanesEngines
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// One engine under test.
struct Contender: Sendable, CustomTestStringConvertible {
  let kind: EngineKind
  var channel = ChannelKind.shm
  var usesRing = true
  /// Asks for `auto`, which begins as `kind`.
  var isAuto = false

  var testDescription: String {
    if isAuto { return "auto that begins as \(kind.rawValue)" }
    let name = kind == .processes ? "processes/\(channel.rawValue)" : kind.rawValue
    return usesRing ? name : "\(name) without io_uring"
  }

  /// Every engine as it is, by every way to reach workers, and then those that can be set up in another way.
  static let all =
    EngineKind.allCases.flatMap { kind in
      kind.setups(lanes: [2]).map { Contender(kind: kind, channel: $0.channel ?? .shm) }
    } + [
      Contender(kind: .eventloop, usesRing: false), Contender(kind: .hybrid, usesRing: false),
      Contender(kind: .processes, channel: .shm, usesRing: false),
      Contender(kind: .threads, isAuto: true), Contender(kind: .serial, isAuto: true),
      Contender(kind: .processes, isAuto: true),
    ]
  static let processes = all.filter { $0.kind == .processes }

  func engine(_ change: (inout EngineOptions) -> Void = { _ in }) -> any Engine {
    var options = EngineOptions(lanes: isAuto && kind == .serial ? 1 : 2, memory: 1 << 30, usesRing: usesRing)
    change(&options)
    if isAuto {
      let isolation = kind == .processes ? AutoEngine.Isolation(channel: channel, worker: Self.worker) : nil
      return AutoEngine(options, mayAddLanes: true, isolation: isolation)
    }
    return Engines.make(kind, channel: channel, options: options, worker: Self.worker)
  }

  private static let worker = WorkerCommand(program: builtProgram("lanes-test-worker"), arguments: ["worker"])
}

/// Remembers what the engine delivered.
final class Collector: Fold {
  private(set) var numbers: [Int] = []
  private(set) var outcomes: [Outcome] = []
  private(set) var sources: [Source] = []
  /// What units wrote for the fold.
  private(set) var outputs: [Bytes] = []

  func absorb(_ unit: Unit, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    absorb(unit, outcome)
    outputs.append(unit.sink == .fold ? Bytes(output) : [])
  }

  func absorb(_ unit: Unit, _ outcome: Outcome) {
    numbers.append(unit.number)
    sources.append(unit.source)
    outcomes.append(outcome)
  }

  /// The sums that `ScriptedWorkload` returned, nil for failed units.
  var sums: [UInt64?] {
    outcomes.map { outcome in
      guard case .done(let partial) = outcome else { return nil }
      var reader = WireReader(partial)
      return try? reader.read(UInt64.self)
    }
  }

  func failure(_ index: Int) -> UnitFailure? {
    if case .failed(let failure) = outcomes[index] { failure } else { nil }
  }
}

/// Runs units and returns what came out.
func run(
  _ engine: any Engine, _ units: [Unit], observer: any Observer = SilentObserver()
) throws -> (collector: Collector, record: RunRecord) {
  try run(engine, ListPlan(units), observer: observer)
}

func run(
  _ engine: any Engine, _ plan: any UnitPlan, observer: any Observer = SilentObserver()
) throws -> (collector: Collector, record: RunRecord) {
  let collector = Collector()
  let record = try engine.run(Batch(workload: ScriptedWorkload(), plan: plan, fold: collector), observer: observer)
  return (collector, record)
}

func unit(
  _ number: Int, _ action: ScriptedWorkload.Action, source: Source = .none, sink: Sink = .none, expectedInput: Int = 0
) -> Unit {
  Unit(
    number: number, label: "unit \(number)", task: ScriptedWorkload.task(action), source: source, sink: sink,
    expectedInput: expectedInput)
}

/// Children of this process, as /proc lists them for its threads.
func childProcesses() -> [pid_t] {
  guard let tasks = opendir("/proc/self/task") else { return [] }
  defer { closedir(tasks) }
  var children: [pid_t] = []
  while let entry = readdir(tasks) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard let text = ProcessFile("/proc/self/task/\(name)/children")?.text else { continue }
    children += text.split(separator: " ").compactMap { pid_t($0) }
  }
  return children
}
