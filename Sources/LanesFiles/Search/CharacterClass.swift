import LanesCore

/// A bracket expression as `LinePattern` sees it.
struct CharacterClass {
  private(set) var isNegated = false
  /// What follows the opening bracket and its ^, the closing bracket included.
  private(set) var items = Bytes()
  /// True unless it is certain that the class does not match a newline.
  private(set) var mayHoldNewline = false

  /// Reads what follows the opening bracket; nil when the class holds something unknown.
  init?(_ cursor: inout LinePattern.Cursor) {
    if cursor.peek == UInt8(ascii: "^") {
      isNegated = true
      cursor.at += 1
    }
    // A bracket in front stands for itself.
    if cursor.peek == UInt8(ascii: "]") {
      items += Bytes("\\]".utf8)
      cursor.at += 1
    }
    /// The character before, where a range may begin; nil where none may.
    var last: UInt8?
    while let byte = cursor.next() {
      switch byte {
      case UInt8(ascii: "]"):
        items.append(byte)
        return
      case UInt8(ascii: "["):
        guard let isNamed = readNamed(&cursor) else { return nil }
        // A named class cannot begin a range.
        last = isNamed ? nil : byte
      // A hyphen in front, at the end or after a set stands for itself, and is read below.
      case UInt8(ascii: "-") where last != nil && cursor.peek != UInt8(ascii: "]"):
        items.append(byte)
        guard let upper = readCharacter(&cursor) else { return nil }
        // A range from below a newline to above holds it.
        if last! <= 0x0A && upper >= 0x0A { mayHoldNewline = true }
        last = nil
      default:
        cursor.at -= 1
        if byte == UInt8(ascii: "\\"), let isKnown = readSet(&cursor) {
          guard isKnown else { return nil }
          last = nil
        } else {
          guard let character = readCharacter(&cursor) else { return nil }
          if character == 0x0A { mayHoldNewline = true }
          last = character
        }
      }
    }
    return nil
  }

  /// Reads `:alpha:]` and its like after a bracket; false when the bracket stands for itself, nil when it is unknown.
  private mutating func readNamed(_ cursor: inout LinePattern.Cursor) -> Bool? {
    guard let kind = cursor.peek, [UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "=")].contains(kind) else {
      items.append(UInt8(ascii: "["))
      return false
    }
    let name = cursor.bytes[(cursor.at + 1)...].prefix { $0 != UInt8(ascii: ":") }
    let text = Bytes("[:".utf8) + name + Bytes(":]".utf8)
    guard kind == UInt8(ascii: ":"), cursor.bytes[(cursor.at - 1)...].starts(with: text) else { return nil }
    // `space` and `cntrl` hold a newline; a negated or unknown name may.
    let harmless = ["alpha", "digit", "alnum", "upper", "lower", "punct", "xdigit", "word", "blank", "graph", "print"]
    if !harmless.contains(String(decoding: name, as: UTF8.self)) { mayHoldNewline = true }
    items += text
    cursor.at += text.count - 1
    return true
  }

  /// Reads `\d` and its like; nil when another escape is there, false when it is unknown.
  private mutating func readSet(_ cursor: inout LinePattern.Cursor) -> Bool? {
    guard cursor.at + 1 < cursor.bytes.count else { return false }
    let letter = cursor.bytes[cursor.at + 1]
    switch letter {
    case UInt8(ascii: "d"), UInt8(ascii: "w"), UInt8(ascii: "S"), UInt8(ascii: "h"), UInt8(ascii: "V"): break
    case UInt8(ascii: "D"), UInt8(ascii: "W"), UInt8(ascii: "s"), UInt8(ascii: "H"), UInt8(ascii: "v"):
      mayHoldNewline = true
    default: return nil
    }
    items += [UInt8(ascii: "\\"), letter]
    cursor.at += 2
    return true
  }

  /// Reads one character, escaped or not; nil when it is not known which.
  private mutating func readCharacter(_ cursor: inout LinePattern.Cursor) -> UInt8? {
    guard let byte = cursor.next() else { return nil }
    items.append(byte)
    // A bracket here might begin a named class.
    guard byte == UInt8(ascii: "\\") else { return byte == UInt8(ascii: "[") ? nil : byte }
    guard let letter = cursor.next() else { return nil }
    items.append(letter)
    switch letter {
    case UInt8(ascii: "n"): return 0x0A
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "r"): return 0x0D
    case UInt8(ascii: "f"): return 0x0C
    case UInt8(ascii: "a"): return 0x07
    // In a class it is a backspace; outside of one the edge of a word.
    case UInt8(ascii: "b"): return 0x08
    case UInt8(ascii: "e"): return 0x1B
    case UInt8(ascii: "x"): return readHexadecimal(&cursor)
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: return nil
    default: return letter
    }
  }

  /// Reads the two digits after `\x`; nil for other forms.
  private mutating func readHexadecimal(_ cursor: inout LinePattern.Cursor) -> UInt8? {
    let digits = cursor.bytes[min(cursor.at, cursor.bytes.count)...].prefix(2)
    guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
    items += digits
    cursor.at += 2
    return value
  }
}
