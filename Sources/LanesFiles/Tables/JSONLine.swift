import LanesCore

/// Where a value is in a JSON text: names of members and numbers of elements, from the outside in.
///
/// Written with points between them, as in `a.b` and `a.0`; a point or a backslash that is part of a name has a backslash
/// before it.
package struct JSONPath: Sendable, Equatable {
  struct Step: Sendable, Equatable {
    /// The member's name.
    var name: Bytes
    /// The element's number, from 0, where the name is one.
    var index: Int?
  }

  /// As it was typed.
  package let text: String
  let steps: [Step]

  /// Nil for no name at all, and for a backslash before anything else than a point or a backslash.
  package init?(_ text: String) {
    guard !text.isEmpty else { return nil }
    self.text = text
    var steps: [Step] = []
    var name = Bytes()
    var isEscaped = false
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\") where !isEscaped:
        isEscaped = true
        continue
      case UInt8(ascii: ".") where !isEscaped:
        steps.append(Self.step(name))
        name = []
      case UInt8(ascii: "."), UInt8(ascii: "\\"): name.append(byte)
      default:
        if isEscaped { return nil }
        name.append(byte)
      }
      isEscaped = false
    }
    if isEscaped { return nil }
    steps.append(Self.step(name))
    self.steps = steps
  }

  private static func step(_ name: Bytes) -> Step {
    let isNumber = !name.isEmpty && name.count < 10 && name.allSatisfy { (0x30...0x39).contains($0) }
    return Step(name: name, index: isNumber ? Int(String(decoding: name, as: UTF8.self)) : nil)
  }
}

/// The number's path and the key's as one lane reads them for each member of each line.
///
/// Lanes that share arrays count references to them in the same words of memory, which go from core to core with every
/// member; pointers count none. With shared arrays two lanes took 0.71 s for what one did in 0.36 s; without counting, one
/// takes a fifth less processor time. Belongs to one thread.
final class JSONPaths {
  struct Step {
    let name: UnsafeRawBufferPointer
    /// The element's number, or −1.
    let index: Int
  }

  /// Of the number's path, and of the key's; valid as long as this object.
  let steps: (UnsafeBufferPointer<Step>, UnsafeBufferPointer<Step>?)
  /// The paths as they were typed, for errors.
  let column: String
  let by: String?

  init(_ column: JSONPath, _ by: JSONPath?) {
    steps = (Self.copy(column.steps), by.map { Self.copy($0.steps) })
    self.column = column.text
    self.by = by?.text
  }

  deinit {
    Self.free(steps.0)
    if let other = steps.1 { Self.free(other) }
  }

  private static func copy(_ steps: [JSONPath.Step]) -> UnsafeBufferPointer<Step> {
    let copies = UnsafeMutableBufferPointer<Step>.allocate(capacity: steps.count)
    for (place, step) in steps.enumerated() {
      let name = UnsafeMutableRawBufferPointer.allocate(byteCount: step.name.count, alignment: 1)
      name.copyBytes(from: step.name)
      copies.initializeElement(at: place, to: Step(name: UnsafeRawBufferPointer(name), index: step.index ?? -1))
    }
    return UnsafeBufferPointer(copies)
  }

  private static func free(_ steps: UnsafeBufferPointer<Step>) {
    for step in steps { step.name.deallocate() }
    steps.deallocate()
  }
}

/// Reads one JSON text (RFC 8259) and finds the values at two paths in it.
///
/// All of the text is checked. Of members with one name the last counts. Strings are bytes: whether they are UTF-8 is not
/// looked at.
struct JSONLine {
  /// What is at a path.
  enum Value: Equatable {
    /// Nothing, or null.
    case missing
    case number(Range<Int>)
    /// Without quotation marks, and whether there are escape sequences in it.
    case string(Range<Int>, hasEscapes: Bool)
    case bool(Bool)
    case object
    case array
  }

  /// What is wrong with a line, as a clause that completes "line 7: …".
  struct Malformed: Error {
    let reason: String
  }

  /// Objects and arrays inside of each other: reading takes room on the stack for each.
  static let deepest = 256

  private let text: UnsafeRawBufferPointer
  private let paths: (UnsafeBufferPointer<JSONPaths.Step>, UnsafeBufferPointer<JSONPaths.Step>?)
  private(set) var first = Value.missing
  private(set) var second = Value.missing
  private var at = 0

  /// Steps of each path that lead to the value in hand; −1 where it lies aside.
  private typealias Progress = (Int, Int)

  /// - Parameters:
  ///   - text: one value with blanks around it.
  ///   - paths: must live until the end of the call.
  init(_ text: UnsafeRawBufferPointer, _ paths: JSONPaths) throws(Malformed) {
    self.text = text
    self.paths = paths.steps
    skipBlanks()
    try readValue((0, paths.by == nil ? -1 : 0), depth: 0)
    skipBlanks()
    guard at == text.count else { throw malformed("more text follows the value") }
  }

  private func malformed(_ reason: String) -> Malformed { Malformed(reason: "\(reason) in column \(at + 1)") }

  private func expected(_ what: String) -> Malformed {
    Malformed(
      reason: at < text.count
        ? "it is no JSON: \(what) is missing in column \(at + 1)" : "it is no JSON: it ends where \(what) is missing")
  }

  private mutating func skipBlanks() {
    while at < text.count, text[at] == 0x20 || text[at] == 0x09 || text[at] == 0x0D { at += 1 }
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard at < text.count, text[at] == byte else { return false }
    at += 1
    return true
  }

  // MARK: Values

  private mutating func readValue(_ progress: Progress, depth: Int) throws(Malformed) {
    guard depth <= Self.deepest else { throw malformed("values are nested deeper than \(Self.deepest)") }
    let value: Value
    switch at < text.count ? text[at] : 0 {
    case UInt8(ascii: "{"):
      try readObject(progress, depth)
      value = .object
    case UInt8(ascii: "["):
      try readArray(progress, depth)
      value = .array
    case UInt8(ascii: "\""):
      let (range, hasEscapes) = try readString()
      value = .string(range, hasEscapes: hasEscapes)
    case UInt8(ascii: "t"):
      try readWord("true")
      value = .bool(true)
    case UInt8(ascii: "f"):
      try readWord("false")
      value = .bool(false)
    case UInt8(ascii: "n"):
      try readWord("null")
      value = .missing
    default: value = .number(try readNumber())
    }
    if progress.0 == paths.0.count { first = value }
    if let other = paths.1, progress.1 == other.count { second = value }
  }

  /// The progress of a value that a step leads to, if `isNext` says so of the step; what was found at the same place before
  /// is forgotten.
  private mutating func next(_ progress: Progress, _ isNext: (JSONPaths.Step) -> Bool) -> Progress {
    var next: Progress = (-1, -1)
    if progress.0 >= 0, progress.0 < paths.0.count, isNext(paths.0[progress.0]) {
      next.0 = progress.0 + 1
      first = .missing
    }
    if let other = paths.1, progress.1 >= 0, progress.1 < other.count, isNext(other[progress.1]) {
      next.1 = progress.1 + 1
      second = .missing
    }
    return next
  }

  private mutating func readObject(_ progress: Progress, _ depth: Int) throws(Malformed) {
    at += 1
    skipBlanks()
    if skip(UInt8(ascii: "}")) { return }
    while true {
      guard at < text.count, text[at] == UInt8(ascii: "\"") else { throw expected("a name in quotation marks") }
      let (range, hasEscapes) = try readString()
      skipBlanks()
      guard skip(UInt8(ascii: ":")) else { throw expected("a colon") }
      skipBlanks()
      let isAside = progress.0 < 0 && progress.1 < 0
      let name = text[range]
      let decoded = hasEscapes && !isAside ? Self.decoded(name) : nil
      let follows =
        isAside
        ? (-1, -1)
        : next(progress) { step in decoded.map { $0.elementsEqual(step.name) } ?? name.elementsEqual(step.name) }
      try readValue(follows, depth: depth + 1)
      skipBlanks()
      if skip(UInt8(ascii: "}")) { return }
      guard skip(UInt8(ascii: ",")) else { throw expected("a comma or }") }
      skipBlanks()
    }
  }

  private mutating func readArray(_ progress: Progress, _ depth: Int) throws(Malformed) {
    at += 1
    skipBlanks()
    if skip(UInt8(ascii: "]")) { return }
    var index = 0
    while true {
      let follows = progress.0 < 0 && progress.1 < 0 ? (-1, -1) : next(progress) { $0.index == index }
      try readValue(follows, depth: depth + 1)
      index += 1
      skipBlanks()
      if skip(UInt8(ascii: "]")) { return }
      guard skip(UInt8(ascii: ",")) else { throw expected("a comma or ]") }
      skipBlanks()
    }
  }

  /// Reads a string, whose place it gives without quotation marks.
  private mutating func readString() throws(Malformed) -> (Range<Int>, hasEscapes: Bool) {
    at += 1
    let start = at
    var hasEscapes = false
    while at < text.count {
      let byte = text[at]
      if byte == UInt8(ascii: "\"") {
        at += 1
        return (start..<at - 1, hasEscapes)
      }
      if byte < 0x20 { throw malformed("it is no JSON: a control character stands") }
      at += 1
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        try readEscape()
      }
    }
    throw expected("a closing quotation mark")
  }

  /// Reads what follows a backslash.
  private mutating func readEscape() throws(Malformed) {
    switch at < text.count ? text[at] : 0 {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: at += 1
    case UInt8(ascii: "u"):
      at += 1
      for _ in 0..<4 {
        guard at < text.count, Self.hexadecimal(text[at]) != nil else { throw expected("a hexadecimal digit") }
        at += 1
      }
    default: throw expected("what a backslash may stand before")
    }
  }

  private mutating func readWord(_ word: StaticString) throws(Malformed) {
    let count = word.utf8CodeUnitCount
    guard text.count - at >= count, word.withUTF8Buffer({ text[at..<at + count].elementsEqual($0) }) else {
      throw expected("a value")
    }
    at += count
  }

  private mutating func readNumber() throws(Malformed) -> Range<Int> {
    let start = at
    _ = skip(UInt8(ascii: "-"))
    // A number of several digits does not begin with 0.
    if !skip(UInt8(ascii: "0")), readDigits() == 0 { throw expected(at == start ? "a value" : "a digit") }
    if skip(UInt8(ascii: ".")), readDigits() == 0 { throw expected("a digit") }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
      if readDigits() == 0 { throw expected("a digit") }
    }
    return start..<at
  }

  private mutating func readDigits() -> Int {
    let start = at
    while at < text.count, text[at] >= 0x30, text[at] <= 0x39 { at += 1 }
    return at - start
  }

  // MARK: Strings

  private static func hexadecimal(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46: UInt32(byte - 0x41 + 10)
    case 0x61...0x66: UInt32(byte - 0x61 + 10)
    default: nil
    }
  }

  /// A string with its escape sequences, which are well-formed, replaced by what they stand for. Halves of surrogate pairs
  /// that stand alone become U+FFFD.
  static func decoded(_ string: Slice<UnsafeRawBufferPointer>) -> Bytes {
    var text = Bytes()
    var rest = string
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
        text.append(byte)
        continue
      }
      switch letter {
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"): appendUnicode(&rest, to: &text)
      default: text.append(letter)
      }
    }
    return text
  }

  private static func appendUnicode(_ rest: inout Slice<UnsafeRawBufferPointer>, to text: inout Bytes) {
    func unit(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt32 {
      digits.reduce(0) { $0 << 4 | (hexadecimal($1) ?? 0) }
    }
    var value = unit(rest.prefix(4))
    rest = rest.dropFirst(4)
    if (0xD800...0xDBFF).contains(value), rest.starts(with: "\\u".utf8) {
      let low = unit(rest.dropFirst(2).prefix(4))
      if (0xDC00...0xDFFF).contains(low) {
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        rest = rest.dropFirst(6)
      }
    }
    text += Bytes(String(UnicodeScalar(value) ?? "\u{FFFD}").utf8)
  }
}
