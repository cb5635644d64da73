import LanesCore
import LanesOS
import LanesReport

/// What a unit costs that does nothing.
///
/// The median and half the distance between the quartiles are those of `compare`.
struct LabUnits {
  let bench: LabBench
  let rounds: Int
  /// Units of a batch, the same for each engine; nil for as many as take a while.
  let count: Int?

  func run() throws -> EngineResult {
    if let count { return try run(count) }
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

  /// Batches of one size and what memory they take, which must not grow with the size.
  private func run(_ count: Int) throws -> EngineResult {
    var samples = Array(repeating: [Double](), count: bench.setups.count)
    var peaks = Array(repeating: 0, count: bench.setups.count)
    for _ in 0..<rounds {
      for (index, setup) in bench.setups.enumerated() {
        let isPeakOwn = ProcessUsage.forgetPeak()
        let timing = try bench.time(setup, LabBatch(units: count))
        samples[index].append(timing.perUnit)
        if isPeakOwn { peaks[index] = max(peaks[index], timing.peakMemory ?? 0) }
      }
    }
    var result = EngineResult(
      experiment: .units, title: "\(Readable.count(count)) empty units under each engine",
      headings: ["engine", "a unit", "spread", "batch", "memory"], dispensable: ["spread"],
      notes: [
        "Median of \(rounds) rounds, engines in turn; a unit and a batch without start and end. Memory is the most",
        "that was in use at a time, of this process and its workers together.",
      ])
    for (index, setup) in bench.setups.enumerated() {
      result.rows.append(row(setup, count, Statistics(samples[index]), peak: peaks[index] > 0 ? peaks[index] : nil))
    }
    return result
  }

  private func row(_ setup: EngineSetup, _ count: Int, _ statistics: Statistics, peak: Int?) -> EngineRow {
    let batch = statistics.median * Double(count)
    return EngineRow(cells: [
      setup.title, Readable.duration(nanoseconds: Int64(statistics.median.rounded())), spread(statistics),
      Readable.duration(nanoseconds: Int64(batch.rounded())), peak.map(Readable.bytes) ?? Glyphs.dash,
    ]) {
      $0.member("engine", setup.name)
      $0.member("units", count)
      $0.member("unit_ns", statistics.median)
      $0.member("spread_ns", statistics.halfRange)
      $0.member("batch_ns", batch)
      $0.member("peak_memory_bytes", peak)
    }
  }

  private func spread(_ statistics: Statistics) -> String {
    statistics.halfRange.map { Glyphs.plusMinus + Readable.percent($0 / statistics.median) } ?? Glyphs.dash
  }

  private func row(_ setup: EngineSetup, _ statistics: Statistics) -> EngineRow {
    // A clock that shows nothing between two results must not divide by 0.
    let rate = 1e9 / max(statistics.median, 0.001)
    return EngineRow(cells: [
      setup.title, Readable.duration(nanoseconds: Int64(statistics.median.rounded())), spread(statistics),
      Readable.count(Int(rate)),
    ]) {
      $0.member("engine", setup.name)
      $0.member("unit_ns", statistics.median)
      $0.member("spread_ns", statistics.halfRange)
      $0.member("units_per_second", rate)
    }
  }
}
