import ArgumentParser

/// `lanes images`: work on pictures.
struct ImagesCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "images",
    abstract: "Convert and examine JPEG and PNG images.",
    usage: "lanes images COMMAND [OPTION]...",
    subcommands: [ImagesConvertCommand.self, ImagesInfoCommand.self])

  static let statuses = ExitStatus.familyPage
}
