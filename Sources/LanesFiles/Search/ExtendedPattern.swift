import LanesCore

/// A POSIX extended regular expression with GNU's additions, as `grep -E` reads it, written anew in PCRE2's syntax.
///
/// What the two read differently: a backslash stands for itself in brackets; `\<` and `\>` are ends of words and other
/// letters after a backslash stand for themselves, but for `\b`, `\B`, `\s`, `\S`, `\w`, `\W`; `a+?` repeats `a+` and
/// is not lazy; `{` is itself where no interval follows; `)` is itself where no group is open; `(?` and `(*` open a
/// group with a repetition of nothing. Grammar: regex(7), and "The Backslash Character and Special Expressions" of GNU
/// grep's manual.
struct ExtendedPattern {
  /// The pattern in PCRE2's syntax.
  private(set) var text = Bytes()

  private let pattern: Bytes
  /// Where reading stands in `pattern`.
  private var at = 0
  /// Where the last piece that can be repeated begins in `text`; nil where there is none.
  private var piece: Int?
  /// True when the piece can be repeated as it stands.
  private var isSimple = false
  /// Where open groups begin in `text` and in the pattern, and their numbers.
  private var open: [(start: Int, typedAt: Int, number: Int)] = []
  /// Groups that were opened.
  private var groups = 0
  /// Numbers of groups that are closed.
  private var closed: Set<Int> = []

  /// A repetition counts up to this in GNU's C library (RE_DUP_MAX).
  private static let mostRepetitions = 32_767

  init(_ pattern: Bytes) throws(SearchProgram.Malformed) {
    self.pattern = pattern
    while let byte = next() {
      switch byte {
      case UInt8(ascii: "\\"): try readEscape()
      case UInt8(ascii: "["): try readBrackets()
      case UInt8(ascii: "("): beginGroup()
      case UInt8(ascii: ")") where !open.isEmpty: endGroup()
      case UInt8(ascii: "|"):
        text.append(byte)
        piece = nil
      case UInt8(ascii: "."): put([byte], isSimple: true)
      case UInt8(ascii: "^"), UInt8(ascii: "$"): put([byte], isSimple: false)
      case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"): repeatPiece([byte])
      case UInt8(ascii: "{"):
        if let interval = try readInterval() { repeatPiece(interval) } else { put(literal: byte) }
      default: put(literal: byte)
      }
    }
    if let last = open.last { throw failure("a parenthesis is not closed", at: last.typedAt) }
  }

  private mutating func next() -> UInt8? {
    guard at < pattern.count else { return nil }
    defer { at += 1 }
    return pattern[at]
  }

  private func failure(_ reason: String, at offset: Int? = nil) -> SearchProgram.Malformed {
    SearchProgram.Malformed(pattern: pattern, offset: offset ?? at, reason: reason)
  }

  // MARK: Pieces

  /// Adds a piece that a repetition may follow.
  ///
  /// - Parameter isSimple: false where it must be grouped first.
  private mutating func put(_ written: Bytes, isSimple: Bool) {
    piece = text.count
    self.isSimple = isSimple
    text += written
  }

  private mutating func put(literal byte: UInt8) { put(LinePattern.quoted([byte]), isSimple: true) }

  /// Repeats the last piece; where there is none, the repetition is dropped.
  private mutating func repeatPiece(_ quantifier: Bytes) {
    guard let piece else { return }
    if !isSimple { text.replaceSubrange(piece..., with: SearchProgram.grouped(Bytes(text[piece...]))) }
    text += quantifier
    isSimple = false
  }

  /// Reads what follows an opening brace: an interval in PCRE2's words, or nil where the brace is only itself.
  private mutating func readInterval() throws(SearchProgram.Malformed) -> Bytes? {
    let inner = pattern[at...].prefix { $0 != UInt8(ascii: "}") }
    guard inner.endIndex < pattern.count else { return nil }
    let bounds = inner.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard !inner.isEmpty, bounds.count <= 2, bounds.joined().allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    let numbers = bounds.map { digits in
      // Held just above the limit, so that no number of digits overflows.
      digits.isEmpty ? nil : digits.reduce(0) { min($0 * 10 + Int($1 - 0x30), Self.mostRepetitions + 1) }
    }
    let least = numbers[0] ?? 0
    let most = numbers.count == 1 ? least : numbers[1]
    if let most, most < least { throw failure("an interval ends before it begins") }
    guard max(least, most ?? 0) <= Self.mostRepetitions else {
      throw failure("an interval goes beyond \(Self.mostRepetitions)")
    }
    at = inner.endIndex + 1
    // `{n}` becomes `{n,n}`, and `{,m}` begins at 0, as GNU has it.
    return Bytes("{\(least),\(most.map(String.init) ?? "")}".utf8)
  }

  /// A group is a capturing one, since a back-reference may name it.
  private mutating func beginGroup() {
    groups += 1
    open.append((text.count, at - 1, groups))
    text.append(UInt8(ascii: "("))
    piece = nil
  }

  /// A closed group is a piece that can be repeated as a whole.
  private mutating func endGroup() {
    let group = open.removeLast()
    text.append(UInt8(ascii: ")"))
    closed.insert(group.number)
    (piece, isSimple) = (group.start, true)
  }

  /// Reads what follows a backslash.
  private mutating func readEscape() throws(SearchProgram.Malformed) {
    guard let letter = next() else { throw failure("a backslash ends it") }
    switch letter {
    // An edge of a word, with the word after it, and with the word before it.
    case UInt8(ascii: "<"): put(Bytes("\\b(?=\\w)".utf8), isSimple: false)
    case UInt8(ascii: ">"): put(Bytes("\\b(?<=\\w)".utf8), isSimple: false)
    // Beginning and end of the text; a line is all the text there is.
    case UInt8(ascii: "`"): put(Bytes("^".utf8), isSimple: false)
    case UInt8(ascii: "'"): put(Bytes("$".utf8), isSimple: false)
    case UInt8(ascii: "b"), UInt8(ascii: "B"): put([UInt8(ascii: "\\"), letter], isSimple: false)
    case UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "s"), UInt8(ascii: "S"):
      put([UInt8(ascii: "\\"), letter], isSimple: true)
    case 0x31...0x39:
      let number = Int(letter - 0x30)
      guard closed.contains(number) else { throw failure("there is no group \(number) ahead of \\\(number)") }
      // In a group of its own, so that a digit that follows does not belong to the number.
      put(Bytes("(?:\\\(number))".utf8), isSimple: true)
    default: put(literal: letter)
    }
  }

  // MARK: Brackets

  /// The classes of POSIX, which PCRE2 has under the same names.
  private static let classes: Set<String> = [
    "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit",
  ]

  /// Reads a bracket expression after its opening bracket.
  private mutating func readBrackets() throws(SearchProgram.Malformed) {
    let start = at
    var written = Bytes("[".utf8)
    if at < pattern.count, pattern[at] == UInt8(ascii: "^") {
      written.append(UInt8(ascii: "^"))
      at += 1
    }
    let first = at
    while true {
      guard at < pattern.count else { throw failure("a bracket is not closed", at: start - 1) }
      // A bracket that comes first stands for itself (POSIX, 9.3.5).
      if pattern[at] == UInt8(ascii: "]"), at > first { break }
      if let name = try readName(":") {
        guard Self.classes.contains(name) else { throw failure("there is no class [:\(name):]") }
        written += Bytes("[:\(name):]".utf8)
        continue
      }
      let lower = try readElement()
      guard at + 1 < pattern.count, pattern[at] == UInt8(ascii: "-"), pattern[at + 1] != UInt8(ascii: "]") else {
        written += Self.written(lower)
        continue
      }
      at += 1
      let upper = try readElement()
      guard lower <= upper else { throw failure("a range ends before it begins") }
      written += Self.written(lower) + Bytes("-".utf8) + Self.written(upper)
    }
    // GNU refuses this as well: a set of these letters is hardly what was meant.
    let content = pattern[start..<at]
    if content.count > 2, content.first == UInt8(ascii: ":"), content.last == UInt8(ascii: ":") {
      throw failure("a class is written [[:space:]], not [:space:]", at: start - 1)
    }
    at += 1
    put(written + Bytes("]".utf8), isSimple: true)
  }

  /// One byte inside brackets, which may be written `[.-.]` or `[=a=]`.
  private mutating func readElement() throws(SearchProgram.Malformed) -> UInt8 {
    for kind: Character in [".", "="] {
      guard let name = try readName(kind) else { continue }
      guard name.utf8.count == 1, let byte = name.utf8.first else {
        throw failure("there is no character [\(kind)\(name)\(kind)]")
      }
      return byte
    }
    guard let byte = next() else { throw failure("a bracket is not closed") }
    return byte
  }

  /// Reads `[:name:]` where that begins here, `kind` being the colon.
  private mutating func readName(_ kind: Character) throws(SearchProgram.Malformed) -> String? {
    let mark = kind.asciiValue!
    guard at + 1 < pattern.count, pattern[at] == UInt8(ascii: "["), pattern[at + 1] == mark else { return nil }
    var end = at + 2
    while end + 1 < pattern.count, pattern[end] != mark || pattern[end + 1] != UInt8(ascii: "]") { end += 1 }
    guard end + 1 < pattern.count else { throw failure("a bracket is not closed") }
    defer { at = end + 2 }
    return String(decoding: pattern[at + 2..<end], as: UTF8.self)
  }

  /// A byte by its code: nothing in brackets can then mean something else to PCRE2.
  private static func written(_ byte: UInt8) -> Bytes {
    let digits = String(byte, radix: 16)
    return Bytes("\\x\(digits.count == 1 ? "0" : "")\(digits)".utf8)
  }
}
