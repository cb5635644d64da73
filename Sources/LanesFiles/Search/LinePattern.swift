import LanesCore

/// A regular expression read for what searching lines wants to know of it, and rewritten so that it cannot match a
/// newline.
///
/// A pattern is meant for one line. Searching many lines at once is faster, but then `[^a]`, `\s` or `\W` would match a
/// newline and reach into the next line. Here they become `[^a\n]` and so on, and `\A`, `\z` become `^`, `$`; with
/// newlines out of reach, every other part means the same in one line and in many. What is not known well enough makes
/// the pattern unfit, and it is then matched line by line. Syntax: pcre2pattern(3).
struct LinePattern {
  /// The same pattern, which cannot match a newline.
  private(set) var rewritten = Bytes()
  /// False when the pattern must be matched line by line, as it was.
  private(set) var isFit = true
  /// The text that is the whole pattern.
  var literal: Bytes? { texts?.count == 1 ? run : nil }
  /// The texts of which the pattern is any: itself, or alternatives, in their order. Nil where it is anything else.
  var texts: [Bytes]? {
    isFit && isLiteral && !run.isEmpty && earlier.allSatisfy { !$0.isEmpty } ? earlier + [run] : nil
  }
  /// Texts of which every match holds one; empty where none are known.
  var oneOf: [Bytes] { texts ?? (required.isEmpty ? [] : [required]) }
  /// Text that is in every match, the longest such run; empty when none is known.
  var required: Bytes { isFit && isRequirable ? (run.count > best.count ? run : best) : [] }

  /// True while every piece is one known character, or parts alternatives of such.
  private var isLiteral = true
  /// Alternatives that are texts, before this one.
  private var earlier: [Bytes] = []
  /// False where alternatives stand outside of groups: no text need be in every match then.
  private var isRequirable = true
  /// Characters in a row at this place, and the longest such run before; outside of groups only.
  private var run = Bytes()
  private var best = Bytes()
  /// Groups that are open.
  private var depth = 0

  /// - Parameter pattern: well-formed.
  init(_ pattern: Bytes) {
    var cursor = Cursor(bytes: pattern)
    while isFit, let byte = cursor.next() {
      switch byte {
      case UInt8(ascii: "\\"): readEscape(&cursor)
      case UInt8(ascii: "["): readClass(&cursor)
      case UInt8(ascii: "("): readGroup(&cursor)
      case UInt8(ascii: ")"):
        depth -= 1
        put(")")
      case UInt8(ascii: "|"):
        if depth == 0 { isRequirable = false }
        if depth == 0, isLiteral { nextText() } else { put("|") }
      case UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "$"): put([byte])
      case 0x0A: isFit = false
      default: put(literal: byte, as: [byte])
      }
      if isFit { readQuantifier(&cursor) }
    }
  }

  /// The bytes of a pattern that are still to be read.
  struct Cursor {
    let bytes: Bytes
    var at = 0
    var peek: UInt8? { at < bytes.count ? bytes[at] : nil }
    func follows(_ text: StaticString, by distance: Int = 0) -> Bool {
      text.withUTF8Buffer { bytes[min(at + distance, bytes.count)...].starts(with: $0) }
    }
    /// Takes the next byte; nil at the end.
    mutating func next() -> UInt8? {
      defer { at += 1 }
      return peek
    }
  }

  // MARK: Pieces

  /// Something that is not one known character.
  private mutating func put(_ text: Bytes) {
    rewritten += text
    isLiteral = false
    endRun()
  }

  private mutating func put(_ text: String) { put(Bytes(text.utf8)) }

  /// One known character. Inside of a group it may be optional or one of several, so it is in no run.
  private mutating func put(literal byte: UInt8, as text: Bytes) {
    rewritten += text
    if depth == 0 { run.append(byte) } else { isLiteral = false }
  }

  /// An alternative that is a text has ended.
  private mutating func nextText() {
    rewritten.append(UInt8(ascii: "|"))
    earlier.append(run)
    run = []
  }

  private mutating func endRun() {
    if run.count > best.count { best = run }
    run = []
  }

  /// A quantifier takes the character before it out of the run, or ends the run after it.
  private mutating func readQuantifier(_ cursor: inout Cursor) {
    guard let byte = cursor.peek else { return }
    var count = 1
    var isOptional = true
    switch byte {
    case UInt8(ascii: "*"), UInt8(ascii: "?"): break
    case UInt8(ascii: "+"): isOptional = false
    case UInt8(ascii: "{"):
      // `{n}`, `{n,}` or `{n,m}`; anything else is text.
      let inner = cursor.bytes[(cursor.at + 1)...].prefix { $0 != UInt8(ascii: "}") }
      let digits = inner.prefix { (0x30...0x39).contains($0) }
      guard !digits.isEmpty, cursor.at + 1 + inner.count < cursor.bytes.count,
        inner.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ",") })
      else {
        // `{,n}` is a quantifier in some versions of PCRE2 and text in others.
        if inner.first == UInt8(ascii: ",") { isFit = false }
        return
      }
      count = inner.count + 2
      isOptional = digits.allSatisfy { $0 == 0x30 }
    default: return
    }
    // An optional character is not in every match. One that is repeated is, once, and ends the run.
    if isOptional, !run.isEmpty { run.removeLast() }
    put(Bytes(cursor.bytes[cursor.at..<cursor.at + count]))
    cursor.at += count
    if let suffix = cursor.peek, suffix == UInt8(ascii: "?") || suffix == UInt8(ascii: "+") {
      put([suffix])
      cursor.at += 1
    }
  }

  /// Reads what follows a backslash. Letters and digits that are not listed may mean anything, also in later versions.
  private mutating func readEscape(_ cursor: inout Cursor) {
    guard let letter = cursor.next() else {
      isFit = false
      return
    }
    switch letter {
    // None of these takes a newline in.
    case UInt8(ascii: "d"), UInt8(ascii: "w"), UInt8(ascii: "S"), UInt8(ascii: "V"), UInt8(ascii: "N"),
      UInt8(ascii: "h"), UInt8(ascii: "b"), UInt8(ascii: "B"):
      put([UInt8(ascii: "\\"), letter])
    case UInt8(ascii: "s"): put("[^\\S\\n]")
    case UInt8(ascii: "D"): put("[^\\d\\n]")
    case UInt8(ascii: "W"): put("[^\\w\\n]")
    case UInt8(ascii: "H"): put("[^\\h\\n]")
    // Of one line, beginning and end are those of the text.
    case UInt8(ascii: "A"): put("^")
    case UInt8(ascii: "z"), UInt8(ascii: "Z"): put("$")
    case UInt8(ascii: "1")...UInt8(ascii: "9"):
      // Two digits are a back-reference or an octal code, by the number of groups.
      guard !(0x30...0x39).contains(cursor.peek ?? 0) else {
        isFit = false
        return
      }
      put([UInt8(ascii: "\\"), letter])
    case UInt8(ascii: "Q"): readQuoted(&cursor)
    case UInt8(ascii: "E"): break
    case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "f"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      let codes: [UInt8: UInt8] = [0x61: 7, 0x65: 27, 0x66: 12, 0x72: 13, 0x74: 9]
      put(literal: codes[letter]!, as: [UInt8(ascii: "\\"), letter])
    case UInt8(ascii: "x"):
      let digits = cursor.bytes[min(cursor.at, cursor.bytes.count)...].prefix(2)
      guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), value != 0x0A
      else {
        isFit = false
        return
      }
      put(literal: value, as: Bytes("\\x".utf8) + digits)
      cursor.at += 2
    // Every other letter or digit has a meaning of its own, or may get one.
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: isFit = false
    default: put(literal: letter, as: [UInt8(ascii: "\\"), letter])
    }
  }

  /// Reads text up to `\E` or the end of the pattern.
  private mutating func readQuoted(_ cursor: inout Cursor) {
    while cursor.peek != nil, !cursor.follows("\\E") {
      let byte = cursor.next()!
      put(literal: byte, as: LinePattern.quoted([byte]))
    }
    cursor.at += 2
  }

  /// Beginnings of groups that are copied as they are.
  private static let openings: [StaticString] = [
    "?:", "?=", "?!", "?>", "?|", "?<=", "?<!",
  ]

  /// Reads the beginning of a group. Options, names, conditions and verbs make a pattern unfit.
  private mutating func readGroup(_ cursor: inout Cursor) {
    depth += 1
    guard cursor.follows("?") || cursor.follows("*") else { return put("(") }
    guard let opening = Self.openings.first(where: { cursor.follows($0) }) else {
      isFit = false
      return
    }
    put(Bytes("(".utf8) + opening.withUTF8Buffer { Bytes($0) })
    cursor.at += opening.utf8CodeUnitCount
  }

  /// Reads a class, and keeps newlines out of it.
  private mutating func readClass(_ cursor: inout Cursor) {
    guard let parsed = CharacterClass(&cursor) else {
      isFit = false
      return
    }
    if parsed.isNegated {
      put(Bytes("[^\\n".utf8) + parsed.items)
    } else {
      let text = Bytes("[".utf8) + parsed.items
      put(parsed.mayHoldNewline ? Bytes("(?:(?!\\n)".utf8) + text + Bytes(")".utf8) : text)
    }
  }

  /// `text` as a pattern that matches itself: a backslash takes the meaning from any ASCII character that is no letter
  /// or digit.
  static func quoted(_ text: Bytes) -> Bytes {
    text.flatMap { byte -> Bytes in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...: [byte]
      case 0: Bytes("\\x00".utf8)
      default: [UInt8(ascii: "\\"), byte]
      }
    }
  }
}
