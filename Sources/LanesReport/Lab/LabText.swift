import LanesCore

/// An experiment's outcome as text for people: claims, figures, a picture, verdicts.
package struct LabText {
  /// How claims are judged and what the columns of figures tell, in a few sentences.
  package static let rule =
    "A claim is confirmed when the first decile and the median of short batches lie in its range, refuted when both lie "
    + "beyond the same end by more than the spread, and undecidable here otherwise. 'About x' is a third of x to "
    + "three times x. Disturbed is the share of batches more than half as long again as the first decile."

  private let description: LabDescription
  private let measurements: LabMeasurements
  private let width: Int
  private var glyphs: (full: String, part: String) { Glyphs.current == .unicode ? ("█", "▌") : ("#", "") }

  /// The text for `width` columns, forty at least; nothing is laid out yet.
  package init(_ description: LabDescription, _ measurements: LabMeasurements, width: Int) {
    self.description = description
    self.measurements = measurements
    self.width = max(40, width)
  }

  /// Lines without their ends.
  ///
  /// - Parameter picture: lines of a drawing of the experiment's own, which takes the place of the scale.
  package func lines(picture: [String] = []) -> [String] {
    var lines = ComparisonText.wrap(description.title, width: width) + [""]
    lines += ["Common claims"] + description.claims.flatMap { item("  \($0.id)  ", $0.text) } + [""]
    let figures = measurements.figures.filter { picture.isEmpty || !description.drawn.contains($0.unit) }
    if !figures.isEmpty { lines += table(figures) + published + [""] }
    let drawing = picture.isEmpty ? scales : picture
    if !drawing.isEmpty { lines += drawing + [""] }
    for claim in description.claims {
      let verdict = LabVerdict(claim, measurements)
      lines += item("\(claim.id)  \(verdict.kind.rawValue.rightPadded(to: verdictWidth))  ", verdict.why)
    }
    if !measurements.circumstances.isEmpty {
      lines += ComparisonText.wrap(measurements.circumstances + ".", width: width)
    }
    let next = description.next.map { ["Next: lanes lab \($0)"] } ?? []
    let ways = next + ["More: lanes lab \(description.name) --explain"]
    let line = ways.joined(separator: "     ")
    return lines + (line.count <= width ? [line] : ways)
  }

  /// The widest of the verdicts that are given, so that short ones leave room for their reasons.
  private var verdictWidth: Int {
    description.claims.map { LabVerdict($0, measurements).kind.rawValue.count }.max() ?? 0
  }

  /// `text` behind `head`, its further lines below its first.
  private func item(_ head: String, _ text: String) -> [String] {
    let indent = min(head.count, 20)
    return ComparisonText.wrap(text, width: max(16, width - head.count)).enumerated().map { number, line in
      (number == 0 ? head : String(repeating: " ", count: head.count > 20 && width < 60 ? indent : head.count)) + line
    }
  }

  /// Figures with their spread; narrow terminals do without the bars, and then without the spread.
  private func table(_ figures: [LabFigure]) -> [String] {
    var columns = [
      TextTable.Column([""], alignment: .left), TextTable.Column(["p10"]), TextTable.Column(["p50"]),
      TextTable.Column(["spread"]), TextTable.Column(["disturbed"]), TextTable.Column(["CPU/wall"]),
    ]
    var rows = figures.map { figure in
      [
        "  " + figure.name, figure.text(figure.p10), figure.text(figure.p50),
        Glyphs.plusMinus + Readable.percent(figure.spread), Readable.percent(figure.disturbed),
        figure.cpuPerWall.map { Readable.fixed($0, digits: 2) } ?? "",
      ]
    }
    func drop(_ index: Int) {
      columns.remove(at: index)
      for row in rows.indices { rows[row].remove(at: index) }
    }
    if !rows.contains(where: { !$0[5].isEmpty }) { drop(5) }
    func laidOut() -> TextTable {
      var table = TextTable(columns)
      table.rows = rows
      return table
    }
    for index in [5, 3] where laidOut().width > width && index < columns.count { drop(index) }
    let result = laidOut()
    let room = width - result.width - 2
    let lines = result.lines()
    guard room >= 8 else { return lines }
    return lines.enumerated().map { number, line in
      number == 0
        ? line
        : (line.rightPadded(to: result.width) + "  " + bar(figures[number - 1], room))
          .withoutTrailingSpaces
    }
  }

  /// A bar on a scale from nothing to the largest figure of the unit; none where all but one would be too short to be
  /// told apart, for which the logarithmic scale is there.
  private func bar(_ figure: LabFigure, _ room: Int) -> String {
    let group = measurements.figures.filter { $0.unit == figure.unit }.map(\.p10)
    guard group.count > 1, let most = group.max(), most > 0, let least = group.min(), least * 40 > most else {
      return ""
    }
    let halves = Int((figure.p10 / most * Double(room * 2)).rounded())
    return String(repeating: glyphs.full, count: halves / 2) + (halves % 2 == 1 ? glyphs.part : "")
  }

  private var published: [String] {
    description.published.flatMap { figure in
      item("  published  ", "\(figure.subject): \(figure.text) (\(figure.source))")
    }
  }

  /// One scale for each unit that has something to compare.
  private var scales: [String] {
    LabFigure.Unit.allCases.flatMap { unit -> [String] in
      let figures = measurements.figures.filter { $0.unit == unit }
      let others = description.published.filter { $0.unit == unit }
      guard !figures.isEmpty, figures.count + others.count > 1 else { return [] }
      let entries =
        figures.map {
          LogAxis.Entry(name: $0.name, range: min($0.p10, $0.p90)...max($0.p10, $0.p90), point: $0.p10)
        } + others.map { LogAxis.Entry(name: "(" + $0.subject + ")", range: $0.range, point: nil) }
      guard let axis = LogAxis(entries, unit: unit, width: width) else { return [] }
      return axis.lines
    }
  }
}
