import ArgumentParser
import LanesCore
import LanesEngines
import LanesOS
import LanesReport
import SystemPackage

/// Runs contenders in turn, round after round, each run in a process of its own, and checks that all gave the same
/// result.
final class ComparisonRunner {
  enum Problem: Error {
    /// Two contenders gave different results.
    case differ(EngineSetup, EngineSetup)
    /// A run ended otherwise than with status 0 or 1.
    case runFailed(EngineSetup, String)
    /// Every unit failed, so that there is nothing to compare.
    case nothingDone(String)
    case system(SystemError)

    var exitCode: ExitCode {
      switch self {
      case .differ(let one, let other):
        ExitStatus.someFailed.failing("the results of \(one.title) and \(other.title) differ")
      case .runFailed(let setup, let reason): ExitStatus.stoppedEarly.failing("\(setup.title): \(reason)")
      case .nothingDone(let reason): ExitStatus.someFailed.failing("compare: nothing could be done\(reason)")
      case .system(let error): ExitStatus.stoppedEarly.failing("compare: \(error.call): \(error.reason)")
      }
    }
  }

  private let command: ComparedCommand
  private let setups: [EngineSetup]
  private let cold: Bool
  private let ranked: RankedFigure
  private let report: (ComparisonProgress) -> Void
  private var progress: ComparisonProgress
  /// The first result, that of a warm-up round included.
  private var expected: (setup: EngineSetup, result: ComparedResult)?
  /// Measured rounds, at the positions of `setups`.
  private var records: [[RunRecord]]

  /// - Parameters:
  ///   - warmup: rounds whose figures are thrown away, before the measured ones.
  ///   - ranked: what intervals are looked at of, where these tell when to end.
  ///   - report: hears of the progress at the start of each run and every second while it lasts.
  init(
    _ command: ComparedCommand, setups: [EngineSetup], warmup: Int, goal: RoundsGoal, ranked: RankedFigure, cold: Bool,
    report: @escaping (ComparisonProgress) -> Void
  ) {
    self.command = command
    self.setups = setups
    self.cold = cold
    self.ranked = ranked
    self.report = report
    progress = ComparisonProgress(contenders: setups.map(\.title), warmup: warmup, goal: goal)
    records = Array(repeating: [], count: setups.count)
  }

  /// All rounds; after a stop request those runs that were finished.
  func run() throws(Problem) -> [LanesReport.Contender] {
    // Round after round, all contenders in turn: what the machine does meanwhile, such as warming up or another
    // program, then falls on all of them alike.
    while let next = progress.next {
      let began = monotonicNow()
      guard let record = try runOnce(setups[next.contender], began) else { return contenders }
      progress.ended(after: monotonicNow() - began)
      guard next.isMeasured else { continue }
      records[next.contender].append(record)
      // Of many rounds, only the timelines of the five nearest to the median are kept.
      Contender.keepTimelines(&records[next.contender])
      guard progress.isWorthJudging else { continue }
      progress.judge(
        width: RoundSamples.widest(records.map { RoundSamples($0.map { ($0.wall, $0.usage) }) }, in: ranked))
    }
    return contenders
  }

  /// What there is, which after a stop may be a round more of some than of others.
  private var contenders: [LanesReport.Contender] {
    zip(setups, records).filter { !$1.isEmpty }.map { LanesReport.Contender(setup: $0, records: $1) }
  }

  /// One run; nil when a stop was asked for.
  private func runOnce(_ setup: EngineSetup, _ began: Int64) throws(Problem) -> RunRecord? {
    // So that Ctrl-C says at once that one run is being finished.
    StopSignals.lane(0, isBusyWith: BusyUnits(.none))
    defer { StopSignals.lane(0, isBusyWith: .none) }
    let (run, exit, result) = try execute(setup, began)
    if StopSignals.received != nil { return nil }
    // 1 is a batch in which some units failed, the same ones everywhere: `compare` sees whether that is so.
    guard case .status(let code) = exit, code == 0 || code == 1, let record = run.record else {
      throw .runFailed(setup, run.explanation(exit))
    }
    // Where every unit failed, all engines are equally quick at nothing.
    guard record.unitsDone > 0 || record.unitsFailed == 0 else { throw .nothingDone(run.firstMessage) }
    try compare(setup, result)
    return record
  }

  /// Starts a run and waits for its end. Its folder is gone when this returns, so results are hashed before.
  private func execute(
    _ setup: EngineSetup, _ began: Int64
  ) throws(Problem) -> (ComparedProcess, Child.Exit, ComparedResult) {
    report(progress)
    do throws(SystemError) {
      // A folder of its own for each run, gone before the next: a file that exists would be refused or skipped.
      let folder = command.writesFiles ? try ScratchFolder("lanes-compare-") : nil
      defer { withExtendedLifetime(folder) {} }
      let run = try ComparedProcess(command.arguments(setup, output: folder?.path), cold: cold)
      let (exit, result) = try run.finish(outputs: folder?.path) { [self] in
        progress.elapsed = monotonicNow() - began
        report(progress)
      }
      return (run, exit, result)
    } catch {
      throw .system(error)
    }
  }

  /// Holds a result against the first one.
  private func compare(_ setup: EngineSetup, _ result: ComparedResult) throws(Problem) {
    // The first result is the measure; which of two that differ is right, nobody here can know.
    guard let expected else {
      self.expected = (setup, result)
      return
    }
    if expected.result != result { throw .differ(expected.setup, setup) }
  }
}

/// What a run produced, as far as it must be the same for all: a digest of standard output and one of the files
/// written.
///
/// Digests are of Swift's `Hasher` (SipHash), seeded anew in each process: fit for comparing within one.
struct ComparedResult: Equatable {
  var output: Int
  var files: Int
}

/// A folder for outputs, removed with the value.
final class ScratchFolder {
  let path: FilePath

  /// Where temporary files go.
  static var parent: FilePath { FilePath(Terminal.variable("TMPDIR") ?? "/tmp") }

  /// - Parameter prefix: what its name begins with.
  init(_ prefix: String) throws(SystemError) { path = try Folders.makeTemporary(Self.parent, prefix: prefix) }

  deinit { Folders.remove(path) }
}
