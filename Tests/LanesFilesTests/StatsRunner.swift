import LanesCore
import LanesFiles
import SystemPackage

/// Runs tables through plan, perform and fold, on the calling thread or with the thread pool.
struct StatsRunner {
  var delimiter = UInt8(ascii: ";")
  var column = ColumnChoice.number(2)
  var by: ColumnChoice? = .number(1)
  var hasHeader = false
  var decimals: Int?
  /// How lines hold values; nil for fields with the delimiter between them.
  var format: TableFormat?
  var percentiles: [String] = []
  var isApproximate = false
  var memory = Int.max
  var split = StatsSplit.data
  /// Bytes of a slice; nil for files read whole.
  var sliceBytes: Int?
  var access = SliceAccess.mapped
  /// Limits kernels that run on the calling thread; nil for the best.
  var level: UInt32?
  /// Threads to work with; nil for the calling one.
  var lanes: Int?

  /// What came of it.
  struct Result: Equatable {
    /// Key, count, sum, least, greatest, mean, deviation, percentiles.
    var rows: [String] = []
    var failures: [String] = []
  }

  func run(_ paths: [String]) -> Result {
    var result = Result()
    let format = format ?? .lines(delimiter: delimiter)
    let keeping: ValueKeeping = percentiles.isEmpty ? .none : isApproximate ? .digest : .exact
    let fold = StatsFold(format, split: split, keeping: keeping, memory: memory) { name, failure in
      result.failures.append("\(name?.lastComponent?.string ?? "-"): \(failure.reason)")
    }
    let options = StatsPlan.Options(
      format: format, column: column, by: by, hasHeader: hasHeader, split: split, keeping: keeping)
    var settings = FilePlan.Settings(cut: .lines(.newline), access: access)
    if let sliceBytes {
      settings.sliceBytes = sliceBytes
      settings.wholeBytes = 0
    }
    let plan = StatsPlan(FilePlan(paths.map { .path(FilePath($0)) }, settings: settings), options)
    let limit = level.map { KernelLimit($0) }
    defer { limit?.lift() }
    let workload = StatsWorkload(format, keeping: keeping)
    if let lanes {
      do {
        try Lanes.run(workload, plan, fold, lanes: lanes)
      } catch {
        result.failures.append("\(error)")
      }
    } else {
      PlanRunner.run(plan, workload, fold)
    }
    if fold.isSpoilt {
      result.failures.append("no result")
      return result
    }
    let asked = percentiles.map { Percentile($0)! }
    result.rows = fold.summaries(isGrouped: by != nil, decimals: decimals, percentiles: asked).map { key, summary in
      func shown(_ value: Double?) -> String { value.map { "\($0)" } ?? "-" }
      let cells: [String] =
        [
          String(decoding: key, as: UTF8.self), "\(summary.count)", summary.sum, summary.least ?? "-",
          summary.greatest ?? "-", summary.roundedMean ?? shown(summary.mean),
          summary.roundedDeviation ?? shown(summary.deviation),
        ] + summary.percentiles.map { $0 ?? "-" }
      return cells.joined(separator: " ")
    }
    return result
  }

  /// Runs `text` as one file.
  func run(text: String) -> Result {
    let directory = TemporaryDirectory()
    return run([directory.write("table", Bytes(text.utf8))])
  }
}
