import CPatterns
import LanesCore

/// Patterns made ready for searching; one is shared by all lanes of a process.
package final class SearchProgram: @unchecked Sendable {
  // Sendable: nothing changes after `init`, and a compiled pattern may be used by all threads (pcre2api(3)).
  /// The whole pattern, where it is text.
  let text: Needle?
  /// Text that every matching line holds, or several of which each holds one.
  let required: Needle?
  /// True when a line that holds what is required matches.
  let isRequiredEnough: Bool
  /// The compiled expressions, of which a line must match one; none where the pattern is text.
  let expressions: [OpaquePointer]
  /// True when no expression can match a newline, so that many lines are searched at once.
  let isForManyLines: Bool
  let options: SearchOptions
  /// Text without which, and without zero bytes, there is nothing to tell of a slice; nil where there always may be.
  private let settling: Needle?

  /// A pattern that is malformed.
  package struct Malformed: Error {
    /// As it was typed.
    package let pattern: Bytes
    /// Position in the pattern, from 0, at which its reader gave up; nil where that is not known.
    package let offset: Int?
    package let reason: String
  }

  /// Chooses the quickest way that finds the same lines: plain text, fixed texts, joined expressions or single ones.
  package init(_ options: SearchOptions) throws(Malformed) {
    self.options = options
    let patterns = try Self.readable(options)
    if let plain = Self.plainText(options, patterns) {
      text = Needle(plain, ignoresCase: options.ignoresCase)
      (required, isRequiredEnough, expressions, isForManyLines) = (nil, false, [], true)
      settling = Self.isSettled(options) ? text : nil
      return
    }
    text = nil
    let read = options.syntax == .fixed ? [] : patterns.map(LinePattern.init)
    if let texts = Self.texts(options, read) {
      required = Needle(anyOf: texts, ignoresCase: options.ignoresCase)
      isRequiredEnough = required != nil && !options.matchesWords && !options.matchesLines
      // Made only for what they alone can tell: where a match ends, and whether words do.
      expressions = isRequiredEnough && !Self.showsMatches(options) ? [] : try FixedTexts(texts, options).expressions()
      isForManyLines = true
      settling = Self.isSettled(options) ? required : nil
      return
    }
    let joined = read.allSatisfy(\.isFit) ? Self.joined(read.map(\.rewritten)[...], options) : nil
    // Found by the rewritten patterns, or else line by line by those that were given.
    if let joined {
      expressions = joined
    } else {
      var alone: [OpaquePointer] = []
      for (pattern, typed) in zip(patterns, options.patterns) {
        alone.append(try Self.compile(Self.bounded(Self.closed(pattern, options), options), options, typed: typed))
      }
      expressions = alone
    }
    isForManyLines = joined != nil
    required = Self.required(read, options)
    isRequiredEnough = false
    settling = Self.isSettled(options) ? required : nil
  }

  deinit { for expression in expressions { cpatterns_free(expression) } }

  // MARK: Reading patterns

  /// The patterns in PCRE2's syntax, each one well-formed.
  private static func readable(_ options: SearchOptions) throws(Malformed) -> [Bytes] {
    guard options.syntax != .fixed else { return options.patterns }
    var patterns: [Bytes] = []
    for typed in options.patterns {
      let pattern = options.syntax == .extended ? try ExtendedPattern(typed).text : typed
      // Compiled for its error alone: joined patterns could make up for each other's mistakes.
      cpatterns_free(try compile(pattern, options, extra: cpatterns_check, typed: typed))
      patterns.append(pattern)
    }
    return patterns
  }

  /// - Parameter typed: what an error speaks of, where that is something else.
  static func compile(
    _ pattern: Bytes, _ options: SearchOptions, extra: cpatterns_options? = nil, typed: Bytes? = nil
  ) throws(Malformed) -> OpaquePointer {
    var flags = extra?.rawValue ?? 0
    if options.ignoresCase { flags |= cpatterns_ignore_case.rawValue }
    var error = cpatterns_error()
    // Never a null pointer, also for an empty pattern.
    let terminated = pattern + [0]
    guard let made = cpatterns_compile(terminated, pattern.count, Int32(flags), &error) else {
      let reason = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      let isTyped = typed == nil || typed == pattern
      throw Malformed(pattern: typed ?? pattern, offset: isTyped ? error.offset : nil, reason: reason)
    }
    return made
  }

  /// The text that the options ask for, where no expression is needed.
  private static func plainText(_ options: SearchOptions, _ patterns: [Bytes]) -> Bytes? {
    guard patterns.count == 1 else { return nil }
    if options.syntax != .fixed { return LinePattern(patterns[0]).literal }
    return patterns[0].isEmpty ? nil : patterns[0]
  }

  /// The texts of which a line must hold one, where that is all that patterns ask for. Which of several is shown
  /// matters only in Perl's syntax, where it is not the longest.
  private static func texts(_ options: SearchOptions, _ read: [LinePattern]) -> [Bytes]? {
    if options.syntax == .fixed { return options.patterns }
    let texts = read.compactMap(\.texts)
    guard texts.count == read.count, !read.isEmpty, options.syntax == .extended || !showsMatches(options) else {
      return nil
    }
    return Array(texts.joined())
  }

  /// True where it counts which part of a line matches.
  private static func showsMatches(_ options: SearchOptions) -> Bool { options.looksIntoLines }

  /// What every line holds that one of `read` matches; nil where that is not known or too frequent to gain anything.
  private static func required(_ read: [LinePattern], _ options: SearchOptions) -> Needle? {
    let each = read.map(\.oneOf)
    guard each.allSatisfy({ !$0.isEmpty }) else { return nil }
    let texts = Array(each.joined())
    // A single byte is too frequent, and so are two of several.
    guard texts.allSatisfy({ $0.count > (texts.count == 1 ? 1 : 2) }) else { return nil }
    return Needle(anyOf: texts, ignoresCase: options.ignoresCase)
  }

  // MARK: Putting patterns together

  /// Few expressions that match where one of `patterns` does; nil where one of them cannot be compiled this way.
  ///
  /// - Parameter patterns: such that none can match a newline; none at all match nothing.
  private static func joined(_ patterns: ArraySlice<Bytes>, _ options: SearchOptions) -> [OpaquePointer]? {
    let whole: Bytes
    switch patterns.count {
    case 0: whole = Bytes("(?!)".utf8)
    case 1: whole = patterns.first!
    // Groups are counted anew in each alternative.
    default: whole = Bytes("(?|".utf8) + Bytes(patterns.map(grouped).joined(separator: "|".utf8)) + Bytes(")".utf8)
    }
    if let made = try? compile(bounded(whole, options), options, extra: cpatterns_lines) { return [made] }
    guard patterns.count > 1 else { return nil }
    // Too large together, or two groups of one name.
    let middle = patterns.startIndex + patterns.count / 2
    guard let first = joined(patterns[..<middle], options) else { return nil }
    guard let second = joined(patterns[middle...], options) else {
      for expression in first { cpatterns_free(expression) }
      return nil
    }
    return first + second
  }

  /// `pattern` with what -w and -x add to it.
  static func bounded(_ pattern: Bytes, _ options: SearchOptions) -> Bytes {
    if options.matchesLines { return Bytes("^".utf8) + grouped(pattern) + Bytes("$".utf8) }
    guard options.matchesWords else { return pattern }
    return Bytes("(?<!\\w)".utf8) + grouped(pattern) + Bytes("(?!\\w)".utf8)
  }

  /// A group that counts as none, so that numbers of groups stay as they are.
  static func grouped(_ pattern: Bytes) -> Bytes { Bytes("(?:".utf8) + pattern + Bytes(")".utf8) }

  /// `pattern`, which is well-formed alone, with an end to what is left open in it: text after `\Q`, or a comment after
  /// `#` under `(?x)`, which a newline ends.
  private static func closed(_ pattern: Bytes, _ options: SearchOptions) -> Bytes {
    guard options.matchesLines || options.matchesWords else { return pattern }
    let unquoted = pattern + Bytes("\\E".utf8)
    guard let made = try? compile(grouped(unquoted), options, extra: cpatterns_check) else { return unquoted + [0x0A] }
    cpatterns_free(made)
    return unquoted
  }

  // MARK: Small slices

  /// Bytes of a slice that are looked at in one go at most: a small file, which most searches find nothing in.
  private static let settledBytes = 128 << 10

  /// True for a small slice of which a single look tells that there is nothing in it: neither the text nor a zero byte. Others
  /// must be searched.
  func holdsNothing(_ slice: UnsafeBufferPointer<UInt8>) -> Bool {
    guard slice.count <= Self.settledBytes, let settling else { return false }
    return settling.isAbsent(in: slice)
  }

  /// True when a slice without the text and without zero bytes adds nothing but its size: line numbers would need its
  /// newlines.
  private static func isSettled(_ options: SearchOptions) -> Bool {
    !options.isInverted && !options.isText && !options.numbersLines
  }
}
