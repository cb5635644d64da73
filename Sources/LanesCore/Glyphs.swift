import Synchronization

/// The characters that text for people is drawn with: those of Unicode, or ASCII where the locale knows no others.
///
/// The program decides once, at its start (`use`); everything that writes for people asks here. Data, such as JSON and
/// HTML, is UTF-8 in any locale. Any thread may ask.
package enum Glyphs: Sendable {
  case unicode, ascii

  private static let isPlain = Atomic<Bool>(false)
  @TaskLocal private static var borrowed: Glyphs?

  /// What text is to be written with now.
  package static var current: Glyphs {
    // Relaxed: set before the first thread starts, and never again.
    borrowed ?? (isPlain.load(ordering: .relaxed) ? .ascii : .unicode)
  }

  /// Decides for the whole process; to be called before anything is written.
  package static func use(_ glyphs: Glyphs) { isPlain.store(glyphs == .ascii, ordering: .relaxed) }

  /// Calls `body` with other characters, whatever the process uses.
  package static func with<Result>(_ glyphs: Glyphs, _ body: () throws -> Result) rethrows -> Result {
    try $borrowed.withValue(glyphs) { try body() }
  }

  private static func choose(_ unicode: String, _ ascii: String) -> String { current == .unicode ? unicode : ascii }

  /// The sign for times, as in `threads ×2`.
  package static var times: String { choose("×", "x") }
  package static var plusMinus: String { choose("±", "+-") }
  /// What stands where a figure could not be had.
  package static var dash: String { choose("–", "-") }
  package static var ellipsis: String { choose("…", "...") }
  package static var microseconds: String { choose("µs", "us") }
  package static var squared: String { choose("²", "^2") }
}
