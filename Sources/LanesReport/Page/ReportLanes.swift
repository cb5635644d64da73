import LanesCore

/// Every lane over the time of its contender's median round, all contenders on one scale.
struct ReportLanes {
  private let comparison: Comparison
  /// A page is longer than a terminal, but a hundred equal lines still tell nothing that thirty do not.
  private static let mostLanes = 32
  /// Steps of the lanes of the longest run; a large screen shows no more.
  private static let columns = 400

  init(_ comparison: Comparison) { self.comparison = comparison }

  /// The section; empty when no contender has timelines.
  var html: String {
    let runs = zip(comparison.entries, comparison.typicalRuns).filter { !$1.timelines.isEmpty && $1.wall > 0 }
    guard let longest = runs.map(\.1.wall).max() else { return "" }
    var shown: Set<LaneActivity.Kind> = []
    let rows = runs.map { entry, run in
      let lanes = run.timelines.prefix(Self.mostLanes).enumerated().map { number, timeline in
        // The same share of steps as of the width: a step is as wide in every row.
        let columns = max(1, Int(Double(Self.columns) * Double(run.wall) / Double(longest)))
        let kinds = timeline.activities(columns: columns, of: run.wall).map(\.shown)
        shown.formUnion(kinds)
        // A run that was shorter than the longest fills only its part of the strip.
        return lane(kinds, number, Double(run.wall) / Double(longest), of: run)
      }
      let rest = run.timelines.count - lanes.count
      let more = rest > 0 ? "<p class=\"hint\">and \(Readable.counted(rest, "more lane"))</p>" : ""
      return
        "<div class=\"group\"><span class=\"name\">\(Markup.escaped(entry.titleWithRound))</span><div class=\"lanes\">"
        + lanes.joined() + more
        + "</div><span class=\"figure\">\(Readable.duration(nanoseconds: run.wall))</span></div>\n"
    }
    // In the order of the enum, so that all charts of the page name kinds in one order.
    let legend = LaneActivity.Kind.allCases.filter(shown.contains).map { (style: $0.style, name: $0.name) }
    return Markup.section(
      "The lanes over time",
      "One line a lane, in the round beside the name, drawn from when each unit was loaded, performed and stored. "
        + "The full width is \(Readable.duration(nanoseconds: longest)).", Markup.legend(legend) + rows.joined())
  }

  /// One lane as a strip. Neighboring steps of one kind are one rectangle, which keeps the page small.
  ///
  /// - Parameter width: the run's wall time as a share of the longest run's.
  private func lane(_ kinds: [LaneActivity.Kind], _ number: Int, _ width: Double, of run: RunRecord) -> String {
    var drawing = ""
    var start = 0
    // A batch of short units changes kind rarely, so that this makes dozens of rectangles out of 400 steps.
    while start < kinds.count {
      let end = kinds[start...].firstIndex { $0 != kinds[start] } ?? kinds.count
      let step = width / Double(kinds.count)
      drawing += Markup.bar(
        kinds[start].style, from: Double(start) * step, width: Double(end - start) * step, height: 14)
      start = end
    }
    return Markup.strip(height: 14, label: "lane \(number + 1) of \(run.setup.title)", drawing)
  }
}
