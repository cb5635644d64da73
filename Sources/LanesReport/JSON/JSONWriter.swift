/// Writes JSON (RFC 8259) on one line, members in the order they are given.
///
/// Control characters, the delete character included, are escaped, so that a line stays a line and a name cannot move a
/// terminal's cursor. Numbers that are not finite become null.
package struct JSONWriter {
  /// What was written so far.
  package private(set) var text = ""
  /// True after a value inside an object or array: another one must be set off from it.
  private var needsComma = false

  /// A writer that has written nothing; one value, object or array makes a document.
  package init() {}

  /// Writes an object whose members `members` writes.
  package mutating func object(_ members: (inout JSONWriter) -> Void) { enclose("{", "}", members) }

  /// Writes an array whose elements `elements` writes.
  package mutating func array(_ elements: (inout JSONWriter) -> Void) { enclose("[", "]", elements) }

  /// Writes a string, as an element or after `key`.
  package mutating func value(_ string: String) {
    startValue()
    text += JSONWriter.quoted(string)
  }

  /// Writes an integer in full, however large. Readers that keep numbers as doubles are exact up to 2^53 only
  /// (RFC 8259, section 6).
  package mutating func value(_ number: some FixedWidthInteger) {
    startValue()
    text += String(number)
  }

  /// Writes a number, or null when it is not finite, which JSON has no notation for. Swift writes the fewest digits
  /// that read back as the same double.
  package mutating func value(_ number: Double) {
    startValue()
    text += number.isFinite ? "\(number)" : "null"
  }

  /// Writes true or false.
  package mutating func value(_ flag: Bool) {
    startValue()
    text += flag ? "true" : "false"
  }

  /// Writes null.
  package mutating func null() { literal("null") }

  /// Writes `json`, which must be valid by itself.
  mutating func literal(_ json: String) {
    startValue()
    text += json
  }

  /// Starts a member; exactly one value, object or array follows.
  package mutating func key(_ name: String) {
    startValue()
    text += JSONWriter.quoted(name) + ":"
    needsComma = false
  }

  /// Sets off what comes next, a value or a key, from what came before it.
  private mutating func startValue() {
    if needsComma { text += "," }
    needsComma = true
  }

  /// Inside the brackets nothing came before; the brackets as a whole are one value of what surrounds them.
  private mutating func enclose(_ open: String, _ close: String, _ content: (inout JSONWriter) -> Void) {
    startValue()
    text += open
    needsComma = false
    content(&self)
    text += close
    needsComma = true
  }
}

extension JSONWriter {
  /// Writes a member with a string, or with null.
  package mutating func member(_ name: String, _ string: String?) {
    key(name)
    if let string { value(string) } else { null() }
  }

  /// Writes a member with an integer, or with null.
  package mutating func member(_ name: String, _ number: (some FixedWidthInteger)?) {
    key(name)
    if let number { value(number) } else { null() }
  }

  /// Writes a member with a number, or with null.
  package mutating func member(_ name: String, _ number: Double?) {
    key(name)
    if let number { value(number) } else { null() }
  }

  /// Writes a member with a number that is already in JSON's notation, such as one of more digits than a double has, or
  /// with null.
  package mutating func member(_ name: String, number text: String?) {
    key(name)
    if let text { literal(text) } else { null() }
  }

  /// Writes a member with true or false.
  package mutating func member(_ name: String, _ flag: Bool) {
    key(name)
    value(flag)
  }

  /// Writes a member with bytes that should be UTF-8 but need not be, such as a path. Where they are not, the text has
  /// U+FFFD in place of what is wrong, and a second member, the name followed by `_hex`, has the bytes themselves.
  package mutating func member(_ name: String, utf8 bytes: [UInt8]) {
    let string = String(decoding: bytes, as: UTF8.self)
    member(name, string)
    // Decoding replaced something exactly when the text's bytes differ from those given.
    guard !string.utf8.elementsEqual(bytes) else { return }
    let digits = Array("0123456789abcdef")
    member(name + "_hex", bytes.reduce(into: "") { $0 += "\(digits[Int($1 >> 4)])\(digits[Int($1 & 15)])" })
  }

  /// `string` between quotation marks, escaped. RFC 8259 (section 7) asks for that below U+0020 only; U+007F to U+009F
  /// are escaped as well, because terminals act on them. All else stays UTF-8, so no surrogate pairs are needed.
  package static func quoted(_ string: String) -> String {
    var result = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{0}"..<" ", "\u{7F}"..<"\u{A0}":
        result += "\\u" + String(scalar.value, radix: 16).leftPadded(to: 4, with: "0")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
