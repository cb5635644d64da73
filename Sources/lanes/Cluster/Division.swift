import ArgumentParser
import LanesCluster
import LanesCore
import LanesEngines
import LanesJournal
import LanesOS
import SystemPackage

/// What this process does with the batch of a command: run it, write its units down for other machines, or put together
/// what those have written.
///
/// Commands plan and fold in the same way for all three; `BatchRun.run` asks which it is.
enum Division {
  case none
  case planning(Planning)
  case merging(Merging)

  // Changed before the command runs, and by the main thread alone, which is the one that runs commands.
  nonisolated(unsafe) static var current = Division.none

  /// True while units are written down: nothing is printed then, and no unit may need the result of another.
  static var isPlanning: Bool { if case .planning = current { true } else { false } }

  /// True while parts are put together: inputs need not be there any more.
  static var isMerging: Bool { if case .merging = current { true } else { false } }

  /// True unless the command runs as a whole.
  static var isDivided: Bool { if case .none = current { false } else { true } }

  /// The command whose parts are put together, which decides what the shell sees.
  static var replayed: (any DividedCommand)? {
    if case .merging(let merging) = current { merging.command } else { nil }
  }

  /// What a fold must know of the inputs beside outcomes: looked up when the batch is planned or run, and taken from the plan
  /// when parts are put together.
  static func frozen(_ name: String, _ lookUp: () -> Bytes) -> Bytes {
    switch current {
    case .none: return lookUp()
    case .planning(let planning):
      let bytes = lookUp()
      planning.notes.append(FrozenPlan.Note(name: name, bytes: bytes))
      return bytes
    case .merging(let merging): return merging.plan.note(name) ?? lookUp()
    }
  }

  /// The same where it is known only once the units are planned; see `note`.
  static func keep(_ name: String, _ bytes: () -> Bytes) {
    if case .planning(let planning) = current { planning.notes.append(FrozenPlan.Note(name: name, bytes: bytes())) }
  }

  /// What the plan of the parts kept; nil unless parts are put together.
  static func note(_ name: String) -> Bytes? {
    if case .merging(let merging) = current { merging.plan.note(name) } else { nil }
  }
}

/// A batch has been planned and written down, which ends the command that was to run it.
struct PlanFrozen: Error {
  let plan: FrozenPlan
}

/// Writes the units of a command's batch down instead of running them.
final class Planning {
  private let writer: PlanWriter
  private let shards: ShardCount
  private let words: [Bytes]
  /// Every shard makes the plan anew, so that it holds nothing that differs between machines and moments.
  private let isStandalone: Bool
  fileprivate(set) var notes: [FrozenPlan.Note] = []

  /// - Parameter words: what the plan calls the command.
  init(_ writer: PlanWriter, _ shards: ShardCount, words: [Bytes], isStandalone: Bool = false) {
    self.writer = writer
    self.shards = shards
    self.words = words
    self.isStandalone = isStandalone
  }

  /// The plan of the command's batch, written down.
  func freeze(_ command: any DividedCommand) throws -> FrozenPlan {
    var command = command
    Division.current = .planning(self)
    defer { Division.current = .none }
    do {
      try command.run()
    } catch let frozen as PlanFrozen {
      return frozen.plan
    } catch let status as ExitCode where status.rawValue <= ExitStatus.someFailed.rawValue {
      // It has its answer without any unit, such as a search for nothing.
    } catch {
      writer.abandon()
      throw error
    }
    writer.abandon()
    throw ExitStatus.usage.failing("the command has no units that could be divided: run it as it is")
  }

  /// Walks through the plan to its end. Throws `PlanFrozen` when all is written.
  fileprivate func end(_ run: BatchRun) throws -> Never {
    let (plan, _) = try run.makeParts(PlanContext(earlier: isStandalone ? SharedResults() : nil) { _ in })
    let written: FrozenPlan
    do throws(ClusterError) {
      try writer.add(allOf: plan)
      written =
        isStandalone ? try standalone(run.workload, plan.outputFolder) : try kept(run.workload, plan.outputFolder)
    } catch {
      if let signal = StopSignals.received {
        writer.abandon()
        StopSignals.die(by: signal)
      }
      throw ExitStatus.of(error)
    }
    throw PlanFrozen(plan: written)
  }

  private func kept(_ workload: any Workload, _ output: OutputFolder?) throws(ClusterError) -> FrozenPlan {
    let surroundings = RunSurroundings.current()
    let isMissing = output.map { ((try? FileStatus.ifPresent($0.path)) ?? nil) == nil } ?? false
    notes.append(FrozenPlan.Note(name: ClusterFolder.madeFolder, bytes: [isMissing ? 1 : 0]))
    return try writer.finish(
      FrozenPlan(
        program: surroundings.program, libraries: surroundings.libraries, words: words,
        directory: surroundings.directory, workload: workload, outputFolder: output, started: writer.started,
        notes: notes), shards)
  }

  private func standalone(_ workload: any Workload, _ output: OutputFolder?) throws(ClusterError) -> FrozenPlan {
    let surroundings = RunSurroundings.current()
    let seeded = workload as? any SeededWorkload
    // What is left out of the inputs depends on whether another shard has made the folder for results already.
    let plan = FrozenPlan(
      program: surroundings.program, libraries: surroundings.libraries, words: words, directory: FilePath(""),
      workload: seeded?.seeded(by: 0) ?? workload, outputFolder: output, started: 0,
      notes: notes.filter { $0.name != ConvertOutcomes.note })
    var written = try writer.finish(plan, shards)
    // The same for all shards, and nothing that whoever wrote the inputs would know beforehand.
    let seed = written.fingerprint.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    if let seeded { written.workload = seeded.seeded(by: seed).description }
    return written
  }
}

extension BatchRun {
  /// Ends the command with its plan, which is written down.
  func freeze(_ planning: Planning) throws -> Never { try planning.end(self) }
}

/// Gives a command's fold the outcomes that parts hold, in place of a run.
final class Merging {
  let plan: FrozenPlan
  let command: any DividedCommand
  private let parts: PartSet
  private let units: any RunFileSource
  private let isPartial: Bool
  private var isDone = false

  /// - Parameter isPartial: shards may be missing.
  init(_ parts: PartSet, _ command: any DividedCommand, units: any RunFileSource, isPartial: Bool) {
    plan = parts.plan
    self.parts = parts
    self.command = command
    self.units = units
    self.isPartial = isPartial
  }

  /// Prints what the command would have printed; throws its status.
  func run() throws {
    let isMissing = isPartial && !parts.missing.isEmpty
    if isMissing, let objection = command.needsEveryUnit { throw ExitStatus.usage.failing(objection) }
    Division.current = .merging(self)
    var command = command
    try command.run()
    if isMissing { throw ExitCode(ExitStatus.someFailed.rawValue) }
  }

  /// Replays all parts. What is printed, and the record but for what it cost, are those of a run on one machine.
  func replay(_ run: BatchRun, _ setup: EngineSetup, _ observers: [any Observer]) throws -> RunRecord {
    guard !isDone else {
      throw ExitStatus.stoppedEarly.failing(
        "the answer lies beyond what was planned, which hardly ever happens: run the command on one machine")
    }
    isDone = true
    guard plan.means(run.workload) else {
      throw ExitStatus.usage.failing(
        "the words of the plan mean other work now, such as another file of patterns: plan the batch anew")
    }
    try StopSignals.install()
    let results = ReorderBuffer(try run.makeFold())
    var record = RunRecord(setup: setup)
    for observer in observers { observer.batchStarted(totalUnits: plan.unitCount) }
    do throws(ClusterError) {
      record.wall = try parts.replay(
        units: units,
        missing: { unit, failure in
          guard let failure else { return results.skip(unit) }
          results.add(unit, .failed(failure), output: UnsafeRawBufferPointer(start: nil, count: 0))
        }
      ) { unit, entry in
        let times = entry.unitRecord
        record.bytesIn += times.bytesIn
        record.bytesOut += times.bytesOut
        for observer in observers { observer.unitEnded(unit, times) }
        entry.printed.withUnsafeBytes { results.add(unit, entry.outcome, output: $0) }
        return results.ending == nil && StopSignals.received == nil
      }
    } catch {
      throw ExitStatus.of(error)
    }
    record.unitsDone = results.unitsDone
    record.unitsFailed = results.unitsFailed
    if let signal = StopSignals.received { record.ending = .signalled(signal) }
    if let ending = results.ending { record.ending = ending }
    return record
  }
}

extension ExitStatus {
  static func of(_ error: ClusterError) -> any Error {
    let status: ExitStatus =
      switch error.kind {
      case .refused: .usage
      case .missing: .missing
      case .system: .stoppedEarly
      }
    return status.failing(error.sentence)
  }
}
