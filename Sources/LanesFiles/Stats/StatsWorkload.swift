import LanesCore
import LanesOS

/// Count, sum, least, greatest, mean and standard deviation of a column, for all lines or by the values of another
/// column.
package struct StatsWorkload: SeededWorkload {
  package static let name = "files.stats"
  package static let noun = UnitNoun.file
  /// How lines hold the values.
  let format: TableFormat
  /// Whether single values are kept, for percentiles.
  let keeping: ValueKeeping
  /// Of all hashes of the run; see `TopWorkload`.
  private let seed: UInt64

  /// - Parameter seed: of the run's hashes, on which no result depends.
  package init(_ format: TableFormat, keeping: ValueKeeping = .none, seed: UInt64 = .random(in: 0 ... .max)) {
    precondition(
      format.delimiter != 0x0A && format.delimiter != 0x22, "newlines and quotation marks have a meaning of their own")
    self.format = format
    self.keeping = keeping
    self.seed = seed
  }

  package init(from reader: inout WireReader) throws(WireError) {
    let format = try TableFormat(from: &reader)
    guard let keeping = ValueKeeping(rawValue: try reader.read()) else { throw WireError("unknown values") }
    self.init(format, keeping: keeping, seed: try reader.read())
  }

  package func describe(to writer: inout WireWriter) {
    identify(to: &writer)
    writer.write(seed)
  }

  package func seeded(by seed: UInt64) -> StatsWorkload {
    StatsWorkload(format, keeping: keeping, seed: seed)
  }

  /// Any seed gives the same results, so it is not part of the identity.
  package func identify(to writer: inout WireWriter) {
    format.write(to: &writer)
    writer.write(keeping.rawValue)
  }

  /// Goes through whole lines; the partial result is a `StatsPartial`.
  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    let task = try StatsTask(of: unit)
    guard case .records(let delimiter) = format else {
      return try StatsPieces(task, try makeScan(task)).perform(on: input, deadline)
    }
    return try input.withUnsafeBytes { (bytes) throws(UnitFailure) in
      try RecordSlice.wire(
        task, StatsScan.reader(task, delimiter: delimiter), bytes,
        makeScan: { () throws(UnitFailure) in try makeScan(task) }, deadline)
    }
  }

  package func pieces(of unit: Unit) throws(UnitFailure) -> (any PieceTaker)? {
    // A record may reach from one piece into the next.
    guard !format.crossesLines else { return nil }
    let task = try StatsTask(of: unit)
    return StatsPieces(task, try makeScan(task))
  }

  private func makeScan(_ task: StatsTask) throws(UnitFailure) -> StatsScan {
    // A task that makes one statistic of the lines keeps values where that is the percentiles.
    let keeps = task.statistic == nil || task.statistic == .percentiles
    return try StatsScan(task, format, keeping: keeps ? keeping : .none, seed: seed)
  }
}

/// Goes through one slice, of which it takes whole lines.
private final class StatsPieces: PieceTaker {
  private let task: StatsTask
  private let scan: StatsScan

  init(_ task: StatsTask, _ scan: StatsScan) {
    self.task = task
    self.scan = scan
  }

  func take(_ piece: RawSpan, isLast: Bool, _ deadline: Deadline) throws(UnitFailure) -> Int {
    let count = isLast ? piece.byteCount : LineEnds.newline.last(in: piece).map { $0 + 1 } ?? 0
    guard count > 0 || isLast else { return 0 }
    try piece.extracting(0..<count).withUnsafeBytes { (bytes) throws(UnitFailure) in
      try scan.run(bytes, isLast: isLast, deadline)
    }
    return count
  }

  func finish() throws(UnitFailure) -> Bytes { try StatsPartial.wire(of: scan, for: task.statistic) }
}

/// What performing a unit gives: how many lines it has, the first that is bad, and the groups.
/// Groups are left out where a line is bad: the file fails, and nothing of it counts.
enum StatsPartial {
  static func wire(of scan: StatsScan, for statistic: Statistic?) throws(UnitFailure) -> Bytes {
    // The writer's memory cannot be refused, so what it will take is checked beforehand.
    try UnitFailure.checkMemory(scan.table.mostWireBytes)
    var writer = WireWriter()
    writer.write(scan.lines)
    writer.write(scan.badLine != nil)
    if let bad = scan.badLine {
      writer.write(bad.line)
      writer.write(bad.reason)
    } else {
      scan.table.write(to: &writer, for: statistic)
    }
    return writer.bytes
  }

  /// Reads the part before the groups.
  static func readHead(_ reader: inout WireReader) throws(WireError) -> (lines: UInt64, bad: StatsScan.BadLine?) {
    let lines: UInt64 = try reader.read()
    guard try reader.readBool() else { return (lines, nil) }
    let line: UInt64 = try reader.read()
    return (lines, StatsScan.BadLine(line: line, reason: try reader.readString()))
  }
}
