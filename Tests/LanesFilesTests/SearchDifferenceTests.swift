import LanesCore
import LanesFiles
import LanesTesting
import Testing

/// Made-up searches, compared with the real `LC_ALL=C grep`.
@Suite struct SearchDifferenceTests {
  /// Letters whose other case is a byte, several bytes, or none: the Kelvin sign is a k, the dotless i an i, the long s an s and
  /// the sharp s two of them to those who fold all of Unicode. Here and in the C locale only A to Z have a case.
  private static let letters = [
    "k", "K", "\u{212A}", "i", "I", "\u{131}", "\u{130}", "s", "S", "\u{17F}", "\u{DF}", "\u{1E9E}", "\u{E9}", "\u{C9}",
    "a", "b",
  ]

  private static func word(_ lengths: ClosedRange<Int>, _ random: inout Repeatable) -> String {
    (0..<Int.random(in: lengths, using: &random)).map { _ in letters.randomElement(using: &random)! }.joined()
  }

  /// Lines of a few words; in the long run lines without a match prevail, so that pieces are passed over as well.
  private static func text(_ random: inout Repeatable) -> String {
    let filler = String(repeating: "x y z ", count: 40) + "\n"
    return (0..<400).map { _ in
      let words = (0..<Int.random(in: 0...3, using: &random)).map { _ in word(1...6, &random) }
      return words.joined(separator: " ") + "\n"
        + String(repeating: filler, count: Int.random(in: 0...3, using: &random))
    }.joined()
  }

  /// Texts with common beginnings, which lie over each other where they match.
  private static func texts(_ random: inout Repeatable) -> [String] {
    let stem = word(1...2, &random)
    return (0..<Int.random(in: 1...9, using: &random)).map { index in
      index.isMultiple(of: 2) ? stem + word(0...3, &random) : word(1...4, &random)
    }
  }

  /// What letters of grep's ask for; with -m it is three lines.
  private static func set(_ flags: String, _ options: inout SearchOptions) {
    options.ignoresCase = flags.contains("i")
    options.isInverted = flags.contains("v")
    options.matchesWords = flags.contains("w")
    options.matchesLines = flags.contains("x")
    options.onlyMatching = flags.contains("o")
    options.isText = flags.contains("a")
    options.numbersLines = flags.contains("n")
    if flags.contains("m") { options.limit = 3 }
    if flags.contains("c") { options.report = .counts }
  }

  @Test(arguments: ["-n", "-i", "-vc", "-iw", "-ix", "-io", "-ia", "-im3"])
  func `texts and their alternation are found as grep finds them`(flags: String) throws {
    var random = Repeatable(state: 32)
    let directory = TemporaryDirectory()
    for _ in 0..<3 {
      let text = Self.text(&random)
      let path = directory.write("text", Bytes(text.utf8))
      let texts = Self.texts(&random)
      for (syntax, letter) in [(SearchOptions.Syntax.fixed, "F"), (.extended, "E"), (.perl, "P")] {
        // Fixed strings stand by themselves, the others as alternatives of one pattern.
        let patterns = syntax == .fixed ? texts : [texts.joined(separator: "|")]
        var options = SearchOptions(patterns.map { Bytes($0.utf8) })
        options.syntax = syntax
        Self.set(flags, &options)
        let given = patterns.map { "-e " + RealWc.quoted($0) }.joined(separator: " ")
        let expected = RealWc.output(of: "grep -\(letter) \(flags) \(given) \(path) 2>/dev/null")
        var settings = FilePlan.Settings(cut: .lines(options.isText ? .newline : .newlineOrZero))
        settings.sliceBytes = 50_000
        let run = try SearchRunner(path, options, settings: settings, lanes: 2)
        #expect(run.text == expected, "grep -\(letter) \(flags) \(given)")
      }
    }
  }
}
