import ArgumentParser
import LanesCore
import LanesOS
import LanesReport

/// What a subcommand has prepared: a workload, how to plan its units, and where outcomes go.
struct BatchRun {
  let workload: any Workload
  /// Makes the plan anew; a comparison from a cold cache makes it twice.
  let makePlan: () throws -> any UnitPlan
  let fold: any Fold
  /// Hears of units as well, before `fold` does.
  var listener: (any Observer)?
}

extension BatchRun {
  /// Runs the job under the engine that `arguments` ask for and reports what that cost.
  func run(_ arguments: EngineArguments, _ console: ProgressReporter) throws -> RunRecord {
    try StopSignals.install()
    if !arguments.quiet { StopSignals.acknowledge(as: type(of: workload).noun) }
    try ComparedRun.followParent()
    let plan = try makePlan()
    if ComparedRun.isCold { try ComparedRun.dropInputs(of: makePlan()) }
    let engine = arguments.engine()
    let trace = try makeTrace(arguments, engine.setup)
    let measures = arguments.stats || ComparedRun.isCompared ? TimelineObserver(lanes: engine.setup.lanes) : nil
    let all: [(any Observer)?] = [console, listener, trace, measures]
    let observers = all.compactMap { $0 }
    var record: RunRecord
    do {
      record = try engine.run(
        Batch(workload: workload, plan: plan, fold: fold),
        observer: observers.count > 1 ? Observers(observers) : console)
    } catch {
      console.clear()
      throw ExitStatus.of(error)
    }
    measures?.complete(&record)
    console.clear()
    finish(trace, arguments)
    ComparedRun.report(record)
    return record
  }

  private func makeTrace(_ arguments: EngineArguments, _ setup: EngineSetup) throws -> Trace? {
    guard let path = arguments.trace else { return nil }
    do {
      return try Trace(path, setup: setup)
    } catch {
      throw ExitStatus.usage.failing("the trace cannot be written to \(path): \(error.reason)")
    }
  }

  private func finish(_ trace: Trace?, _ arguments: EngineArguments) {
    do throws(SystemError) {
      try trace?.finish()
    } catch {
      StandardError.line("lanes: the trace \(arguments.trace ?? "") is incomplete: \(error.reason)")
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
      let lines = StatsText.lines(self, width: Terminal.width(2))
      for line in lines { StandardError.line(line) }
    }
  }
}

/// Results on standard output, at once where a person watches; otherwise together with those of a tenth of a second.
final class ResultPrinter {
  private static let longestWait: Int64 = 100_000_000
  private var pending = Bytes()
  private var lastFlush = monotonicNow()
  private let isImmediate = Terminal.isTerminal(1)
  /// False once the reader has gone away or the disk is full; the status of the program then says so.
  private(set) var isOpen = true

  func line(_ text: String) { bytes(Bytes((text + "\n").utf8)) }

  func bytes(_ bytes: Bytes) {
    pending += bytes
    if isImmediate || pending.count > 32_768 || monotonicNow() - lastFlush > Self.longestWait { flush() }
  }

  func flush() {
    defer {
      pending.removeAll(keepingCapacity: true)
      lastFlush = monotonicNow()
    }
    guard isOpen, !pending.isEmpty else { return }
    do {
      try pending.span.bytes.withUnsafeBytes { (bytes) throws(StandardOutput.Failure) in try StandardOutput.write(bytes)
      }
    } catch {
      isOpen = false
    }
  }
}
