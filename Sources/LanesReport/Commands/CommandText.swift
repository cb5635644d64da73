import LanesCore

/// Commands side by side as text for people: the table, who won, and what bounds each.
package struct CommandText {
  /// Longer lines of prose are hard to follow.
  private static let longestLine = 100

  private let comparison: CommandComparison
  private let width: Int

  /// The text for `width` columns, forty at least; nothing is laid out yet.
  package init(_ comparison: CommandComparison, width: Int) {
    self.comparison = comparison
    self.width = max(40, width)
  }

  /// Lines without their ends.
  package func lines(color: Bool = false) -> [String] {
    CommandTable(comparison).lines(width: width, color: color) + [""] + wrap("Verdict: " + comparison.winner)
      + sentences.flatMap(wrap)
  }

  /// Lines of Markdown.
  package func markdown() -> [String] {
    CommandTable(comparison).markdown() + ["", "**Verdict:** \(comparison.winner)"]
      + sentences.flatMap { ["", $0] }
  }

  /// What bounds each command, and what makes the difference.
  private var sentences: [String] {
    comparison.findings.map { "\($0.name): \($0.finding.sentence)" } + comparison.differences
      + comparison.earlierSentences
  }

  private func wrap(_ text: String) -> [String] { ComparisonText.wrap(text, width: min(width, Self.longestLine)) }
}
