import LanesCore

/// Charts of one row per contender: the rounds, the time of the lanes by kind, memory.
struct ReportCharts {
  private let comparison: Comparison

  init(_ comparison: Comparison) { self.comparison = comparison }

  /// Every round as a point, so that the spread is seen and not only told.
  var rounds: String {
    Self.rounds(comparison.entries.map { ($0.setup.title, $0.wall) }, rounds: comparison.rounds)
  }

  /// The same for contenders of any kind, each with its wall times in nanoseconds.
  static func rounds(_ contenders: [(title: String, wall: Statistics)], rounds: Int) -> String {
    // Every position is a share of the longest round of all contenders.
    guard let longest = contenders.map(\.wall.maximum).max(), longest > 0 else { return "" }
    let rows = contenders.map { title, wall in
      let outliers = wall.outliers
      // 0.98: a point at the far end keeps its right half inside the drawing.
      let points = wall.sorted.map {
        "<circle class=\"\(outliers.contains($0) ? "outlier" : "point")\" cx=\"\(Markup.percent($0 / longest * 0.98))\" cy=\"11\" r=\"4\"/>"
      }
      let middle = Markup.percent(wall.median / longest * 0.98)
      let drawing =
        // SVG paints in document order: the points come last and lie over the line at the median.
        Markup.bar("track", from: 0, width: 1, top: 10, height: 2)
        + "<line class=\"middle\" x1=\"\(middle)\" x2=\"\(middle)\" y1=\"1\" y2=\"21\"/>" + points.joined()
      return Markup.row(
        title, Markup.strip(height: 22, label: "rounds of \(title)", drawing),
        Readable.duration(nanoseconds: Int64(wall.median)))
    }
    return Markup.section(
      "Wall time of every round",
      "One point for each of the \(Readable.counted(rounds, "round")), a line at the median; from 0 at the left. "
        + "Hollow points lie far off.",
      rows.joined())
  }

  /// What all lanes together did with their time.
  var activities: String {
    let entries = comparison.entries.filter { ($0.activity?.total ?? 0) > 0 }
    // Contenders without timelines are left out rather than drawn as idle.
    guard !entries.isEmpty else { return "" }
    let rows = entries.map { entry in
      // The bars of a row follow each other and fill it: the shares of all kinds add up to 1.
      let activity = entry.activity ?? LaneActivity()
      var start = 0.0
      var drawing = ""
      for kind in LaneActivity.Kind.allCases where activity.share(kind) > 0 {
        drawing += Markup.bar(kind.style, from: start, width: activity.share(kind), height: 22)
        start += activity.share(kind)
      }
      return Markup.row(
        entry.titleWithRound, Markup.strip(height: 22, label: words(activity), drawing),
        Readable.percent(activity.share(.computing)))
    }
    // The legend names only kinds that some contender has.
    let kinds = LaneActivity.Kind.allCases.filter { kind in entries.contains { ($0.activity?.share(kind) ?? 0) > 0 } }
    return Markup.section(
      "Where the time of the lanes went",
      "All lanes together, in the round beside the name. The figure is the part in which they computed.",
      Markup.legend(kinds.map { ($0.style, $0.name) }) + rows.joined())
  }

  /// The row for a screen reader; kinds that would be read as 0% are left out.
  private func words(_ activity: LaneActivity) -> String {
    LaneActivity.Kind.allCases.filter { activity.share($0) >= 0.005 }
      .map { "\($0.name) \(Readable.percent(activity.share($0)))" }.joined(separator: ", ")
  }

  /// Peaks of all processes, and what they held together.
  var memory: String {
    let peaks = comparison.entries.map(processes)
    // One scale for all contenders. Peaks added up may exceed what was resident at any one time, so the sum of them and
    // what was seen together both have to fit.
    let all = zip(peaks, comparison.entries).flatMap { [$0.reduce(0, +), $1.proportionalPeak ?? 0] }
    guard let most = all.max(), most > 0 else { return "" }
    let rows = zip(comparison.entries, peaks).map { entry, peaks in
      var start = 0.0
      var drawing = ""
      // The coordinator comes first, as in `processes`.
      for (number, peak) in peaks.enumerated() {
        let width = Double(peak) / Double(most)
        drawing += Markup.bar(number == 0 ? "coordinator" : "worker", from: start, width: width, height: 14)
        start += width
      }
      // Below the peaks and not over them: added up, peaks count shared memory once for each process.
      if let together = entry.proportionalPeak {
        drawing += Markup.bar("together", from: 0, width: Double(together) / Double(most), top: 16, height: 6)
      }
      return Markup.row(
        entry.titleWithRound, Markup.strip(height: 22, label: "memory of \(entry.setup.title)", drawing),
        entry.peakMemory.map(Readable.bytes) ?? "–")
    }
    let legend = [
      ("coordinator", "coordinator, peak"), ("worker", "each worker, peak"), ("together", "together, shared once"),
    ]
    return Markup.section(
      "Memory",
      "Peaks of the processes side by side in the round beside the name, and below them the most that was seen of all "
        + "together.",
      Markup.legend(legend.map { (style: $0.0, name: $0.1) }) + rows.joined())
  }

  /// Peaks of the coordinator and the workers of the entry's round; empty when one of them is unknown.
  private func processes(_ entry: Comparison.Entry) -> [Int] {
    guard let index = comparison.entries.firstIndex(of: entry) else { return [] }
    let run = comparison.typicalRuns[index]
    let peaks = [run.coordinator.peakMemory] + run.workers.map(\.peakMemory)
    // A sum without one of them would look like a small contender.
    return peaks.contains(nil) ? [] : peaks.compactMap { $0 }
  }
}

extension LaneActivity.Kind {
  /// The class of the style sheet that draws it.
  var style: String {
    switch self {
    case .computing: "computing"
    case .takingTurns: "turns"
    case .waitingForInput: "input"
    case .writing: "writing"
    case .transferring: "transfer"
    case .waitingForWork: "idle"
    }
  }
}

extension Comparison.Entry {
  /// Such as `threads ×2, round 3`: for charts that show one round.
  var titleWithRound: String { "\(setup.title), round \(round)" }
}
