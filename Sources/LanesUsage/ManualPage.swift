/// A manual page in the form that man(1) reads (the macros of groff_man(7)).
package struct ManualPage {
  /// A status of exit(3), or several, and what it tells.
  package struct Status {
    package let codes: String
    package let meaning: String

    package init(_ codes: String, _ meaning: String) {
      self.codes = codes
      self.meaning = meaning
    }
  }

  package let name: String
  package let section: Int
  private var text = ""

  /// The page's file name, such as `lanes-files-count.1`.
  package var fileName: String { "\(name).\(section)" }

  /// The whole page.
  package var contents: String { text }

  private init(name: String, section: Int, abstract: String, version: String) {
    self.name = name
    self.section = section
    // The date is left empty: the same sources give the same page.
    text = ".TH \(Self.argument(name.uppercased())) \(section) \"\" \(Self.argument("lanes " + version)) \"\"\n"
    heading("Name")
    // whatis(1) and apropos(1) show this line, by convention without a full stop.
    let sentence = abstract.hasSuffix(".") ? String(abstract.dropLast()) : abstract
    line("\(Self.escaped(name)) \\- \(Self.escaped(sentence))")
  }

  /// The page of the command at `path` below the program `root`.
  ///
  /// - Parameters:
  ///   - usage: a line for each way to call it; made from options and operands when nil.
  ///   - others: the names of other pages, with their section.
  package init(
    of table: CommandTable, at path: [String], usage: String?, statuses: [Status], others: [String], version: String
  ) {
    self.init(
      name: (["lanes"] + path).joined(separator: "-"), section: 1, abstract: table.abstract, version: version)
    heading("Synopsis")
    let lines = (usage ?? Self.usage(of: table, path)).split(separator: "\n").map(String.init)
    for (index, usage) in lines.enumerated() {
      if index > 0 { line(".br") }
      line(Self.escaped(usage.trimmingBlanks))
    }
    // Help texts and pages are made from the same discussion; only the page cuts it into sections.
    let parts = Self.parts(of: table.discussion)
    let (about, sections) = (parts.first { $0.title == nil }, parts.filter { $0.title != nil })
    heading("Description")
    line(Self.escaped(table.abstract))
    if let about { paragraphs(about.body) }
    if !table.subcommands.isEmpty { commands(of: table) }
    arguments(of: table)
    // Of statuses the page tells more than the help text.
    for part in sections where part.title != "EXIT STATUS" { self.section(part) }
    heading("Exit status")
    for status in statuses { item(status.codes, status.meaning) }
    if !path.isEmpty { environment() }
    seeAlso(others)
  }

  /// The page of a guide, in section 7.
  package init(of guide: Guide, others: [String], version: String) {
    let sentence = guide.abstract.firstSentence
    self.init(name: guide.name, section: 7, abstract: sentence, version: version)
    heading("Description")
    line(Self.escaped(guide.abstract))
    for section in guide.sections {
      heading(section.title)
      for entry in section.entries {
        switch entry {
        case .paragraph(let text):
          line(".PP")
          line(Self.escaped(text))
        case .item(let label, let text): item(label, text)
        case .lines(let lines): paragraphs(lines.map { "  " + $0 }, isFirst: true)
        }
      }
    }
    seeAlso(others)
  }

  // MARK: Parts

  /// A synopsis made from the table, for commands that state none.
  private static func usage(of table: CommandTable, _ path: [String]) -> String {
    let operands = table.operands.map { operand in
      let name = operand.isRepeating ? "\(operand.name)..." : operand.name
      return operand.isOptional ? "[\(name)]" : name
    }
    let words = table.subcommands.isEmpty ? ["[OPTION]..."] + operands : ["COMMAND ..."]
    return (["lanes"] + path + words).joined(separator: " ")
  }

  /// The subcommands of a family.
  private mutating func commands(of table: CommandTable) {
    heading("Commands")
    for command in table.subcommands where command.name != "help" { item(command.name, command.abstract) }
    if table.subcommands.contains(where: { $0.name == "help" }) {
      item("help [COMMAND]", "Print the help of a command; lanes help engines explains engines and their options.")
    }
  }

  /// Operands and options under the headings that help has.
  private mutating func arguments(of table: CommandTable) {
    // What has no heading of its own comes last, and is the help and the version.
    for title in table.sections.filter({ !$0.isEmpty }) + [""] {
      let operands = table.operands.filter { $0.section == title }
      let options = table.options.filter { $0.section == title && $0.isVisible }
      guard !operands.isEmpty || !options.isEmpty else { continue }
      heading(title.isEmpty ? "Options" : title)
      for operand in operands { item(operand.name, operand.abstract) }
      for (labels, text) in Self.items(options) { item(labels.joined(separator: ", "), text) }
    }
  }

  /// Labels with one explanation; flags that share theirs, such as `--words` and `--lines`, are one item.
  private static func items(_ options: [CommandTable.Option]) -> [(labels: [String], text: String)] {
    options.reduce(into: []) { items, option in
      let text = explanation(option)
      // Cases of an enumeration are flags in a row of which each bears the same text, or only the first bears any.
      if let last = items.last, last.text == text || text.isEmpty {
        items[items.count - 1].labels.append(label(option))
      } else {
        items.append(([label(option)], text))
      }
    }
  }

  /// Short names first, as in `-j, --cores N`.
  private static func label(_ option: CommandTable.Option) -> String {
    option.names.sorted { $0.count < $1.count }.joined(separator: ", ")
      + (option.takesValue ? " " + option.valueName : "")
  }

  /// What an option does, with its values and its default.
  private static func explanation(_ option: CommandTable.Option) -> String {
    var text = option.abstract
    let words = option.takesValue ? option.values.words : []
    if !words.isEmpty { text += " Values: \(words.joined(separator: ", "))." }
    if let value = option.defaultValue, option.takesValue { text += " Default: \(value)." }
    return text
  }

  /// The variable that every command heeds.
  private mutating func environment() {
    heading("Environment")
    item("NO_COLOR", "When set and not empty, nothing is colored.")
  }

  private mutating func seeAlso(_ others: [String]) {
    guard !others.isEmpty else { return }
    heading("See also")
    line(others.map { Self.escaped($0) }.joined(separator: ",\n"))
  }

  // MARK: Text

  /// A stretch of a discussion: what comes before the first title has none.
  private struct Part {
    let title: String?
    var body: [String] = []
  }

  /// Cuts a text at its lines in capital letters.
  private static func parts(of text: String) -> [Part] {
    var parts = [Part(title: nil)]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      // A heading is a line in capitals at the margin, as the help texts have them; what stands in parentheses, such as
      // "(default: all)", may be small.
      let isTitle = line.contains { $0.isLetter } && line.prefix { $0 != "(" } == line.prefix { $0 != "(" }.uppercased()
      if isTitle, !line.hasPrefix(" ") {
        parts.append(Part(title: line))
      } else {
        parts[parts.count - 1].body.append(line)
      }
    }
    return parts.filter { $0.title != nil || $0.body.contains { !$0.isEmpty } }
  }

  /// Writes a part that has a title.
  private mutating func section(_ part: Part) {
    heading(part.title!.capitalizedSentence)
    paragraphs(part.body, isFirst: true)
  }

  /// Lines that begin with a blank are kept as they are; an empty line ends a paragraph.
  private mutating func paragraphs(_ lines: [String], isFirst: Bool = false) {
    // Filled text and kept lines take turns: .EX and .EE enclose what is kept, .PP starts a paragraph. An empty line
    // inside kept text stays, one after it does not, or the page would have a hole there.
    var isKept = false
    var needsBreak = !isFirst
    for line in lines {
      let keeps = line.hasPrefix(" ")
      if isKept, !keeps, !line.isEmpty {
        self.line(".EE")
        isKept = false
        needsBreak = true
      }
      if line.isEmpty {
        if isKept { self.line("") } else { needsBreak = true }
        continue
      }
      if needsBreak {
        self.line(".PP")
        needsBreak = false
      }
      if keeps, !isKept {
        self.line(".EX")
        isKept = true
      }
      self.line(Self.escaped(line))
    }
    if isKept {
      while text.hasSuffix("\n\n") { text.removeLast() }
      self.line(".EE")
    }
  }

  private mutating func heading(_ title: String) { line(".SH \(Self.argument(title.uppercased()))") }

  /// A label in bold, and what it means below it, indented (.TP).
  private mutating func item(_ label: String, _ meaning: String) {
    line(".TP")
    line("\\fB\(Self.escaped(label))\\fR")
    line(Self.escaped(meaning.isEmpty ? label : meaning))
  }

  private mutating func line(_ line: String) { text += line + "\n" }

  /// `text` as one argument of a macro: blanks inside quotation marks do not end it.
  private static func argument(_ text: String) -> String { "\"" + escaped(text) + "\"" }

  /// `text` such that roff prints it as it is: dashes stay ASCII's, and no line begins a macro.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      // A bare hyphen may be shown as U+2010, which is no option's dash when it is copied (groff_char(7)).
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case "\"": result += "\\(dq"
      case "…": result += "..."
      case "–", "—": result += "\\-"
      default: result.append(character)
      }
    }
    // A dot at the start of a line would begin a macro; \& is a character without width. An apostrophe there would too,
    // but none is left by now.
    return result.hasPrefix(".") ? "\\&" + result : result
  }
}

extension String {
  fileprivate var trimmingBlanks: String { String(drop { $0 == " " }) }

  /// "EXIT STATUS" as "Exit status".
  fileprivate var capitalizedSentence: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
