import ArgumentParser
import LanesCore
import LanesJournal
import LanesOS
import LanesReport
import SystemPackage

/// The run file of one command, from `--journal` or `--resume` to the record that says how the run ended.
///
/// A command whose batches follow each other gives all of them the same session.
final class JournalSession {
  /// Changed inputs that are named; of others only the number is told.
  private static let mostNames = 3

  /// The run file.
  let path: FilePath
  /// The command, as the header has it.
  private let words: [String]
  private let isQuiet: Bool
  /// Which part of a plan the run is, if it is one.
  private let part: PartBinding?
  /// The command of a part that has no plan beside it.
  private let standalone: StandaloneCommand?
  /// Nil for a new run until its first batch begins.
  private var opened: RunFile.Opened?
  /// Nil until the first batch begins.
  private var writer: JournalWriter?
  /// The run file's identity: it is refused as an input.
  private var own: FileIdentity?
  /// Units of all batches, those known from before included.
  private var totals = RunTotals(done: 0, failed: 0)
  /// Results that a plan found in their places before there was a writer.
  private var found: [FilePath] = []

  /// Nil where neither option was given. A file to be resumed is read here, before anything is planned.
  static func open(_ arguments: EngineArguments) throws -> JournalSession? {
    guard let name = arguments.journal ?? arguments.resume else { return nil }
    let session = JournalSession(RawArguments.path(name), arguments)
    do {
      if arguments.resume != nil {
        try session.resume()
      } else {
        try RunFile.check(session.path)
        // Ahead of the plan, which may take long to make.
        do throws(SystemError) {
          try Folders.checkWritable(session.path.removingLastComponent(), makesMissing: false)
        } catch {
          throw RunFile.Problem.system(error)
        }
      }
    } catch let problem as RunFile.Problem {
      throw session.refusal(problem)
    }
    return session
  }

  private init(_ path: FilePath, _ arguments: EngineArguments) {
    self.path = path
    words = CommandLineMode.words
    isQuiet = arguments.quiet
    part = nil
    standalone = nil
  }

  private init(
    _ path: FilePath, _ part: PartBinding, _ standalone: StandaloneCommand?, words: [String],
    _ arguments: EngineArguments
  ) {
    self.path = path
    self.part = part
    self.standalone = standalone
    self.words = words
    isQuiet = arguments.quiet
  }

  /// The run file of an attempt at a shard, which goes on with what `path` holds, if it exists already.
  static func ofShard(
    _ part: PartBinding, _ standalone: StandaloneCommand?, words: [String], at path: FilePath,
    _ arguments: EngineArguments
  ) throws -> JournalSession {
    let session = JournalSession(path, part, standalone, words: words, arguments)
    do {
      let opened = try RunFile.open(path)
      session.opened = opened
      session.lanesNote(opened)
    } catch RunFile.Problem.missing {
      // Made with the first batch.
    } catch {
      throw session.refusal(error)
    }
    return session
  }

  private var name: String { path.forDisplay }

  /// What plans must know. Plans are made before `begin`, so that what they find waits in `found`.
  var context: PlanContext {
    PlanContext(earlier: opened?.earlier) { [unowned self] path in
      if let writer { note(path, writer) } else { found.append(path) }
    }
  }

  /// Opens the run file and compares its header with this command. The lock is held from here on.
  private func resume() throws {
    let opened = try RunFile.open(path)
    guard let header = opened.earlier?.header else { preconditionFailure("a run file without its header was opened") }
    if let difference = RunDifference(header, words, RunSurroundings.current()) {
      throw ExitStatus.usage.failing("\(name) \(difference.sentence)")
    }
    self.opened = opened
    lanesNote(opened)
  }

  /// Says how much of the run is known.
  private func lanesNote(_ opened: RunFile.Opened) {
    guard !isQuiet, let earlier = opened.earlier else { return }
    let count = Readable.counted(earlier.count, "unit")
    let state = earlier.totals == nil ? "\(count) written down, going on" : "complete, \(count)"
    StandardError.line("lanes: \(name): \(state)")
  }

  /// Wraps a batch; makes the file with the first one, or compares the workload with that of the file.
  func begin(_ batch: Batch, watchers: [any Observer]) throws -> JournaledBatch {
    do {
      let batch = Batch(workload: try workload(like: batch.workload), plan: batch.plan, fold: batch.fold)
      let writer = try writer ?? makeWriter(batch)
      return JournaledBatch(
        batch, writer: writer, earlier: opened?.earlier, name: name, own: own, watchers: watchers)
    } catch let problem as RunFile.Problem {
      throw refusal(problem)
    } catch let error as SystemError {
      throw ExitStatus.stoppedEarly.failing("\(name) cannot be written: \(error.reason)")
    }
  }

  /// Makes or mends the file and starts the thread that writes to it.
  ///
  /// A new file is made only here, since its header describes the workload of the first batch.
  private func makeWriter(_ batch: Batch) throws -> JournalWriter {
    if opened == nil {
      let surroundings = RunSurroundings.current()
      opened = try RunFile.make(path) { started in
        RunHeader(
          program: surroundings.program, libraries: surroundings.libraries, words: words,
          directory: surroundings.directory, workload: batch.workload,
          outputFolder: batch.plan.outputFolder?.path, started: started, part: part,
          standalone: standalone)
      }
    }
    let end = try opened!.mend()
    own = try opened!.file.status().identity
    let made = try JournalWriter(opened!.file, end: end)
    writer = made
    for path in found { note(path, made) }
    found = []
    return made
  }

  /// Writes down a result that was there before, unless the file says so already.
  private func note(_ path: FilePath, _ writer: JournalWriter) {
    if opened?.earlier?.wasFound(path) != true { writer.append(.found(path)) }
  }

  /// The workload of the run that is gone on with, if that is the same work. Engine options may change what is to be done,
  /// too, such as --quiet of a search.
  private func workload(like workload: any Workload) throws -> any Workload {
    guard let header = opened?.earlier?.header, writer == nil else { return workload }
    if let own = header.workload(like: workload) { return own }
    // All other words were compared by `resume`, so it is an engine option that made the difference.
    let difference = RunDifference.ofEngineOptions(header, words)
    let sentence = difference?.sentence ?? "was written for other work, though the words are the same"
    throw ExitStatus.usage.failing("\(name) \(sentence)")
  }

  /// Writes down all that a batch has left, and adds what was known to its record.
  func end(_ batch: JournaledBatch, _ record: inout RunRecord) {
    record.add(batch)
    totals.done += record.unitsDone
    totals.failed += record.unitsFailed
    do throws(SystemError) {
      try writer?.flush()
    } catch {
      // A run that ended early for another reason keeps that one.
      if record.ending == .complete || record.ending == .satisfied {
        record.ending = .halted("\(name) cannot be written: \(error.reason)")
      }
    }
    if !isQuiet { tell(batch) }
  }

  /// Names inputs that have changed since their units were done.
  private func tell(_ batch: JournaledBatch) {
    if batch.changedCount > 0 {
      let names = batch.changed.prefix(Self.mostNames).joined(separator: ", ")
      let more = batch.changedCount > Self.mostNames ? " and \(batch.changedCount - Self.mostNames) more" : ""
      let count = Readable.counted(batch.changedCount, "unit")
      StandardError.line("lanes: \(name): \(count) done anew, since the input has changed: \(names)\(more)")
    }
  }

  /// Says in the file that the run is complete, if it is; nothing more is written.
  func close(_ record: inout RunRecord) {
    let isOver = record.ending == .complete || record.ending == .satisfied
    do throws(SystemError) {
      try close(isOver: isOver, isSatisfied: record.ending == .satisfied)
    } catch {
      if isOver { record.ending = .halted("\(name) cannot be written: \(error.reason)") }
    }
  }

  /// The same for a command that has gone through all its batches.
  func close() throws {
    do throws(SystemError) {
      try close(isOver: true, isSatisfied: false)
    } catch {
      throw ExitStatus.stoppedEarly.failing("\(name) cannot be written: \(error.reason)")
    }
  }

  /// Ends the file. A run that was stopped gets no last record, and can be resumed.
  private func close(isOver: Bool, isSatisfied: Bool) throws(SystemError) {
    guard let writer else { return }
    if isOver {
      // Records that no unit asked for no longer count: `lanes verify` must not miss their results.
      let gone = opened?.earlier?.untaken ?? []
      if !gone.isEmpty { writer.append(.void(gone)) }
      // A run that was answered early did not ask for all of them, which says nothing of the inputs.
      if !gone.isEmpty, !isQuiet, !isSatisfied {
        let count = Readable.counted(gone.count, "unit")
        StandardError.line("lanes: \(name): \(count) left out, since the input is gone or was cut anew")
      }
      // A complete run that is resumed without any news leaves its file as it is.
      if writer.hasNews || opened?.earlier?.totals == nil { writer.append(.complete(totals)) }
    }
    try writer.close()
  }

  /// A run file that cannot be used is wrong usage: nothing has been done yet.
  ///
  /// What the system refuses may be had another time.
  private func refusal(_ problem: RunFile.Problem) -> ExitCode {
    if case .system(let error) = problem {
      return part == nil ? ExitStatus.unwritable(name, error) : ExitStatus.unwritableOwn(path, error)
    }
    let sentence =
      switch problem {
      case .exists: "exists already: --resume \(name) goes on with it; to begin anew, remove it or name another file"
      case .inUse: "belongs to another run, which has not ended"
      case .missing: "does not exist, so there is nothing to resume: --journal \(name) begins a run"
      case .notRegular: "is not a regular file, which a run file must be"
      case .unusable(.empty): "holds nothing yet, so there is nothing to resume: --journal \(name) begins a run"
      case .unusable(let error): error.reason
      case .system: preconditionFailure("told above")
      }
    return ExitStatus.usage.failing("\(name) \(sentence)")
  }
}

/// What a plan is told beside its inputs.
struct PlanContext {
  /// What a run that is resumed left among its results.
  let earlier: (any EarlierResults)?
  /// Takes note of a result that was there before and is left alone.
  let noteFound: (FilePath) -> Void
}
