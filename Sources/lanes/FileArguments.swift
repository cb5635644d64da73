import ArgumentParser

/// The options of `lanes images convert` that say what is read and where results go.
struct FileArguments: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A directory, a file for one input, or - for standard output.", valueName: "DEST"),
    completion: .file())
  var output: String

  @Option(
    name: .customLong("files-from"),
    help: ArgumentHelp("Read names of inputs from FILE, one a line; - is standard input.", valueName: "FILE"),
    completion: .file())
  var from: String?

  @Flag(name: .customShort("0"), help: "Names in --files-from end with NUL instead of a newline.")
  var nulSeparated = false

  @Flag(help: "Replace outputs that exist.")
  var overwrite = false

  @Flag(name: .customLong("dry-run"), help: "Print what would be done and do nothing.")
  var dryRun = false
}
