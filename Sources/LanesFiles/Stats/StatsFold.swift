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
  /// Why there can be no result, so that the run ends: the values that percentiles need take more memory than they may.
  package private(set) var ending: Ending?
  private let statistics: [Statistic]
  private let keeping: ValueKeeping
  private let memory: Int
  private let format: TableFormat
  /// Records that reach from one slice of the file into the next, one for each table.
  private var joiners: [RecordJoiner] = []

  /// - Parameters:
  ///   - format: of the workload, and so is `keeping`.
  ///   - memory: bytes that single values may take.
  ///   - onFailure: called once for every file that fails, on the thread that runs the engine.
  package init(
    _ format: TableFormat, split: StatsSplit, keeping: ValueKeeping = .none, memory: Int = .max,
    onFailure: @escaping (FilePath?, UnitFailure) -> Void
  ) {
    statistics = Statistic.all(keeping)
    self.format = format
    self.keeping = keeping
    self.memory = memory
    total = []
    self.onFailure = onFailure
    total = makeTables(split == .data ? 1 : statistics.count)
  }

  /// Empty tables, one for all statistics or one for each.
  private func makeTables(_ count: Int) -> [StatsTable] {
    (0..<count).map { index in
      let keeps = count == 1 || statistics[index] == .percentiles
      return StatsTable(seed: seed, keeping: keeps ? keeping : .none)
    }
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
    current = makeTables(total.count)
    joiners = total.map { _ in RecordJoiner() }
    linesBefore = 0
    hasFailed = false
    fileCount += 1
  }

  /// Adds the partial result of one unit.
  private func take(_ task: StatsTask, _ bytes: Bytes) throws(UnitFailure) {
    guard !hasFailed else { return }
    var reader = WireReader(bytes)
    let index = task.statistic.flatMap { statistics.firstIndex(of: $0) } ?? 0
    guard index < current.count else { throw .unreadableResult }
    let lines: UInt64
    if case .records(let delimiter) = format {
      guard let count = try? reader.read(UInt64.self) else { throw .unreadableResult }
      lines = count
      try joiners[index].take(&reader, task, delimiter: delimiter, before: linesBefore, into: current[index])
    } else {
      guard let head = try? StatsPartial.readHead(&reader) else { throw .unreadableResult }
      if let bad = head.bad {
        throw UnitFailure(.rejected, "line \(linesBefore + bad.line + 1): \(bad.reason)")
      }
      lines = head.lines
      try current[index].merge(from: &reader)
    }
    // The units of a slice have the same lines, which count once.
    if task.endsSlice { linesBefore += lines }
    if task.isLast { try keep() }
    checkMemory()
  }

  /// Ends the run where single values take more memory than they may, also after they were put together.
  private func checkMemory() {
    guard keeping != .none, !isSpoilt else { return }
    func used() -> Int { (total + current).reduce(0) { $0 + $1.values.memory } }
    guard used() > memory else { return }
    isSpoilt = true
    ending = .halted(
      "the values that percentiles are made of take more than \(ByteCount.text(memory)); grant more with --memory"
        + (keeping == .exact ? ", or add --approximate" : ""))
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
          try whole.compact()
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
  ///   - percentiles: those that are wanted; none unless values were kept.
  package func summaries(
    isGrouped: Bool, decimals: Int? = nil, percentiles: [Percentile] = []
  ) -> [(key: Bytes, summary: Summary)] {
    guard isGrouped || total[0].count > 0 else {
      var none = Summary(Moments(), decimals: decimals)
      none.percentiles = percentiles.map { _ in nil }
      return [([], none)]
    }
    return total[0].sorted().map { key, moments in
      var summary = total.count > 1 ? assembled(key, decimals) : Summary(moments, decimals: decimals)
      if !percentiles.isEmpty { summary.percentiles = texts(percentiles, key, decimals) }
      return (key, summary)
    }
  }

  /// The percentiles of a group, nil for each where it has no number.
  private func texts(_ percentiles: [Percentile], _ key: Bytes, _ decimals: Int?) -> [String?] {
    let runs = total[total.count > 1 ? statistics.count - 1 : 0].values(of: key)
    guard !runs.isEmpty else { return percentiles.map { _ in nil } }
    let rounding = decimals.map(Rounding.init)
    guard keeping == .digest else { return ValueSelection(runs).values(percentiles).map { $0.text(rounding) } }
    return ValueDigest.estimates(percentiles, of: runs).map { estimate in
      let text = "\(estimate)"
      guard let rounding,
        let number = text.utf8.withContiguousStorageIfAvailable({ DecimalNumber(UnsafeRawBufferPointer($0)) })
      else { return text }
      return number?.text(rounding) ?? text
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
