import ArgumentParser
import LanesCore
import LanesUsage
import SystemPackage

/// A `lanes` command whose engine `lanes compare` chooses.
struct ComparedCommand {
  /// As they were typed, for people.
  private let typed: [String]
  /// As the command reads them.
  private let words: [String]
  /// True when results are files, which then go to a folder of each contender's own.
  let writesFiles: Bool

  /// Refuses commands that cannot be compared, and options that a comparison sets itself.
  init(_ words: [String]) throws {
    let words = Shortcuts.expanding(words.first == "--" ? Array(words.dropFirst()) : words)
    // Everything that is no option of compare belongs to the words, so the parser does not look for these.
    // To a search -h is an option of its own.
    if words.contains("--help") || words.contains("-h") && words.prefix(2) != ["files", "search"] {
      throw CleanExit.helpRequest(CompareCommand.self)
    }
    // lab measures by itself, and a comparison of comparisons says nothing.
    guard let family = words.first, ["images", "primes", "files"].contains(family) else {
      throw ValidationError("which command? For example: lanes compare primes 1e9")
    }
    typed = words
    self.words = OptionalValues.expanded(GrepWords.expanded(words))
    writesFiles = words.prefix(2) == ["images", "convert"]
    let isSearch = words.starts(with: GrepWords.command)
    var rest = self.words.prefix { $0 != "--" }
    while let word = rest.popFirst() {
      if let reason = refusal(of: word) { throw ValidationError("\(word): \(reason)") }
      if isSearch, GrepWords.awaitsValue(word) { rest = rest.dropFirst() }
    }
    if readsStandardInput(try parsed()) {
      throw ValidationError("standard input can be read once only, so it cannot be compared; name files instead")
    }
  }

  /// True when a run would read standard input, of which each contender would need a copy.
  private func readsStandardInput(_ command: any ParsableCommand) -> Bool {
    switch command {
    case let command as FilesSearchCommand: command.readsStandardInput
    case let command as any FilesOperation: command.operands.readsStandardInput
    default: words.contains("-")
    }
  }

  /// What a person would type to compare again, quoted where a shell needs it; `options` are those of compare.
  func display(_ options: [String]) -> String { Self.quoted(["lanes", "compare"] + options + typed) }

  /// What a person would add to the command's words to run it that way.
  func display(under setup: EngineSetup) -> String {
    let output = writesFiles ? ["--output", "DEST/"] : []
    return Self.quoted(output + Self.engine(setup))
  }

  /// The command's own words, as they would be typed.
  var display: String { Self.quoted(typed) }

  private static func engine(_ setup: EngineSetup) -> [String] {
    ["--mode", setup.kind.rawValue, "--cores", String(setup.lanes)]
      + (setup.channel.map { ["--ipc", $0.rawValue] } ?? [])
  }

  /// Words in the form that a shell reads back as they are: plain ones bare, others in single quotes.
  static func quoted(_ words: [String]) -> String {
    words.map { word in
      let isPlain = word.utf8.allSatisfy {
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:%^@".utf8.contains($0)
      }
      return isPlain && !word.isEmpty
        ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }.joined(separator: " ")
  }

  /// The arguments of one run.
  func arguments(_ setup: EngineSetup, output: FilePath?) -> [String] {
    // What stands after -- names inputs, so options go before it.
    // A search's `-e --` is one word by now, so that the first `--` is the one that ends the options.
    let end = words.firstIndex(of: "--") ?? words.endIndex
    var arguments = Array(words[..<end])
    if let output { arguments += ["--output", output.string + "/"] }
    // To a search --quiet means to look no further than the first line.
    let quiet = words.prefix(2) == ["files", "search"] ? [] : ["--quiet"]
    return arguments + Self.engine(setup) + quiet + ["--progress", "never"] + words[end...]
  }

  /// Why the command may not have this word; nil where it may.
  private func refusal(of word: String) -> String? {
    let name = word.split(separator: "=", maxSplits: 1).first.map(String.init) ?? word
    switch name {
    case "--mode": return "compare runs every engine; use its own --modes"
    case "--trace", "--stats", "--progress": return "compare measures by itself; leave it out"
    case "--journal", "--resume": return "compare does the work anew each time; leave it out"
    case "--manifest": return "compare keeps no results that it could tell of; leave it out"
    case "-o" where writesFiles, "--output" where writesFiles:
      return "compare writes to a temporary folder; leave it out"
    // `CompareWords` has moved those it could in front of the command.
    case _ where CommandLineMode.compareWords?.takesValue(name, behind: words) ?? false:
      return typed.last == word
        ? "its value is missing" : "compare takes it as a word of its own, with its value behind it"
    case "--dry-run": return "there is nothing to measure in a dry run"
    default: return nil
    }
  }

  /// The command as it will be run, so that a mistake is told once and at once.
  private func parsed() throws -> any ParsableCommand {
    let setup = EngineSetup(kind: .serial, lanes: 1)
    // Serial and one lane stand for all contenders: what they differ in are values that compare chose itself.
    return try LanesCommand.parseAsRoot(arguments(setup, output: writesFiles ? FilePath("/") : nil))
  }
}
