import ArgumentParser
import LanesCore
import LanesOS
import LanesUsage

/// This program as people call it: reads the words, runs the command, and tells what is wrong with them.
enum CommandLineMode {
  /// Runs the command that `typed`, the words behind the program's name, asks for, and ends the process.
  static func run(_ typed: [String]) -> Never {
    let words = GrepWords.expanded(Shortcuts.expanding(CompareWords.gathered(typed)))
    if let text = answer(to: words) { end(printing: text) }
    if words.first == "help", let finding = WordCheck(table)?.check(words) {
      refuse(finding.message, see: finding.command)
    }
    do {
      var command = try LanesCommand.parseAsRoot(words)
      try command.run()
      exitProcess(ExitStatus.good.rawValue)
    } catch {
      end(with: error, words)
    }
  }

  /// What is printed for requests that no command serves: pages, completions and their scripts.
  private static func answer(to words: [String]) -> String? {
    switch words.first {
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
  private static func end(with error: any Error, _ words: [String]) -> Never {
    let message = LanesCommand.message(for: error)
    let status = LanesCommand.exitCode(for: error)
    // A command that has said itself what is wrong throws a bare status.
    guard status == .validationFailure, !message.isEmpty else {
      if status.isSuccess, !message.isEmpty { end(printing: message + "\n") }
      if !message.isEmpty { StandardError.line("lanes: \(message)") }
      exitProcess(status.rawValue)
    }
    guard let check = WordCheck(table) else { refuse(message, see: []) }
    let finding = check.check(words) ?? check.value(refusedBy: message, words)
    refuse(finding?.message ?? WordCheck.shortened(message), see: finding?.command ?? check.command(of: words))
  }

  private static func end(printing text: String) -> Never {
    do {
      try StandardOutput.write(text)
      exitProcess(ExitStatus.good.rawValue)
    } catch {
      if case .failed(let error) = error {
        exitProcess(ExitStatus.stoppedEarly.failing("standard output: \(error.reason)").rawValue)
      }
      exitProcess(ExitStatus.good.rawValue)
    }
  }

  private static func refuse(_ message: String, see command: [String]) -> Never {
    let code = ExitStatus.usage.failing(message)
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
