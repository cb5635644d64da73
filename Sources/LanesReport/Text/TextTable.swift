/// Lines up cells in columns for a terminal.
struct TextTable {
  enum Alignment { case left, right }

  /// A column's heading, one line or more, and which side its cells keep to.
  struct Column {
    let heading: [String]
    let alignment: Alignment

    init(_ heading: [String], alignment: Alignment = .right) {
      self.heading = heading
      self.alignment = alignment
    }
  }

  /// From left to right; every row has a cell for each.
  let columns: [Column]
  var rows: [[String]] = []
  /// Spaces between columns.
  let gap: Int

  init(_ columns: [Column], gap: Int = 2) {
    self.columns = columns
    self.gap = gap
  }

  /// Columns of the terminal that the longest line takes.
  var width: Int { columns.indices.map(widthOfColumn).reduce(0, +) + gap * max(0, columns.count - 1) }

  /// The lines of the heading and of the rows; `paint` may color a cell after it was padded, given its row (nil for a
  /// heading) and column.
  func lines(paint: (String, Int?, Int) -> String = { cell, _, _ in cell }) -> [String] {
    let widths = columns.indices.map(widthOfColumn)
    let height = columns.map(\.heading.count).max() ?? 0
    let headings = (0..<height).map { line in columns.map { heading($0, line: line, of: height) } }
    let all = headings.map { (Int?.none, $0) } + rows.enumerated().map { (Int?.some($0.offset), $0.element) }
    // The last column's padding is cut, so that copied lines carry no spaces at their ends.
    return all.map { row, cells in
      let padded = cells.indices.map { paint(pad(cells[$0], to: widths[$0], columns[$0].alignment), row, $0) }
      return padded.joined(separator: String(repeating: " ", count: gap)).withoutTrailingSpaces
    }
  }

  private func widthOfColumn(_ index: Int) -> Int {
    (columns[index].heading + rows.map { $0[index] }).map(\.displayWidth).max() ?? 0
  }

  /// Headings stand on the lowest lines.
  private func heading(_ column: Column, line: Int, of height: Int) -> String {
    let index = line - (height - column.heading.count)
    return index < 0 ? "" : column.heading[index]
  }

  private func pad(_ cell: String, to width: Int, _ alignment: Alignment) -> String {
    alignment == .left ? cell.rightPadded(to: width) : cell.leftPadded(to: width)
  }
}

extension String {
  /// Spaces only: a tab or an escape sequence at the end stays.
  package var withoutTrailingSpaces: String { lastIndex { $0 != " " }.map { String(self[...$0]) } ?? "" }
}
