import LanesCluster
import LanesCore
import LanesEngines
import LanesFiles
import LanesJournal
import LanesOS
import LanesPrimes
import LanesTesting
import SystemPackage

/// A workload with its plan, and a fold whose result is text.
struct Trial: Sendable {
  let name: String
  let workload: any Workload
  let plan: @Sendable (FilePath) throws -> any UnitPlan
  let fold: @Sendable () -> (fold: any Fold, text: () -> String)

  /// Inputs of several slices each, one that is missing and one that is empty, in `folder`.
  static func inputs(_ folder: FilePath) -> [FileInput] {
    ["a", "none", "empty", "b", "c"].map { .path(folder.appending($0)) }
  }

  static func settings(_ cut: FileCut = .anywhere, slices: Int = 6000) -> FilePlan.Settings {
    var settings = FilePlan.Settings(cut: cut)
    settings.sliceBytes = slices
    settings.wholeBytes = 1000
    return settings
  }

  /// Rows of a fold as lines.
  private static func rows<Partial: MergeablePartial>(
    _ type: Partial.Type, _ text: @escaping (Partial) -> String
  ) -> (fold: any Fold, text: () -> String) {
    var lines: [String] = []
    let rows = FileRows<Partial> { row in
      lines.append("\(row.name?.lastComponent?.string ?? "-") \(text(row.partial)) \(row.failure?.reason ?? "")")
    }
    return (rows, { lines.joined(separator: "\n") })
  }

  static let all: [Trial] = [
    primes(.count), primes(.sum), primes(.twins), primes(.sextuplets), list, shared, nth, combinatorial, search, info,
    convert(sizes: false), convert(sizes: true),
    Trial(
      name: "count", workload: CountWorkload(columns: .all), plan: { FilePlan(inputs($0), settings: settings()) },
      fold: { rows(CountPartial.self) { "\($0.counts.lines) \($0.counts.words) \($0.counts.bytes)" } }),
    Trial(
      name: "crc32", workload: HashWorkload(.crc32), plan: { FilePlan(inputs($0), settings: settings()) },
      fold: { rows(CRCPartial.self) { "\($0.digest)" } }),
    Trial(
      name: "histogram", workload: HistogramWorkload(), plan: { FilePlan(inputs($0), settings: settings()) },
      fold: { rows(HistogramPartial.self) { "\($0.counts)" } }),
    Trial(
      name: "top", workload: TopWorkload(kind: .words),
      plan: { FilePlan(inputs($0), settings: settings(.lines(.newline))) },
      fold: { rows(TopPartial.self) { "\($0.top(7)) \($0.distinct) \($0.total)" } }),
    stats(.data), stats(.tasks),
    Trial(
      name: "sha256", workload: HashWorkload(.sha256),
      plan: { try SequentialHashPlan(inputs($0), settings: settings(slices: .max)) },
      fold: {
        var lines: [String] = []
        // Where no slice waits for another one, the fold asks nothing of the plan.
        let plan = try! SequentialHashPlan([], settings: settings())  // an eventfd can be had
        return (
          SequentialHashRows(plan: plan) { lines.append("\($0.hexadecimal) \($0.failure?.reason ?? "")") },
          { lines.joined(separator: "\n") }
        )
      }),
  ]

  private static func primes(_ mode: PrimesMode) -> Trial {
    Trial(
      name: "primes \(mode)", workload: PrimesWorkload(mode: mode),
      plan: { _ in PrimesPlan(try PrimeRange(start: 0, stop: 200_000_000), mode: mode) },
      fold: {
        let total = PrimesTotal(mode)
        return (total, { "\(total.total) \(total.firstFailure?.failure.reason ?? "")" })
      })
  }

  private static func stats(_ split: StatsSplit) -> Trial {
    Trial(
      name: "stats by \(split)", workload: StatsWorkload(.lines(delimiter: 0x3B)),
      plan: {
        StatsPlan(
          // Six units for each slice, so fewer slices.
          FilePlan(inputs($0), settings: settings(.lines(.newline), slices: split == .tasks ? 15_000 : 6000)),
          StatsPlan.Options(
            format: .lines(delimiter: 0x3B), column: .number(2), by: .number(1), hasHeader: false, split: split))
      },
      fold: {
        var failures: [String] = []
        let fold = StatsFold(.lines(delimiter: 0x3B), split: split) {
          failures.append("\($0?.lastComponent?.string ?? "-"): \($1.reason)")
        }
        return (
          fold,
          {
            let groups = fold.summaries(isGrouped: true).map { "\($0.key) \($0.summary)" }
            return (failures + groups + ["\(fold.fileCount)"]).joined(separator: "\n")
          }
        )
      })
  }

  /// A folder with the inputs: tables, one of which has a bad line near its end.
  static func makeInputs() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    try folder.write("a", (0..<2000).flatMap { Bytes("k\($0 % 13);\($0 * 7 % 1000).25\n".utf8) })
    try folder.write("b", (0..<2000).flatMap { Bytes("q\($0 % 5);\($0 == 1900 ? "bad" : "\($0)")\n".utf8) })
    try folder.write("c", (0..<900).flatMap { Bytes("k\($0 % 3);-\($0).5\n".utf8) })
    try folder.write("empty", Bytes())
    try makeImages(folder)
    return folder
  }
}

extension Trial {
  /// What one run gives.
  func direct(_ folder: FilePath) throws -> String {
    let (fold, text) = fold()
    let printed = PrintedOutput()
    _ = try engine(.serial).run(
      Batch(workload: workload, plan: try plan(folder), fold: SilentFold(fold)), observer: printed)
    return text() + printed.text
  }

  private func engine(_ kind: EngineKind) -> any Engine {
    Engines.make(
      kind, channel: .shm, options: EngineOptions(lanes: 2), worker: WorkerCommand(program: "none", arguments: []))
  }

  /// Writes the plan down in `job`.
  func freeze(_ folder: FilePath, _ job: FilePath, _ shards: ShardCount) throws -> FrozenPlan {
    let plan = try plan(folder)
    let writer = try PlanWriter(job)
    try writer.add(allOf: plan)
    let frozen = FrozenPlan(
      program: "1", libraries: "", words: [Bytes("x".utf8)], directory: folder, workload: workload, outputFolder: nil,
      started: writer.started, notes: [])
    return try writer.finish(frozen, shards)
  }

  /// Plans for this process alone, as `lanes --shard` does.
  func freezeAlone(_ folder: FilePath, _ shards: Int) throws -> (plan: FrozenPlan, units: any RunFileSource) {
    let writer = try PlanWriter(withoutFolder: folder, refusing: nil)
    try writer.add(allOf: plan(folder))
    let same = (workload as? any SeededWorkload)?.seeded(by: 0) ?? workload
    let frozen = FrozenPlan(
      program: "1", libraries: "", words: [Bytes("x".utf8)], directory: FilePath(""), workload: same,
      outputFolder: nil, started: 0, notes: [])
    return (try writer.finish(frozen, .exactly(shards)), writer.units)
  }

  /// Does one shard and gives its part.
  func part(_ shard: Int, _ plan: FrozenPlan, _ units: any RunFileSource, _ attempt: FilePath) throws -> Bytes {
    var reader = WireReader(plan.workload)
    let workload: any Workload = try type(of: workload).init(from: &reader)
    let run = try perform(shard, plan, units, workload, attempt, .serial)
    var bytes = Bytes()
    let compactor = (workload as? any CompactingWorkload)?.makeCompactor()
    try PartSealer(plan, shard: shard).write(run, compactor, units: units) { bytes += Bytes($0) }
    return bytes
  }

  /// Does one shard under `kind` and makes its part.
  func shard(_ shard: Int, _ plan: FrozenPlan, _ job: FilePath, _ kind: EngineKind) throws {
    let units = try FrozenPlan.openUnits(job)
    try plan.check(shard, in: units, job)
    let attempt = Part.attempt(job, shard: shard)
    let run = try perform(shard, plan, units, workload, attempt, kind)
    let compactor = (workload as? any CompactingWorkload)?.makeCompactor()
    try PartSealer(plan, shard: shard).seal(run, compactor, units: units, in: job)
    try Folders.removeFile(attempt)
  }

  /// Writes the outcomes of a shard's units down.
  private func perform(
    _ shard: Int, _ plan: FrozenPlan, _ units: any RunFileSource, _ workload: any Workload, _ attempt: FilePath,
    _ kind: EngineKind
  ) throws -> EarlierRun {
    do {
      let opened = try RunFile.make(attempt) { started in
        RunHeader(
          program: "1", libraries: "", words: ["x"], directory: FilePath("/"), workload: workload, outputFolder: nil,
          started: started, part: plan.binding(of: shard))
      }
      let writer = try JournalWriter(opened.file, end: opened.end)
      let batch = JournaledBatch(
        Batch(workload: workload, plan: StretchPlan(plan, shard: shard, in: units), fold: Deaf()), writer: writer,
        earlier: nil, name: "attempt", own: nil, watchers: [])
      let record = try engine(kind).run(
        Batch(workload: workload, plan: batch, fold: batch), observer: batch.observer(SilentObserver()))
      writer.append(.complete(RunTotals(done: record.unitsDone, failed: record.unitsFailed)))
      try writer.close()
    }
    return try RunFile.examine(attempt).earlier!
  }

  /// What the fold makes of all parts.
  func merge(_ plan: FrozenPlan, _ job: FilePath) throws -> String {
    try merge(PartSet(plan, job), FrozenPlan.openUnits(job))
  }

  func merge(_ parts: PartSet, _ units: any RunFileSource) throws -> String {
    let (fold, text) = fold()
    let printed = PrintedOutput()
    _ = try parts.replay(units: units) { unit, entry in
      entry.printed.withUnsafeBytes { printed.add(unit, $0) }
      entry.printed.withUnsafeBytes { fold.absorb(unit, entry.outcome, output: $0) }
      return fold.ending == nil
    }
    return text() + printed.text
  }
}

/// A fold of a shard.
private final class Deaf: Fold {
  var printsOutput: Bool { false }
  func absorb(_ unit: Unit, _ outcome: Outcome) {}
}

/// All bytes of a file.
func contents(_ path: FilePath) throws -> Bytes {
  let file = try StoredFile(path)
  return try file.read(try file.size(), at: 0)
}
