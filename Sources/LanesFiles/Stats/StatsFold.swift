import LanesCore
import SystemPackage

/// Puts the groups of all slices and files together; a file counts when all of it could be read, and not at all
/// otherwise.
///
/// So each file has tables of its own, `current`, which are added to `total` when its last unit is in. The first file's
/// are taken as they are: for one large file, the usual case, nothing is copied. Sums are whole numbers, so the order
/// of adding does not matter; units come in order all the same, and with them the numbers of lines.
package final class StatsFold: Fold {
  private let onFailure: (FilePath?, UnitFailure) -> Void
  /// Of the tables' hashes. Keys come from workers without them, so it need not be that of the workload.
  private let seed = UInt64.random(in: 0 ... .max)
  /// One table, or one for each statistic.
  private var total: [StatsTable]
  /// Those of the file in hand.
  private var current: [StatsTable] = []
  /// The row of the file in hand; nil before the first.
  private var row: UInt32?
  /// Lines of the file in slices before the current one: bad lines are told by their number in the file.
  private var linesBefore: UInt64 = 0
  private var hasFailed = false

  package private(set) var fileCount = 0
  package private(set) var failedFiles = 0
  /// True where memory ran out between two files: there is no result then.
  package private(set) var isSpoilt = false

  /// - Parameter onFailure: called once for every file that fails, on the thread that runs the engine.
  package init(split: StatsSplit, onFailure: @escaping (FilePath?, UnitFailure) -> Void) {
    let seed = seed
    total = (0..<(split == .data ? 1 : Statistic.allCases.count)).map { _ in StatsTable(seed: seed) }
    self.onFailure = onFailure
  }

  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    let task: StatsTask
    do throws(UnitFailure) {
      task = try StatsTask(of: unit)
    } catch {
      // No file has this row, so the unit counts as a file of its own that failed.
      begin(.max)
      return fail(.stranger(unit), error)
    }
    if row != task.file.row { begin(task.file.row) }
    switch outcome {
    case .failed(let failure): fail(task.file, failure)
    case .done(let bytes):
      do throws(UnitFailure) {
        try take(task, bytes)
      } catch {
        fail(task.file, error)
      }
    }
  }

  /// Forgets the file before, which was kept or failed.
  private func begin(_ row: UInt32) {
    self.row = row
    current = total.map { _ in StatsTable(seed: seed) }
    linesBefore = 0
    hasFailed = false
    fileCount += 1
  }

  /// Adds the partial result of one unit.
  private func take(_ task: StatsTask, _ bytes: Bytes) throws(UnitFailure) {
    guard !hasFailed else { return }
    var reader = WireReader(bytes)
    guard let head = try? StatsPartial.readHead(&reader) else { throw .unreadableResult }
    if let bad = head.bad {
      throw UnitFailure(.rejected, "line \(linesBefore + bad.line + 1): \(bad.reason)")
    }
    try current[Int(task.statistic?.rawValue ?? 0)].merge(from: &reader)
    // The six units of a slice have the same lines, which count once.
    if task.statistic == nil || task.statistic == Statistic.allCases.last { linesBefore += head.lines }
    if task.isLast { try keep() }
  }

  /// Adds the file in hand to the others. Where there is no memory for both, the sums of some groups hold it and others
  /// do not, so that nothing can be told any more.
  private func keep() throws(UnitFailure) {
    if total[0].count == 0 {
      total = current
    } else {
      for (whole, part) in zip(total, current) {
        do throws(UnitFailure) {
          try whole.merge(part)
        } catch {
          isSpoilt = true
          throw error
        }
      }
    }
    current = []
  }

  /// A file fails once: later failures of its units are not told.
  private func fail(_ task: FileTask, _ failure: UnitFailure) {
    guard !hasFailed else { return }
    hasFailed = true
    current = []
    failedFiles += 1
    onFailure(task.name, failure)
  }

  /// The groups by key, in the order of bytes. To be asked once the run is over, and not where `isSpoilt`.
  ///
  /// - Parameters:
  ///   - isGrouped: false for the one group without a key, which exists even where there was no line.
  ///   - decimals: digits after the point of every number; nil for as many as it takes.
  package func summaries(isGrouped: Bool, decimals: Int? = nil) -> [(key: Bytes, summary: Summary)] {
    guard isGrouped || total[0].count > 0 else { return [([], Summary(Moments(), decimals: decimals))] }
    return total[0].sorted().map { key, moments in
      guard total.count > 1 else { return (key, Summary(moments, decimals: decimals)) }
      return (key, assembled(key, decimals))
    }
  }

  /// Takes each statistic from the table of its own.
  private func assembled(_ key: Bytes, _ decimals: Int?) -> Summary {
    func part(_ statistic: Statistic) -> Summary {
      Summary(total[Int(statistic.rawValue)].moments(of: key), decimals: decimals)
    }
    let (mean, deviation) = (part(.mean), part(.deviation))
    var summary = part(.count)
    summary.sum = part(.sum).sum
    summary.least = part(.least).least
    summary.greatest = part(.greatest).greatest
    (summary.mean, summary.roundedMean) = (mean.mean, mean.roundedMean)
    (summary.deviation, summary.roundedDeviation) = (deviation.deviation, deviation.roundedDeviation)
    return summary
  }
}
