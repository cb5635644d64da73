import LanesCore
import LanesOS

/// Lines that the kernel does not take, and those of other formats than its own.
extension StatsScan {
  /// The reader of the task's columns.
  static func reader(_ task: StatsTask, delimiter: UInt8) -> RecordReader {
    RecordReader(delimiter: delimiter, column: Int(task.column), by: task.by.map { Int($0) })
  }

  /// Takes the record in `bytes`, which is not an empty line. The key goes to `table`, not to a group of the kernel: the
  /// table merges both by key.
  func take(
    _ record: RecordReader.Record, _ reader: RecordReader, _ bytes: UnsafeRawBufferPointer
  ) throws(UnitFailure) {
    let number: DecimalNumber?
    do throws(RecordReader.Malformed) {
      number = try Self.number(record, reader, bytes)
    } catch {
      badLine = BadLine(line: lines, reason: error.reason)
      return
    }
    let key = reader.by == nil ? RecordReader.Field() : record.key
    if key.hasDoubled {
      try add(reader.text(key, bytes), number)
    } else {
      try add(UnsafeRawBufferPointer(rebasing: bytes[key.start..<key.end]), number)
    }
  }

  func add(_ key: Bytes, _ number: DecimalNumber?) throws(UnitFailure) {
    try key.span.bytes.withUnsafeBytes { (key) throws(UnitFailure) in try add(key, number) }
  }

  private func add(_ key: UnsafeRawBufferPointer, _ number: DecimalNumber?) throws(UnitFailure) {
    let group = try table.add(key, number)
    if let recorder, let number { try recorder.add(number, to: group) }
  }

  /// The number of a record; nil where its field is empty.
  static func number(
    _ record: RecordReader.Record, _ reader: RecordReader, _ bytes: UnsafeRawBufferPointer
  ) throws(RecordReader.Malformed) -> DecimalNumber? {
    let needed = max(reader.column, reader.by ?? 0) + 1
    guard record.fields >= needed else {
      throw .init(
        reason: "it has \(record.fields) column\(record.fields == 1 ? "" : "s"), and column \(needed) is asked for")
    }
    let field = UnsafeRawBufferPointer(rebasing: bytes[record.number.start..<record.number.end])
    if let number = DecimalNumber(field) { return number }
    guard field.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else {
      throw .init(reason: "\(shown(reader.text(record.number, bytes))) is not a number")
    }
    return nil
  }

  /// A field for a message, in quotation marks and not too long.
  static func shown(_ field: Bytes) -> String {
    let text = String(decoding: field.prefix(60), as: UTF8.self)
    let clean = String(
      text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : Character($0) })
    return "\"\(clean)\(field.count > 60 ? Glyphs.ellipsis : "")\""
  }

  // MARK: JSON lines

  /// Goes through lines that are JSON texts; empty ones are passed over.
  func runJSON(
    _ bytes: UnsafeRawBufferPointer, from start: Int, _ paths: JSONPaths, _ deadline: Deadline
  ) throws(UnitFailure) {
    var at = start
    var checkedAt = start
    while at < bytes.count, badLine == nil {
      let end = LineEnds.newline.first(in: UnsafeRawBufferPointer(rebasing: bytes[at...]).bytes).map { at + $0 }
      let line = UnsafeRawBufferPointer(rebasing: bytes[at..<(end ?? bytes.count)])
      if !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { try takeJSON(line, paths) }
      guard badLine == nil else { return }
      at = (end ?? bytes.count - 1) + 1
      addLines(end == nil ? 0 : 1)
      if at - checkedAt > 1 << 18 {
        checkedAt = at
        try deadline.check()
      }
    }
  }

  private func takeJSON(_ line: UnsafeRawBufferPointer, _ paths: JSONPaths) throws(UnitFailure) {
    let found: (key: Bytes, number: DecimalNumber?)
    do throws(JSONLine.Malformed) {
      let json = try JSONLine(line, paths)
      found = (try Self.key(json.second, paths, line), try Self.number(json.first, paths, line))
    } catch {
      badLine = BadLine(line: lines, reason: error.reason)
      return
    }
    try add(found.key, found.number)
  }

  private static func number(
    _ value: JSONLine.Value, _ paths: JSONPaths, _ line: UnsafeRawBufferPointer
  ) throws(JSONLine.Malformed) -> DecimalNumber? {
    let kind: String
    switch value {
    case .missing: return nil
    case .number(let range):
      if let number = DecimalNumber(UnsafeRawBufferPointer(rebasing: line[range])) { return number }
      throw .init(reason: "\(shown(Bytes(line[range]))) is beyond what can be added up")
    case .string: kind = "a string"
    case .bool: kind = "true or false"
    case .object: kind = "an object"
    case .array: kind = "an array"
    }
    throw .init(reason: "\(paths.column) is \(kind), not a number")
  }

  private static func key(
    _ value: JSONLine.Value, _ paths: JSONPaths, _ line: UnsafeRawBufferPointer
  ) throws(JSONLine.Malformed) -> Bytes {
    switch value {
    case .missing: return []
    case .number(let range): return Bytes(line[range])
    case .string(let range, let hasEscapes): return hasEscapes ? JSONLine.decoded(line[range]) : Bytes(line[range])
    case .bool(let value): return Bytes((value ? "true" : "false").utf8)
    case .object: throw .init(reason: "\(paths.by ?? "") is an object, by which lines cannot be grouped")
    case .array: throw .init(reason: "\(paths.by ?? "") is an array, by which lines cannot be grouped")
    }
  }
}
