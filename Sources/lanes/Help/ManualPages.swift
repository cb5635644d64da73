import ArgumentParser
import LanesUsage

/// A command that says what its exit status means.
protocol StatedCommand: ParsableCommand {
  /// What the shell sees, lowest first.
  static var statuses: [ManualPage.Status] { get }
}

/// `--generate-manual`: the names of all manual pages; `--generate-manual NAME`: that page.
///
/// There is one for each command, and one for engines.
enum ManualPages {
  /// Nil for more than one name, or a page that there is not.
  static func text(_ words: [String], _ root: CommandTable) -> String? {
    let pages = all(root)
    guard let name = words.first else { return pages.map { $0.fileName + "\n" }.joined() }
    return words.count == 1 ? pages.first { $0.fileName == name }?.contents : nil
  }

  /// The pages in the order of the commands, a family before its members; the guide last.
  private static func all(_ root: CommandTable) -> [ManualPage] {
    // Two sources: the parser's description knows options and operands, the types know usage and statuses.
    let found = commands(LanesCommand.self, [])
    let names = found.map { name($0.path) + "(1)" } + ["lanes-engines(7)"]
    let pages = found.compactMap { type, path -> ManualPage? in
      guard let table = root.command(at: path) else { return nil }
      let own = name(path) + "(1)"
      let others =
        path.isEmpty ? names.filter { $0 != own } : related(path, names).filter { $0 != own }
      return ManualPage(
        of: table, at: path, usage: type.configuration.usage,
        statuses: (type as? any StatedCommand.Type)?.statuses ?? [], others: others, version: ProgramVersion.number)
    }
    let engines = ManualPage(
      of: EngineGuide.guide, others: ["lanes(1)", "lanes-compare(1)", "lanes-lab(1)"], version: ProgramVersion.number)
    return pages + [engines]
  }

  /// The program, the page on engines, and the commands of the same family.
  private static func related(_ path: [String], _ names: [String]) -> [String] {
    names.filter {
      $0 == "lanes(1)" || $0 == "lanes-engines(7)" || $0.hasPrefix("lanes-\(path[0])")
    }
  }

  private static func name(_ path: [String]) -> String { (["lanes"] + path).joined(separator: "-") }

  /// `type` and all commands below it, each with its path.
  private static func commands(
    _ type: any ParsableCommand.Type, _ path: [String]
  ) -> [(type: any ParsableCommand.Type, path: [String])] {
    [(type, path)]
      + type.configuration.subcommands.flatMap { commands($0, path + [$0.configuration.commandName ?? ""]) }
  }
}
