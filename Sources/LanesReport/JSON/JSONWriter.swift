/// Writes JSON (RFC 8259) on one line, members in the order they are given.
///
/// Control characters, the delete character included, are escaped, so that a line stays a line and a name cannot move a
/// terminal's cursor. Numbers that are not finite become null.
package struct JSONWriter {
  /// What was written so far.
  package private(set) var text = ""
  private var needsComma = false

  /// A writer that has written nothing; one value, object or array makes a document.
  package init() {}

  /// Writes an object whose members `members` writes.
  package mutating func object(_ members: (inout JSONWriter) -> Void) { enclose("{", "}", members) }

  /// Writes an array whose elements `elements` writes.
  package mutating func array(_ elements: (inout JSONWriter) -> Void) { enclose("[", "]", elements) }

  /// Writes a string, as an element or behind `key`.
  package mutating func value(_ string: String) {
    startValue()
    text += JSONWriter.quoted(string)
  }

  /// Writes an integer in full, however large.
  package mutating func value(_ number: some FixedWidthInteger) {
    startValue()
    text += String(number)
  }

  /// Writes a number, or null when it is not finite.
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

  private mutating func startValue() {
    if needsComma { text += "," }
    needsComma = true
  }

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

  /// Bytes that should be UTF-8 but need not be, such as a path. Where they are not, the text carries U+FFFD in place
  /// of what is wrong and a second member, the name with `_hex` behind it, the bytes themselves.
  package mutating func member(_ name: String, utf8 bytes: [UInt8]) {
    let string = String(decoding: bytes, as: UTF8.self)
    member(name, string)
    guard !string.utf8.elementsEqual(bytes) else { return }
    let digits = Array("0123456789abcdef")
    member(name + "_hex", bytes.reduce(into: "") { $0 += "\(digits[Int($1 >> 4)])\(digits[Int($1 & 15)])" })
  }

  /// `string` between quotation marks, escaped.
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
