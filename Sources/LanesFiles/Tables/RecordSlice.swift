import LanesCore

/// Goes through one slice of a table whose fields may hold newlines: whether it begins inside of such a field only the
/// slices before it can tell, so it is gone through both ways where both are possible.
///
/// Ahead of the first slice nothing is open. Any other may continue a record: then all up to that record's end is its head,
/// which goes along as it is. Hardly any table reads as one both ways: where text in quotation marks is taken for text
/// outside of them, a mark that seems to close a field is soon followed by something else than a delimiter, and that way ends
/// there. What a slice ends with inside of quotation marks is its tail. `RecordJoiner` chooses, and puts tails and heads
/// together.
enum RecordSlice {
  /// What going through a slice one way gives.
  struct Reading {
    /// Bytes that end a record of earlier slices.
    var head = Bytes()
    /// The head is all there is, and does not end the record.
    var isAllHead = false
    var badLine: StatsScan.BadLine?
    /// Bytes that begin a record of which more is in later slices, and where that begins, in lines of the slice from 0.
    var tail: Bytes?
    var tailLine: UInt64 = 0
  }

  /// The partial result of a slice: its newlines, then one or two readings, each with its table.
  static func wire(
    _ task: StatsTask, _ reader: RecordReader, _ bytes: UnsafeRawBufferPointer,
    makeScan: () throws(UnitFailure) -> StatsScan, _ deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    var writer = WireWriter()
    let outside = try makeScan()
    try outside.runRecords(bytes, from: 0, reader, deadline)
    writer.write(LineEnds.newlines(in: bytes))
    try write(Reading(), outside, to: &writer, task.statistic)
    guard task.file.slice > 0 else {
      writer.write(UInt8(Continuation.impossible.rawValue))
      writer.write("")
      return writer.bytes
    }
    var reading = Reading()
    let end: RecordReader.Record?
    do throws(RecordReader.Malformed) {
      end = try reader.end(bytes)
      if (end?.end ?? bytes.count) > RecordReader.longest { throw RecordReader.tooLong }
    } catch {
      writer.write(UInt8(Continuation.impossible.rawValue))
      writer.write(error.reason)
      return writer.bytes
    }
    writer.write(UInt8(Continuation.possible.rawValue))
    let inside = try makeScan()
    if let end {
      reading.head = Bytes(bytes[..<end.end])
      inside.addLines(end.newlines)
      try inside.runRecords(bytes, from: end.end, reader, deadline)
    } else {
      reading.head = Bytes(bytes)
      reading.isAllHead = true
    }
    try write(reading, inside, to: &writer, task.statistic)
    return writer.bytes
  }

  /// Whether a slice may continue a record.
  enum Continuation: UInt8 {
    case impossible, possible
  }

  private static func write(
    _ reading: Reading, _ scan: StatsScan, to writer: inout WireWriter, _ statistic: Statistic?
  ) throws(UnitFailure) {
    try UnitFailure.checkMemory(scan.table.mostWireBytes)
    writer.write(reading.head)
    writer.write(reading.isAllHead)
    writer.write(scan.tail != nil)
    if let tail = scan.tail {
      writer.write(tail)
      writer.write(scan.lines)
    }
    writer.write(scan.badLine != nil)
    if let bad = scan.badLine {
      writer.write(bad.line)
      writer.write(bad.reason)
    }
    scan.table.write(to: &writer, for: statistic)
  }

  /// Reads all of a reading but its table, which follows.
  static func read(from reader: inout WireReader) throws(WireError) -> Reading {
    var reading = Reading()
    reading.head = try reader.readBytes()
    reading.isAllHead = try reader.readBool()
    if try reader.readBool() {
      reading.tail = try reader.readBytes()
      reading.tailLine = try reader.read()
    }
    if try reader.readBool() {
      let line: UInt64 = try reader.read()
      reading.badLine = StatsScan.BadLine(line: line, reason: try reader.readString())
    }
    return reading
  }
}

/// Puts the slices of one file together, of which records may reach from one into the next; for one table.
struct RecordJoiner {
  /// What is read of a record that the slices so far have not ended, and the line that it begins in, from 0.
  private var open: Open?

  private struct Open {
    var bytes: Bytes
    var line: UInt64
  }

  /// Adds what a slice gave to `table`. Throws where a line of the file is bad, with its number.
  ///
  /// - Parameters:
  ///   - reader: behind the slice's number of lines.
  ///   - before: lines of the file ahead of the slice.
  mutating func take(
    _ wire: inout WireReader, _ task: StatsTask, delimiter: UInt8, before: UInt64, into table: StatsTable
  ) throws(UnitFailure) {
    do {
      let outside = try RecordSlice.read(from: &wire)
      if open == nil {
        try finish(outside, before)
        try table.merge(from: &wire)
      } else {
        // A table that is not needed is read all the same, since what is needed stands behind it.
        try StatsTable(seed: 0, keeping: table.values.keeping).merge(from: &wire)
        let isPossible = try wire.read(UInt8.self) == RecordSlice.Continuation.possible.rawValue
        guard isPossible else { throw Self.bad(open!.line, try wire.readString()) }
        let inside = try RecordSlice.read(from: &wire)
        try close(inside, task, delimiter, table)
        try finish(inside, before)
        try table.merge(from: &wire)
      }
    } catch let failure as UnitFailure {
      throw failure
    } catch {
      throw .unreadableResult
    }
    if task.file.isLast, let open { throw Self.bad(open.line, "a quotation mark is not closed") }
  }

  private static func bad(_ line: UInt64, _ reason: String) -> UnitFailure {
    UnitFailure(.rejected, "line \(line + 1): \(reason)")
  }

  private mutating func finish(_ reading: RecordSlice.Reading, _ before: UInt64) throws(UnitFailure) {
    if let bad = reading.badLine { throw Self.bad(before + bad.line, bad.reason) }
    if let tail = reading.tail {
      open = Open(bytes: tail, line: before + reading.tailLine)
    }
  }

  /// Adds the head of a slice to the open record, and takes that where it is whole.
  private mutating func close(
    _ reading: RecordSlice.Reading, _ task: StatsTask, _ delimiter: UInt8, _ table: StatsTable
  ) throws(UnitFailure) {
    guard let begun = open else { return }
    let line = begun.line
    let bytes = begun.bytes + reading.head
    guard bytes.count <= RecordReader.longest else { throw Self.bad(line, RecordReader.tooLong.reason) }
    open?.bytes = bytes
    if reading.isAllHead { return }
    open = nil
    try bytes.span.bytes.withUnsafeBytes { (raw) throws(UnitFailure) in
      let reader = StatsScan.reader(task, delimiter: delimiter)
      let (key, number): (Bytes, DecimalNumber?)
      do throws(RecordReader.Malformed) {
        // The head ends the record, as it was found to do.
        guard let record = try reader.record(raw, from: 0) else { return }
        number = try StatsScan.number(record, reader, raw)
        key = reader.by == nil ? [] : reader.text(record.key, raw)
      } catch {
        throw Self.bad(line, error.reason)
      }
      try table.addRecorded(key, number)
    }
  }
}
