import ArgumentParser
import LanesFiles
import LanesOS

/// What every operation of `lanes files` reads, and how.
struct FileOperands: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Files, and directories with -r; standard input without any or where FILE is -.", valueName: "FILE"),
    completion: .file())
  var files: [String] = []

  @Flag(name: [.short, .long], help: "Walk directories; links inside them are not followed.")
  var recursive = false

  @Flag(name: .customLong("no-mmap"), help: "Read regular files instead of mapping them.")
  var noMmap = false

  /// The inputs, names as they were typed.
  var inputs: [FileInput] { FileInput.inputs(from: files, path: RawArguments.path) }

  /// How they are cut into units.
  func settings(cut: FileCut) -> FilePlan.Settings {
    FilePlan.Settings(cut: cut, recursive: recursive, isMapped: !noMmap)
  }
}
