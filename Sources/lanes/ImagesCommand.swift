import ArgumentParser

/// `lanes images`: work on pictures.
struct ImagesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "images", abstract: "Convert and examine JPEG and PNG images.",
    subcommands: [ImagesConvertCommand.self, ImagesInfoCommand.self])
}
