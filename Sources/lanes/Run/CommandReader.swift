import ArgumentParser

/// Reads words without making the parser describe commands that were not asked for.
///
/// The parser describes a command to itself by reflection, several times over, and looks in the words of every command for
/// requests of its own; that was half of what a short run costs. Where a reading here does not come to a command, the
/// parser reads the words from the root, so that every answer and every refusal is its own.
enum CommandReader {
  /// The command that `words` ask for; throws what the parser throws, its answers to requests for help among them.
  static func command(_ words: [String]) throws -> any ParsableCommand {
    // Checks of a command look at its words alone, so that reading them once more does no harm.
    if words.first == PrimesCommand.configuration.commandName, let plain = PrimesCommand.plain(words.dropFirst()) {
      return plain
    }
    if words.starts(with: ["files", "search"]), let plain = FilesSearchCommand.plain(words.dropFirst(2)) {
      return plain
    }
    return try named(words) ?? LanesCommand.parseAsRoot(words)
  }

  /// The families whose commands are read by themselves. Commands that take the words of another one are none of them:
  /// there the parser finds its own requests in words that are not the command's.
  private static let families: [any ParsableCommand.Type] = [
    PrimesCommand.self, FilesCommand.self, ImagesCommand.self,
  ]

  /// The command that the first words name, read by itself; nil where they name none or it does not read them.
  private static func named(_ words: [String]) -> (any ParsableCommand)? {
    var siblings = families
    var rest = words[...]
    while let word = rest.first, let found = siblings.first(where: { $0.configuration.commandName == word }) {
      siblings = found.configuration.subcommands
      if siblings.isEmpty { return alone(found, Array(rest)) }
      rest = rest.dropFirst()
    }
    return nil
  }

  /// The command of one type; nil also where the words ask for help.
  private static func alone<Command: ParsableCommand>(_ kind: Command.Type, _ words: [String]) -> Command? {
    (try? Only<Command>.parseAsRoot(words)) as? Command
  }

  /// A program with one command.
  private struct Only<Command: ParsableCommand>: ParsableCommand {
    static var configuration: CommandConfiguration {
      // In a program that has a name above its own the parser looks for no request of a completion script.
      CommandConfiguration(commandName: "lanes", _superCommandName: "lanes", subcommands: [Command.self])
    }
  }
}
