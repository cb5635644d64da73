import LanesCore

/// Puts the partial results of an input's slices together, where merging them needs nothing but their order.
final class RowCompactor<Partial: MergeablePartial>: Compactor {
  private var row: UInt32?
  private var merged = Partial()
  private let neutral: Bytes

  /// - Parameter neutral: reads as the neutral element of `merge`.
  init(neutral: Bytes = Partial().wire) { self.neutral = neutral }

  func begin(_ unit: Unit, _ partial: Bytes) throws(UnitFailure) -> Bool {
    guard let task = try? FileTask(of: unit), let first = try? Partial(wire: partial) else { return false }
    row = task.row
    merged = first
    return true
  }

  func append(_ unit: Unit, _ partial: Bytes) throws(UnitFailure) -> Bool {
    guard let task = try? FileTask(of: unit), task.row == row, let next = try? Partial(wire: partial) else {
      return false
    }
    try merged.merge(next)
    return true
  }

  func remainder(of partial: Bytes) -> Bytes { neutral }
  var partial: Bytes { merged.wire }
}

extension TopWorkload: CompactingWorkload {
  package func makeCompactor() -> any Compactor { RowCompactor<TopPartial>() }
}

extension HistogramWorkload: CompactingWorkload {
  package func makeCompactor() -> any Compactor { RowCompactor<HistogramPartial>(neutral: []) }
}

extension StatsWorkload: CompactingWorkload {
  package func makeCompactor() -> any Compactor { StatsCompactor(keeping, joins: !format.crossesLines) }
}

/// Puts tables of neighboring slices into one. Each unit keeps the number of its lines, by which later lines are told; bad
/// lines and single statistics stay as they are.
final class StatsCompactor: Compactor {
  private let seed = UInt64.random(in: 0 ... .max)
  private var row: UInt32?
  private var lines: UInt64 = 0
  private var table: StatsTable
  private let keeping: ValueKeeping

  private let joins: Bool

  /// - Parameter joins: false where slices depend on what is ahead of them, so that they stay as they are.
  init(_ keeping: ValueKeeping, joins: Bool = true) {
    self.keeping = keeping
    self.joins = joins
    table = StatsTable(seed: seed, keeping: keeping)
  }

  func begin(_ unit: Unit, _ partial: Bytes) throws(UnitFailure) -> Bool {
    table = StatsTable(seed: seed, keeping: keeping)
    row = nil
    return try take(unit, partial)
  }

  func append(_ unit: Unit, _ partial: Bytes) throws(UnitFailure) -> Bool {
    guard let task = try? StatsTask(of: unit), task.file.row == row else { return false }
    return try take(unit, partial)
  }

  private func take(_ unit: Unit, _ partial: Bytes) throws(UnitFailure) -> Bool {
    var reader = WireReader(partial)
    // What a digest is depends on which of them are put together, and that is the fold's business.
    guard joins, keeping != .digest, let task = try? StatsTask(of: unit), task.statistic == nil,
      let head = try? StatsPartial.readHead(&reader), head.bad == nil
    else { return false }
    try table.merge(from: &reader)
    row = task.file.row
    lines = head.lines
    return true
  }

  func remainder(of partial: Bytes) -> Bytes {
    var reader = WireReader(partial)
    let lines = (try? StatsPartial.readHead(&reader))?.lines ?? 0
    return wire(lines, StatsTable(seed: seed, keeping: keeping))
  }

  var partial: Bytes { wire(lines, table) }

  private func wire(_ lines: UInt64, _ table: StatsTable) -> Bytes {
    var writer = WireWriter()
    writer.write(lines)
    writer.write(false)
    table.write(to: &writer, for: nil)
    return writer.bytes
  }
}
