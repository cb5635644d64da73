/// A JSON text taken apart, strictly as RFC 8259 has it; just enough to read what this program itself prints.
///
/// Numbers stay text: what is read here are names, words and flags, and a number that is not computed with needs no
/// type. Depth is not limited, since no stranger's text is read.
package indirect enum JSONValue: Equatable {
  case null
  case bool(Bool)
  /// A number as it was written.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Nil when `text` is not exactly one JSON value.
  package init?(_ text: String) {
    var reader = Reader(bytes: Array(text.utf8))
    // Anything but white space after the value is an error (RFC 8259, section 2).
    guard let value = reader.value(), reader.skipSpace() == nil else { return nil }
    self = value
  }

  /// The member `key` of an object.
  package subscript(key: String) -> JSONValue? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// Names of an object's members, in no particular order.
  package var keys: [String] { if case .object(let members) = self { Array(members.keys) } else { [] } }

  /// The items of an array; none of any other value.
  package var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }

  /// Goes through the text once; nil or false is an error, and nothing is read after it.
  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    /// The next byte that is not white space; nil at the end.
    mutating func skipSpace() -> UInt8? {
      // Exactly these four are white space (RFC 8259, section 2).
      while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
      return position < bytes.count ? bytes[position] : nil
    }

    /// Goes past `word` if it comes next.
    mutating func take(_ word: String) -> Bool {
      guard bytes[position...].starts(with: word.utf8) else { return false }
      position += word.utf8.count
      return true
    }

    /// A value with the white space before it.
    mutating func value() -> JSONValue? {
      guard let first = skipSpace() else { return nil }
      switch first {
      case UInt8(ascii: "{"): return object()
      case UInt8(ascii: "["): return array()
      case UInt8(ascii: "\""): return string().map { .string($0) }
      case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
      case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
      case UInt8(ascii: "n"): return take("null") ? .null : nil
      default: return number()
      }
    }

    /// Items between brackets, separated by commas; false on anything else.
    private mutating func list(until end: UInt8, _ item: (inout Reader) -> Bool) -> Bool {
      position += 1
      if skipSpace() == end {
        position += 1
        return true
      }
      while item(&self) {
        let next = skipSpace()
        position += 1
        if next == end { return true }
        // A comma must be followed by another item: `item` fails on a bracket (RFC 8259 allows no trailing comma).
        guard next == UInt8(ascii: ",") else { return false }
      }
      return false
    }

    private mutating func array() -> JSONValue? {
      var items: [JSONValue] = []
      let isWhole = list(until: UInt8(ascii: "]")) { reader in
        guard let item = reader.value() else { return false }
        items.append(item)
        return true
      }
      return isWhole ? .array(items) : nil
    }

    private mutating func object() -> JSONValue? {
      var members: [String: JSONValue] = [:]
      let isWhole = list(until: UInt8(ascii: "}")) { reader in
        guard reader.skipSpace() == UInt8(ascii: "\""), let key = reader.string(),
          reader.skipSpace() == UInt8(ascii: ":")
        else { return false }
        reader.position += 1
        guard let value = reader.value() else { return false }
        // A name that comes twice is a mistake in what wrote it, and would hide one of the values.
        return members.updateValue(value, forKey: key) == nil
      }
      return isWhole ? .object(members) : nil
    }

    /// A number by the grammar of RFC 8259, section 6, as text.
    private mutating func number() -> JSONValue? {
      let start = position
      skip("-")
      // A leading 0 stands alone; what follows it then fails as trailing text.
      guard skip("0") || digits() else { return nil }
      if skip("."), !digits() { return nil }
      if skip("e") || skip("E") {
        if !skip("+") { skip("-") }
        guard digits() else { return nil }
      }
      return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    /// Goes past `character` if it comes next.
    @discardableResult private mutating func skip(_ character: Unicode.Scalar) -> Bool {
      guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    /// Goes past decimal digits; false when there are none.
    private mutating func digits() -> Bool {
      let count = bytes[position...].prefix { (0x30...0x39).contains($0) }.count
      position += count
      return count > 0
    }

    /// The text of a string that begins at the quotation mark here; nil where it has no end or is not UTF-8.
    private mutating func string() -> String? {
      position += 1
      var text: [UInt8] = []
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
        // Control characters must be escaped (RFC 8259, section 7).
        case 0..<0x20: return nil
        case UInt8(ascii: "\\"):
          guard let unescaped = escape() else { return nil }
          text += unescaped
        default: text.append(byte)
        }
      }
      return nil
    }

    /// The bytes that an escape sequence stands for, read from after its backslash.
    private mutating func escape() -> [UInt8]? {
      guard position < bytes.count else { return nil }
      defer { position += 1 }
      switch bytes[position] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [bytes[position]]
      case UInt8(ascii: "b"): return [0x08]
      case UInt8(ascii: "f"): return [0x0C]
      case UInt8(ascii: "n"): return [0x0A]
      case UInt8(ascii: "r"): return [0x0D]
      case UInt8(ascii: "t"): return [0x09]
      case UInt8(ascii: "u"):
        let digits = bytes[(position + 1)...].prefix(4)
        // Halves of a surrogate pair are refused: the writer escapes control characters only.
        guard digits.count == 4, let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
          let scalar = Unicode.Scalar(code)
        else { return nil }
        position += 4
        return Array(String(Character(scalar)).utf8)
      default: return nil
      }
    }
  }
}
