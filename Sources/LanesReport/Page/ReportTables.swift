import LanesCore

/// The figures of a comparison as two tables: time, and what else it took.
struct ReportTables {
  /// A heading and what each contender has in it; nil is shown as a dash.
  private struct Column {
    let name: String
    let explanation: String
    let value: (Comparison.Entry) -> String?
  }

  private let comparison: Comparison

  init(_ comparison: Comparison) { self.comparison = comparison }

  /// How long each contender took, and what follows from that.
  var time: String {
    Markup.section(
      "Time",
      "Wall time is the median of \(Readable.counted(comparison.rounds, "round")) ± half the distance between the "
        + "quartiles; every other figure of a row is of one round, that contender's median round, which the last column "
        + "names. CPU 100% is one core. Efficiency is speed-up for each lane, the serial fraction that of Karp and Flatt; "
        + "both are shown where the batch computes and every lane had a core. A dash is a figure that could not be had, or "
        + "that would say nothing.",
      table(times, style: "times") + Self.details(times))
  }

  /// Switches, faults, memory, bytes, and what the machine was short of.
  var costs: String {
    Markup.section(
      "What else it took",
      "Of the round of each contender that the first table names. Peak memory is what every process had resident at most, added up; proportional memory counts "
        + "what processes share once. Pressure is how long some task of the machine was short of cores, storage or memory.",
      table(columns(of: .costs), style: "costs") + Self.details(columns(of: .costs)))
  }

  /// What each column of both tables tells, in the order of the page: its name and sentences.
  static var explanations: [(name: String, text: String)] {
    let tables = ReportTables(Comparison([]))
    return (tables.times + tables.columns(of: .costs)).map { ($0.name, $0.explanation) }
  }

  /// The same under a table, folded away: a list of terms, which readers of screens announce as such.
  private static func details(_ columns: [Column]) -> String {
    let items = columns.map {
      "<div><dt>\(Markup.escaped($0.name))</dt><dd>\(Markup.escaped($0.explanation))</dd></div>\n"
    }
    return "\n<details><summary>What the columns mean</summary>\n<dl>\n\(items.joined())</dl></details>"
  }

  /// One row per contender. The table is in a box that scrolls by itself, so that the page never scrolls sideways.
  private func table(_ columns: [Column], style: String) -> String {
    let head = columns.map { "<th scope=\"col\">\(Markup.escaped($0.name))</th>" }.joined()
    let rows = comparison.entries.map { entry in
      // On a phone the head is hidden and each cell shows the name of its column, from this attribute.
      let cells = columns.map { column in
        "<td data-label=\"\(Markup.escaped(column.name))\">\(Markup.escaped(column.value(entry) ?? "–"))</td>"
      }
      let mark = entry == comparison.best ? " class=\"best\"" : ""
      return "<tr\(mark)><th scope=\"row\">\(Markup.escaped(entry.setup.title))</th>\(cells.joined())</tr>\n"
    }
    return
      "<div class=\"wide\"><table class=\"\(style)\"><thead><tr><th scope=\"col\">engine</th>\(head)</tr></thead>\n<tbody>\n"
      + rows.joined() + "</tbody></table></div>"
  }

  /// Columns of the first table; those of `Metric` stand between what is derived from wall time and the rest.
  private var times: [Column] {
    [
      Column(
        name: "wall",
        explanation:
          "Time from the start of a run to its end, as a clock on the wall tells it: the median of the rounds."
      ) { duration($0.wall.median) },
      Column(
        name: "± spread",
        explanation:
          "Half the distance between the quartiles of the rounds, as a share of the median: how far a single round is "
          + "likely to lie off."
      ) { $0.wall.spread.map { Readable.fixed($0 * 100, digits: 1) + "%" } },
      Column(name: "speed-up", explanation: "How many times as fast as serial, which has one lane.") {
        $0.speedUp.map { Readable.fixed($0, digits: 2) + "×" }
      },
      Column(
        name: "95% interval",
        explanation:
          "Between what bounds the speed-up lies with 95% confidence, from the rounds in pairs: a contender is told apart "
          + "from serial where the interval does not hold 1."
      ) { $0.speedUpInterval.map(Readable.shortBounds) },
      Column(
        name: "efficiency",
        explanation: "Speed-up divided by the number of lanes: two lanes that are twice as fast have 100%."
      ) { $0.efficiency.map(Readable.percent) },
      Column(
        name: "serial fraction",
        explanation:
          "The part of the work that more lanes do not make faster, as Karp and Flatt compute it from speed-up and lanes. One "
          + "that grows with the lanes tells of costs that they bring."
      ) { $0.serialFraction.map { Readable.fixed($0 * 100, digits: 1) + "%" } },
    ] + ranked + columns(of: .times) + [
      Column(
        name: "CPU",
        explanation: "Processor time divided by wall time: 100% is one core kept busy all the time, 200% two."
      ) { Readable.percent($0.busyCores) },
      Column(
        name: "worker start-up",
        explanation: "Time until the last worker process was ready; a dash for engines inside one process."
      ) { $0.startUp.flatMap { duration(Double($0)) } },
      Column(name: "outliers", explanation: "Rounds whose time lies far from that of the others.") {
        Readable.count($0.wall.outliers.count)
      },
      Column(
        name: "round",
        explanation: "The round whose wall time is the median; every figure of the row but wall time is of it."
      ) { String($0.round) },
    ]
  }

  /// The figure that is ranked where that is not wall time.
  private var ranked: [Column] {
    let figure = comparison.ranked
    guard figure != .wall else { return [] }
    return [
      Column(
        name: "median \(figure.heading)",
        explanation: "What contenders are ranked by: \(figure.words), the median of the rounds."
      ) {
        $0.samples.median(figure).map(figure.text)
      },
      Column(name: "of serial", explanation: "The same as a multiple of what serial needed, with its 95% interval.") {
        entry in
        comparison.baseline.flatMap { $0 == entry ? nil : entry.samples.ratio(of: figure, to: $0.samples) }.map {
          "\(Readable.ratio($0.ratio))× (\(Readable.bounds($0)))"
        }
      },
    ]
  }

  /// The columns that the table of metrics names; metrics with the same column share its cells, in short forms.
  private func columns(of section: Metric.Section) -> [Column] {
    Metric.columns(of: section).map { column, metrics in
      Column(name: column.name, explanation: column.explanation) { entry in
        let values = metrics.map { entry.value(of: $0) }
        // A cell of one metric has room for the long form. Where nothing is known, one dash stands for all metrics.
        guard metrics.count > 1, values.contains(where: { $0 != nil }) else {
          return values[0].flatMap { figure($0, metrics[0].unit, Readable.figure) }
        }
        return zip(metrics, values).map { figure($1, $0.unit, Readable.shortFigure) ?? "–" }
          .joined(separator: column.separator)
      }
    }
  }

  /// No time at all is a plain 0.
  private func figure(
    _ value: Int64?, _ unit: Metric.Unit, _ readable: (Int64?, Metric.Unit) -> String?
  ) -> String? {
    value == 0 && unit == .nanoseconds ? "0" : readable(value, unit)
  }
}

/// Nanoseconds for people.
private func duration(_ nanoseconds: Double) -> String? {
  nanoseconds == 0 ? "0" : Readable.duration(nanoseconds: Int64(nanoseconds))
}
