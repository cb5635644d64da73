import CKernels
import CPatterns
import LanesCore

/// Finds matching lines in a run of whole lines. Belongs to one thread.
final class LineSearcher {
  typealias Text = UnsafeBufferPointer<UInt8>

  private let program: SearchProgram
  private let matcher: OpaquePointer?

  init(_ program: SearchProgram) throws(UnitFailure) {
    self.program = program
    matcher = program.expression.flatMap { cpatterns_matcher_new($0) }
    if program.expression != nil, matcher == nil { throw UnitFailure(.resources, "there is no memory for matching") }
  }

  deinit { if let matcher { cpatterns_matcher_free(matcher) } }

  /// The bounds of the first matching line that starts at `from` or behind it, its newline left out.
  ///
  /// - Parameters:
  ///   - text: lines, the last one without its newline; an empty last line counts.
  ///   - from: where a line starts, at most the end of the text.
  func firstLine(in text: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    if let needle = program.text { return lineWith(needle, in: text, from: from) }
    if let required = program.required { return try lineWith(required: required, in: text, from: from) }
    if !program.isForManyLines { return try lineByLine(in: text, from: from) }
    return try match(in: text, from: from).map { Self.line(around: $0.lowerBound, in: text) }
  }

  /// The first match in one line that starts at `from` or behind it.
  func firstMatch(inLine line: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    guard let needle = program.text else { return try match(in: line, from: from) }
    var at = from
    while let found = needle.first(in: line, from: at) {
      let range = found..<found + needle.count
      if isWanted(range, in: line, 0..<line.count) { return range }
      at = found + 1
    }
    return nil
  }

  // MARK: Text

  private func lineWith(_ needle: Needle, in text: Text, from: Int) -> Range<Int>? {
    var at = from
    while let found = needle.first(in: text, from: at) {
      let line = Self.line(around: found, in: text)
      if isWanted(found..<found + needle.count, in: text, line) { return line }
      at = found + 1
    }
    return nil
  }

  /// Whether the place of the needle is one that -x and -w allow.
  private func isWanted(_ match: Range<Int>, in text: Text, _ line: Range<Int>) -> Bool {
    if program.options.matchesLines { return match == line }
    guard program.options.matchesWords else { return true }
    let isBegun = match.lowerBound > line.lowerBound && Self.isWord(text[match.lowerBound - 1])
    let goesOn = match.upperBound < line.upperBound && Self.isWord(text[match.upperBound])
    return !isBegun && !goesOn
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
  }

  // MARK: Expressions

  private func lineWith(required: Needle, in text: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    var at = from
    while let found = required.first(in: text, from: at) {
      let line = Self.line(around: found, in: text)
      if try match(in: Text(rebasing: text[line]), from: 0) != nil { return line }
      at = line.upperBound + 1
    }
    return nil
  }

  private func lineByLine(in text: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    var start = from
    while start <= text.count {
      let line = start..<Self.lineEnd(in: text, from: start)
      if try match(in: Text(rebasing: text[line]), from: 0) != nil { return line }
      start = line.upperBound + 1
    }
    return nil
  }

  private func match(in text: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    var bounds = (start: 0, end: 0)
    let result = cpatterns_match(matcher, text.baseAddress, text.count, from, &bounds.start, &bounds.end)
    guard result >= 0 else { throw Self.gaveUp(result) }
    // A lookbehind with \K may move the start behind the end.
    return result == 0 ? nil : bounds.start..<max(bounds.start, bounds.end)
  }

  private static func gaveUp(_ code: Int32) -> UnitFailure {
    var text = [CChar](repeating: 0, count: 256)
    cpatterns_reason(code, &text, text.count)
    let reason = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return UnitFailure(.rejected, "matching was given up (\(reason)); simplify the pattern")
  }

  // MARK: Lines

  /// The line that holds the byte at `place`, or that ends there.
  static func line(around place: Int, in text: Text) -> Range<Int> {
    let before = ckernels_last_byte(text.baseAddress, place, 0x0A)
    return (before < 0 ? 0 : before + 1)..<lineEnd(in: text, from: place)
  }

  static func lineEnd(in text: Text, from: Int) -> Int {
    guard let base = text.baseAddress else { return 0 }
    let found = ckernels_first_byte(base + from, text.count - from, 0x0A)
    return found < 0 ? text.count : from + found
  }
}
