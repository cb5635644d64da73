import LanesCore

/// One line of text per lane over the time of a run, drawn from what was recorded: where the lane computed, took turns
/// with others on a core, waited, or had nothing to do.
package struct Swimlanes {
  private struct Run {
    let title: String
    let record: RunRecord
  }

  private let runs: [Run]
  private let width: Int
  private let unicode: Bool
  /// Lanes of one run that are drawn; a picture is for the eye, and figures of all lanes stand elsewhere.
  private static let mostLanes = 8

  /// Pictures of `runs` on one scale of time, `width` columns wide; runs without timelines are left out.
  ///
  /// - Parameter titles: one for each run; those of the engines without it.
  package init(_ runs: [RunRecord], titles: [String]? = nil, width: Int) {
    let titled = zip(titles ?? runs.map(\.setup.title), runs).map { Run(title: $0, record: $1) }
    self.runs = titled.filter { !$0.record.timelines.isEmpty && $0.record.wall > 0 }
    self.width = width
    unicode = Glyphs.current == .unicode
  }

  /// Lines without their ends, the scale first and the legend last; none when there is nothing to draw.
  package func lines() -> [String] {
    // Fewer columns than these show nothing but noise.
    guard let longest = runs.map(\.record.wall).max(), room >= 10 else { return [] }
    let scale = "one line per lane; the full width is \(Readable.duration(nanoseconds: longest))"
    return [scale] + runs.flatMap { lines(of: $0, longest: longest) } + legend
  }

  /// Beside title and drawing a line has the lane's number, up to three digits, and a space on either side.
  private var titleWidth: Int { runs.map(\.title.count).max() ?? 0 }
  private var room: Int { width - titleWidth - 5 }

  private func lines(of run: Run, longest: Int64) -> [String] {
    let record = run.record
    // Length tells time on one scale for all runs: a quick contender has a short line.
    let columns = max(1, Int((Double(room) * Double(record.wall) / Double(longest)).rounded()))
    let shown = record.timelines.prefix(Self.mostLanes)
    var lines = shown.enumerated().map { number, timeline in
      let cells = timeline.activities(columns: columns, of: record.wall).map { symbol($0.shown) }.joined()
      // Only the first lane of a run carries its title.
      let name = number == 0 ? run.title : ""
      return (name.rightPadded(to: titleWidth) + String(number + 1).leftPadded(to: 4) + " " + cells)
    }
    if record.timelines.count > shown.count {
      let rest = Readable.counted(record.timelines.count - shown.count, "more lane")
      lines.append(String(repeating: " ", count: titleWidth + 5) + Glyphs.ellipsis + " " + rest)
    }
    return lines
  }

  /// The character of a kind; the ASCII ones are for locales without UTF-8.
  private func symbol(_ kind: LaneActivity.Kind) -> String {
    switch kind {
    case .computing: unicode ? "█" : "#"
    case .takingTurns: unicode ? "▞" : "/"
    case .waitingForInput: unicode ? "▒" : ":"
    case .writing: unicode ? "░" : "-"
    case .transferring: unicode ? "▬" : "="
    case .waitingForWork: unicode ? "·" : "."
    }
  }

  /// Names the kinds that occur, as many to a line as fit.
  private var legend: [String] {
    let entries = LaneActivity.Kind.allCases.filter(occurs).map { "\(symbol($0)) \($0.name)" }
    return entries.reduce(into: []) { lines, entry in
      if let last = lines.last, last.count + 3 + entry.count <= width {
        lines[lines.count - 1] = last + "   " + entry
      } else {
        lines.append(entry)
      }
    }
  }

  /// Whether a kind is drawn anywhere. Figures may hold traces of a kind that wins no column, and a legend that
  /// explains what is not there makes people look for it.
  private func occurs(_ kind: LaneActivity.Kind) -> Bool {
    guard let longest = runs.map(\.record.wall).max() else { return false }
    let drawn = runs.flatMap { lines(of: $0, longest: longest) }
    return drawn.contains { $0.dropFirst(titleWidth + 5).contains(symbol(kind)) }
  }
}
