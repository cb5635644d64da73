/// A command with its subcommands, options and operands, as the parser itself describes them.
///
/// Everything that must know which words the program takes reads this table: the check of misspelled words, completions
/// and manual pages. It is made from the text that `--experimental-dump-help` prints, so that no list is kept by hand.
package struct CommandTable: Sendable {
  package let name: String
  /// One sentence.
  package let abstract: String
  package let discussion: String
  /// In the order of the help text; the parser's own `help` comes last.
  package let subcommands: [CommandTable]
  /// Hidden ones included; see `isVisible`.
  package let options: [Option]
  package let operands: [Operand]
  /// The headings of options and operands, in the order of the help text.
  package let sections: [String]

  /// Reads the parser's description of a whole program; nil when it has another form.
  package init?(dump text: String) {
    guard let root = JSONValue(text)?["command"] else { return nil }
    self.init(root)
  }

  private init?(_ json: JSONValue) {
    guard let name = json["commandName"]?.text else { return nil }
    self.name = name
    abstract = json["abstract"]?.text ?? ""
    discussion = json["discussion"]?.text ?? ""
    subcommands = (json["subcommands"]?.items ?? []).compactMap { CommandTable($0) }
    let arguments = json["arguments"]?.items ?? []
    options = arguments.filter { $0["kind"]?.text != "positional" }.compactMap { Option($0) }
    operands = arguments.filter { $0["kind"]?.text == "positional" }.map { Operand($0) }
    sections = arguments.reduce(into: []) { sections, argument in
      let section = argument["sectionTitle"]?.text ?? ""
      if !sections.contains(section) { sections.append(section) }
    }
  }

  /// The command that `path` leads to from here; nil when there is none. Short names are not expanded.
  package func command(at path: [String]) -> CommandTable? {
    // Stops at the first name that is not there.
    path.reduce(self as CommandTable?) { $0?.subcommand($1) }
  }

  /// The subcommand of exactly that name; nil when there is none.
  func subcommand(_ name: String) -> CommandTable? { subcommands.first { $0.name == name } }

  /// The option with that name, dashes included.
  func option(_ name: String) -> Option? { options.first { $0.names.contains(name) } }

  /// True for a command whose operands are the words of another one, such as `compare`.
  var wrapsCommand: Bool { operands.contains { $0.takesRest } }
}

extension CommandTable {
  /// What may stand in an option's or operand's place.
  package enum Values: Equatable, Sendable {
    case any
    /// One of these words, or several of them between commas.
    case words([String])
    /// A name of a file, where only these suffixes matter if there are any.
    case files(suffixes: [String])
    case folders

    init(_ json: JSONValue) {
      // A list that the declaration gives for completion goes before the values that the type has.
      let kind = json["completionKind"]
      if let files = kind?["file"] {
        self = .files(suffixes: (files["extensions"]?.items ?? []).compactMap(\.text))
      } else if kind?["directory"] != nil {
        self = .folders
      } else {
        let words = (kind?["list"]?["values"] ?? json["allValues"])?.items.compactMap(\.text) ?? []
        self = words.isEmpty ? .any : .words(words)
      }
    }

    /// The words that may stand here; empty where they are not limited to a list.
    package var words: [String] { if case .words(let words) = self { words } else { [] } }
  }

  /// An option or flag.
  package struct Option: Sendable {
    /// With their dashes, such as `-j` and `--cores`.
    package let names: [String]
    package let takesValue: Bool
    /// True when the next word is its value even if that begins with a dash.
    package let takesAnyWord: Bool
    /// What stands for the value in help, such as `N`.
    package let valueName: String
    package let values: Values
    package let defaultValue: String?
    /// The heading under which help shows it; empty for none.
    package let section: String
    package let abstract: String
    package let isVisible: Bool

    init?(_ json: JSONValue) {
      // Kinds are "long", "short" and "longWithSingleDash".
      names = (json["names"]?.items ?? []).compactMap { name in
        guard let text = name["name"]?.text, let kind = name["kind"]?.text else { return nil }
        return (kind == "long" ? "--" : "-") + text
      }
      guard !names.isEmpty else { return nil }
      takesValue = json["kind"]?.text == "option"
      // With the parser's other strategies a value must not begin with a dash.
      takesAnyWord = json["parsingStrategy"]?.text == "unconditional"
      valueName = json["valueName"]?.text ?? ""
      values = Values(json)
      defaultValue = json["defaultValue"]?.text
      section = json["sectionTitle"]?.text ?? ""
      abstract = json["abstract"]?.text ?? ""
      isVisible = json["shouldDisplay"] != .bool(false)
    }

    /// The name that messages use: the long one if there is one.
    package var mainName: String { names.first { $0.hasPrefix("--") } ?? names[0] }
  }

  /// A word that is no option, or several such words.
  package struct Operand: Sendable {
    package let name: String
    package let values: Values
    package let isOptional: Bool
    package let isRepeating: Bool
    /// True when it takes all words that follow, options included.
    package let takesRest: Bool
    package let section: String
    package let abstract: String

    init(_ json: JSONValue) {
      name = json["valueName"]?.text ?? ""
      values = Values(json)
      isOptional = json["isOptional"] == .bool(true)
      isRepeating = json["isRepeating"] == .bool(true)
      takesRest = ["allRemainingInput", "allUnrecognized"].contains(json["parsingStrategy"]?.text)
      section = json["sectionTitle"]?.text ?? ""
      abstract = json["abstract"]?.text ?? ""
    }
  }
}

extension JSONValue {
  /// The text of a string.
  var text: String? { if case .string(let text) = self { text } else { nil } }
}
