import LanesCore

/// A comparison as a table for people: in a terminal of any width, or as Markdown.
///
/// Columns are taken by importance while they fit, and stand in their usual order.
package struct ComparisonTable {
  /// What a column shows, and how much it matters.
  private struct Column {
    /// The heading in a terminal, one line or more.
    let heading: [String]
    /// The heading in Markdown; nil for columns that only a wide terminal shows.
    let name: String?
    /// Those with less are taken first; 0 is always there.
    let rank: Int
    var alignment = TextTable.Alignment.right
    /// What the heading does not say.
    var meaning: String?
    let cell: (Comparison.Entry) -> String
  }

  private let comparison: Comparison

  /// The table of a comparison; nothing is laid out yet.
  package init(_ comparison: Comparison) { self.comparison = comparison }

  /// Lines without their ends: the table, at most `width` columns wide where that holds engine and wall time, and under
  /// it what its columns mean. The best time carries a star, and with `color` is bold and green; contenders that it
  /// does not beat beyond the spread are green.
  package func lines(width: Int = ComparisonText.usualWidth, color: Bool = false) -> [String] {
    let (columns, gap) = columns(fitting: width)
    // Painted after padding, because escape sequences have no width on the screen and would count.
    let painted = table(columns, gap: gap).lines { cell, row, column in
      guard color else { return cell }
      guard let row else { return ANSI.dim.apply(to: cell) }
      let entry = comparison.entries[row]
      // Only name and time are painted: the color says who was fast, not that all its figures are good.
      guard column <= 1, comparison.leaders.contains(entry) else { return cell }
      return (entry == comparison.fastest ? ANSI.best : ANSI.green).apply(to: cell)
    }
    return painted + legend(columns, width: width).map { color ? ANSI.dim.apply(to: $0) : $0 }
  }

  private func table(_ columns: [Column], gap: Int) -> TextTable {
    var table = TextTable(columns.map { .init($0.heading, alignment: $0.alignment) }, gap: gap)
    table.rows = comparison.entries.map { entry in columns.map { $0.cell(entry) } }
    return table
  }

  /// Two spaces between columns, or one where that makes room for all that Markdown shows.
  private func columns(fitting width: Int) -> (columns: [Column], gap: Int) {
    // A table as people know it from Markdown is worth tight columns; further details are not.
    let usual = all.filter { $0.name != nil }
    let loose = chosen(width: width, gap: 2)
    if loose.count < usual.count, table(usual, gap: 1).width <= width { return (usual, 1) }
    return (loose, 2)
  }

  /// The columns that fit `width`, the most important first.
  private func chosen(width: Int, gap: Int) -> [Column] {
    var ranks: Set<Int> = [0]
    // Stops at the first rank that does not fit: a later, narrower column must not stand where a more important one is
    // missing.
    for rank in all.map(\.rank).sorted() {
      guard table(all.filter { ranks.contains($0.rank) || $0.rank == rank }, gap: gap).width <= width else { break }
      ranks.insert(rank)
    }
    return all.filter { ranks.contains($0.rank) }
  }

  /// Lines of a Markdown table with the same columns; the best time is bold.
  package func markdown() -> [String] {
    let columns = all.filter { $0.name != nil }
    let rule = columns.map { $0.alignment == .left ? "---" : "---:" }
    let rows = comparison.entries.map { entry in
      let isBest = entry == comparison.fastest
      return columns.map { column in
        if column.alignment == .left { return entry.setup.title }
        return isBest && column.rank == 0 ? "**\(column.cell(entry))**" : column.cell(entry)
      }
    }
    return ([columns.compactMap(\.name), rule] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
  }
}

extension ComparisonTable {
  private var all: [Column] { times + columns(of: .costs, areDetails: false) + details }

  private var times: [Column] {
    [
      Column(heading: ["  engine"], name: "engine", rank: 0, alignment: .left, meaning: "* least time") {
        ($0 == comparison.fastest ? "* " : "  ") + $0.setup.title
      },
      Column(
        heading: ["wall \(Glyphs.plusMinus) spread"], name: "wall \(Glyphs.plusMinus) spread", rank: 0, cell: wall),
      Column(heading: ["speed-", "up"], name: "speed-up", rank: 1) { $0.speedUp.map(factor) ?? Glyphs.dash },
      Column(heading: ["eff"], name: "efficiency", rank: 9, meaning: "eff speed-up for each lane") {
        $0.efficiency.map(Readable.percent) ?? Glyphs.dash
      },
    ] + columns(of: .times, areDetails: false) + [
      Column(heading: ["CPU"], name: "CPU", rank: 2, meaning: "CPU 100% is one core") {
        Readable.percent($0.busyCores)
      }
    ]
  }

  /// For wide terminals.
  private var details: [Column] {
    columns(of: .costs, areDetails: true) + [
      Column(heading: ["start-", "up"], name: nil, rank: 15, meaning: "start-up until the last worker was ready") {
        $0.startUp.map { Readable.shortDuration(nanoseconds: $0) } ?? Glyphs.dash
      },
      waiting(11, ["waited", "for I/O"], [.waitingForInput, .writing]),
      waiting(12, ["waited", "for core"], [.takingTurns]),
      Column(heading: ["round"], name: nil, rank: 16) { String($0.round) },
    ]
  }

  /// The columns that the table of metrics names; metrics with the same column share its cells.
  private func columns(of section: Metric.Section, areDetails: Bool) -> [Column] {
    Metric.columns(of: section).filter { !$0.column.heading.isEmpty && $0.column.isDetail == areDetails }
      .map { column, metrics in
        Column(
          heading: column.heading, name: areDetails ? nil : column.name, rank: column.rank, meaning: column.meaning
        ) { entry in
          metrics.map { Readable.shortFigure(entry.value(of: $0), $0.unit) ?? Glyphs.dash }.joined(separator: "/")
        }
      }
  }

  /// The part of the lanes' time that went into some kinds of waiting. One explanation serves both columns: that of
  /// rank 11 is there whenever that of rank 12 is.
  private func waiting(_ rank: Int, _ heading: [String], _ kinds: [LaneActivity.Kind]) -> Column {
    Column(heading: heading, name: nil, rank: rank, meaning: rank == 11 ? "waited: part of the lanes' time" : nil) {
      $0.activity.map { activity in Readable.percent(kinds.reduce(0) { $0 + activity.share($1) }) } ?? Glyphs.dash
    }
  }

  /// The median, and its spread in percent.
  private func wall(_ entry: Comparison.Entry) -> String {
    let time = Readable.shortDuration(nanoseconds: Int64(entry.wall.median))
    // Fewer than three rounds say nothing of how far the next would lie away.
    guard let spread = entry.wall.spread else { return time + " \(Glyphs.plusMinus) ?" }
    // From 9.95% on, one decimal would take a fourth digit.
    return time + " \(Glyphs.plusMinus)" + Readable.fixed(spread * 100, digits: spread < 0.0995 ? 1 : 0) + "%"
  }

  /// Three digits, such as `7.31×` and `12.4×`.
  private func factor(_ value: Double) -> String {
    Readable.fixed(value, digits: value < 9.995 ? 2 : 1) + Glyphs.times
  }

  /// What the columns on show mean, in one paragraph, then remarks on contenders.
  private func legend(_ columns: [Column], width: Int) -> [String] {
    let rounds = Readable.counted(comparison.rounds, "round")
    let wall = "wall: median of \(rounds) \(Glyphs.plusMinus) half the distance between the quartiles"
    let others = "the rest: of the contender's median round"
    return ComparisonText.wrap(
      ([wall, others] + columns.compactMap(\.meaning)).joined(separator: "; "), width: width)
      + remarks.flatMap { ComparisonText.wrap($0, width: width) }
  }

  /// What figures of a median round hide: failures and deaths of all rounds, and rounds that lie far off.
  private var remarks: [String] {
    comparison.entries.flatMap { entry in
      [
        entry.unitsFailed > 0 ? "\(Readable.counted(entry.unitsFailed, "unit")) failed" : nil,
        entry.workersLost > 0 ? "\(Readable.counted(entry.workersLost, "worker")) died" : nil,
        entry.wall.outliers.isEmpty ? nil : outlierRemark(entry),
      ].compactMap { $0.map { "note: \(entry.setup.title): \($0)" } }
    }
  }

  private func outlierRemark(_ entry: Comparison.Entry) -> String {
    let times = entry.wall.outliers.map { Readable.shortDuration(nanoseconds: Int64($0)) }.joined(separator: ", ")
    return "a round far from the others (\(times))"
  }
}

/// Ways to set off text in a terminal (ECMA-48, Select Graphic Rendition).
enum ANSI: String {
  case best = "1;32"
  case green = "32"
  case red = "31"
  case dim = "2"

  /// `text` between the sequence and a reset; an empty text gets none.
  func apply(to text: String) -> String { text.isEmpty ? text : "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}
