import ArgumentParser
import LanesUsage

/// `lanes`: the root of all subcommands.
///
/// What belongs to no command is told here: what the shell sees, and one example of each.
struct LanesCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "lanes",
    abstract: "Run a batch in worker processes, threads, one event loop or both, and see what each way costs.",
    usage: "lanes COMMAND [OPTION]...\nlanes --shard I/N COMMAND [OPTION]... > PART",
    discussion: """
      The same batch gives the same bytes whichever way it runs. lanes convert is short for lanes images convert. \
      'lanes COMMAND --help' shows the options of a command, 'lanes help engines' explains engines and the options that \
      every command shares.

      EXAMPLES
        lanes images convert photos -o small --resize 1600x1600 --to jpeg
        lanes primes --mode processes --cores 4
        lanes primes 1e12 1e12+1e8 --list
        lanes files count -r /usr/share/doc
        lanes files search -rn TODO src
        lanes files hash --check sums
        lanes compare primes 1e9
        lanes lab engines
        lanes submit job --cluster local -- files stats -r --column 2 tables

      EXIT STATUS
        0    all good
        1    finished, some units failed; files search: nothing found
        2    files search: a file could not be read, or the pattern is malformed
        64   wrong usage or a refused plan; nothing was written
        69   something required is missing
        74   stopped early, nothing partial is left; or results could not be written
        75   merge, status, submit: parts are missing; shard: another run writes to the folder of results
        76   merge, status, submit: two parts of one shard tell different outcomes
        130, 143   stopped by a signal
      """,
    version: ProgramVersion.text,
    subcommands: [
      ImagesCommand.self, PrimesCommand.self, FilesCommand.self, CompareCommand.self, LabCommand.self,
      VerifyCommand.self, PlanCommand.self, ShardCommand.self, MergeCommand.self, StatusCommand.self,
      SubmitCommand.self, CancelCommand.self, DoctorCommand.self,
    ])

  // Where it stands first it is taken off the words before they are parsed (`StandaloneShard`); this is for help and completions.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Do shard I of N of COMMAND, from 0, and write its part to standard output; lanes merge PART... prints the result.",
      valueName: "I/N"))
  var shard: String?

  func validate() throws {
    guard let shard else { return }
    throw ValidationError("--shard stands before the command, as in lanes --shard \(shard) primes 1e12 > part")
  }

  static let statuses =
    ExitStatus.page(
      "All good.", "Finished; some units failed. Of files search: nothing was found.",
      trouble: "Of files search: a file could not be read, or the pattern is malformed.") + ExitStatus.clusterPage
}
