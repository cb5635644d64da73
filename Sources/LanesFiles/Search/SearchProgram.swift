import CPatterns
import LanesCore

/// Patterns made ready for searching; one is shared by all lanes of a process.
package final class SearchProgram: @unchecked Sendable {
  // Sendable: nothing changes after `init`, and a compiled pattern may be used by all threads (pcre2api(3)).
  /// The whole pattern, where it is text.
  let text: Needle?
  /// Text that every matching line holds.
  let required: Needle?
  /// The compiled expression; nil where the pattern is text.
  let expression: OpaquePointer?
  /// True when the expression cannot match a newline, so that many lines are searched at once.
  let isForManyLines: Bool
  let options: SearchOptions
  /// Text without which, and without zero bytes, there is nothing to tell of a slice; nil where there always may be.
  private let settling: Needle?

  /// A pattern that is malformed.
  package struct Malformed: Error {
    package let pattern: Bytes
    /// Position in the pattern, from 0, at which its reader gave up.
    package let offset: Int
    package let reason: String
  }

  package init(_ options: SearchOptions) throws(Malformed) {
    self.options = options
    for pattern in options.patterns where !options.isFixed { cpatterns_free(try Self.compile(pattern, options)) }
    if let plain = Self.plainText(options) {
      text = Needle(plain, ignoresCase: options.ignoresCase)
      (required, expression, isForManyLines) = (nil, nil, true)
      settling = Self.isSettled(options) ? text : nil
      return
    }
    let whole = Self.joined(options)
    let read = LinePattern(whole)
    // Found by the rewritten pattern, or else line by line by the one that was given.
    if read.isFit, let made = try? Self.compile(read.rewritten, options, extra: CPATTERNS_LINES) {
      expression = made
      isForManyLines = true
    } else {
      expression = try Self.compile(whole, options)
      isForManyLines = false
    }
    text = nil
    // A single byte is too frequent to gain anything.
    required = read.required.count > 1 ? Needle(read.required, ignoresCase: options.ignoresCase) : nil
    settling = Self.isSettled(options) ? required : nil
  }

  deinit { if let expression { cpatterns_free(expression) } }

  private static func compile(
    _ pattern: Bytes, _ options: SearchOptions, extra: cpatterns_options? = nil
  ) throws(Malformed) -> OpaquePointer {
    var flags = extra?.rawValue ?? 0
    if options.ignoresCase { flags |= CPATTERNS_IGNORE_CASE.rawValue }
    var error = cpatterns_error()
    // Never a null pointer, also for an empty pattern.
    let terminated = pattern + [0]
    guard let made = cpatterns_compile(terminated, pattern.count, Int32(flags), &error) else {
      let reason = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      throw Malformed(pattern: pattern, offset: error.offset, reason: reason)
    }
    return made
  }

  /// The text that the options ask for, where no expression is needed.
  private static func plainText(_ options: SearchOptions) -> Bytes? {
    guard options.patterns.count == 1 else { return nil }
    if !options.isFixed { return LinePattern(options.patterns[0]).literal }
    return options.patterns[0].isEmpty ? nil : options.patterns[0]
  }

  /// All patterns as one, with what -w and -x add to it.
  private static func joined(_ options: SearchOptions) -> Bytes {
    func wrapped(_ before: String, _ pattern: Bytes, _ behind: String) -> Bytes {
      Bytes(before.utf8) + pattern + Bytes(behind.utf8)
    }
    let patterns = options.isFixed ? options.patterns.map(LinePattern.quoted) : options.patterns
    var whole = patterns.first ?? []
    if patterns.count != 1 {
      // Groups are counted anew in each alternative.
      whole = wrapped("(?|", Bytes(patterns.map { wrapped("(?:", $0, ")") }.joined(separator: "|".utf8)), ")")
    }
    if options.matchesLines { return wrapped("^(?:", whole, ")$") }
    return options.matchesWords ? wrapped("(?<!\\w)(?:", whole, ")(?!\\w)") : whole
  }

  /// Bytes of a slice that are looked at in one go at most: a small file, which most searches find nothing in.
  private static let settledBytes = 128 << 10

  /// What a search of a small slice finds where a single look at it settles that: without the text, and without a zero
  /// byte, there is nothing in it. Nil where it must be searched.
  func settled(_ slice: UnsafeBufferPointer<UInt8>) -> SearchPartial? {
    guard slice.count <= Self.settledBytes, let settling, settling.isAbsent(in: slice) else { return nil }
    var partial = SearchPartial()
    partial.bytes = UInt64(slice.count)
    return partial
  }

  private static func isSettled(_ options: SearchOptions) -> Bool {
    !options.isInverted && !options.isText && !options.numbersLines
  }
}
