import ArgumentParser
import LanesCluster
import LanesCore
import LanesOS
import LanesReport

/// `lanes plan`: writes the units of a command down, cut into shards, before any of them is done.
struct PlanCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Cut the work of a command into shards that any machine can do.",
    usage: "lanes plan [OPTION]... DIR -- COMMAND",
    discussion: """
      Inputs are walked and examined once, and everything that can be refused is refused. DIR, which all machines must see, \
      then holds the plan; lanes shard does one shard of it, lanes status tells how far they are, and lanes merge prints what \
      COMMAND would have printed, with its exit status. Names mean the same on every machine, from the directory in which the plan \
      is made.

      COMMAND is images convert, info or compare, primes, or any of files, without engine options: those are for lanes shard. \
      Standard input and pipes cannot be divided, nor can files hash --check.

      EXAMPLES
        lanes plan job --shards 8 -- primes 1e12 --sum
        lanes plan job -- images convert photos -o small --resize 1600x1600
      """)

  static let statuses = ExitStatus.page("The plan was made.", nil)

  @Argument(help: ArgumentHelp("A folder for the plan, which is made.", valueName: "DIR"), completion: .directory)
  var folder: String

  @OptionGroup(title: "How it is cut")
  var cut: CutArguments

  @Flag(name: .shortAndLong, help: "Print nothing.")
  var quiet = false

  @Argument(parsing: .postTerminator, help: ArgumentHelp("The command to divide.", valueName: "COMMAND"))
  var words: [String] = []

  func validate() throws {
    if words.isEmpty { throw ValidationError("which COMMAND? It stands behind --, as in lanes plan DIR -- primes 1e9") }
  }

  func run() throws {
    let folder = ClusterFolder(folder)
    // The parser has found words behind the separator.
    let plan = try folder.plan(DividedWords.typed()!, cut)
    guard !quiet else { return }
    let count = plan.stretches.count
    let time = Readable.duration(nanoseconds: Int64(plan.cost))
    try? StandardOutput.write(
      "\(folder.name): \(Readable.counted(count, "shard")) of \(Readable.counted(plan.unitCount, "unit")), some \(time) of "
        + "one core\n")
  }
}

/// `lanes merge`: the result of a divided command.
struct MergeCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Print what a divided command gives, from the parts of all its shards.",
    usage: "lanes merge [OPTION]... DIR\nlanes merge [OPTION]... PART...",
    discussion: """
      Prints, writes and ends as the command would have on one machine. Every part is read to its end and checked before \
      anything is printed. Where parts are missing, damaged or of another plan, they are named, nothing else is printed, and the \
      status is 75. Where two parts of one shard tell different outcomes, the status is 76.

      PARTs are files that lanes --shard has written, in any order. Their command is planned once more, so the inputs must be \
      there, as they were.

      EXAMPLES
        lanes merge job
        lanes merge --json job | jq .missing
        seq 0 7 | parallel 'lanes --shard {}/8 primes 1e12 > part{}'
        lanes merge part?
      """)

  static let statuses =
    ExitStatus.page(
      "The command ended well.", "As the command: some units failed; of files search: nothing was found.",
      trouble: "Of files search: a file could not be read.") + ExitStatus.clusterPage

  @Flag(help: "Tell what is missing or cannot be used as one JSON object on standard output.")
  var json = false

  @Flag(help: "Print what the parts that are there give, tell which are missing, and end with 1 at least.")
  var partial = false

  @Argument(
    help: ArgumentHelp("The folder of the plan, or the parts of lanes --shard.", valueName: "DIR"), completion: .file())
  var operands: [String] = []

  func validate() throws {
    if operands.isEmpty {
      throw ValidationError("which DIR? It is the folder of a plan, or parts of lanes --shard instead")
    }
    if json, partial {
      throw ValidationError("--json tells what is missing, and --partial what is there: leave out one")
    }
  }

  func run() throws {
    let options = MergeOptions(isJSON: json, isPartial: partial)
    if operands.count == 1, (try? FileStatus(of: RawArguments.path(operands[0])).kind) != .regular {
      return try ClusterFolder(operands[0]).merge(options)
    }
    let paths = operands.map(RawArguments.path)
    if let folder = paths.first(where: { (try? FileStatus(of: $0).kind) == .directory }) {
      throw ExitStatus.usage.failing(
        "\(folder.forDisplay) is a folder, and not the only operand: lanes merge takes one DIR, or parts of lanes --shard"
      )
    }
    try StandaloneParts(paths).merge(options)
  }
}

/// `lanes status`: how far the shards of a plan are.
struct StatusCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Tell which shards of a divided command are done, under way or missing.",
    usage: "lanes status [OPTION]... DIR",
    discussion: """
      Reads every part to its end. The status is 0 when lanes merge can put them together.

      EXAMPLES
        lanes status job && lanes merge job
      """)

  static let statuses = ExitStatus.page("Every shard is done.", nil) + ExitStatus.clusterPage

  @Flag(help: "Print one JSON object.")
  var json = false

  @Argument(help: ArgumentHelp("The folder of the plan.", valueName: "DIR"), completion: .directory)
  var folder: String

  func run() throws {
    let folder = ClusterFolder(folder)
    let parts = try folder.parts(of: try folder.read(checkingProgram: false))
    let report = PartsReport(name: folder.name, words: parts.plan.words, parts: parts)
    try? StandardOutput.write(
      (json ? report.json : report.text(width: Terminal.wrapping(1)).joined(separator: "\n")) + "\n")
    if !parts.contradictions.isEmpty { throw ExitCode(ExitStatus.contradiction.rawValue) }
    if !parts.missing.isEmpty { throw ExitCode(ExitStatus.unfinished.rawValue) }
  }
}
