import ArgumentParser

/// `lanes`: the root of all subcommands.
struct LanesCommand: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "lanes",
    abstract: "Run a batch in worker processes, threads or one event loop, and see what each way costs.",
    discussion: """
      EXAMPLES
        lanes images convert photos -o small --resize 1600x1600 --to jpeg
        lanes primes --mode processes --cores 4
        lanes primes 1e12 1e12+1e8 --list
        lanes files count -r /usr/share/doc
        lanes files search -rn TODO src
        lanes files hash --check sums
        lanes compare primes 1e9
        lanes lab engines

      The same batch gives the same bytes whichever way it runs.

      EXIT STATUS
        0    all good
        1    finished, some units failed
        64   wrong usage or a refused plan; nothing was written
        69   something required is missing
        74   stopped early; nothing partial is left
        130, 143   stopped by a signal
      """,
    version: version,
    subcommands: [ImagesCommand.self, PrimesCommand.self, FilesCommand.self, CompareCommand.self, LabCommand.self])
}
