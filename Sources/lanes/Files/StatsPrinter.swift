import LanesCore
import LanesFiles
import LanesOS
import LanesReport
import SystemPackage

/// Prints groups with their statistics: numbers right-aligned, the key last and byte for byte.
struct StatsPrinter {
  let printer: ResultPrinter
  let isGrouped: Bool
  let isJSON: Bool
  /// Those that each group has behind its other figures.
  var percentiles: [Percentile] = []

  private var headings: [String] {
    ["count", "sum", "min", "max", "mean", "stddev"] + percentiles.map { "p" + $0.text }
  }

  /// - Parameters:
  ///   - groups: in the order in which they are printed; a single one, without a key, where lines are not grouped.
  ///   - files: how many inputs there were.
  ///   - failed: how many of these count for nothing.
  func print(_ groups: [(key: Bytes, summary: Summary)], files: Int, failed: Int) {
    if isJSON { return printJSON(groups, files: files, failed: failed) }
    let headings = headings
    // All rows are laid out before the first is printed: a column is as wide as its widest cell.
    let rows = groups.map { cells($0.summary) }
    var widths = headings.map(\.utf8.count)
    for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.utf8.count) } }
    // Two blanks between columns; where lines are grouped, room for a key of five columns, too.
    if let width = Terminal.wrapping(1), widths.reduce(isGrouped ? 5 : -2, { $0 + 2 + $1 }) > width {
      return printLists(groups)
    }
    printer.line(aligned(headings, widths) + (isGrouped ? "  key" : ""))
    for (row, group) in zip(rows, groups) {
      // Standard output may be closed early, as by `| head`.
      guard printer.isOpen else { return }
      printer.bytes(Bytes((aligned(row, widths) + (isGrouped ? "  " : "")).utf8) + group.key + [0x0A])
    }
  }

  /// One figure a line, for terminals that are narrower than the table: rows that wrap cannot be read.
  private func printLists(_ groups: [(key: Bytes, summary: Summary)]) {
    let headings = headings
    let column = max(8, 2 + (headings.map(\.utf8.count).max() ?? 0))
    for (number, group) in groups.enumerated() {
      guard printer.isOpen else { return }
      if number > 0 { printer.line("") }
      if isGrouped { printer.bytes(Bytes("key".rightPadded(to: column).utf8) + group.key + [0x0A]) }
      for (heading, cell) in zip(headings, cells(group.summary)) {
        printer.line(heading.rightPadded(to: column) + cell)
      }
    }
  }

  private func aligned(_ cells: [String], _ widths: [Int]) -> String {
    zip(cells, widths).map { cell, width in
      String(repeating: " ", count: width - cell.utf8.count) + cell
    }.joined(separator: "  ")
  }

  /// The figures as text, in the order of `headings`; a hyphen where there is none, such as the mean of no numbers.
  private func cells(_ summary: Summary) -> [String] {
    let percentiles: [String] = summary.percentiles.map { $0 ?? "-" }
    let figures: [String] = [
      String(summary.count), summary.sum, summary.least ?? "-", summary.greatest ?? "-",
      summary.roundedMean ?? summary.mean.map { "\($0)" } ?? "-",
      summary.roundedDeviation ?? summary.deviation.map { "\($0)" } ?? "-",
    ]
    return figures + percentiles
  }

  /// One JSON object for each group, and one for the total.
  private func printJSON(_ groups: [(key: Bytes, summary: Summary)], files: Int, failed: Int) {
    for (key, summary) in groups {
      guard printer.isOpen else { return }
      var json = JSONWriter()
      json.object {
        $0.member("type", "stats")
        if isGrouped { $0.member("key", utf8: key) }
        $0.member("count", summary.count)
        // Exact decimal digits, more than a double could hold.
        $0.member("sum", number: summary.sum)
        $0.member("min", number: summary.least)
        $0.member("max", number: summary.greatest)
        if let mean = summary.roundedMean { $0.member("mean", number: mean) } else { $0.member("mean", summary.mean) }
        if let deviation = summary.roundedDeviation {
          $0.member("stddev", number: deviation)
        } else {
          $0.member("stddev", summary.deviation)
        }
        for (percentile, value) in zip(percentiles, summary.percentiles) {
          $0.member("p" + percentile.text, number: value)
        }
      }
      printer.line(json.text)
    }
    var json = JSONWriter()
    json.object {
      $0.member("type", "total")
      $0.member("groups", groups.count)
      $0.member("files", files)
      $0.member("files_failed", failed)
    }
    printer.line(json.text)
  }
}

extension ProgressReporter {
  /// Says that an input failed, if it did.
  func tell(_ failure: UnitFailure?, of name: FilePath?) {
    guard let failure else { return }
    say("lanes: \(name?.forDisplay ?? "standard input"): \(failure.reason)")
  }
}
