import LanesCore
import LanesEngines
import LanesReport

/// What starting lanes costs.
///
/// Serial and the event loop have nothing to start.
struct LabStartUp {
  let worker: WorkerCommand
  let rounds: Int
  /// Up to eight on any machine: starting is the coordinator's work, whether or not there are cores.
  static let lanes = [1, 2, 4, 8]

  func run() throws -> EngineResult {
    let setups = Self.lanes.flatMap { lanes in
      EngineKind.allCases.filter(\.takesLanes).flatMap { $0.setups(lanes: [lanes]) }
    }
    var answered = Array(repeating: [Double](), count: setups.count)
    var ended = answered
    for _ in 0..<rounds {
      for (index, setup) in setups.enumerated() {
        // One unit a lane, so that the batch has its last answer when every lane has run.
        let timing = try LabBench(lanes: setup.lanes, worker: worker).time(setup, LabBatch(units: setup.lanes))
        answered[index].append(Double(timing.answered))
        ended[index].append(Double(timing.ended))
      }
    }
    var result = EngineResult(
      experiment: .startUp, title: "Starting lanes: a batch with one empty unit for each",
      headings: ["engine", "last answer", "spread", "all gone"], dispensable: ["spread"],
      notes: [
        "From the start of the run to the last unit's result, and to the end of the last lane; median of",
        "\(rounds) rounds.",
      ])
    for (index, setup) in setups.enumerated() {
      result.rows.append(row(setup, Statistics(answered[index]), Statistics(ended[index])))
    }
    return result
  }

  private func row(_ setup: EngineSetup, _ answered: Statistics, _ ended: Statistics) -> EngineRow {
    EngineRow(cells: [
      setup.title, Readable.duration(nanoseconds: Int64(answered.median)),
      answered.halfRange.map { Glyphs.plusMinus + Readable.percent($0 / answered.median) } ?? Glyphs.dash,
      Readable.duration(nanoseconds: Int64(ended.median)),
    ]) {
      $0.member("engine", setup.name)
      $0.member("answered_ns", answered.median)
      $0.member("spread_ns", answered.halfRange)
      $0.member("ended_ns", ended.median)
    }
  }
}
