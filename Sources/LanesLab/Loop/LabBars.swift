import LanesCore
import LanesReport

/// Bars from nothing to the largest of some values, for the pictures of experiments.
enum LabBars {
  struct Row {
    let name: String
    let value: Double
    /// The value for people.
    let text: String
  }

  /// A title and a line for each row, at most `width` columns wide; no lines where there are no rows.
  static func lines(_ title: String, _ rows: [Row], width: Int) -> [String] {
    guard let most = rows.map(\.value).max(), most > 0 else { return [] }
    let full = Glyphs.current == .unicode ? "█" : "#"
    let names = rows.map(\.name.count).max() ?? 0
    let texts = rows.map(\.text.count).max() ?? 0
    let room = max(8, width - names - texts - 6)
    return ComparisonText.wrap(title, width: width)
      + rows.map { row in
        // Whatever is more than nothing is seen.
        let length = row.value <= 0 ? 0 : max(1, Int((row.value / most * Double(room)).rounded()))
        return "  " + row.name.rightPadded(to: names) + "  " + row.text.leftPadded(to: texts) + "  "
          + String(repeating: full, count: length)
      }
  }
}
