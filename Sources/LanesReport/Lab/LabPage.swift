import LanesCore

/// Outcomes of experiments as one HTML page that holds all it needs, in the style of a comparison's.
package struct LabPage {
  /// An experiment's outcome, with lines of a picture of its own, if it has one.
  package struct Entry {
    let description: LabDescription
    let measurements: LabMeasurements
    let picture: [String]

    package init(_ description: LabDescription, _ measurements: LabMeasurements, picture: [String]) {
      self.description = description
      self.measurements = measurements
      self.picture = picture
    }
  }

  private let subject: String
  private let entries: [Entry]
  private let machine: [(name: String, value: String)]

  /// - Parameters:
  ///   - subject: what a person would type to measure again.
  ///   - machine: names and values, such as the processor.
  package init(subject: String, _ entries: [Entry], machine: [(name: String, value: String)]) {
    self.subject = subject
    self.entries = entries
    self.machine = machine
  }

  /// The whole document, in UTF-8 whatever the locale.
  package var html: String { Glyphs.with(.unicode) { document } }

  private static let css = """
    .verdict .claim { margin: 14px 0 0; } .verdict .claim:first-child { margin: 0; } .kind { font-weight: 700; } .confirmed { color: var(--best); }
    .refuted { color: #a3520a; } .undecidable { color: var(--faint); }
    .range { fill: var(--worker); } .told { fill: var(--together); }
    .contents { columns: 15em; list-style: none; padding: 0; margin: 20px 0 0; font-size: .9rem; }
    .contents li { break-inside: avoid; padding: 2px 0; } .contents .kind { letter-spacing: .15em; }
    @media screen and (prefers-color-scheme: dark) { .refuted { color: var(--stripe); } }
    @media (min-width: 641px) { .row { grid-template-columns: 220px 1fr 150px; } }
    pre { background: var(--card); padding: 12px; overflow-x: auto; font-size: .8rem; line-height: 1.3; }
    a { color: var(--computing); overflow-wrap: anywhere; } .ticks, .origin { color: var(--faint); font-size: .8rem; }
    """

  private var document: String {
    let kinds = entries.flatMap { entry in entry.description.claims.map { LabVerdict($0, entry.measurements).kind } }
    let counts = LabVerdict.Kind.allCases.map { kind in "\(kinds.count { $0 == kind }) \(kind.rawValue)" }
    let summary =
      "\(Readable.counted(entries.count, "experiment")), \(Readable.counted(kinds.count, "claim")): "
      + counts.joined(separator: ", ")
    let facts = machine.map {
      "<div><dt>\(Markup.escaped($0.name))</dt><dd>\(Markup.escaped($0.value))</dd></div>"
    }
    let machine = "<section><h2>Machine</h2>\n<dl>\(facts.joined(separator: "\n"))</dl>\n</section>\n"
    let content = contents + entries.map(section).joined() + Self.reading + machine
    return Markup.page(subject, summary: summary, css: Self.css, content: content)
  }

  /// What the columns of the tables tell, from left to right.
  private static let columns: [(name: String, text: String)] = [
    (
      "p10",
      "What the best tenth of the batches reach, for one operation: the headline, since interruptions hardly touch it."
    ),
    ("p50", "The median of the batches."),
    ("p90", "What nine tenths of the batches reach."),
    ("spread", "How far the median lies from p10, as a share of it."),
    ("disturbed", "The share of batches more than half as dear again as p10."),
    (
      "CPU/wall",
      "Processor time of the measuring thread over wall time: 1.00 had a core all the time. A dash where processor time "
        + "itself is the figure, or where others work meanwhile."
    ),
    ("batches", "How often it was measured."),
  ]

  /// How to read the page, at its end.
  private static var reading: String {
    let items = columns.map {
      "<div><dt>\(Markup.escaped($0.name))</dt><dd>\(Markup.escaped($0.text))</dd></div>\n"
    }
    return Markup.section("How to read this page", LabText.rule, "<dl>\n\(items.joined())</dl>")
  }

  /// Links to the experiments, each with a sign for the verdict on each of its claims; nothing for a single one.
  private var contents: String {
    guard entries.count > 1 else { return "" }
    let items = entries.map { entry in
      let kinds = entry.description.claims.map { LabVerdict($0, entry.measurements).kind }
      let signs = kinds.map { kind in
        let (sign, style) =
          switch kind {
          case .confirmed: ("✓", "confirmed")
          case .refuted: ("✗", "refuted")
          case .undecidable: ("?", "undecidable")
          }
        return "<span class=\"kind \(style)\" role=\"img\" aria-label=\"\(kind.rawValue)\">\(sign)</span>"
      }
      let name = Markup.escaped(entry.description.name)
      return "<li><a href=\"#\(name)\">\(name)</a> \(signs.joined())</li>\n"
    }
    return "<nav aria-label=\"Experiments\"><ul class=\"contents\">\n\(items.joined())</ul></nav>\n"
  }

  private func section(_ entry: Entry) -> String {
    let picture = entry.picture.map(Markup.escaped).joined(separator: "\n")
    return Markup.section(
      entry.description.title, "lanes lab \(entry.description.name); " + entry.measurements.circumstances,
      id: entry.description.name,
      verdicts(entry) + (picture.isEmpty ? "" : "<pre tabindex=\"0\">\(picture)</pre>\n") + charts(entry) + table(entry)
        + sources(entry))
  }

  private func verdicts(_ entry: Entry) -> String {
    let claims = entry.description.claims.map { claim in
      let verdict = LabVerdict(claim, entry.measurements)
      let style = verdict.kind == .undecidable ? "undecidable" : verdict.kind.rawValue
      return "<p class=\"claim\"><b>\(Markup.escaped(claim.id))</b>&ensp;\(Markup.escaped(claim.text))<br>"
        + "<span class=\"origin\">\(Markup.escaped("From \(claim.origin.text)"))</span><br><span class=\"kind \(style)\">"
        + "\(Markup.escaped(verdict.kind.rawValue))</span> \(Markup.escaped(verdict.why))</p>\n"
    }
    return "<div class=\"verdict\">\(claims.joined())</div>\n"
  }

  /// One chart on a logarithmic scale for each unit: a bar from the first decile to the ninth, with a mark at the first, and
  /// what others published.
  private func charts(_ entry: Entry) -> String {
    LabFigure.Unit.allCases.map { unit -> String in
      let figures = entry.measurements.figures.filter { $0.unit == unit && $0.p10 > 0 && $0.p90 > 0 }
      let others = entry.description.published.filter { $0.unit == unit }
      let ends =
        figures.flatMap { [$0.p10, $0.p90] } + others.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
      guard !figures.isEmpty, figures.count + others.count > 1, let least = ends.min(), let most = ends.max() else {
        return ""
      }
      let scale = LogScale(around: least...most, unit)
      func strip(_ name: String, _ range: ClosedRange<Double>, _ point: Double?, _ style: String) -> String {
        let start = scale.share(range.lowerBound)
        let width = max(0.006, scale.share(range.upperBound) - start)
        let mark = point.map {
          Markup.bar("coordinator", from: max(0, scale.share($0) - 0.004), width: 0.008, height: 16)
        }
        let track = Markup.bar("track", from: 0, width: 1, top: 7, height: 2)
        // A single value that others published is as high as the marks, or it would be overlooked.
        let isTold = point == nil && range.lowerBound == range.upperBound
        let content =
          track
          + Markup.bar(style, from: start, width: width, top: isTold ? 0 : 4, height: isTold ? 16 : 8)
          + (mark ?? "")
        return Markup.strip(height: 16, label: "\(name), \(unit.text(range.lowerBound))", content)
      }
      let rows =
        figures.map { figure in
          let range = min(figure.p10, figure.p90)...max(figure.p10, figure.p90)
          return Markup.row(figure.name, strip(figure.name, range, figure.p10, "range"), figure.text(figure.p10))
        }
        + others.map { Markup.row("published: " + $0.subject, strip($0.subject, $0.range, nil, "told"), $0.text) }
      let span = "A logarithmic scale from \(unit.tick(scale.ticks.first!)) to \(unit.tick(scale.ticks.last!))."
      return "<p class=\"ticks\">\(Markup.escaped(span))</p>\n" + rows.joined()
    }.joined()
  }

  private func table(_ entry: Entry) -> String {
    guard !entry.measurements.figures.isEmpty else { return "" }
    let names = Self.columns.map(\.name)
    let head = names.map { "<th scope=\"col\">\($0)</th>" }.joined()
    let rows = entry.measurements.figures.map { figure in
      let values = [
        figure.text(figure.p10), figure.text(figure.p50), figure.text(figure.p90),
        "±" + Readable.percent(figure.spread),
        Readable.percent(figure.disturbed), figure.cpuPerWall.map { Readable.fixed($0, digits: 2) } ?? "–",
        Readable.count(figure.batches),
      ]
      let cells = zip(names, values).map { "<td data-label=\"\($0)\">\(Markup.escaped($1))</td>" }.joined()
      return "<tr><th scope=\"row\">\(Markup.escaped(figure.name))</th>\(cells)</tr>\n"
    }
    return "<div class=\"wide\"><table><thead><tr><th scope=\"col\">variant</th>\(head)</tr></thead>\n<tbody>\n"
      + rows.joined() + "</tbody></table></div>\n"
  }

  private func sources(_ entry: Entry) -> String {
    guard !entry.description.published.isEmpty else { return "" }
    let items = entry.description.published.map { figure in
      let text = Markup.escaped("\(figure.subject): \(figure.text), \(figure.source), ")
      let address = Markup.escaped(figure.address)
      return "<li>\(text)<a href=\"\(address)\">\(address)</a></li>"
    }
    return "<p class=\"ticks\">Published figures</p><ul>\(items.joined())</ul>\n"
  }
}
