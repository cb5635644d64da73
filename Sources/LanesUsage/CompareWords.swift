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

  /// - Parameter root: the whole program; nil where it has no compare.
  package init?(_ root: CommandTable) {
    guard let compare = root.command(at: ["compare"]) else { return nil }
    options = Set(compare.options.filter(\.takesValue).flatMap(\.names))
    flags = Set(compare.options.filter { !$0.takesValue }.flatMap(\.names).filter { $0.hasPrefix("--") })
      .subtracting(["--help", "--version"])
  }

  /// True for an option of compare with a value; without one it cannot be moved and stays among the command's words.
  package func takesValue(_ option: String) -> Bool { options.contains(option) }

  /// The arguments of the program with compare's options ahead of the command; those of other subcommands as they are.
  ///
  /// Nothing after `--` is moved, no option whose value is missing, and nothing that a search reads as a value.
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
