import LanesCore

/// Splits a line of a table into fields by RFC 4180: a field that begins with a quotation mark extends to the next one
/// that is not doubled, delimiters included. Unlike there, a field cannot hold newlines: slices end at any newline, and
/// whether one is inside quotation marks could only be told from the file's beginning.
enum FieldReader {
  private static let quote = UInt8(ascii: "\"")

  /// What is wrong with a line, as a clause that completes "line 7: …".
  struct Malformed: Error {
    let reason: String
  }

  /// The fields of `line`, without the carriage return that may end it.
  static func fields(_ line: UnsafeRawBufferPointer, delimiter: UInt8) throws(Malformed) -> [Bytes] {
    let end = line.last == UInt8(ascii: "\r") ? line.count - 1 : line.count
    var fields: [Bytes] = []
    var at = 0
    while true {
      var field = Bytes()
      if at < end && line[at] == quote {
        at += 1
        try readQuoted(line, &at, end, &field)
        guard at == end || line[at] == delimiter else {
          throw Malformed(reason: "text follows a closing quotation mark")
        }
      } else {
        while at < end && line[at] != delimiter {
          field.append(line[at])
          at += 1
        }
      }
      fields.append(field)
      // A delimiter at the end is followed by one more field, which is empty.
      guard at < end else { return fields }
      at += 1
    }
  }

  /// Reads up to the closing quotation mark and past it; two in a row stand for one.
  private static func readQuoted(
    _ line: UnsafeRawBufferPointer, _ at: inout Int, _ end: Int, _ field: inout Bytes
  ) throws(Malformed) {
    while at < end {
      if line[at] == quote {
        at += 1
        guard at < end && line[at] == quote else { return }
      }
      field.append(line[at])
      at += 1
    }
    throw Malformed(reason: "a quotation mark is not closed on the line (fields of several lines are not supported)")
  }
}
