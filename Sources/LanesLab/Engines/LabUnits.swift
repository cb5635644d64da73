import LanesCore
import LanesReport

/// What a unit costs that does nothing.
///
/// The median and half the distance between the quartiles are those of `compare`.
struct LabUnits {
  let bench: LabBench
  let rounds: Int

  func run() throws -> EngineResult {
    // As many units for each engine as take about the same time, so that all are measured equally well.
    let counts = try bench.setups.map { try bench.fittingCount($0, payload: []) }
    var samples = Array(repeating: [Double](), count: counts.count)
    // In turn, round after round, for the reason that `compare` does so.
    for _ in 0..<rounds {
      for (index, setup) in bench.setups.enumerated() {
        samples[index].append(try bench.time(setup, LabBatch(units: counts[index])).perUnit)
      }
    }
    var result = EngineResult(
      experiment: .units, title: "Empty units: what handing over one unit costs",
      headings: ["engine", "a unit", "spread", "units/s"], dispensable: ["units/s", "spread"],
      notes: [
        "Median of \(rounds) rounds, engines in turn, without start and end; spread is half the distance",
        "between the quartiles. Short units travel together: a single one to and from an idle lane takes a",
        "wake-up more.",
      ])
    for (setup, samples) in zip(bench.setups, samples) { result.rows.append(row(setup, Statistics(samples))) }
    return result
  }

  private func row(_ setup: EngineSetup, _ statistics: Statistics) -> EngineRow {
    // A clock that shows nothing between two results must not divide by 0.
    let rate = 1e9 / max(statistics.median, 0.001)
    let spread = statistics.halfRange.map { Glyphs.plusMinus + Readable.percent($0 / statistics.median) } ?? Glyphs.dash
    return EngineRow(cells: [
      setup.title, Readable.duration(nanoseconds: Int64(statistics.median.rounded())), spread,
      Readable.count(Int(rate)),
    ]) {
      $0.member("engine", setup.name)
      $0.member("unit_ns", statistics.median)
      $0.member("spread_ns", statistics.halfRange)
      $0.member("units_per_second", rate)
    }
  }
}
