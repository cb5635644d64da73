import ArgumentParser

/// `lanes files`: operations on large files and many files.
struct FilesCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "files",
    abstract: "Read large files, many files and pipes on all cores.",
    usage: "lanes files COMMAND [OPTION]...",
    subcommands: [
      FilesCountCommand.self, FilesSearchCommand.self, FilesHashCommand.self, FilesStatsCommand.self,
      FilesTopCommand.self, FilesHistogramCommand.self,
    ])

  static let statuses = ExitStatus.familyPage
}
