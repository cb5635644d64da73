/// The words of a command taken apart: which options were given with which values, and which operands, in whatever order and
/// spelling they were typed.
package struct GivenWords: Equatable {
  /// Values by the option's main name, in the order in which they were given; a flag has empty ones.
  package private(set) var options: [String: [String]] = [:]
  package private(set) var operands: [String] = []
  /// The heading of each option that was given.
  private var sections: [String: String] = [:]

  /// Reads words that the parser has accepted.
  ///
  /// - Parameter names: options that are as if they had not been given.
  package init(_ words: [String], _ root: CommandTable, leavingOut names: [String] = []) {
    read(words, root)
    for name in names { options[name] = nil }
  }

  private mutating func read(_ words: [String], _ root: CommandTable) {
    var rest = words[...]
    var table = root
    // The words that name the command are no operands.
    while let word = rest.first, let next = table.subcommand(word) {
      table = next
      rest = rest.dropFirst()
    }
    while let word = rest.popFirst() {
      if word == "--" {
        operands += rest
        return
      }
      if word.hasPrefix("--") {
        long(word, &rest, table)
      } else if word.hasPrefix("-"), word.count > 1 {
        short(word, &rest, table)
      } else {
        operands.append(word)
      }
    }
  }

  /// `--name`, `--name=value`, or `--name value`, whose value is taken off `rest`.
  private mutating func long(_ word: String, _ rest: inout ArraySlice<String>, _ table: CommandTable) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let option = table.option(parts[0])
    let takesNext = parts.count == 1 && option?.takesValue == true
    give(option, parts[0], parts.count == 2 ? parts[1] : takesNext ? rest.popFirst() ?? "" : "")
  }

  /// One letter after the other; the rest of the word, or the next one, is the value of a letter that takes one.
  private mutating func short(_ word: String, _ rest: inout ArraySlice<String>, _ table: CommandTable) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      let option = table.option("-\(letter)")
      guard option?.takesValue == true else {
        give(option, "-\(letter)", "")
        continue
      }
      if letters.first == "=" { letters = letters.dropFirst() }
      return give(option, "-\(letter)", letters.isEmpty ? rest.popFirst() ?? "" : String(letters))
    }
  }

  /// Notes an option under its main name.
  private mutating func give(_ option: CommandTable.Option?, _ name: String, _ value: String) {
    let name = option?.mainName ?? name
    // Writing out a default is the same as leaving the option out.
    if let option, option.takesValue, option.defaultValue == value { return }
    options[name, default: []].append(value)
    sections[name] = option?.section
  }
}

extension GivenWords {
  /// What is asked for, as words that are the same however options are written and ordered.
  ///
  /// - Parameters:
  ///   - section: options under this heading are left out.
  ///   - kept: but these are not.
  package func meaning(leavingOut section: String, but kept: [String]) -> [String] {
    let names = options.keys.filter { sections[$0] != section || kept.contains($0) }.sorted()
    return names.flatMap { name in [name] + options[name]! } + ["--"] + operands
  }

  /// How the words differ from those of an earlier command, as a clause for each of the two; nil when they mean the same.
  ///
  /// - Parameter section: options under this heading are passed over, or with `isOnly` these alone are looked at.
  package func difference(
    from earlier: GivenWords, leavingOut section: String, isOnly: Bool = false
  ) -> (earlier: String, now: String)? {
    for name in Set(options.keys).union(earlier.options.keys).sorted() {
      let isInside = (sections[name] ?? earlier.sections[name]) == section
      guard isInside == isOnly, options[name] != earlier.options[name] else { continue }
      return (
        earlier.options[name].map { "with \(Self.text(name, $0))" } ?? "without \(name)",
        options[name].map { "says \(Self.text(name, $0))" } ?? "leaves it out"
      )
    }
    guard !isOnly, operands != earlier.operands else { return nil }
    return ("for \(Self.list(earlier.operands))", "names \(Self.list(operands))")
  }

  private static func text(_ name: String, _ values: [String]) -> String {
    values.map { $0.isEmpty ? name : "\(name) \($0)" }.joined(separator: " ")
  }

  private static func list(_ operands: [String]) -> String {
    guard operands.count > 3 else { return operands.isEmpty ? "nothing" : operands.joined(separator: " ") }
    return operands.prefix(3).joined(separator: " ") + " and \(operands.count - 3) more"
  }
}
