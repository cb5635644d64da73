import LanesCore

/// A comparison as a table for people: in a terminal of any width, or as Markdown.
///
/// Columns are taken by importance while they fit, and stand in their usual order.
package struct ComparisonTable {
  private typealias Column = FittingTable<Comparison.Entry>.Column

  private let comparison: Comparison

  /// The table of a comparison; nothing is laid out yet.
  package init(_ comparison: Comparison) { self.comparison = comparison }

  /// Lines without their ends: the table, at most `width` columns wide where that holds engine and wall time, and under
  /// it what its columns mean. The best carries a star, and with `color` is bold and green; contenders that it
  /// cannot be told apart from are green.
  package func lines(width: Int = ComparisonText.usualWidth, color: Bool = false) -> [String] {
    let (columns, gap) = fitting.columns(fitting: width)
    // Painted after padding, because escape sequences have no width on the screen and would count.
    let painted = fitting.table(columns, gap: gap).lines { cell, row, column in
      guard color else { return cell }
      guard let row else { return ANSI.dim.apply(to: cell) }
      let entry = comparison.entries[row]
      // Only name and time are painted: the color says who was fast, not that all its figures are good.
      guard column <= 1, comparison.leaders.contains(entry) else { return cell }
      return (entry == comparison.best ? ANSI.best : ANSI.green).apply(to: cell)
    }
    return painted + legend(columns, width: width).map { color ? ANSI.dim.apply(to: $0) : $0 }
  }

  private var fitting: FittingTable<Comparison.Entry> { FittingTable(columns: all, rows: comparison.entries) }

  /// Lines of a Markdown table with the same columns; the best is bold.
  package func markdown() -> [String] {
    fitting.markdown(title: \.setup.title) { $0 == comparison.best }
  }
}

extension ComparisonTable {
  private var all: [Column] { times + columns(of: .costs, areDetails: false) + details }

  /// The figure that is ranked where that is not wall time: its median, and how many times that of serial it is.
  private var ranked: [Column] {
    let figure = comparison.ranked
    guard figure != .wall else { return [] }
    return [
      Column(
        heading: ["median", figure.heading], name: "median \(figure.heading)", rank: 0,
        meaning: "median: of all rounds"
      ) { $0.samples.median(figure).map(figure.shortText) ?? Glyphs.dash },
      Column(
        heading: ["of", "serial"], name: "of serial", rank: 1,
        meaning: comparison.baseline == nil ? nil : "of serial: \(figure.words) as a multiple, with its 95% interval"
      ) { entry in
        comparison.baseline.flatMap { $0 == entry ? nil : entry.samples.ratio(of: figure, to: $0.samples) }.map {
          "\(Readable.ratio($0.ratio))\(Glyphs.times) \(Readable.shortBounds($0))"
        } ?? Glyphs.dash
      },
    ]
  }

  private var times: [Column] {
    [
      Column(
        heading: ["  engine"], name: "engine", rank: 0, alignment: .left,
        meaning: "* least \(comparison.ranked == .wall ? "time" : comparison.ranked.words)"
      ) {
        ($0 == comparison.best ? "* " : "  ") + $0.setup.title
      },
      Column(
        heading: ["wall", "\(Glyphs.plusMinus) spread"], name: "wall \(Glyphs.plusMinus) spread", rank: 0,
        cell: { Self.wall($0.wall) }),
      Column(heading: ["speed-", "up"], name: "speed-up", rank: 1) { $0.speedUp.map(factor) ?? Glyphs.dash },
      Column(heading: ["95%", "interval"], name: "95% interval", rank: 2, meaning: "95% interval of the speed-up") {
        $0.speedUpInterval.map(Readable.shortBounds) ?? Glyphs.dash
      },
      Column(heading: ["eff"], name: "efficiency", rank: 9, meaning: "eff speed-up for each lane") {
        $0.efficiency.map(Readable.percent) ?? Glyphs.dash
      },
    ] + ranked + columns(of: .times, areDetails: false) + [
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
  static func wall(_ wall: Statistics) -> String {
    let time = Readable.shortDuration(nanoseconds: Int64(wall.median))
    // Fewer than three rounds say nothing of how far the next would lie away.
    guard let spread = wall.spread else { return time + " \(Glyphs.plusMinus) ?" }
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
