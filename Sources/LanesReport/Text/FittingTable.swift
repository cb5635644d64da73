import LanesCore

/// A table that takes as many columns as fit, the most important first; they stand in their usual order.
struct FittingTable<Row> {
  /// What a column shows, and how much it matters.
  struct Column {
    /// The heading in a terminal, one line or more.
    let heading: [String]
    /// The heading in Markdown; nil for columns that only a wide terminal shows.
    let name: String?
    /// Those with less are taken first; 0 is always there.
    let rank: Int
    var alignment = TextTable.Alignment.right
    /// What the heading does not say.
    var meaning: String?
    let cell: (Row) -> String
  }

  let columns: [Column]
  let rows: [Row]

  /// Two spaces between columns, or one where that makes room for all that Markdown shows.
  func columns(fitting width: Int) -> (columns: [Column], gap: Int) {
    // A table as people know it from Markdown is worth tight columns; further details are not.
    let usual = columns.filter { $0.name != nil }
    let loose = chosen(width: width, gap: 2)
    if loose.count < usual.count, table(usual, gap: 1).width <= width { return (usual, 1) }
    return (loose, 2)
  }

  func table(_ columns: [Column], gap: Int) -> TextTable {
    var table = TextTable(columns.map { .init($0.heading, alignment: $0.alignment) }, gap: gap)
    table.rows = rows.map { row in columns.map { $0.cell(row) } }
    return table
  }

  /// The columns that fit `width`, the most important first.
  private func chosen(width: Int, gap: Int) -> [Column] {
    var ranks: Set<Int> = [0]
    // Stops at the first rank that does not fit: a later, narrower column must not stand where a more important one is
    // missing.
    for rank in columns.map(\.rank).sorted() {
      guard table(columns.filter { ranks.contains($0.rank) || $0.rank == rank }, gap: gap).width <= width else { break }
      ranks.insert(rank)
    }
    return columns.filter { ranks.contains($0.rank) }
  }

  /// Lines of a Markdown table with the columns that have a name; columns of rank 0 are bold in the best row.
  ///
  /// - Parameter title: what stands in columns to the left, where a terminal marks the best.
  func markdown(title: (Row) -> String, isBest: (Row) -> Bool) -> [String] {
    let columns = columns.filter { $0.name != nil }
    let rule = columns.map { $0.alignment == .left ? "---" : "---:" }
    let cells = rows.map { row in
      columns.map { column in
        if column.alignment == .left { return title(row) }
        return isBest(row) && column.rank == 0 ? "**\(column.cell(row))**" : column.cell(row)
      }
    }
    return ([columns.compactMap(\.name), rule] + cells).map { "| " + $0.joined(separator: " | ") + " |" }
  }
}
