/// A page of help that belongs to no single command: shown by `lanes help NAME`, and a manual page of section 7.
package struct Guide: Sendable {
  package enum Entry: Sendable {
    case paragraph(String)
    /// A word, such as an option with the name of its value, and what it does.
    case item(String, String)
    /// Kept as it is.
    case lines([String])
  }

  package struct Section: Sendable {
    package let title: String
    package let entries: [Entry]

    package init(_ title: String, _ entries: [Entry]) {
      self.title = title
      self.entries = entries
    }
  }

  /// The file name of the manual page without its section, such as `lanes-engines`.
  package let name: String
  /// One sentence.
  package let abstract: String
  package let sections: [Section]

  package init(name: String, abstract: String, sections: [Section]) {
    self.name = name
    self.abstract = abstract
    self.sections = sections
  }

  /// The labels of all items.
  package var labels: [String] {
    sections.flatMap(\.entries).compactMap { if case .item(let label, _) = $0 { label } else { nil } }
  }

  /// The page for a terminal of `width` columns.
  package func text(width: Int) -> String {
    // Longer lines are hard to follow; on fewer columns than twenty every word would stand alone.
    let width = max(20, min(width, 100))
    var lines = abstract.wrapped(to: width)
    for section in sections {
      lines += ["", section.title.uppercased()]
      for entry in section.entries {
        switch entry {
        case .paragraph(let text): lines += text.wrapped(to: width, indent: 2)
        case .item(let label, let text): lines += ["  " + label] + text.wrapped(to: width, indent: 6)
        case .lines(let kept): lines += kept.map { "  " + $0 }
        }
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }
}

extension String {
  /// The text in lines of at most `width` columns, where words are no longer than that; blanks at ends are dropped.
  func wrapped(to width: Int, indent: Int = 0) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    // A word that is longer than a line stays whole: breaking an option or a path would make it wrong.
    for word in split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(margin + word)
      }
    }
    return lines
  }
}
