import ArgumentParser
import LanesCore
import LanesEngines
import LanesOS
import LanesReport
import LanesUsage
import SystemPackage

/// What a subcommand has prepared: a workload, how to plan its units, and where outcomes go.
struct BatchRun {
  /// A plan and the fold of its units, which may answer to each other.
  typealias Parts = (plan: any UnitPlan, fold: any Fold)

  let workload: any Workload
  /// Makes both anew. A comparison from a cold cache makes them twice: it goes through the first plan to learn which files to
  /// drop from the cache, and absorbs nothing then.
  let makeParts: (PlanContext) throws -> Parts
  /// Makes the fold alone, for outcomes that are there already; looks at no input.
  let makeFold: () throws -> any Fold
  /// Hears of units as well, before the fold does.
  var listener: (any Observer)?
  /// A folder for several results, which no other run may have meanwhile; it need not exist.
  var destination: FilePath?

  init(workload: any Workload, listener: (any Observer)? = nil, makeParts: @escaping () throws -> Parts) {
    self.workload = workload
    self.listener = listener
    self.makeParts = { _ in try makeParts() }
    makeFold = { try makeParts().fold }
  }

  /// A run whose plan asks what an earlier run has left.
  init(
    workload: any Workload, planning: @escaping (PlanContext) throws -> any UnitPlan, fold: any Fold,
    listener: any Observer, destination: FilePath?
  ) {
    self.workload = workload
    self.listener = listener
    self.destination = destination
    makeParts = { (try planning($0), fold) }
    makeFold = { fold }
  }

  /// A run whose fold needs nothing of its plan.
  init(
    workload: any Workload, makePlan: @escaping () throws -> any UnitPlan, fold: any Fold,
    listener: (any Observer)? = nil
  ) {
    self.workload = workload
    self.listener = listener
    makeParts = { _ in (try makePlan(), fold) }
    makeFold = { fold }
  }
}

extension BatchRun {
  /// Runs the job under the engine that `arguments` ask for and reports what that cost.
  ///
  /// - Parameter shared: the run file of a command that has several batches, which closes it.
  func run(
    _ arguments: EngineArguments, _ console: ProgressReporter, within shared: JournalSession? = nil
  ) throws -> RunRecord {
    switch Division.current {
    case .none: break
    case .planning(let planning): try freeze(planning)
    case .merging(let merging):
      let observers: [any Observer] = [console] + [listener].compactMap { $0 }
      let record = try merging.replay(self, arguments.engine(for: type(of: workload)).setup, observers)
      console.clear()
      return record
    }
    let journal = try shared ?? JournalSession.open(arguments)
    // Signals first: from here on a stop is answered in order, and what is written under a temporary name is removed.
    try StopSignals.install()
    if !arguments.quiet { StopSignals.acknowledge(as: type(of: workload).noun) }
    CrashReports.advise(arguments.crashAdvice(for: type(of: workload)))
    let compared = ComparedRun.current
    try compared?.followParent()
    let context = journal?.context ?? PlanContext(earlier: nil) { _ in }
    if let compared, compared.isCold { try ComparedRun.dropInputs(of: makeParts(context).plan) }
    // Ahead of the plan where the folder is there already, since the other run may be filling it.
    var lock = try destination.flatMap(OutputLock.taking)
    let (plan, fold) = try makeParts(context)
    if lock == nil { lock = try plan.outputFolder.flatMap(OutputLock.making) }
    defer { withExtendedLifetime(lock) {} }
    let batch = Batch(workload: workload, plan: plan, fold: fold)
    let journaled = try journal?.begin(batch, watchers: [console] + [listener].compactMap { $0 })
    let engine = arguments.engine(for: type(of: workload))
    // Ahead of the run, so that a trace that cannot be made costs no work.
    let trace = try makeTrace(arguments, engine.setup)
    let measures = arguments.stats || compared != nil ? TimelineObserver(lanes: engine.setup.lanes) : nil
    let all: [(any Observer)?] = [console, listener, trace, measures]
    // Most runs have the console alone; passing on to a list of one would cost every unit a little.
    let observers = all.compactMap { $0 }
    let observer: any Observer = observers.count > 1 ? Observers(observers) : console
    console.willRun(engine.setup)
    var record: RunRecord
    do {
      record = try engine.run(
        journaled.map { Batch(workload: $0.workload, plan: $0, fold: $0) } ?? batch,
        observer: journaled?.observer(observer) ?? observer)
    } catch {
      console.clear()
      // The engine could not start or was let down by the system; outcomes that came before were folded all the same.
      throw ExitStatus.of(error)
    }
    // Pressure is read as soon as the run has ended: what this process prints afterwards is not the batch's.
    measures?.complete(&record)
    if let note = arguments.isolationNote(for: type(of: workload)) { record.notes.append(note) }
    console.clear()
    if let journal, let journaled { journal.end(journaled, &record) }
    if shared == nil { journal?.close(&record) }
    if let failure = trace?.finish() {
      StandardError.line("lanes: the trace \(arguments.trace ?? "") is incomplete: \(failure.reason)")
      record.isTraceIncomplete = true
    }
    compared?.report(record)
    return record
  }

  private func makeTrace(_ arguments: EngineArguments, _ setup: EngineSetup) throws -> Trace? {
    guard let path = arguments.trace else { return nil }
    do {
      return try Trace(path, setup: setup)
    } catch {
      throw ExitStatus.unwritable("the trace \(path)", error)
    }
  }
}

extension RunRecord {
  /// Prints statistics where they were asked for.
  func printStatistics(_ arguments: EngineArguments, to printer: ResultPrinter) {
    guard arguments.stats else { return }
    if arguments.json {
      printer.line(RunJSON.line(self))
    } else {
      for line in statisticsLines { StandardError.line(line) }
    }
  }

  /// For standard error, wrapped where a person reads it.
  var statisticsLines: [String] {
    StatsText.lines(self, width: Terminal.wrapping(2) ?? Terminal.width(2), wrapping: Terminal.wrapping(2))
  }
}

extension Terminal {
  /// Columns at which lines to `descriptor` are wrapped: those of a terminal but for the last one, since some wrap as
  /// soon as that is filled; nil where no terminal reads.
  static func wrapping(_ descriptor: Int32) -> Int? { isTerminal(descriptor) ? width(descriptor) - 1 : nil }
}

/// Results on standard output, at once where a person watches; otherwise together with those of a tenth of a second.
final class ResultPrinter {
  /// Nanoseconds; a pipe's reader sees results soon enough, and a thousand lines cost one call.
  private static let longestWait: Int64 = 100_000_000
  private var pending = Bytes()
  private var lastFlush = monotonicNow()
  private let isImmediate = Terminal.isTerminal(1)
  /// False once the reader has gone away or the disk is full; the status of the program then says so.
  private(set) var isOpen = true

  func line(_ text: String) { bytes(Bytes((text + "\n").utf8)) }

  func bytes(_ bytes: Bytes) {
    // What a command says before its units are done is said when their outcomes are there.
    guard !Division.isPlanning else { return }
    pending += bytes
    if isImmediate || pending.count > 32_768 || monotonicNow() - lastFlush > Self.longestWait { flush() }
  }

  func flush() {
    defer {
      pending.removeAll(keepingCapacity: true)
      lastFlush = monotonicNow()
    }
    // After a failure nothing is written, lest a gap looks like the whole (`StandardOutput`).
    guard isOpen, !pending.isEmpty else { return }
    do {
      try pending.span.bytes.withUnsafeBytes { (bytes) throws(StandardOutput.Failure) in try StandardOutput.write(bytes)
      }
    } catch {
      isOpen = false
    }
  }
}
