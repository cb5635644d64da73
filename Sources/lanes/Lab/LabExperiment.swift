import ArgumentParser
import LanesCore
import LanesOS
import LanesReport

/// What `lanes lab` can measure about engines.
enum LabExperiment: String, CaseIterable {
  /// The cost of a unit that does nothing.
  case units
  /// Units that carry bytes, and what a unit must compute to be worth a lane of its own.
  case payloads
  /// Starting lanes.
  case startUp = "start-up"

  /// The names that stand for several.
  static let groups = ["engines": allCases]

  static func named(_ name: String) -> [LabExperiment]? {
    groups[name] ?? LabExperiment(rawValue: name).map { [$0] }
  }
}

/// One line of a result: cells for people, members for programs.
struct LabRow {
  let cells: [String]
  let members: (inout JSONWriter) -> Void
}

/// The result of one experiment.
struct LabResult {
  let experiment: LabExperiment
  let title: String
  let headings: [String]
  var rows: [LabRow] = []
  /// What the columns mean; sentences.
  let notes: [String]

  /// The lines for people: words to the left, figures to the right.
  var lines: [String] {
    let table = [headings] + rows.map(\.cells)
    let widths = headings.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    let lined = table.map { cells in
      cells.enumerated().map { column, cell in
        column == 0 || headings[column] == "engine"
          ? cell.rightPadded(to: widths[column]) : cell.leftPadded(to: widths[column])
      }.joined(separator: "  ")
    }
    return [title, ""] + lined.map { "  " + $0 } + [""] + notes
  }

  var jsonLines: [String] {
    rows.map { row in
      var json = JSONWriter()
      json.object {
        $0.member("experiment", experiment.rawValue)
        row.members(&$0)
      }
      return json.text
    }
  }
}
