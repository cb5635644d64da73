import LanesCore

/// A comparison as one HTML page that holds all it needs: figures, verdict and drawings, readable on a phone, on paper,
/// in light and in dark. Nothing is fetched and nothing is run.
package struct ReportPage {
  /// What the figures do not say.
  package struct Circumstances: Sendable {
    /// What a person would type to compare again, such as `lanes compare --rounds 5 primes 1e9`.
    package var subject: String
    /// What each contender was run with beside the command's own words, in their order.
    package var options: [String]
    /// Names and values, such as the processor and its cores.
    package var machine: [(name: String, value: String)]

    package init(subject: String, options: [String], machine: [(name: String, value: String)]) {
      self.subject = subject
      self.options = options
      self.machine = machine
    }
  }

  /// What each column of its tables tells, from left to right: its name and sentences.
  package static var columns: [(name: String, text: String)] { ReportTables.explanations }

  private let comparison: Comparison
  private let circumstances: Circumstances

  /// A page about a comparison; nothing is laid out yet.
  package init(_ comparison: Comparison, _ circumstances: Circumstances) {
    self.comparison = comparison
    self.circumstances = circumstances
  }

  /// The whole document, in UTF-8 whatever the locale.
  package var html: String { Glyphs.with(.unicode) { document } }

  private var document: String {
    // Verdict first, then what it rests on, from the whole to the detail; machine and options last, for whoever repeats
    // it.
    let charts = ReportCharts(comparison)
    let tables = ReportTables(comparison)
    let content =
      verdict + tables.time + charts.rounds + ReportSpeedUp(comparison).html + charts.activities
      + ReportLanes(comparison).html + charts.memory + tables.costs + surroundings
    return Markup.page(
      circumstances.subject, summary: summary, content: content, definitions: ReportStyle.patterns)
  }

  private var summary: String {
    let cores = circumstances.machine.first { $0.name == "CPUs" }.map { ", \($0.value) CPUs" } ?? ""
    return
      "\(Readable.counted(comparison.entries.count, "contender")), \(Readable.counted(comparison.rounds, "round")) "
      + "in turn\(cores)\(comparison.isInterrupted ? "; stopped before its end" : "")"
  }

  /// The verdict's sentences, then one for each fit of the scalability law, and what an earlier report tells.
  private var verdict: String {
    let verdict = Verdict(comparison)
    let fits = comparison.fits.map(\.sentence) + comparison.earlierSentences
    return "<section class=\"verdict\"><h2>Verdict: \(Markup.escaped(verdict.kind.rawValue))</h2>\n"
      + (verdict.sentences + fits).map { "<p>\(Markup.escaped($0))</p>\n" }.joined() + "</section>\n"
  }

  /// The machine and the options, for whoever repeats the comparison.
  private var surroundings: String {
    let machine = circumstances.machine.map {
      "<div><dt>\(Markup.escaped($0.name))</dt><dd>\(Markup.escaped($0.value))</dd></div>"
    }
    // The options are in the order of the contenders, all of which have entries.
    let options = zip(comparison.entries, circumstances.options).map { entry, options in
      "<div><dt>\(Markup.escaped(entry.setup.title))</dt><dd><code>\(Markup.escaped(options))</code></dd></div>"
    }
    return "<section><h2>Machine</h2>\n<dl>\(machine.joined(separator: "\n"))</dl>\n</section>\n"
      + Markup.section(
        "How each contender was run", "Options that were added to the words of the command.",
        "<dl>\(options.joined(separator: "\n"))</dl>")
  }
}
