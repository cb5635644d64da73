/// Where the options of `lanes compare` end and the words of the compared command begin.
///
/// The parser takes everything after the first word it does not know as the command's own, so options of compare that
/// stand among the command's words are moved ahead of them first. Which options there are is read from the parser's own
/// description of compare.
package struct CompareWords {
  /// Names of options with a value.
  private let options: Set<String>
  /// Long names of flags. Their letters are left to the command: `-q` means another thing to a search.
  private let flags: Set<String>

  /// The whole program.
  private let root: CommandTable
  /// Names that compare and the commands that it compares have in common, and that compare takes wherever they stand: lists
  /// of what those have one of, and the same wish for both.
  private static let common: Set<String> = ["--cores", "-j", "--ipc", "--json", "--quiet", "--no-color"]

  /// - Parameter root: the whole program; nil where it has no compare.
  package init?(_ root: CommandTable) {
    self.root = root
    guard let compare = root.command(at: ["compare"]) else { return nil }
    options = Set(compare.options.filter(\.takesValue).flatMap(\.names))
    flags = Set(compare.options.filter { !$0.takesValue }.flatMap(\.names).filter { $0.hasPrefix("--") })
      .subtracting(["--help", "--version"])
  }

  /// True for an option of compare with a value; without one it cannot be moved and stays among the words of `command`.
  package func takesValue(_ option: String, behind command: [String]) -> Bool {
    options.contains(option) && !belongs(option, to: command)
  }

  /// True for an option that the command has itself and means something else by, such as `--by` of `files stats`: behind the
  /// command's name it is the command's.
  private func belongs(_ option: String, to command: [String]) -> Bool {
    guard !Self.common.contains(option) else { return false }
    let words = Shortcuts.expanding(command)
    let table = root.command(at: Array(words.prefix(2))) ?? root.command(at: Array(words.prefix(1)))
    return !words.isEmpty && table?.option(option) != nil
  }

  /// The arguments of the program with compare's options ahead of the command; those of other subcommands as they are.
  ///
  /// Nothing after `--` is moved, no option whose value is missing, nothing that a search reads as a value, and no option of
  /// the command's own of the same name.
  package func gathered(_ arguments: [String]) -> [String] {
    guard arguments.first == "compare" else { return arguments }
    var own: [String] = []
    var command: [String] = []
    var rest = arguments.dropFirst()
    while let word = rest.popFirst() {
      let isSearch = command.starts(with: GrepWords.command)
      let name = word.hasPrefix("--") ? word.prefix { $0 != "=" } : word[...]
      if word == "--" {
        command += [word] + rest
        break
      } else if belongs(String(name), to: command) {
        command.append(word)
        if isSearch, GrepWords.awaitsValue(word), let value = rest.popFirst() { command.append(value) }
      } else if flags.contains(word) || options.contains(String(name)) && name.count < word.count {
        own.append(word)
      } else if options.contains(word), let value = rest.first {
        own += [word, value]
        rest.removeFirst()
      } else {
        command.append(word)
        if isSearch, GrepWords.awaitsValue(word), let value = rest.popFirst() { command.append(value) }
      }
    }
    return ["compare"] + own + command
  }
}
