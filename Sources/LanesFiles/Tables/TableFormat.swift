import LanesCore

/// How the lines of a table hold their values.
package enum TableFormat: Sendable, Equatable {
  /// Fields with a byte between them. Quotation marks may stand around a field, but not around a newline.
  case lines(delimiter: UInt8)
  /// The same by RFC 4180: fields in quotation marks may hold newlines.
  case records(delimiter: UInt8)
  /// One JSON text a line, with the number and the key at two paths.
  case jsonLines(column: JSONPath, by: JSONPath?)

  /// The byte between two columns; nil where there are none.
  package var delimiter: UInt8? {
    switch self {
    case .lines(let delimiter), .records(let delimiter): delimiter
    case .jsonLines: nil
    }
  }

  /// True where a line may belong to a record that has begun in an earlier slice.
  var crossesLines: Bool { if case .records = self { true } else { false } }
}

extension TableFormat {
  func write(to writer: inout WireWriter) {
    switch self {
    case .lines(let delimiter):
      writer.write(UInt8(0))
      writer.write(delimiter)
    case .records(let delimiter):
      writer.write(UInt8(1))
      writer.write(delimiter)
    case .jsonLines(let column, let by):
      writer.write(UInt8(2))
      writer.write(column.text)
      writer.write(by != nil)
      if let by { writer.write(by.text) }
    }
  }

  /// Reads what `write` wrote.
  init(from reader: inout WireReader) throws(WireError) {
    switch try reader.read(UInt8.self) {
    case 0: self = .lines(delimiter: try reader.read())
    case 1: self = .records(delimiter: try reader.read())
    case 2:
      guard let column = JSONPath(try reader.readString()) else { throw WireError("no path") }
      var by: JSONPath?
      if try reader.readBool() {
        by = JSONPath(try reader.readString())
        if by == nil { throw WireError("no path") }
      }
      self = .jsonLines(column: column, by: by)
    default: throw WireError("an unknown format of tables")
    }
  }
}
