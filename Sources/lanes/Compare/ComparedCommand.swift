import ArgumentParser
import LanesCore
import LanesUsage
import SystemPackage

/// A `lanes` command whose engine `lanes compare` chooses.
struct ComparedCommand {
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
    guard let family = words.first, ["images", "primes", "files"].contains(family) else {
      throw ValidationError("Which command? For example: lanes compare primes 1e9")
    }
    self.words = words
    writesFiles = words.prefix(2) == ["images", "convert"]
    for word in words.prefix(while: { $0 != "--" }) {
      if let reason = Self.refusal(of: word, writesFiles) { throw ValidationError("\(word): \(reason)") }
    }
    if words.contains("-") || (family == "files" && !Self.namesFiles(words.dropFirst(2))) {
      throw ValidationError("Standard input can be read once only, so it cannot be compared; name files instead.")
    }
    try check()
  }

  /// True when a word is no option; all that stands behind `--` is none.
  private static func namesFiles(_ words: ArraySlice<String>) -> Bool {
    let options = words.prefix { $0 != "--" }
    return options.contains { !$0.hasPrefix("-") } || options.count + 1 < words.count
  }

  /// What a person would type to compare again, quoted where a shell needs it; `options` are those of compare.
  func display(_ options: [String]) -> String { Self.quoted(["lanes", "compare"] + options + words) }

  /// What a person would add to the command's words to run it that way.
  func display(under setup: EngineSetup) -> String {
    let output = writesFiles ? ["--output", "DEST/"] : []
    return Self.quoted(output + Self.engine(setup))
  }

  private static func engine(_ setup: EngineSetup) -> [String] {
    ["--mode", setup.kind.rawValue, "--cores", String(setup.lanes)]
      + (setup.channel.map { ["--ipc", $0.rawValue] } ?? [])
  }

  private static func quoted(_ words: [String]) -> String {
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
    let end = words.firstIndex(of: "--") ?? words.endIndex
    var arguments = Array(words[..<end])
    if let output { arguments += ["--output", output.string + "/"] }
    // To a search --quiet means to look no further than the first line.
    let quiet = words.prefix(2) == ["files", "search"] ? [] : ["--quiet"]
    return arguments + Self.engine(setup) + quiet + ["--progress", "never"] + words[end...]
  }

  private static func refusal(of word: String, _ writesFiles: Bool) -> String? {
    let name = word.split(separator: "=", maxSplits: 1).first.map(String.init) ?? word
    switch name {
    case "--mode": return "compare runs every engine; use its own --modes."
    case "--trace", "--stats", "--progress": return "compare measures by itself; leave it out."
    case "-o" where writesFiles, "--output" where writesFiles:
      return "compare writes to a temporary folder; leave it out."
    case _ where CompareWords.options.contains(name): return "its value is missing."
    case "--dry-run": return "there is nothing to measure in a dry run."
    default: return nil
    }
  }

  /// Parses the command as it will be run, so that a mistake is told once and at once.
  private func check() throws {
    let setup = EngineSetup(kind: .serial, lanes: 1)
    _ = try LanesCommand.parseAsRoot(
      GrepWords.expanded(arguments(setup, output: writesFiles ? FilePath("/") : nil)))
  }
}
