import ArgumentParser

/// `lanes images`: work on pictures.
struct ImagesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "images", abstract: "Convert and resize JPEG and PNG images.",
    subcommands: [ImagesConvertCommand.self])
}
