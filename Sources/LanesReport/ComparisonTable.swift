import LanesCore

/// A comparison as a table for people: in a terminal of 100 columns, or as Markdown.
package struct ComparisonTable {
  private let comparison: Comparison

  /// The table of a comparison; nothing is laid out yet.
  package init(_ comparison: Comparison) { self.comparison = comparison }

  /// Lines without their ends: the table, at most 100 columns wide, and under it what its columns mean. The best time
  /// carries a star, and with `color` is bold and green; contenders that it does not beat beyond the spread are green.
  package func lines(color: Bool = false) -> [String] {
    var table = TextTable(ComparisonTable.columns, width: 100)
    table.rows = comparison.entries.map { [$0 == comparison.fastest ? "*" : ""] + cells($0) }
    let leaders = comparison.leaders
    let painted = table.lines { cell, row, column in
      guard color else { return cell }
      guard let row else { return ANSI.dim.apply(to: cell) }
      let entry = comparison.entries[row]
      guard column <= 2, leaders.contains(entry) else { return cell }
      return (entry == comparison.fastest ? ANSI.best : ANSI.green).apply(to: cell)
    }
    return painted + legend.map { color ? ANSI.dim.apply(to: $0) : $0 }
  }

  /// Lines of a Markdown table with the same columns; the best time is bold.
  package func markdown() -> [String] {
    let names = [
      "engine", "wall ± spread", "speed-up", "efficiency", "user", "system", "CPU", "switches vol./invol.",
      "faults minor/major", "peak memory", "between processes",
    ]
    let rule = ["---"] + Array(repeating: "---:", count: names.count - 1)
    let rows = comparison.entries.map { entry in
      var cells = cells(entry)
      if entry == comparison.fastest { cells[1] = "**\(cells[1])**" }
      return cells
    }
    return ([names, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
  }

  private static let columns: [TextTable.Column] = [
    .init(""), .init("engine", alignment: .left), .init("wall ± spread"), .init("speed-", "up"), .init("eff"),
    .init("user"), .init("sys"), .init("CPU"), .init("switches", "vol/inv"), .init("faults", "min/maj"),
    .init("peak", "mem"), .init("bytes", "moved"),
  ]

  private func cells(_ entry: Comparison.Entry) -> [String] {
    let system = Readable.shortDuration(nanoseconds: Int64(entry.system))
    return [
      entry.setup.title, wall(entry), entry.speedUp.map(ComparisonTable.factor) ?? "–",
      entry.efficiency.map(Readable.percent) ?? "–", Readable.shortDuration(nanoseconds: Int64(entry.user)), system,
      Readable.percent(entry.busyCores), pair(entry.voluntarySwitches, entry.involuntarySwitches),
      pair(entry.minorFaults, entry.majorFaults), entry.peakMemory.map(Readable.shortBytes) ?? "–",
      Readable.shortBytes(entry.bytesBetween),
    ]
  }

  private func wall(_ entry: Comparison.Entry) -> String {
    let time = Readable.shortDuration(nanoseconds: Int64(entry.wall.median))
    guard let spread = entry.wall.spread else { return time + " ± ?" }
    return time + " ±" + Readable.fixed(spread * 100, digits: spread < 0.0995 ? 1 : 0) + "%"
  }

  private static func factor(_ value: Double) -> String { Readable.fixed(value, digits: value < 9.995 ? 2 : 1) + "×" }

  private func pair(_ one: Int, _ other: Int) -> String {
    Readable.shortCount(one) + "/" + Readable.shortCount(other)
  }

  private var legend: [String] {
    let rounds = Readable.counted(comparison.rounds, "round")
    let remarks = comparison.entries.flatMap { entry in
      [
        entry.unitsFailed > 0 ? "\(Readable.counted(entry.unitsFailed, "unit")) failed" : nil,
        entry.workersLost > 0 ? "\(Readable.counted(entry.workersLost, "worker")) died" : nil,
        entry.wall.outliers.isEmpty ? nil : outlierRemark(entry),
      ].compactMap { $0.map { "note: \(entry.setup.title): \($0)" } }
    }
    return [
      "median of \(rounds) ± half the distance between the quartiles; * least time; CPU 100% is one core;",
      "switches voluntary/involuntary; faults minor/major; peak memory of all processes added up;",
      "bytes moved between processes",
    ] + remarks
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

  func apply(to text: String) -> String { text.isEmpty ? text : "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}
