/// Finds the word of a command line that the program does not know, and says what was probably meant.
///
/// The parser reports a misspelled option only when nothing else confuses it: of `primes 1e9 --core 4` it says that the
/// range ends at 4. So when the parser, or a command, refuses a command line, its words are gone through here once
/// more. A word that is wrong for another reason than being unknown is left to the parser's own message.
package struct WordCheck {
  /// What is wrong, and whose `--help` tells more.
  package struct Finding: Equatable {
    package let message: String
    /// The words of the command, such as `["files", "count"]`.
    package let command: [String]
  }

  /// The whole program.
  private let root: CommandTable

  package init(_ root: CommandTable) { self.root = root }

  /// The first unknown word; nil when all are known.
  package func check(_ words: [String]) -> Finding? {
    if words.first == "help" { return checkHelp(Array(words.dropFirst())) }
    return check(Shortcuts.expanding(words)[...], at: [], root, outer: nil)
  }

  /// The command whose `--help` helps with `words`.
  package func command(of words: [String]) -> [String] {
    var path: [String] = []
    var current = root
    for word in Shortcuts.expanding(words) {
      guard let next = current.subcommand(word), word != "help" else { break }
      path.append(word)
      current = next
    }
    return path
  }

  /// Checks the words after `help`: a topic, or the path of a command.
  private func checkHelp(_ words: [String]) -> Finding? {
    if words.count == 1, Shortcuts.topics[words[0]] != nil { return nil }
    var path: [String] = []
    var current = root
    for word in Shortcuts.expanding(words) where !word.hasPrefix("-") {
      guard let next = current.subcommand(word) else { return unknownCommand(word, path, current) }
      path.append(word)
      current = next
    }
    return nil
  }

  /// Descends from `table`, the command at `path`, to the command that the words name, and checks what follows.
  private func check(_ words: ArraySlice<String>, at path: [String], _ table: CommandTable, outer: Outer?) -> Finding? {
    // A family, or the program itself: the next word must name a command.
    guard !table.subcommands.isEmpty else {
      return Walk(check: self, path: path, table: table, outer: outer).check(words)
    }
    guard let word = words.first else { return nil }
    if word.hasPrefix("-"), word != "-" {
      return table.option(word) == nil && word != "--" ? unknownOption(word, path, [table]) : nil
    }
    guard let next = table.subcommand(word), !(outer != nil && Self.isNoWorkload(word, path)) else {
      return unknownCommand(word, path, table, wrappedBy: outer)
    }
    return check(words.dropFirst(), at: path + [word], next, outer: outer)
  }

  /// What a command such as `compare` lends to the words of the command that it wraps.
  fileprivate struct Outer {
    let path: [String]
    let table: CommandTable
  }

  /// True for a command at the top level that cannot be wrapped, such as `lab`.
  private static func isNoWorkload(_ word: String, _ path: [String]) -> Bool {
    path.isEmpty && !["images", "primes", "files"].contains(word)
  }

  /// The words after a command that has no subcommands.
  private struct Walk {
    let check: WordCheck
    let path: [String]
    let table: CommandTable
    let outer: Outer?

    /// The commands whose options may come, the inner one first.
    private var tables: [CommandTable] { [table] + (outer.map { [$0.table] } ?? []) }
    private func option(_ name: String) -> CommandTable.Option? { tables.lazy.compactMap { $0.option(name) }.first }

    /// Goes through options, their values and operands. Words after `--` are not checked.
    func check(_ words: ArraySlice<String>) -> Finding? {
      var rest = words
      while let word = rest.popFirst() {
        if word == "--" {
          guard table.wrapsCommand else { return nil }
        } else if word.hasPrefix("-"), word != "-" {
          if let finding = word.hasPrefix("--") ? long(word, &rest) : short(word, &rest) { return finding }
        } else if table.wrapsCommand {
          let wrapped = Shortcuts.expanding([word] + rest)[...]
          return check.check(wrapped, at: [], check.root, outer: Outer(path: path, table: table))
        } else if let finding = operand(word) {
          return finding
        }
      }
      return nil
    }

    /// `--name`, `--name=value`, or `--name value`, whose value is taken off `rest`.
    private func long(_ word: String, _ rest: inout ArraySlice<String>) -> Finding? {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let option = option(parts[0]) else { return check.unknownOption(parts[0], path, tables) }
      return parts.count == 1 && option.takesValue ? value(of: option, &rest) : nil
    }

    /// One letter after the other, as `-rl`; the rest of the word is the value of a letter that takes one.
    private func short(_ word: String, _ rest: inout ArraySlice<String>) -> Finding? {
      // As the parser reads them: letters without values may stand together, and the first with one takes the rest.
      let letters = word.dropFirst().prefix { $0 != "=" }
      for (index, letter) in zip(letters.indices, letters) {
        guard let option = option("-\(letter)") else { return unknownLetter(letter, of: word) }
        guard option.takesValue else { continue }
        return letters.index(after: index) == word.endIndex ? value(of: option, &rest) : nil
      }
      return nil
    }

    /// The best explanation of a word with one dash in which `letter` is unknown.
    private func unknownLetter(_ letter: Character, of word: String) -> Finding {
      if path == ["images", "convert"], let quality = Int(word.dropFirst(2)), word.lowercased().hasPrefix("-q") {
        return Finding(message: "-q means --quiet: for JPEG quality write --quality \(quality)", command: path)
      }
      let name = String(word.dropFirst().prefix { $0 != "=" })
      // A long name after a single dash, as for ImageMagick.
      if name.count > 2, case let names = check.near("--" + name, path, tables), !names.isEmpty {
        return Finding(message: "unknown option '-\(name)'." + WordCheck.question(names), command: path)
      }
      if Int(word) != nil {
        return Finding(message: "unknown option '\(word)': a number below zero has no meaning here", command: path)
      }
      let finding = check.unknownOption(name.count > 2 ? "--" + name : "-\(letter)", path, tables)
      guard name.count > 1 else { return finding }
      let isAdvised = Habits.advice(on: "--" + name, at: path) != nil
      return isAdvised
        ? finding : Finding(message: "unknown option '-\(letter)' in '\(word)'", command: finding.command)
    }

    /// Takes the value of `option`, which is the next word.
    private func value(of option: CommandTable.Option, _ rest: inout ArraySlice<String>) -> Finding? {
      guard let next = rest.first else { return missing(option, "") }
      if option.takesAnyWord || !next.hasPrefix("-") || next == "-" {
        rest = rest.dropFirst()
        return nil
      }
      return missing(option, ", and '\(next)' begins with a dash")
    }

    /// The finding that `option` lacks its value, with an example of one.
    private func missing(_ option: CommandTable.Option, _ why: String) -> Finding {
      Finding(
        message: "\(option.mainName) needs a value\(why): write \(option.mainName) \(example(option))", command: path)
    }

    private func example(_ option: CommandTable.Option) -> String {
      option.values.words.isEmpty ? option.valueName : WordCheck.alternatives(option.values.words)
    }

    /// Checks an operand against the words that may stand there; where any word may, none is unknown.
    private func operand(_ word: String) -> Finding? {
      guard let operand = table.operands.first, !operand.values.words.isEmpty, !operand.values.words.contains(word)
      else { return nil }
      let near = Nearest.names(to: word, among: operand.values.words)
      let message =
        near.isEmpty
        ? "unknown \(operand.name.lowercased()) '\(word)': there are \(WordCheck.list(operand.values.words))"
        : "unknown \(operand.name.lowercased()) '\(word)'." + WordCheck.question(near)
      return Finding(message: message, command: path)
    }
  }
}

extension WordCheck {
  /// The value that the parser refused with `message`, when it is a misspelled word or an option taken for a value.
  package func value(refusedBy message: String, _ words: [String]) -> Finding? {
    let path = command(of: words)
    guard message.hasPrefix("The value '"), let table = root.command(at: path) else { return nil }
    // The parser does not say which word it was; the first option with this value is it.
    for (word, next) in zip(words, words.dropFirst() + [""]) {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard let option = table.option(parts.first ?? ""), option.takesValue else { continue }
      let value = parts.count == 2 ? parts[1] : next
      guard message.hasPrefix("The value '\(value)' is invalid for '\(option.mainName)") else { continue }
      if table.option(value) != nil {
        return Finding(message: "\(option.mainName) needs a value, and '\(value)' is an option", command: path)
      }
      guard !option.values.words.isEmpty else { continue }
      let near = Nearest.names(to: value, among: option.values.words)
      let message = "\(option.mainName) takes \(Self.alternatives(option.values.words)), not '\(value)'"
      return Finding(message: near.isEmpty ? message : message + "." + Self.question(near), command: path)
    }
    return nil
  }

  /// Advice for people who know another tool goes before names that are spelled like this one.
  private func unknownOption(_ name: String, _ path: [String], _ tables: [CommandTable]) -> Finding {
    let message = "unknown option '\(name)'"
    if let advice = advice(on: name, path, tables) {
      return Finding(message: "\(message): \(advice)", command: path)
    }
    let names = near(name, path, tables)
    return Finding(message: names.isEmpty ? message : message + "." + Self.question(names), command: path)
  }

  /// Habits of the command itself, or of the one around it.
  private func advice(on name: String, _ path: [String], _ tables: [CommandTable]) -> String? {
    // Among the words of a compared command an option of other tools that compare, such as --runs, is meant for
    // compare.
    if tables.count > 1, let advice = Habits.advice(on: name, at: ["compare"]) { return advice }
    return Habits.advice(on: name, at: path)
  }

  /// Visible long options that `name` may be a misspelling of.
  private func near(_ name: String, _ path: [String], _ tables: [CommandTable]) -> [String] {
    // Single letters are all near each other, so that no guess would be better than none.
    guard name.hasPrefix("--") else { return [] }
    var known: [String] = []
    for name in tables.flatMap({ $0.options.filter(\.isVisible).flatMap(\.names) }) where !known.contains(name) {
      if name.hasPrefix("--") { known.append(name) }
    }
    return Nearest.names(to: name, among: known)
  }

  private func unknownCommand(
    _ word: String, _ path: [String], _ table: CommandTable, wrappedBy outer: Outer? = nil
  ) -> Finding {
    let wrapper = outer?.path ?? []
    let program = ([root.name] + wrapper + path).joined(separator: " ")
    let isRefused = outer != nil && path.isEmpty
    let message = isRefused ? "\(program) cannot run '\(word)'" : "there is no command '\(program) \(word)'"
    // Nearest among siblings; only when none is near are names of other levels worth a guess.
    let near = nearCommands(word, path, table, outer)
    let help =
      near.isEmpty
      ? isRefused ? ": it runs images, primes and files, as in \(program) primes 1e9" : "" : "." + Self.question(near)
    return Finding(message: message + help, command: path.isEmpty ? wrapper : path)
  }

  /// Whole command lines: with names of the same level if any is near, else with those of other levels.
  private func nearCommands(_ word: String, _ path: [String], _ table: CommandTable, _ outer: Outer?) -> [String] {
    var siblings = table.subcommands.map(\.name)
    if path.isEmpty { siblings += Shortcuts.commands.map(\.short) }
    if outer != nil, path.isEmpty { siblings = siblings.filter { !["compare", "lab", "help"].contains($0) } }
    let prefix = [root.name] + (outer?.path ?? [])
    if let same = Habits.command(like: word) { return [(prefix + [same]).joined(separator: " ")] }
    let near = Nearest.names(to: word, among: siblings)
    guard near.isEmpty else { return near.map { (prefix + path + [$0]).joined(separator: " ") } }
    let paths = root.subcommands.flatMap { family in family.subcommands.map { [family.name, $0.name] } }
    // Several families may have a command of one name: all of these are offered.
    let names = Nearest.names(to: word, among: paths.map { $0[1] })
    return names.flatMap { name in paths.filter { $0[1] == name } }.map { (prefix + $0).joined(separator: " ") }
  }

  /// " Did you mean 'a' or 'b'?"
  private static func question(_ names: [String]) -> String {
    " Did you mean \(alternatives(names.map { "'\($0)'" }))?"
  }

  /// "a, b or c"
  private static func alternatives(_ words: [String]) -> String { joined(words, "or") }

  /// "a, b and c"
  private static func list(_ words: [String]) -> String { joined(words, "and") }

  private static func joined(_ words: [String], _ last: String) -> String {
    words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " \(last) " + words.last!
  }
}

extension WordCheck {
  /// A message of the parser's, shorter and in the words of this program; others as they are.
  package static func shortened(_ message: String) -> String {
    // The parser's form is: The value 'V' is invalid for '--name <N>': reason. V itself may hold apostrophes, so the
    // pieces are found by the words between them.
    let parts = message.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
    if message.hasPrefix("Missing expected argument '"), parts.count == 3 { return "\(parts[1]) is missing" }
    guard message.hasPrefix("The value '"), let middle = parts.firstIndex(of: " is invalid for "),
      middle + 2 < parts.count
    else { return message }
    let value = parts[1..<middle].joined(separator: "'")
    let name = parts[middle + 1]
    let reason = parts[(middle + 2)...].joined(separator: "'")
    guard reason.hasPrefix(": ") else { return "\(name): '\(value)' is not valid" }
    return "\(name.split(separator: " ").first ?? "")\(reason)"
  }
}
