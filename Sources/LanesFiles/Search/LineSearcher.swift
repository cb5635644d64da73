import CKernels
import CPatterns
import LanesCore

/// Finds matching lines in a run of whole lines. Belongs to one thread.
final class LineSearcher {
  typealias Text = UnsafeBufferPointer<UInt8>

  private let program: SearchProgram
  /// One for each expression.
  private let matchers: [OpaquePointer]
  /// Where each expression matches next in the text in hand, where there are several: `Int.max` for nowhere, and less
  /// than where is looked from for not known.
  private var nextMatches: [Int]
  /// What is told in place of a match.
  private let replacement: Replacement?
  /// The expression whose match `firstMatch` gave last.
  private var lastMatcher: OpaquePointer?

  /// Takes memory for matching of its own, since a match writes to it; throws where there is none.
  init(_ program: SearchProgram) throws(UnitFailure) {
    self.program = program
    replacement = program.options.replacement.map(Replacement.init)
    let needsGroups = replacement.map { !$0.needsNoGroups } ?? false
    matchers = program.expressions.compactMap {
      needsGroups ? cpatterns_matcher_with_groups($0) : cpatterns_matcher_new($0)
    }
    nextMatches = matchers.map { _ in -1 }
    guard matchers.count == program.expressions.count else {
      for matcher in matchers { cpatterns_matcher_free(matcher) }
      throw UnitFailure(.resources, "there is no memory for matching")
    }
  }

  deinit { for matcher in matchers { cpatterns_matcher_free(matcher) } }

  /// Another text is about to be searched.
  func begin() { for index in nextMatches.indices { nextMatches[index] = -1 } }

  /// The bounds of the first matching line that starts at `from` or after it, its newline left out.
  ///
  /// Between two calls of `begin` the text is the same and `from` does not go back.
  ///
  /// - Parameters:
  ///   - text: lines, the last one without its newline; an empty last line counts.
  ///   - from: where a line starts, at most the end of the text.
  func firstLine(in text: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    if let needle = program.text { return lineWith(needle, in: text, from: from) }
    if let required = program.required { return try lineWith(required: required, in: text, from: from) }
    if !program.isForManyLines { return try lineByLine(in: text, from: from) }
    return try nextMatch(in: text, from: from).map { Self.line(around: $0, in: text) }
  }

  /// The first match in one line that starts at `from` or after it; of several at one place the one that the syntax
  /// asks for.
  func firstMatch(inLine line: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    guard let needle = program.text else { return try bestMatch(inLine: line, from: from) }
    var at = from
    while let found = needle.first(in: line, from: at) {
      let range = found..<found + needle.count
      if isWanted(range, in: line, 0..<line.count) { return range }
      at = found + 1
    }
    return nil
  }

  /// Whether `line` matches, which holds at `place` the text that is searched for or one that matching lines hold. Where it
  /// is the text alone, this place decides.
  func matches(_ line: Range<Int>, by place: Int, in text: Text) throws(UnitFailure) -> Bool {
    if let needle = program.text { return isWanted(place..<place + needle.count, in: text, line) }
    if program.isRequiredEnough { return true }
    return try hasMatch(Text(rebasing: text[line]))
  }

  /// Adds to `text` what is told in place of the match that `firstMatch` gave last.
  func appendReplacement(of match: Slice<Text>, in line: Text, to text: inout Bytes) {
    for piece in replacement?.pieces ?? [] {
      switch piece {
      case .text(let bytes): text += bytes
      case .number(0): text.append(contentsOf: match)
      case .number(let number): appendGroup(number, in: line, to: &text)
      case .name(let name):
        let number = lastMatcher.map { cpatterns_group_number($0, name + [0]) } ?? 0
        if number > 0 { appendGroup(number, in: line, to: &text) }
      }
    }
  }

  private func appendGroup(_ number: UInt32, in line: Text, to text: inout Bytes) {
    var bounds = (start: 0, end: 0)
    // Text that is searched for has no groups, and no expression.
    guard let lastMatcher, cpatterns_group(lastMatcher, number, &bounds.start, &bounds.end) == 1,
      bounds.end <= line.count
    else { return }
    text.append(contentsOf: line[bounds.start..<bounds.end])
  }

  // MARK: Text

  /// The line of the first occurrence that stands where -w and -x allow.
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

  /// A letter or digit of ASCII, or an underscore: what `\w` matches.
  private static func isWord(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
  }

  // MARK: Expressions

  /// Looks for the text that all matches hold, and matches only lines that have it.
  private func lineWith(required: Needle, in text: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    var at = from
    while let found = required.first(in: text, from: at) {
      let line = Self.line(around: found, in: text)
      if try matches(line, by: found, in: text) { return line }
      at = line.upperBound + 1
    }
    return nil
  }

  /// For expressions that might reach into the next line.
  private func lineByLine(in text: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    var start = from
    while start <= text.count {
      let line = start..<Self.lineEnd(in: text, from: start)
      if try hasMatch(Text(rebasing: text[line])) { return line }
      start = line.upperBound + 1
    }
    return nil
  }

  /// Whether any expression matches in one line.
  private func hasMatch(_ line: Text) throws(UnitFailure) -> Bool {
    for matcher in matchers where try match(matcher, in: line, from: 0) != nil { return true }
    return false
  }

  /// Where the next match of any expression starts. Each goes through the text once, however often it is asked for.
  private func nextMatch(in text: Text, from: Int) throws(UnitFailure) -> Int? {
    if matchers.count == 1 { return try match(matchers[0], in: text, from: from)?.lowerBound }
    var least = Int.max
    for (index, matcher) in matchers.enumerated() {
      if nextMatches[index] < from {
        nextMatches[index] = try match(matcher, in: text, from: from)?.lowerBound ?? .max
      }
      least = min(least, nextMatches[index])
    }
    return least == .max ? nil : least
  }

  /// The first match of any expression; of several at one place the longest, or in Perl's syntax that of the first
  /// expression.
  private func bestMatch(inLine line: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    var best: Range<Int>?
    for matcher in matchers {
      guard var found = try match(matcher, in: line, from: from) else { continue }
      if let best, found.lowerBound > best.lowerBound { continue }
      if program.options.syntax == .extended { found = longest(matcher, in: line, from: found.lowerBound) ?? found }
      let isLonger = program.options.syntax != .perl && found.count > (best?.count ?? 0)
      if best.map({ found.lowerBound < $0.lowerBound || isLonger }) ?? true {
        best = found
        lastMatcher = matcher
      }
    }
    return best
  }

  private func match(_ matcher: OpaquePointer, in text: Text, from: Int) throws(UnitFailure) -> Range<Int>? {
    var bounds = (start: 0, end: 0)
    let result = cpatterns_match(matcher, text.baseAddress, text.count, from, &bounds.start, &bounds.end)
    // Less than 0 is PCRE2's error, such as a limit on backtracking.
    guard result >= 0 else { throw Self.gaveUp(result) }
    // A look-around with \K may move the start beyond the end (pcre2api(3)).
    return result == 0 ? nil : bounds.start..<max(bounds.start, bounds.end)
  }

  /// The longest match that starts at `from`; nil where that cannot be told, as with back-references.
  private func longest(_ matcher: OpaquePointer, in line: Text, from: Int) -> Range<Int>? {
    var end = 0
    guard cpatterns_longest(matcher, line.baseAddress, line.count, from, &end) == 1 else { return nil }
    return from..<end
  }

  /// PCRE2's words for an error, as the reason of a unit's failure.
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

  /// Where the line ends that holds `from`: its newline's place, or the end of the text.
  static func lineEnd(in text: Text, from: Int) -> Int {
    guard let base = text.baseAddress else { return 0 }
    let found = ckernels_first_byte(base + from, text.count - from, 0x0A)
    return found < 0 ? text.count : from + found
  }
}
