import LanesCluster
import LanesCore
import LanesEngines
import LanesJournal
import LanesOS
import LanesReport
import SystemPackage

/// One attempt at a shard, whoever keeps its part.
struct ShardRun {
  let plan: FrozenPlan
  let shard: Int
  /// The file of all units.
  let units: any RunFileSource
  let engine: EngineArguments

  /// One sentence on standard error.
  func tell(_ text: String) {
    if !engine.quiet { StandardError.line("lanes: shard \(shard) \(text)") }
  }

  func tell(of record: RunRecord) {
    let failed = record.unitsFailed > 0 ? ", \(Readable.count(record.unitsFailed)) failed" : ""
    tell("is done: \(Readable.counted(record.unitsDone, "unit"))\(failed)")
  }

  /// Does the shard's units and writes their outcomes to the run file `attempt`, or goes on with what that holds.
  ///
  /// - Parameter standalone: the command, where the part has no plan beside it.
  func perform(_ attempt: FilePath, _ standalone: StandaloneCommand? = nil) throws -> RunRecord {
    let workload = try rebuiltWorkload()
    // Shared: other shards put their results there at the same time.
    let lock = try plan.outputFolder.flatMap(OutputLock.sharing)
    defer { withExtendedLifetime(lock) {} }
    // The session holds the lock on the run file, which is let go with it.
    let words = (standalone?.words ?? plan.words).map { String(decoding: $0, as: UTF8.self) }
    let session = try JournalSession.ofShard(plan.binding(of: shard), standalone, words: words, at: attempt, engine)
    let console = ProgressReporter(engine, resultsOnScreen: false)
    let job = BatchRun(
      workload: workload, makePlan: { StretchPlan(plan, shard: shard, in: units) }, fold: FailureTeller(console))
    var record = try job.run(engine, console, within: session)
    session.close(&record)
    return record
  }

  /// What puts partial results of one row together; nil for workloads without.
  var compactor: (any Compactor)? {
    let workload = WorkerMode.workload(named: plan.workloadName, plan.workload)
    return (workload as? any CompactingWorkload)?.makeCompactor()
  }

  private func rebuiltWorkload() throws -> any Workload {
    guard let workload = WorkerMode.workload(named: plan.workloadName, plan.workload) else {
      throw ExitStatus.usage.failing("the plan is of work that this program does not know: plan it anew")
    }
    return workload
  }
}

/// Tells of units that failed, for whoever reads the log of a shard. What units print is for whoever merges.
private final class FailureTeller: Fold {
  private let console: ProgressReporter
  var printsOutput: Bool { false }

  init(_ console: ProgressReporter) { self.console = console }

  func absorb(_ unit: Unit, _ outcome: Outcome) {
    if case .failed(let failure) = outcome { console.failed(unit, failure) }
  }
}
