import LanesCore

/// How the work on a table is divided among lanes.
package enum StatsSplit: String, Sendable, CaseIterable {
  /// Each unit is some of the lines, for which it makes all statistics.
  case data
  /// Each unit is one statistic, which it makes for some of the lines; others make the others for the same lines.
  case tasks
}

/// A unit's own description: a slice of a file, and what to make of it. It travels as bytes, since a unit may be
/// performed in another process.
struct StatsTask: Equatable {
  /// Nil for all of them.
  var statistic: Statistic?
  /// The number's column, from 0.
  var column: Int32
  /// The key's column, or nil.
  var by: Int32?
  /// The first line of the slice is a header: true for the first slice of a file at most.
  var skipsHeader: Bool
  /// False where other units make further statistics of the same slice.
  var endsSlice = true
  var file: FileTask

  /// True for the last unit of the input.
  var isLast: Bool { file.isLast && endsSlice }

  init(statistic: Statistic?, column: Int32, by: Int32?, skipsHeader: Bool, file: FileTask) {
    self.statistic = statistic
    self.column = column
    self.by = by
    self.skipsHeader = skipsHeader
    self.file = file
  }

  var wire: Bytes {
    var writer = WireWriter()
    writer.write(optional: statistic?.rawValue)
    writer.write(column)
    writer.write(optional: by)
    writer.write(skipsHeader)
    writer.write(endsSlice)
    writer.write(file.wire)
    return writer.bytes
  }

  /// What `unit` is to make; throws for a unit that no plan of statistics made.
  init(of unit: Unit) throws(UnitFailure) {
    do throws(WireError) {
      try self.init(wire: unit.task)
    } catch {
      throw .noFileTask
    }
  }

  init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    if let raw = try reader.readOptional(UInt8.self) {
      guard let known = Statistic(rawValue: raw) else { throw WireError("an unknown statistic") }
      statistic = known
    } else {
      statistic = nil
    }
    column = try reader.read()
    by = try reader.readOptional(Int32.self)
    skipsHeader = try reader.readBool()
    endsSlice = try reader.readBool()
    file = try FileTask(wire: try reader.readBytes())
  }
}
