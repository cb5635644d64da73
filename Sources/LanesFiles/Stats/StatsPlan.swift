import LanesCore
import LanesOS
import SystemPackage

/// A column as the user asked for it.
package enum ColumnChoice: Sendable, Equatable {
  /// From 1.
  case number(Int)
  /// Of the header; a number where no column has that name.
  case named(String)
}

/// Makes units of a table from units of files: finds columns by name in each file's header, and makes one unit for each
/// statistic where lanes are to share the statistics.
///
/// Column names are looked up here and not by workers: only the first slice of a file has its header. A file whose
/// header lacks the column fails once, when its first slice is planned, and gives no further units.
package final class StatsPlan: UnitPlan {
  /// What the command line says of the table.
  package struct Options: Sendable {
    package var format: TableFormat
    package var column: ColumnChoice
    package var by: ColumnChoice?
    package var hasHeader: Bool
    package var split: StatsSplit
    package var keeping: ValueKeeping

    package init(
      format: TableFormat, column: ColumnChoice, by: ColumnChoice?, hasHeader: Bool, split: StatsSplit,
      keeping: ValueKeeping = .none
    ) {
      self.format = format
      self.column = column
      self.by = by
      self.hasHeader = hasHeader
      self.split = split
      self.keeping = keeping
    }
  }

  let files: FilePlan
  private let options: Options
  private var unitCount = 0
  /// Units made and not yet given away, the next one last.
  private var waiting: [Unit] = []
  /// The columns of the file in hand; nil when they could not be found.
  private var columns: (column: Int32, by: Int32?)?

  /// Bytes of a file that are looked at for its header; a longer one is cut.
  private static let longestHeader = 1 << 20

  package init(_ files: FilePlan, _ options: Options) {
    self.files = files
    self.options = options
  }

  package var totalUnits: Int? { nil }

  package func next() -> PlanStep {
    while true {
      if let unit = waiting.popLast() { return .unit(numbered(unit)) }
      switch files.next() {
      case .unit(let unit):
        do throws(UnitFailure) {
          waiting = try units(of: unit).reversed()
        } catch {
          return .failed(numbered(unit, try? task(of: unit)), error)
        }
      case .failed(let unit, let failure): return .failed(numbered(unit, try? task(of: unit)), failure)
      case .waiting(let descriptor): return .waiting(descriptor: descriptor)
      case .end: return .end
      }
    }
  }

  /// The task of a unit of a file, for all statistics.
  private func task(of unit: Unit) throws(UnitFailure) -> StatsTask {
    let file = try FileTask(of: unit)
    return StatsTask(
      statistic: nil, column: columns?.column ?? 0, by: columns?.by, skipsHeader: options.hasHeader && file.slice == 0,
      file: file)
  }

  /// Units are numbered anew: a unit of a file may become six or none.
  private func numbered(_ unit: Unit, _ task: StatsTask? = nil) -> Unit {
    defer { unitCount += 1 }
    var unit = unit
    unit.number = unitCount
    if let task { unit.task = task.wire }
    return unit
  }

  private func units(of unit: Unit) throws(UnitFailure) -> [Unit] {
    if try task(of: unit).file.slice == 0 { columns = try findColumns(unit) }
    // A file whose header was no good has told so once; nothing of it is counted.
    guard columns != nil else { return [] }
    let task = try task(of: unit)
    guard options.split == .tasks else { return [with(task, unit)] }
    let statistics = Statistic.all(options.keeping)
    return statistics.map { statistic in
      var task = task
      task.statistic = statistic
      task.endsSlice = statistic == statistics.last
      var part = with(task, unit)
      part.label += ", \(statistic)"
      return part
    }
  }

  private func with(_ task: StatsTask, _ unit: Unit) -> Unit {
    var unit = unit
    unit.task = task.wire
    return unit
  }

  /// Reads the header of a file, if there is one, and finds the columns in it.
  private func findColumns(_ unit: Unit) throws(UnitFailure) -> (column: Int32, by: Int32?) {
    columns = nil
    var header: [Bytes] = []
    if options.hasHeader { header = try readHeader(unit) }
    let by = try options.by.map { (choice) throws(UnitFailure) in try find(choice, header) }
    return (try find(options.column, header), by)
  }

  /// The column's index, from 0. A column by number is not looked for in the header: a line that lacks it is bad by
  /// itself.
  private func find(_ choice: ColumnChoice, _ header: [Bytes]) throws(UnitFailure) -> Int32 {
    switch choice {
    case .number(let number): return Int32(number - 1)
    case .named(let name):
      if let index = header.firstIndex(of: Bytes(name.utf8)) { return Int32(index) }
      if let number = Int32(name), number > 0 { return number - 1 }
      let names = header.prefix(20).map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
      throw UnitFailure(.rejected, "it has no column \"\(name)\"; its header has \(names.isEmpty ? "none" : names)")
    }
  }

  /// The fields of the first line, without a byte order mark.
  private func readHeader(_ unit: Unit) throws(UnitFailure) -> [Bytes] {
    var head = try head(of: unit.source)
    if let packing = try FileTask(of: unit).packing {
      let memory = files.settings.unpacking?.memory ?? 0
      head = Unpacker.head(of: head, packing, memory: memory, limit: Self.longestHeader)
    }
    let input = head.span.bytes
    // A field of the header may hold newlines where others may.
    let end =
      options.format.crossesLines ? input.byteCount : LineEnds.newline.first(in: input) ?? input.byteCount
    return try input.extracting(StatsScan.markBytes(input)..<end).withUnsafeBytes { (line) throws(UnitFailure) in
      do throws(RecordReader.Malformed) {
        return try RecordReader.fields(line, delimiter: options.format.delimiter ?? 0x2C)
      } catch {
        throw UnitFailure(.rejected, "line 1: \(error.reason)")
      }
    }
  }

  /// The first bytes of a source, as many as are looked at for a header. Blocks for the disk.
  private func head(of source: Source) throws(UnitFailure) -> Bytes {
    switch source {
    // Plans of text take one file at a time.
    case .none, .files: return []
    case .bytes(let bytes): return bytes
    case .file(let path), .head(let path, _): return try head(of: path)
    case .slice(let slice): return try head(of: slice.path, slice)
    }
  }

  /// Reads through a descriptor of its own. A slice's file must still be the one that was planned.
  private func head(of path: FilePath, _ slice: FileSlice? = nil) throws(UnitFailure) -> Bytes {
    let bytes: Bytes
    let status: FileStatus
    do throws(SystemError) {
      let file = try Descriptor.reading(path)
      status = try FileStatus(of: file.number)
      // Files of /proc say that they hold nothing.
      let size = status.size > 0 ? min(status.size, Self.longestHeader) : Self.longestHeader
      bytes = try Self.read(file.number, from: slice?.offset ?? 0, atMost: slice.map { min(size, $0.length) } ?? size)
    } catch {
      throw .unreadable(error)
    }
    try slice?.check(status.identity, size: status.size)
    return bytes
  }

  private static func read(_ fd: Int32, from offset: Int, atMost limit: Int) throws(SystemError) -> Bytes {
    var bytes = Bytes(repeating: 0, count: limit)
    var span = bytes.mutableSpan
    let count = try span.withUnsafeMutableBytes { (room) throws(SystemError) in
      try DescriptorIO.read(fd, at: offset, into: room)
    }
    bytes.removeLast(limit - count)
    return bytes
  }
}
