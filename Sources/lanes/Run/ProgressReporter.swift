import LanesCore
import LanesOS
import LanesReport
import LanesUsage

/// Standard error for people: a progress line that gets out of the way of messages, or, on a terminal that cannot draw
/// a line anew, one line after the other.
///
/// Used by the coordinating thread only.
final class ProgressReporter: Observer {
  private let showsProgress: Bool
  private let usesColor: Bool
  /// True until it was said what a person can look at while the run goes on, where somebody is there to look.
  private var tellsWhatToWatch: Bool
  private let began = monotonicNow()
  private var drawn = false
  private var lastDrawn: Int64 = 0
  private var line = ProgressLine(done: 0, total: nil, failed: 0, elapsed: .zero)
  private let redraws = !Terminal.isDumb
  /// Ten times a second is smooth to the eye and costs nothing; lines that stay come less often.
  private var interval: Int64 { redraws ? 100_000_000 : 5_000_000_000 }

  /// - Parameter resultsOnScreen: results of this command appear one by one on standard output; a bar between them on
  ///   the same terminal would only be in the way.
  init(_ arguments: EngineArguments, resultsOnScreen: Bool) {
    // The bar would overwrite, or be torn by, results that appear on the same screen.
    let isClear = Terminal.isCapable(2) && !(resultsOnScreen && Terminal.isTerminal(1))
    showsProgress =
      switch arguments.progress {
      case .always: !arguments.quiet
      case .never: false
      case .auto: isClear && !arguments.quiet
      }
    // Scripts that take statistics from a file or a pipe get those alone.
    tellsWhatToWatch =
      arguments.stats && !arguments.json && !arguments.quiet && Terminal.isTerminal(2) && ComparedRun.current == nil
    usesColor = !arguments.noColor && Terminal.takesColor(2)
  }

  /// Says, ahead of a run that was asked for statistics, how its threads can be watched.
  func willRun(_ setup: EngineSetup) {
    // Numbers of workers are known once these were started.
    guard tellsWhatToWatch, !setup.kind.usesWorkers else { return }
    tellsWhatToWatch = false
    tellWhatToWatch([])
  }

  /// The same for worker processes; a further batch of the command has others.
  func workersStarted(_ processes: [Int32]) {
    if tellsWhatToWatch { tellWhatToWatch(processes) }
  }

  private func tellWhatToWatch(_ workers: [Int32]) {
    let lines = WatchText.lines(
      process: WorkerProcess.currentID, workers: workers, width: Terminal.wrapping(2) ?? Terminal.width(2))
    for line in lines { say(line) }
  }

  func batchStarted(totalUnits: Int?) { line.total = totalUnits }
  func planGrew(totalUnits: Int?) { line.total = totalUnits }

  func unitEnded(_ unit: Unit, _ record: UnitRecord) {
    // Counted always and drawn seldom: a batch of short units ends thousands of them between two drawings.
    line.done += 1
    if record.failed { line.failed += 1 }
    guard showsProgress else { return }
    let now = monotonicNow()
    guard now - lastDrawn >= interval else { return }
    lastDrawn = now
    line.elapsed = .nanoseconds(now - began)
    // The last column stays free: some terminals wrap as soon as it is filled.
    let width = max(20, Terminal.width(2) - 1)
    let text = line.render(width: width, color: usesColor)
    guard redraws else { return StandardError.line(text) }
    StandardError.write("\r\u{1B}[K" + text)
    drawn = true
  }

  /// A line of its own, the progress line gone.
  func say(_ text: String) {
    // As with results: see `ResultPrinter`.
    guard !Division.isPlanning else { return }
    clear()
    StandardError.line(text)
  }

  func failed(_ unit: Unit, _ failure: UnitFailure) { say("lanes: \(unit.label): \(failure.reason)") }

  func clear() {
    if drawn { StandardError.write("\r\u{1B}[K") }
    drawn = false
  }
}
