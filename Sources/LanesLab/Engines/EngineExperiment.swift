import LanesCore
import LanesEngines
import LanesReport

/// What `lanes lab` can measure about engines.
package enum EngineExperiment: String, CaseIterable, Sendable {
  /// The cost of a unit that does nothing.
  case units
  /// Units that carry bytes, and what a unit must compute to be worth a lane of its own.
  case payloads
  /// Starting lanes.
  case startUp = "start-up"

  /// The names that stand for several.
  package static let groups = ["engines": allCases]

  package static func named(_ name: String) -> [EngineExperiment]? {
    groups[name] ?? EngineExperiment(rawValue: name).map { [$0] }
  }

  /// Measures. Blocks; main thread only.
  ///
  /// - Parameters:
  ///   - lanes: of engines that have several; starting measures one to eight whatever this says.
  ///   - worker: how a worker process of this program is started.
  ///   - count: empty units of each batch; nil lets each engine have as many as take a while.
  /// - Throws: `EngineError` when an engine cannot run, `LabBench.Failure` when a batch fails.
  package func run(lanes: Int, rounds: Int, worker: WorkerCommand, count: Int? = nil) throws -> EngineResult {
    let bench = LabBench(lanes: lanes, worker: worker)
    return switch self {
    case .units: try LabUnits(bench: bench, rounds: rounds, count: count).run()
    case .payloads: try LabPayloads(bench: bench, rounds: rounds).run()
    case .startUp: try LabStartUp(worker: worker, rounds: rounds).run()
    }
  }
}

/// One line of a result: cells for people, members for programs.
struct EngineRow {
  let cells: [String]
  let members: (inout JSONWriter) -> Void
}

/// The result of one experiment.
package struct EngineResult {
  let experiment: EngineExperiment
  let title: String
  let headings: [String]
  /// Headings of columns that a narrow terminal does without, the first one first.
  var dispensable: [String] = []
  var rows: [EngineRow] = []
  /// What the columns mean; sentences.
  let notes: [String]

  /// The lines for people, at most `width` columns wide as far as the columns that matter allow: words to the left,
  /// figures to the right.
  package func lines(width: Int) -> [String] {
    let table = [headings] + rows.map(\.cells)
    let widths = headings.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    var shown = Array(headings.indices)
    for heading in dispensable where shown.reduce(0, { $0 + 2 + widths[$1] }) > width {
      shown.removeAll { headings[$0] == heading }
    }
    let lined = table.map { cells in
      shown.map { column in
        column == 0 || headings[column] == "engine"
          ? cells[column].rightPadded(to: widths[column]) : cells[column].leftPadded(to: widths[column])
      }.joined(separator: "  ")
    }
    return ComparisonText.wrap(title, width: width) + [""] + lined.map { "  " + $0 } + [""]
      + ComparisonText.wrap(notes.joined(separator: " "), width: min(width, 100))
  }

  package var jsonLines: [String] {
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
