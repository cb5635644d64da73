import ArgumentParser
import LanesCluster
import LanesCore
import LanesOS
import LanesReport

/// Who runs the shards of a plan.
enum ClusterKind: String, ExpressibleByArgument, CaseIterable {
  /// Processes of this machine.
  case local
}

/// `lanes submit`: plans a command, has its shards run, and puts the parts together.
struct SubmitCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Divide a command, run its shards, and print its result.",
    usage: "lanes submit [OPTION]... DIR --cluster local -- COMMAND\nlanes submit [OPTION]... DIR --cluster local",
    discussion: """
      Plans COMMAND in DIR, runs lanes shard for every shard that has no part yet, and merges. Without COMMAND it goes on with \
      the plan that DIR holds. Shards that end without a part are run again in the next round, unless they are refused. \
      What shards say is in DIR/log. Ctrl-C stops shards in order; the same words without COMMAND go on.

      Engine options before -- are those of every shard; see lanes help engines.

      EXAMPLES
        lanes submit job --cluster local -- images convert photos -o small --resize 800x800
        lanes submit job --cluster local --shards 16 --at-once 2 -j 1 -- primes 1e12 --sum
        lanes submit job --cluster local
      """)

  static let statuses =
    ExitStatus.page(
      "The command ended well.", "As the command: some units failed; of files search: nothing was found.",
      trouble: "Of files search: a file could not be read.") + ExitStatus.clusterPage

  @Argument(
    help: ArgumentHelp("The folder of the plan, which is made where COMMAND is given.", valueName: "DIR"),
    completion: .directory)
  var folder: String

  @Option(help: ArgumentHelp("Who runs the shards: local, processes of this machine.", valueName: "CLUSTER"))
  var cluster: ClusterKind

  @Option(
    name: .customLong("at-once"), parsing: .unconditional,
    help: ArgumentHelp("Shards that run at a time.", valueName: "K"))
  var atOnce = 1

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How often shards without a part are run.", valueName: "R"))
  var rounds = 3

  @OptionGroup(title: "How it is cut")
  var cut: CutArguments

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  @Argument(parsing: .postTerminator, help: ArgumentHelp("The command to divide.", valueName: "COMMAND"))
  var words: [String] = []

  func validate() throws {
    guard (1...1000).contains(atOnce) else {
      throw ValidationError("--at-once takes a number from 1 to 1000, not \(atOnce)")
    }
    guard (1...100).contains(rounds) else {
      throw ValidationError("--rounds takes a number from 1 to 100, not \(rounds)")
    }
    if words.isEmpty, cut.isGiven {
      throw ValidationError(
        "DIR holds a plan that is cut already: leave out --shards and --shard-time, or name a COMMAND behind --")
    }
    try engine.refuse(
      [
        ("journal", engine.journal != nil), ("resume", engine.resume != nil), ("stats", engine.stats),
        ("trace", engine.trace != nil), ("json", engine.json),
      ], "is no option of all shards together: give it to lanes shard, or --json to COMMAND")
  }

  func run() throws {
    let folder = ClusterFolder(folder)
    try StopSignals.install()
    if !words.isEmpty { _ = try folder.plan(DividedWords.typed()!, cut) }
    let plan = try folder.read()
    let cluster = LocalCluster(plan, folder, atOnce: atOnce, words: engine.words)
    let console = ProgressReporter(engine, resultsOnScreen: false)
    for _ in 0..<rounds {
      let missing = PartSet(plan, folder.path).missing
      guard !missing.isEmpty else { break }
      let ended = try cluster.run(missing, console)
      console.clear()
      if let signal = StopSignals.received {
        let left = PartSet(plan, folder.path).missing.count
        StandardError.line(
          "lanes: stopped with \(Readable.counted(plan.stretches.count - left, "shard")) of \(plan.stretches.count) done; "
            + "lanes submit \(folder.name) --cluster \(self.cluster.rawValue) goes on")
        StopSignals.die(by: signal)
      }
      for shard in ended { StandardError.line("lanes: shard \(shard.number): \(shard.reason)") }
      // What was refused once is refused again.
      if ended.contains(where: \.isFinal) { break }
    }
    try folder.merge(isJSON: false)
  }
}
