import LanesCore

/// Lines over a row of sizes, on a logarithmic scale, for a terminal: where a cost begins to grow is seen at a glance.
package struct LabPlot {
  /// Values of one line, one for each label; nil where there is none.
  package struct Line {
    let name: String
    let values: [Double?]

    package init(_ name: String, _ values: [Double?]) {
      self.name = name
      self.values = values
    }
  }

  private let labels: [String]
  private let unit: LabFigure.Unit
  private let lines: [Line]
  private let width: Int
  private let unicode = Glyphs.current == .unicode
  private static let height = 9

  /// - Parameters:
  ///   - labels: what stands below, from left to right.
  ///   - width: columns of the terminal.
  package init(_ labels: [String], _ unit: LabFigure.Unit, _ lines: [Line], width: Int) {
    self.labels = labels
    self.unit = unit
    self.lines = lines
    self.width = width
  }

  /// The scale to the left, labels below, and the names of the lines last; none where there is nothing to draw.
  package var text: [String] {
    let values = lines.flatMap(\.values).compactMap(\.self).filter { $0 > 0 && $0.isFinite }
    guard let least = values.min(), let most = values.max(), !labels.isEmpty else { return [] }
    let scale = LogScale(around: least...most, unit)
    let ticks = tickRows(scale)
    let margin = (ticks.values.map(\.count).max() ?? 0) + 2
    let column = min(14, (width - margin - 3) / labels.count)
    guard column >= 4 else { return [] }
    let rows = (0..<Self.height).map { row in
      "  " + (ticks[row] ?? "").leftPadded(to: margin - 2) + (unicode ? " │" : " |") + cells(row, column, scale)
    }
    let line = String(repeating: " ", count: margin + 1) + (unicode ? "└" : "+")
    let foot = line + String(repeating: unicode ? "─" : "-", count: column * labels.count)
    let names = String(repeating: " ", count: margin + 2) + labels.map { centered($0, column) }.joined()
    let legend = lines.enumerated().map { "\(mark($0.offset)) \($0.element.name)" }.joined(separator: "   ")
    return (rows + [foot, names] + ComparisonText.wrap(legend, width: width - 2).map { "  " + $0 }).map {
      $0.withoutTrailingSpaces
    }
  }

  /// From the top, 0, to the lowest one.
  private func row(_ value: Double, _ scale: LogScale) -> Int {
    Self.height - 1 - Int((scale.share(value) * Double(Self.height - 1)).rounded())
  }

  /// The round values that stand beside a row; of two on one row the larger.
  private func tickRows(_ scale: LogScale) -> [Int: String] {
    Dictionary(scale.ticks.map { (row($0, scale), unit.tick($0)) }) { $1 }
  }

  private func mark(_ index: Int) -> Character {
    Array(unicode ? "●○×+" : "o*x+")[index % 4]
  }

  private func cells(_ row: Int, _ column: Int, _ scale: LogScale) -> String {
    var cells = Array(repeating: Character(" "), count: column * labels.count)
    for (index, line) in lines.enumerated().reversed() {
      for (place, value) in line.values.enumerated() where place < labels.count {
        guard let value, value > 0, self.row(value, scale) == row else { continue }
        let middle = place * column + column / 2
        cells[middle] = mark(index)
        // Two points on one height are joined, where no other line's point lies between.
        guard place + 1 < line.values.count, place + 1 < labels.count, let next = line.values[place + 1], next > 0,
          self.row(next, scale) == row
        else { continue }
        for cell in middle + 1..<middle + column where cells[cell] == " " { cells[cell] = unicode ? "─" : "-" }
      }
    }
    return String(cells)
  }

  private func centered(_ text: String, _ column: Int) -> String {
    let text = String(text.prefix(column - 1))
    let left = max(0, (column + 1 - text.count) / 2)
    return (String(repeating: " ", count: left) + text).rightPadded(to: column)
  }
}
