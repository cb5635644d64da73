import LanesCore

/// Reads records of a table by RFC 4180: a field that begins with a quotation mark extends to the next one that is not
/// doubled, delimiters and newlines included. A quotation mark inside of any other field stands for itself.
///
/// Nothing is copied: what is asked for are the places of two fields.
struct RecordReader {
  let delimiter: UInt8
  /// The number's column, from 0.
  let column: Int
  /// The key's column, or nil.
  let by: Int?

  /// What is wrong with a record, as a clause that completes "line 7: …".
  struct Malformed: Error {
    let reason: String
  }

  /// Where a field is, without quotation marks around it.
  struct Field {
    var start = 0
    var end = 0
    /// Quotation marks in it are doubled.
    var hasDoubled = false
  }

  /// One record.
  struct Record {
    /// Behind its newline, or the end of the bytes.
    var end = 0
    /// Newlines in it, its own included.
    var newlines: UInt64 = 0
    var fields = 0
    var number = Field()
    var key = Field()
    var isQuoted = false
    /// It has one field, and that is empty: an empty line.
    var isEmpty = false
  }

  /// Bytes that a record may have in which a quoted field holds newlines. What begins in one slice and ends in another
  /// travels to where it is put together, and a lone quotation mark would otherwise take in all that follows.
  static let longest = 1 << 20
  static let tooLong = Malformed(reason: "a quotation mark is not closed within 1 MiB")
  static let unclosedOnLine = Malformed(
    reason: "a quotation mark is not closed on the line; add --csv for fields of several lines")
  static let textFollows = Malformed(reason: "text follows a closing quotation mark")

  private static let quote = UInt8(ascii: "\"")

  /// The record that begins at `start`; nil where the bytes end within quotation marks.
  func record(_ bytes: UnsafeRawBufferPointer, from start: Int) throws(Malformed) -> Record? {
    var record = Record()
    return try read(bytes, start, &record) ? record : nil
  }

  /// The end of a record that has begun before, with bytes that are within quotation marks; nil where there is none.
  func end(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> Record? {
    var record = Record()
    var field = Field()
    guard var at = try quoted(bytes, 0, &field, &record) else { return nil }
    guard at < bytes.count, bytes[at] == delimiter else {
      at = lineEnd(bytes, at)
      record.newlines += at > 0 && bytes[at - 1] == 0x0A ? 1 : 0
      record.end = at
      return record
    }
    return try read(bytes, at + 1, &record) ? record : nil
  }

  /// Reads fields to the end of the record; false where the bytes end within quotation marks.
  private func read(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ record: inout Record
  ) throws(Malformed) -> Bool {
    let count = bytes.count
    var at = start
    while true {
      var field = Field(start: at, end: at)
      if at < count, bytes[at] == Self.quote {
        record.isQuoted = true
        guard let next = try quoted(bytes, at + 1, &field, &record) else { return false }
        at = next
      } else {
        while at < count, bytes[at] != delimiter, bytes[at] != 0x0A { at += 1 }
        field.end = at
        // A carriage return is part of the line's end.
        if at == count || bytes[at] == 0x0A, at > field.start, bytes[at - 1] == 0x0D { field.end -= 1 }
        record.isEmpty = record.fields == 0 && field.end == field.start
      }
      if record.fields == column { record.number = field }
      if record.fields == by { record.key = field }
      record.fields += 1
      if at < count, bytes[at] == delimiter {
        record.isEmpty = false
        at += 1
        continue
      }
      record.end = lineEnd(bytes, at)
      if record.end > 0, record.end > at, bytes[record.end - 1] == 0x0A { record.newlines += 1 }
      if record.newlines > 1, record.end - start > Self.longest { throw Self.tooLong }
      return true
    }
  }

  /// Reads from behind an opening quotation mark to what follows the closing one: a delimiter, the line's end or that of the
  /// bytes. Nil where it is not closed.
  private func quoted(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ field: inout Field, _ record: inout Record
  ) throws(Malformed) -> Int? {
    let count = bytes.count
    field.start = start
    var at = start
    while at < count {
      let byte = bytes[at]
      at += 1
      if byte == 0x0A { record.newlines += 1 }
      guard byte == Self.quote else { continue }
      if at < count, bytes[at] == Self.quote {
        field.hasDoubled = true
        at += 1
        continue
      }
      field.end = at - 1
      let isEnd =
        at == count || bytes[at] == delimiter || bytes[at] == 0x0A
        || bytes[at] == 0x0D && (at + 1 == count || bytes[at + 1] == 0x0A)
      guard isEnd else { throw Self.textFollows }
      return at
    }
    return nil
  }

  /// All fields of the first record.
  static func fields(_ bytes: UnsafeRawBufferPointer, delimiter: UInt8) throws(Malformed) -> [Bytes] {
    var fields: [Bytes] = []
    // A record is gone through once for each of its fields, which is done for headers alone.
    while true {
      let reader = RecordReader(delimiter: delimiter, column: fields.count, by: nil)
      guard let record = try reader.record(bytes, from: 0) else {
        throw Malformed(reason: "a quotation mark is not closed in the header")
      }
      fields.append(reader.text(record.number, bytes))
      if fields.count >= record.fields { return fields }
    }
  }

  /// Behind the line's end that begins at `at`, if one does.
  private func lineEnd(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int {
    var end = at
    if end < bytes.count, bytes[end] == 0x0D { end += 1 }
    return end < bytes.count && bytes[end] == 0x0A ? end + 1 : end
  }

  /// The bytes of a field, doubled quotation marks made single.
  func text(_ field: Field, _ bytes: UnsafeRawBufferPointer) -> Bytes {
    let text = bytes[field.start..<field.end]
    guard field.hasDoubled else { return Bytes(text) }
    var single = Bytes()
    var isSecond = false
    for byte in text {
      if byte == Self.quote, !isSecond {
        isSecond = true
        single.append(byte)
      } else if byte != Self.quote {
        isSecond = false
        single.append(byte)
      } else {
        isSecond = false
      }
    }
    return single
  }
}
