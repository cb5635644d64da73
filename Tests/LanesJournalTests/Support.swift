import LanesCore
import LanesEngines
import LanesJournal
import LanesOS
import LanesTesting
import SystemPackage

/// Bytes as a run file.
struct MemorySource: RunFileSource {
  let bytes: Bytes
  func size() throws(SystemError) -> Int { bytes.count }
  func read(_ count: Int, at offset: Int) throws(SystemError) -> Bytes {
    Bytes(bytes[min(offset, bytes.count)..<min(offset + count, bytes.count)])
  }
}

/// Its units fail as their tasks say, and otherwise give back their tasks.
struct EchoWorkload: Workload {
  static let name = "echo"
  init() {}
  init(from reader: inout WireReader) throws(WireError) {}
  func describe(to writer: inout WireWriter) {}

  func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    if unit.task.first == 0xFF { throw UnitFailure(.rejected, "it is bad") }
    return unit.task
  }
}

/// What a fold hears, in order; it has had enough after `limit` outcomes.
final class Story: Fold {
  private(set) var lines: [String] = []
  var limit = Int.max
  var ending: Ending? { lines.count >= limit ? .satisfied : nil }

  func absorb(_ unit: Unit, _ outcome: Outcome) {
    switch outcome {
    case .done(let partial): lines.append("\(unit.number) \(unit.label) \(partial)")
    case .failed(let failure): lines.append("\(unit.number) \(unit.label) \(failure.kind): \(failure.reason)")
    }
  }
}

/// Labels of units that an engine performed.
final class Performed: Observer {
  private(set) var labels: [String] = []
  private(set) var numbers: [Int] = []
  private(set) var total: Int?
  func batchStarted(totalUnits: Int?) { total = totalUnits }
  func unitStarted(_ unit: Unit, lane: Int) {
    labels.append(unit.label)
    numbers.append(unit.number)
  }
}

/// Units that echo their tasks; a task of 0xFF fails.
func units(_ tasks: [Bytes]) -> [Unit] {
  tasks.enumerated().map { Unit(number: $0, label: "u\($0)", task: $1) }
}

func header() -> RunHeader {
  RunHeader(
    program: "1 (commit x)", libraries: "libpng 1.6", words: ["primes", "1e9"], directory: FilePath("/tmp"),
    workload: EchoWorkload(), outputFolder: FilePath("out"), started: 12)
}

/// What a run of `tasks` came to.
struct Trial {
  let lines: [String]
  let performed: [String]
  let record: RunRecord
  /// The batch itself would keep the file's lock.
  let changed: [String]
}

/// Runs units under `kind` with the run file at `path`, which is made or gone on with.
func run(
  _ units: [Unit], _ kind: EngineKind, _ path: FilePath, limit: Int = .max, plan: (any UnitPlan)? = nil
) throws -> Trial {
  let isThere = (try? FileStatus(of: path)) != nil
  let opened = try isThere ? RunFile.open(path) : RunFile.make(path) { _ in header() }
  let writer = try JournalWriter(opened.file, end: opened.mend())
  let story = Story()
  story.limit = limit
  let performed = Performed()
  let batch = JournaledBatch(
    Batch(workload: EchoWorkload(), plan: plan ?? ListPlan(units), fold: story), writer: writer,
    earlier: opened.earlier, name: "run", own: nil, watchers: [])
  let engine = Engines.make(
    kind, channel: .shm, options: EngineOptions(lanes: 2), worker: WorkerCommand(program: "none", arguments: []))
  var record = try engine.run(
    Batch(workload: EchoWorkload(), plan: batch, fold: batch), observer: batch.observer(performed))
  record.add(batch)
  try writer.close()
  return Trial(lines: story.lines, performed: performed.labels, record: record, changed: batch.changed)
}

/// All entries of a run file.
func entries(_ bytes: Bytes) throws(RunFileError) -> (entries: [RunEntry], end: RunFileReader.End) {
  var reader = try RunFileReader(MemorySource(bytes: bytes))
  var found: [RunEntry] = []
  let end = try reader.scan { entry, _ in found.append(entry) }
  return (found, end)
}
