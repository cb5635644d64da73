/// Where the options of `lanes compare` end and the words of the compared command begin.
///
/// The parser takes everything behind the first word it does not know as the command's own, so options of compare that
/// stand among the command's words are moved ahead of them first.
enum CompareWords {
  /// Options with a value.
  static let options: Set<String> = [
    "--modes", "--cores", "-j", "--ipc", "--rounds", "--warmup", "--report",
  ]
  static let flags: Set<String> = ["--cold", "--json", "--markdown", "--quiet", "--no-color"]
  /// Options of commands whose value may look like an option of compare: patterns.
  private static let patterns: Set<String> = ["-e", "--regexp", "-f", "--file"]

  /// The arguments of the program with compare's options ahead of the command; those of other subcommands as they are.
  ///
  /// Nothing behind `--` is moved, and no option whose value is missing.
  static func gathered(_ arguments: [String]) -> [String] {
    guard arguments.first == "compare" else { return arguments }
    var own: [String] = []
    var command: [String] = []
    var rest = arguments.dropFirst()
    while let word = rest.popFirst() {
      if word == "--" {
        command += [word] + rest
        break
      }
      let isValue = command.last.map(patterns.contains) ?? false
      let name = word.hasPrefix("--") ? word.prefix { $0 != "=" } : word[...]
      if isValue {
        command.append(word)
      } else if flags.contains(word) || options.contains(String(name)) && name.count < word.count {
        own.append(word)
      } else if options.contains(word), let value = rest.first {
        own += [word, value]
        rest.removeFirst()
      } else {
        command.append(word)
      }
    }
    return ["compare"] + own + command
  }
}
