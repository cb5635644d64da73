import ArgumentParser
import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// Runs commands of others in turn, round after round, each behind a supervisor that measures it.
final class CommandRunner {
  enum Problem: Error {
    /// A run that did not end as it should; the command's name and what became of it.
    case failed(String, String)
    /// Outputs differ.
    case differ(String)
    case system(SystemError)

    var exitCode: ExitCode {
      switch self {
      case .failed(let name, let reason): ExitStatus.stoppedEarly.failing("'\(name)' \(reason)")
      case .differ(let what): ExitStatus.someFailed.failing(what)
      case .system(let error): ExitStatus.stoppedEarly.failing("compare: \(error.call): \(error.reason)")
      }
    }
  }

  private let subject: ComparedCommands
  private let ranked: RankedFigure
  private let report: (ComparisonProgress) -> Void
  private var progress: ComparisonProgress
  private var runs: [[CommandRun]]
  /// The first output, that of a warm-up round included, and whose it was.
  private var expected: (name: String, output: Int)?
  /// Every command, in order, and behind them the empty one; nil before it is needed.
  private var session: CommandSession?
  /// What starting the shell takes; nil without one, and before it is known.
  private(set) var shell: ShellCost?

  /// - Parameters:
  ///   - warmup: rounds whose figures are thrown away.
  ///   - ranked: what intervals are looked at of, where these tell when to end.
  ///   - report: hears of the progress at the start of each run and every second while it lasts.
  init(
    _ subject: ComparedCommands, warmup: Int, goal: RoundsGoal, ranked: RankedFigure,
    report: @escaping (ComparisonProgress) -> Void
  ) {
    self.subject = subject
    self.ranked = ranked
    self.report = report
    progress = ComparisonProgress(contenders: subject.commands.map(\.name), warmup: warmup, goal: goal)
    runs = Array(repeating: [], count: subject.commands.count)
  }

  /// All rounds; after a stop request those runs that were finished. What is to be cleaned up is cleaned up in any case.
  func run() throws(Problem) -> [CommandContender] {
    let result: Result<Void, Problem>
    do throws(Problem) {
      try measure()
      result = .success(())
    } catch {
      result = .failure(error)
    }
    session?.close()
    // A failure tells more than what follows from it.
    if let cleanup = subject.cleanup {
      do throws(Problem) { try help(cleanup, "--cleanup") } catch { if case .success = result { throw error } }
    }
    try result.get()
    return zip(subject.commands, runs).filter { !$1.isEmpty }.map {
      CommandContender(name: $0.name, command: $0.text, runs: $1)
    }
  }

  private func measure() throws(Problem) {
    shell = try shellCost()
    while StopSignals.received == nil, let next = progress.next {
      let began = monotonicNow()
      guard let run = try runOnce(next.contender, began) else { return }
      progress.ended(after: monotonicNow() - began)
      guard next.isMeasured else { continue }
      runs[next.contender].append(shell.map(run.without) ?? run)
      guard progress.isWorthJudging else { continue }
      progress.judge(width: RoundSamples.widest(runs.map { RoundSamples($0.map { ($0.wall, $0.usage) }) }, in: ranked))
    }
  }

  /// Runs of an empty command whose median is what the shell takes; the first of them, which warms up, is left out.
  private static let shellRuns = 11

  private func shellCost() throws(Problem) -> ShellCost? {
    guard subject.emptyCommand != nil else { return nil }
    var runs: [(wall: Int64, usage: ProcessUsage)] = []
    for _ in 0..<Self.shellRuns {
      let outcome = try execute(subject.commands.count) {}.outcome
      if StopSignals.received != nil { return nil }
      guard outcome.exit == .status(0) else {
        throw .failed(subject.options.shell, "as the shell, given an empty command, " + Self.words(outcome.exit))
      }
      runs.append((outcome.wall, outcome.usage))
    }
    return ShellCost(Array(runs.dropFirst()))
  }

  private var surroundings: CommandSession.Surroundings {
    CommandSession.Surroundings(
      input: subject.options.input.map { RawArguments.path($0) }, output: subject.options.output,
      isHashed: subject.options.sameOutput, limit: subject.options.timeout?.nanoseconds)
  }

  /// One run, prepared; nil when a stop was asked for.
  private func runOnce(_ number: Int, _ began: Int64) throws(Problem) -> CommandRun? {
    let command = subject.commands[number]
    report(progress)
    if let preparation = command.preparation { try help(preparation, "--prepare") }
    if StopSignals.received != nil { return nil }
    for input in command.inputs { CacheDrop.drop(input) }
    let before = PressureStall.current()
    let process = try execute(number) { [self] in
      progress.elapsed = monotonicNow() - began
      report(progress)
    }
    if StopSignals.received != nil { return nil }
    let pressure = before.flatMap { before in PressureStall.current()?.since(before) }
    let outcome = process.outcome
    try check(command, process)
    guard let exit = Self.exit(outcome.exit) else { throw .failed(command.name, Self.words(outcome.exit)) }
    var run = CommandRun(exit: exit, wall: outcome.wall, usage: outcome.usage)
    run.pressure = outcome.pressure ?? pressure ?? PressureStall()
    run.isPressureOwn = outcome.pressure != nil
    run.hasUnwaited = outcome.hasUnwaited
    run.proportionalPeak = process.proportionalPeak
    run.queuedShare = outcome.queued.map { min(1, Double($0) / Double(max(1, outcome.wall))) }
    run.leftBehind = outcome.leftBehind
    return run
  }

  /// Throws for a run that may not count.
  private func check(
    _ command: ComparedCommands.Command, _ process: CommandSession.Run
  ) throws(Problem) {
    let outcome = process.outcome
    if process.isOverdue {
      let limit = Readable.duration(subject.options.timeout ?? .zero)
      throw .failed(command.name, "took longer than --timeout \(limit) and was ended")
    }
    if outcome.exit != .status(0) {
      let said = process.lastMessage.map { ": \($0)" } ?? ""
      switch outcome.exit {
      case .notStarted, .stopped: throw .failed(command.name, Self.words(outcome.exit))
      case .status, .signal:
        guard !subject.options.ignoreFailure else { break }
        throw .failed(
          command.name,
          Self.words(outcome.exit, hasShell: subject.emptyCommand != nil) + said
            + "; --ignore-failure compares all the same")
      }
    }
    guard subject.options.sameOutput else { return }
    let output = process.output
    // The first output is the measure; which of two that differ is right, nobody here can know.
    guard let expected else {
      self.expected = (command.name, output)
      return
    }
    guard expected.output != output else { return }
    throw .differ(
      expected.name == command.name
        ? "'\(command.name)' does not write the same in every run; without --same-output it is compared all the same"
        : "'\(expected.name)' and '\(command.name)' write different output; without --same-output they are compared all the "
          + "same")
  }

  /// Runs a preparation or a cleanup, which may leave processes behind: a server, for instance.
  private func help(_ words: [Bytes], _ option: String) throws(Problem) {
    let process: CommandSession.Run?
    let text = String(decoding: words.last ?? [], as: UTF8.self)
    do throws(SystemError) {
      // A supervisor of its own, since that of commands ends what it finds left behind.
      let session = try CommandSession([words], leftovers: .keep, passesStopOn: option != "--cleanup")
      defer { session.close() }
      process = try session.run(0, CommandSession.Surroundings())
    } catch {
      throw .system(error)
    }
    guard let process else { throw .failed(Readable.oneLine(text), "(\(option)) " + Self.unwatched) }
    let outcome = process.outcome
    guard StopSignals.received == nil || option == "--cleanup", outcome.exit != .status(0) else { return }
    let said = process.lastMessage.map { ": \($0)" } ?? ""
    throw .failed(Readable.oneLine(text), "(\(option)) " + Self.words(outcome.exit) + said)
  }

  private func execute(_ command: Int, everySecond: @escaping () -> Void) throws(Problem) -> CommandSession.Run {
    do throws(SystemError) {
      let words = subject.commands.map(\.words) + (subject.emptyCommand.map { [$0] } ?? [])
      if session == nil { session = try CommandSession(words, leftovers: .kill) }
      guard let session else { preconditionFailure("a session was just started") }
      if let run = try session.run(command, surroundings, everySecond: everySecond) { return run }
    } catch {
      throw .system(error)
    }
    let name = subject.commands.indices.contains(command) ? subject.commands[command].name : subject.options.shell
    throw .failed(name, Self.unwatched)
  }

  /// The rest of a sentence about a command that nobody knows the end of.
  private static let unwatched = "was not watched to its end: the process of lanes that watched it was killed"

  private static func exit(_ exit: CommandOutcome.Exit) -> CommandRun.Exit? {
    switch exit {
    case .status(let code): .status(code)
    case .signal(let number): .signal(Signal.name(number))
    case .notStarted, .stopped: nil
    }
  }

  /// How a run ended, as the rest of a sentence about the command.
  private static func words(_ exit: CommandOutcome.Exit, hasShell: Bool = false) -> String {
    switch exit {
    case .status(127) where hasShell: "ended with status 127, by which a shell says that it found no such program"
    case .status(let code): "ended with status \(code)"
    case .signal(let number): "was ended by \(Signal.name(number))"
    case .notStarted(let code): "cannot be started: \(SystemError("execve", errno: code).reason)"
    case .stopped(let number):
      "was stopped by \(Signal.name(number)), as one that asks the terminal for something is, and was ended; give it what it asks "
        + "for with --input"
    }
  }
}

/// Dropping files from the page cache.
enum CacheDrop {
  /// Drops a file, or all files below a folder; what cannot be read is left as it is.
  static func drop(_ path: FilePath) {
    guard (try? FileStatus.ifPresent(path))??.kind == .directory else { return dropFile(path) }
    let walk = DirectoryWalk(root: path)
    while let step = walk.next() {
      if case .file(let file) = step { dropFile(file.path) }
    }
  }

  private static func dropFile(_ path: FilePath) {
    if let file = try? Descriptor.reading(path) { PageCache.drop(file) }
  }
}
