import LanesCore

/// A comparison as text for people: the table, the lanes over time, and the verdict.
package struct ComparisonText {
  /// Columns where no terminal says how many there are.
  package static let usualWidth = 100
  /// Longer lines of prose are hard to follow.
  private static let longestLine = 100

  private let comparison: Comparison
  private let width: Int

  /// The text of a comparison for `width` columns, forty at least; nothing is laid out yet.
  package init(_ comparison: Comparison, width: Int) {
    self.comparison = comparison
    self.width = max(40, width)
  }

  /// Lines without their ends.
  package func lines(color: Bool = false) -> [String] {
    let verdict = Verdict(comparison)
    return ComparisonTable(comparison).lines(width: width, color: color) + [""] + picture(width: min(width, 140))
      + ["Verdict: \(verdict.kind.rawValue)"] + wrap(verdict.text)
      + (comparison.fits.map(\.sentence) + comparison.earlierSentences).flatMap(wrap)
  }

  /// Lines of Markdown.
  package func markdown() -> [String] {
    let verdict = Verdict(comparison)
    let picture = picture(width: 80)
    return ComparisonTable(comparison).markdown() + [""]
      // A fenced block keeps the picture's columns; the empty line that ends it moves after the fence.
      + (picture.isEmpty ? [] : ["```text"] + picture.dropLast() + ["```", ""])
      + ["**Verdict: \(verdict.kind.rawValue).**"] + wrap(verdict.text)
      + (comparison.fits.map(\.sentence) + comparison.earlierSentences).flatMap(wrap)
  }

  /// The lanes over time, and an empty line.
  private func picture(width: Int) -> [String] {
    let titles = comparison.entries.map { "\($0.setup.title) (\($0.round))" }
    let lines = Swimlanes(comparison.typicalRuns, titles: titles, width: width).lines()
    guard let scale = lines.first else { return [] }
    return Self.wrap(scale + "; in parentheses the round that is drawn", width: width) + lines.dropFirst() + [""]
  }

  private func wrap(_ text: String) -> [String] { Self.wrap(text, width: min(width, Self.longestLine)) }

  /// `text` in lines of at most `width` columns, broken at spaces; a longer word stays whole.
  package static func wrap(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.displayWidth + 1 + String(word).displayWidth <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
