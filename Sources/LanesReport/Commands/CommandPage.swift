import LanesCore

/// Commands side by side as one HTML page that holds all it needs, as `ReportPage` is for engines.
package struct CommandPage {
  private let comparison: CommandComparison
  private let subject: String
  private let machine: [(name: String, value: String)]

  /// - Parameters:
  ///   - subject: what a person would type to compare again.
  ///   - machine: names and values, such as the processor and its cores.
  package init(_ comparison: CommandComparison, subject: String, machine: [(name: String, value: String)]) {
    self.comparison = comparison
    self.subject = subject
    self.machine = machine
  }

  /// The whole document, in UTF-8 whatever the locale.
  package var html: String {
    Glyphs.with(.unicode) {
      Markup.page(
        subject, summary: summary, css: Self.css,
        content: verdict + table + rounds + processor + memory + surroundings)
    }
  }

  /// Commands are longer than names of engines: they may take several lines.
  private static let css = """
    .commands th:first-child { white-space: normal; overflow-wrap: anywhere; min-width: 140px; }
    .row .name { overflow-wrap: anywhere; } .name2 { font-weight: 600; }
    """

  private var summary: String {
    let cores = machine.first { $0.name == "CPUs" }.map { ", \($0.value) CPUs" } ?? ""
    return "\(Readable.counted(comparison.entries.count, "command")), \(Readable.counted(comparison.rounds, "round")) "
      + "in turn\(cores)\(comparison.isInterrupted ? "; stopped before its end" : "")"
  }

  private var verdict: String {
    let findings = comparison.findings.map {
      "<p><span class=\"name2\">\(Markup.escaped($0.name))</span>: \(Markup.escaped($0.finding.sentence))</p>\n"
    }
    let rest = (comparison.differences + comparison.earlierSentences + comparison.notes).map {
      "<p>\(Markup.escaped($0))</p>\n"
    }
    return "<section class=\"verdict\"><h2>\(Markup.escaped(comparison.winner))</h2>\n"
      + (findings + rest).joined() + "</section>\n"
  }

  private var table: String {
    let columns = columns
    let head = columns.map { "<th scope=\"col\">\(Markup.escaped($0.name))</th>" }.joined()
    let best = comparison.best
    let rows = comparison.entries.map { entry in
      let cells = columns.map {
        "<td data-label=\"\(Markup.escaped($0.name))\">\(Markup.escaped($0.value(entry) ?? "–"))</td>"
      }
      let mark = entry == best ? " class=\"best\"" : ""
      return "<tr\(mark)><th scope=\"row\">\(Markup.escaped(entry.name))</th>\(cells.joined())</tr>\n"
    }
    let shell = comparison.shell.map {
      " The shell's start-up, \(Readable.duration(nanoseconds: $0.wall)), is subtracted from all times."
    }
    let items = columns.map {
      "<div><dt>\(Markup.escaped($0.name))</dt><dd>\(Markup.escaped($0.explanation))</dd></div>\n"
    }
    return Markup.section(
      "Figures",
      "Wall time is the median of \(Readable.counted(comparison.rounds, "round")) ± half the distance between the quartiles; "
        + "every other figure of a row is of one round, that command's median round. A dash is a figure that could not be "
        + "had.\(shell ?? "")",
      "<div class=\"wide\"><table class=\"times commands\"><thead><tr><th scope=\"col\">command</th>\(head)</tr></thead>\n"
        + "<tbody>\n\(rows.joined())</tbody></table></div>\n<details><summary>What the columns mean</summary>\n<dl>\n"
        + "\(items.joined())</dl></details>" + remarks)
  }

  private var remarks: String {
    let remarks = comparison.entries.flatMap { entry in entry.remarks.map { "\(entry.name): \($0)" } }
    return remarks.map { "\n<p class=\"hint\">\(Markup.escaped($0)).</p>" }.joined()
  }

  private struct Column {
    let name: String
    let explanation: String
    let value: (CommandComparison.Entry) -> String?
  }

  private var columns: [Column] {
    let figure = comparison.ranked
    let ranked = Column(name: "median \(figure.heading)", explanation: "What commands are ranked by: \(figure.words).")
    {
      $0.samples.median(figure).map(figure.text)
    }
    return [
      Column(name: "wall", explanation: "Time from the start of the command to its end: the median of the rounds.") {
        Readable.duration(nanoseconds: Int64($0.wall.median))
      },
      Column(
        name: "± spread",
        explanation: "Half the distance between the quartiles of the rounds, as a share of the median."
      ) { $0.wall.spread.map { Readable.fixed($0 * 100, digits: 1) + "%" } },
    ] + (figure == .wall ? [] : [ranked]) + [
      Column(name: "of first", explanation: "The same as a multiple of what the first command needed.") {
        $0.ratio.map { Readable.ratio($0.ratio) + "×" }
      },
      Column(
        name: "95% interval",
        explanation: "Between what bounds that multiple lies with 95% confidence, from the rounds in pairs."
      ) { $0.ratio.map(Readable.shortBounds) },
      Column(name: "CPU", explanation: "Processor time divided by wall time: 100% is one core kept busy all the time.")
      {
        Readable.percent($0.busyCores)
      },
    ] + [Metric.Section.times, .costs].flatMap(metricColumns)
  }

  private func metricColumns(_ section: Metric.Section) -> [Column] {
    Metric.commandColumns(of: section).map { column, metrics in
      Column(name: column.name, explanation: column.explanation) { entry in
        let figures = entry.run.figures
        return metrics.map { Readable.shortFigure($0.value(of: figures), $0.unit) ?? "–" }
          .joined(separator: column.separator)
      }
    }
  }

  private var rounds: String {
    ReportCharts.rounds(comparison.entries.map { ($0.name, $0.wall) }, rounds: comparison.rounds)
  }

  /// User and system time beside wall time.
  private var processor: String {
    let longest = comparison.entries.map { max($0.processor, Double($0.run.wall)) }.max() ?? 0
    guard longest > 0 else { return "" }
    let rows = comparison.entries.map { entry in
      let (user, system) = (Double(entry.run.usage.user) / longest, Double(entry.run.usage.system) / longest)
      let drawing =
        Markup.bar("computing", from: 0, width: user, height: 12)
        + Markup.bar("worker", from: user, width: system, height: 12)
        + Markup.bar("together", from: 0, width: Double(entry.run.wall) / longest, top: 15, height: 5)
      let label =
        "user \(Readable.duration(nanoseconds: entry.run.usage.user)), system "
        + "\(Readable.duration(nanoseconds: entry.run.usage.system)), wall \(Readable.duration(nanoseconds: entry.run.wall))"
      return Markup.row(entry.name, Markup.strip(height: 22, label: label, drawing), Readable.percent(entry.busyCores))
    }
    return Markup.section(
      "Processor time",
      "In each command's median round: time in its own code and in the kernel, and below them wall time. Where bars above are "
        + "shorter the command waited; where they are longer several cores were busy.",
      Markup.legend([("computing", "user"), ("worker", "system"), ("together", "wall")]) + rows.joined())
  }

  private var memory: String {
    let most = comparison.entries.compactMap(\.run.usage.peakMemory).max() ?? 0
    guard most > 0 else { return "" }
    let rows = comparison.entries.map { entry in
      let peak = entry.run.usage.peakMemory
      let drawing = Markup.bar("coordinator", from: 0, width: Double(peak ?? 0) / Double(most), height: 14)
      return Markup.row(
        entry.name, Markup.strip(height: 14, label: "memory of \(entry.name)", drawing), peak.map(Readable.bytes) ?? "–"
      )
    }
    return Markup.section("Memory", "The most that the largest process of each command had resident.", rows.joined())
  }

  private var surroundings: String {
    func list(_ items: [(String, String)]) -> String {
      "<dl>" + items.map { "<div><dt>\(Markup.escaped($0.0))</dt><dd>\($0.1)</dd></div>" }.joined(separator: "\n")
        + "</dl>"
    }
    let commands = comparison.entries.map { ($0.name, "<code>\(Markup.escaped($0.command))</code>") }
    return "<section><h2>Machine</h2>\n\(list(machine.map { ($0.name, Markup.escaped($0.value)) }))\n</section>\n"
      + "<section><h2>Commands</h2>\n\(list(commands))\n</section>\n"
  }
}
