import ArgumentParser
import LanesCore
import LanesFiles
import LanesOS
import LanesUsage

/// This program as people call it: reads the words, runs the command, and tells what is wrong with them.
enum CommandLineMode {
  /// Runs the command that `typed`, the words behind the program's name, asks for, and ends the process.
  static func run(_ typed: [String]) -> Never {
    StopSignals.ignoreWriteSignals()
    CrashReports.install()
    if let message = Instructions.problem ?? Caches.problem { exitProcess(ExitStatus.usage.failing(message).rawValue) }
    let words = expanded(typed)
    if let text = answer(to: words) { end(printing: text) }
    if words.first == "help", let finding = WordCheck(table)?.check(words) {
      refuse(finding.message, see: finding.command)
    }
    var command: (any ParsableCommand)?
    do {
      if StandaloneShard.isMeant(words) {
        try StandaloneShard.run()
        exitProcess(delivered(.success, of: nil))
      }
      command = try CommandReader.command(words)
      try command!.run()
      exitProcess(delivered(.success, of: command))
    } catch let status as ExitCode {
      exitProcess(delivered(status, of: command))
    } catch let error as SystemError {
      // Something that every run needs, such as a descriptor for signals; nothing has begun.
      exitProcess(ExitStatus.stoppedEarly.failing("\(error.call): \(error.reason)").rawValue)
    } catch {
      end(with: error, words)
    }
  }

  /// The words of this process behind the program's name, as the parser reads them.
  static var words: [String] { expanded(Array(RawArguments.words.dropFirst())) }

  /// In this order: what belongs to compare is taken out first, and the words that are left are then read as the command
  /// reads them, be it compared or run.
  static func expanded(_ typed: [String]) -> [String] {
    OptionalValues.expanded(GrepWords.expanded(Shortcuts.expanding(gathered(typed))))
  }

  /// What a command's words ask for, whatever the order of options; see `GivenWords.meaning`.
  static func meaning(of words: [String], leavingOut section: String, but kept: [String]) -> [String]? {
    guard let table else { return nil }
    let family = words.prefix(words.first == "primes" ? 1 : 2)
    return family + GivenWords(words, table).meaning(leavingOut: section, but: kept)
  }

  /// Options of compare ahead of the command that it compares. Only compare pays for the table that this takes.
  private static func gathered(_ typed: [String]) -> [String] {
    guard typed.first == "compare", let words = compareWords else { return typed }
    return words.gathered(typed)
  }

  /// Which words are options of compare.
  static let compareWords = table.flatMap { CompareWords($0) }

  /// What is printed for requests that no command serves: pages, completions and their scripts.
  private static func answer(to words: [String]) -> String? {
    switch words.first {
    case "--version" where words.count == 1: ProgramVersion.text + "\n"
    case "help" where words.dropFirst() == ["engines"]: EngineGuide.text(width: Terminal.width(1))
    case CompletionScript.request: table.map { Completion(of: Array(words.dropFirst()), $0).text }
    case "--generate-completion-script" where words.count == 2: CompletionScript.text(for: words[1])
    case "--generate-manual": table.flatMap { ManualPages.text(Array(words.dropFirst()), $0) }
    default: nil
    }
  }

  /// All commands with their options, as the parser describes them.
  private static var table: CommandTable? { CommandTable(dump: LanesCommand._dumpHelp()) }

  /// Ends with the parser's answer (help, version), with a command's own status, or with what is wrong with the words.
  static func end(with error: any Error, _ words: [String]) -> Never {
    let message = LanesCommand.message(for: error)
    let status = LanesCommand.exitCode(for: error)
    // A command that has said itself what is wrong throws a bare status.
    guard status == .validationFailure, !message.isEmpty else {
      if status.isSuccess, !message.isEmpty { end(printing: message + "\n") }
      if !message.isEmpty { StandardError.line("lanes: \(message)") }
      exitProcess(status.rawValue)
    }
    // Only now is the table made: whoever made no mistake does not pay for it.
    guard let check = WordCheck(table) else { refuse(message, see: []) }
    let finding = check.check(words) ?? check.value(refusedBy: message, words)
    refuse(finding?.message ?? WordCheck.shortened(message), see: finding?.command ?? check.command(of: words))
  }

  private static func end(printing text: String) -> Never {
    try? StandardOutput.write(text)
    exitProcess(delivered(.success, of: nil))
  }

  /// The status of a command that ended with `status`: another one where its results did not reach standard output, or
  /// its messages standard error, which no command need look at, as with gnulib's close_stdout. A reader that went
  /// away, such as `head`, is no message.
  private static func delivered(_ status: ExitCode, of command: (any ParsableCommand)?) -> Int32 {
    guard [0, ExitStatus.someFailed.rawValue].contains(status.rawValue) else { return status.rawValue }
    // Where parts are put together, the command that they are of decides.
    let command: (any ParsableCommand)? = Division.replayed ?? command
    // Status 2 is what grep has for trouble; 1 would say that nothing was found.
    let isSearch = command is FilesSearchCommand
    guard let failure = StandardOutput.failure else {
      guard StandardError.hasLostText else { return status.rawValue }
      return (isSearch ? ExitStatus.trouble : .someFailed).rawValue
    }
    switch failure {
    case .closed where (command as? ImagesConvertCommand)?.writesFiles == true: return status.rawValue
    case .closed, .stopped: break
    case .failed(let error): StandardError.line("lanes: standard output: \(error.reason)")
    }
    return (isSearch ? ExitStatus.trouble : .stoppedEarly).rawValue
  }

  /// Some of the parser's own messages begin with a capital; behind "lanes: " none does. Words in capitals, such as
  /// FILE, stay as they are.
  private static func refuse(_ message: String, see command: [String]) -> Never {
    let isSentence = message.dropFirst().first?.isLowercase ?? false
    let code = ExitStatus.usage.failing(isSentence ? message.prefix(1).lowercased() + message.dropFirst() : message)
    StandardError.line("See '\((["lanes"] + command).joined(separator: " ")) --help'.")
    exitProcess(code.rawValue)
  }
}

extension WordCheck {
  fileprivate init?(_ table: CommandTable?) {
    guard let table else { return nil }
    self.init(table)
  }
}
