import ArgumentParser
import LanesCore
import LanesOS
import LanesReport
import LanesUsage
import SystemPackage

/// The options of `lanes compare` that belong to commands of others.
struct CommandOptions: ParsableArguments {
  @Option(
    name: .customLong("command"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A command of any program, for the shell; give it once for each. The first is what others are measured against.",
      valueName: "COMMAND"))
  var commands: [String] = []

  @Option(
    name: .customLong("command-name"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("What to call a command; give it once for each, in their order.", valueName: "NAME"))
  var names: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Run this before every run, unmeasured; once for all commands, or once for each.", valueName: "COMMAND"))
  var prepare: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Run this once at the end, also after a failure or Ctrl-C.", valueName: "COMMAND"))
  var cleanup: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The shell that runs commands; none starts them without one. Its start-up is measured and subtracted.",
      valueName: "SHELL"))
  var shell = "sh"

  @Flag(name: .customShort("N"), help: "As --shell none.")
  var noShell = false

  @Option(
    help: ArgumentHelp("What commands read from standard input. (default: nothing)", valueName: "FILE"),
    completion: .file())
  var input: String?

  @Option(help: ArgumentHelp("Where their output goes: null, or pipe to be read and dropped.", valueName: "WHERE"))
  var output: CommandSession.Output = .null

  @Flag(help: "Compare what commands write to standard output; a difference is an error.")
  var sameOutput = false

  @Flag(help: "Go on when a command does not end with status 0; the table tells.")
  var ignoreFailure = false

  @Option(
    help: ArgumentHelp("End a run that takes longer, and the comparison with it.", valueName: "DURATION"),
    transform: parseDuration)
  var timeout: Duration?

  /// True where an option was given that means nothing for engines; its name.
  var strayOption: String? {
    let given: [(String, Bool)] = [
      ("--command-name", !names.isEmpty), ("--prepare", !prepare.isEmpty), ("--cleanup", cleanup != nil),
      ("--shell", shell != "sh"), ("-N", noShell), ("--input", input != nil), ("--output", output != .null),
      ("--same-output", sameOutput), ("--ignore-failure", ignoreFailure), ("--timeout", timeout != nil),
    ]
    return given.first { $0.1 }?.0
  }

  func validate() throws {
    guard !commands.isEmpty else {
      if let strayOption { throw ValidationError("\(strayOption) belongs to --command, which is missing") }
      return
    }
    func check(_ text: String, _ option: String) throws {
      guard text.contains(where: { !$0.isWhitespace }) else {
        throw ValidationError("\(option) takes a command; this one is empty")
      }
    }
    for command in commands { try check(command, "--command") }
    for command in prepare { try check(command, "--prepare") }
    if let cleanup { try check(cleanup, "--cleanup") }
    if names.count > commands.count {
      throw ValidationError(
        "--command-name was given \(names.count) times for \(Readable.counted(commands.count, "command"))")
    }
    if prepare.count > 1, prepare.count != commands.count {
      throw ValidationError(
        "--prepare was given \(prepare.count) times for \(Readable.counted(commands.count, "command")); give it once, or once for "
          + "each")
    }
    if let timeout, timeout <= .zero { throw ValidationError("--timeout takes a duration above zero, such as 2s") }
    if noShell, shell != "sh", shell != "none" { throw ValidationError("-N and --shell \(shell) exclude each other") }
  }
}

extension CommandSession.Output: ExpressibleByArgument {}

/// Commands as they are run, with their names.
struct ComparedCommands {
  /// One of them.
  struct Command {
    let name: String
    /// As it was typed.
    let text: String
    let words: [Bytes]
    /// What is run before each run; nil for nothing.
    let preparation: [Bytes]?
    /// What `--cold` drops: files and folders that the command names, and its input.
    var inputs: [FilePath] = []
  }

  let commands: [Command]
  let cleanup: [Bytes]?
  /// The words that run an empty command in the shell; nil without one.
  let emptyCommand: [Bytes]?
  let options: CommandOptions

  /// Refuses what cannot be run.
  init(_ options: CommandOptions, isCold: Bool) throws {
    self.options = options
    let shell = try Shell(options.noShell ? "none" : options.shell)
    // In the order in which they were typed: of words that are not UTF-8 the bytes are found by that.
    var commands = try options.commands.enumerated().map { index, text in
      let name = options.names.indices.contains(index) ? options.names[index] : text
      let preparation = options.prepare.isEmpty ? nil : options.prepare[min(index, options.prepare.count - 1)]
      return Command(
        name: Readable.oneLine(name), text: text, words: try shell.words(text),
        preparation: try preparation.map { try shell.words($0) })
    }
    if let twin = Self.firstTwin(commands.map(\.name)) {
      throw ValidationError("two commands are called '\(twin)'; tell them apart with --command-name")
    }
    if isCold {
      let input = options.input.map { [RawArguments.path($0)] } ?? []
      for index in commands.indices {
        commands[index].inputs = Self.inputs(of: commands[index].text) + input
        guard commands[index].inputs.isEmpty else { continue }
        throw ValidationError(
          "--cold drops the files that a command names, and '\(commands[index].name)' names none that exists; have --prepare "
            + "drop them")
      }
    }
    self.commands = commands
    cleanup = try options.cleanup.map { try shell.words($0) }
    emptyCommand = try shell.isNone ? nil : shell.words("")
  }

  private static func firstTwin(_ names: [String]) -> String? {
    var seen: Set<String> = []
    return names.first { !seen.insert($0).inserted }
  }

  /// Files and folders that exist among the words of a command.
  private static func inputs(of text: String) -> [FilePath] {
    ShellWords.likelyNames(RawArguments.bytes(text)).map { FilePath(rawBytes: $0) }.filter {
      !$0.isEmpty && [.regular, .directory].contains((try? FileStatus.ifPresent($0))??.kind)
    }
  }

  /// What a person would type to compare again; `options` are those of compare.
  func display(_ shown: [String]) -> String {
    var words = ["lanes", "compare"] + shown
    func add(_ option: String, _ values: [String]) { for value in values { words += [option, value] } }
    if options.noShell { words.append("-N") } else if options.shell != "sh" { words += ["--shell", options.shell] }
    add("--prepare", options.prepare)
    add("--cleanup", options.cleanup.map { [$0] } ?? [])
    add("--input", options.input.map { [$0] } ?? [])
    add("--output", options.output == .null ? [] : [options.output.rawValue])
    words += options.sameOutput ? ["--same-output"] : []
    words += options.ignoreFailure ? ["--ignore-failure"] : []
    add("--command-name", options.names)
    add("--command", options.commands)
    return ComparedCommand.quoted(words)
  }
}

/// What divides or interprets a command's text.
private struct Shell {
  /// The shell's own words; empty for none.
  private let words: [Bytes]

  init(_ text: String) throws {
    guard text != "none" else {
      words = []
      return
    }
    let name = text == "default" ? "sh" : text
    guard let words = ShellWords.divided(RawArguments.bytes(name)), !words.isEmpty else {
      throw ValidationError("--shell takes a shell such as bash, or none; '\(text)' is neither")
    }
    self.words = words
  }

  var isNone: Bool { words.isEmpty }

  /// The words that run a command.
  func words(_ text: String) throws -> [Bytes] {
    let bytes = RawArguments.bytes(text)
    if !isNone { return words + [Bytes("-c".utf8), bytes] }
    guard let words = ShellWords.divided(bytes) else {
      throw ValidationError(
        "'\(Readable.oneLine(text))' has a quote that is not closed; without a shell it has no meaning")
    }
    return words
  }
}
