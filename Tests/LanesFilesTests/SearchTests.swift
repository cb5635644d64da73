import LanesCore
import LanesFiles
import Testing

/// What is selected is compared with the real `LC_ALL=C grep`.
@Suite struct SearchTests {
  static let patterns = [
    "the", "[^a]", "\\s", "^$", "a*", "\\w+ing\\b", ".$", "[[:upper:]]", "[^\\x00-\\x7f]", "\\W$", "fo+|ba[rz]|an",
    "(a)\\1|ll", "o(?!\\w)", "(?<=\\s)[a-f]+", "\\Aa|\\z", "[]e]", "[^]e]$", "a{2,}|l{2}", "\\Qe.\\E|e\\.", "(?i)THE",
    "(?s)e.$", "(?x) t h e", "\\D\\s\\S", "[\\s,]+x?$", "[\\t-\\r]", "(?>e+)\\b", "e(?=.*e)", "[^\\S ]", "\\x65\\b",
    "(?<v>e).*\\k<v>", "\\H\\h", "(*ACCEPT)x", "[[:^alpha:]]$", "e++\\s*+$", "\\N{3}\\V$", "\\R", "a\\nb",
  ]

  private func expectSame(_ pattern: String, _ flags: String, _ change: (inout SearchOptions) -> Void) throws {
    for name in Fixture.names {
      var options = SearchOptions([Bytes(pattern.utf8)])
      change(&options)
      let path = "\(Fixture.folder)/\(name)"
      let expected = RealWc.output(of: "grep -P \(flags) -e \(RealWc.quoted(pattern)) \(path) 2>/dev/null")
      let settings = FilePlan.Settings(cut: .lines(.newlineOrZero))
      let run = try SearchRunner(path, options, settings: settings, lanes: 1)
      #expect(run.text == expected, "grep \(flags) '\(pattern)' \(name)")
    }
  }

  @Test(arguments: patterns) func `expressions select the lines that grep selects`(pattern: String) throws {
    try expectSame(pattern, "-n") { $0.numbersLines = true }
    try expectSame(pattern, "-i") { $0.ignoresCase = true }
    try expectSame(pattern, "-vc") {
      $0.isInverted = true
      $0.report = .counts
    }
    try expectSame(pattern, "-wm2") {
      $0.matchesWords = true
      $0.limit = 2
    }
    try expectSame(pattern, "-x") { $0.matchesLines = true }
  }

  @Test(arguments: ["the", "e", "a+", "[a-z]+", "x*"]) func `only what matches`(pattern: String) throws {
    try expectSame(pattern, "-on") {
      $0.onlyMatching = true
      $0.numbersLines = true
    }
    try expectSame(pattern, "-om2") {
      $0.onlyMatching = true
      $0.limit = 2
    }
  }

  @Test func `a zero byte behind the head hides the lines from there on`() throws {
    let directory = TemporaryDirectory()
    let head = Bytes(repeating: 0x61, count: 99) + [0x0A]
    var text = Bytes()
    for _ in 0..<1000 { text += head }
    let path = directory.write("late", text + Bytes("a\0a\na\n".utf8))
    let early = directory.write("early", Bytes("a\n".utf8) + text.prefix(90_000) + [0] + text)
    for size in [1000, 70_000, 8 << 20] {
      var settings = FilePlan.Settings(cut: .lines(.newlineOrZero))
      settings.sliceBytes = size
      let late = try SearchRunner(path, SearchOptions([Bytes("a".utf8)]), settings: settings, lanes: 2)
      #expect(late.text == text)
      #expect(late.files.map(\.hidesLines) == [true])
      let hidden = try SearchRunner(early, SearchOptions([Bytes("a".utf8)]), settings: settings, lanes: 2)
      #expect(hidden.text == [])
      #expect(hidden.files.map(\.hidesLines) == [true])
    }
  }

  @Test func `a malformed pattern is told with its offset`() {
    #expect {
      try SearchProgram(SearchOptions([Bytes("fine".utf8), Bytes("ab(c".utf8)]))
    } throws: { error in
      (error as? SearchProgram.Malformed)?.offset == 4
    }
  }

  @Test func `options come back as they were described`() throws {
    var options = SearchOptions([Bytes("a".utf8), []])
    options.limit = 7
    options.report = .names
    options.marksMatches = true
    var writer = WireWriter()
    SearchWorkload(try SearchProgram(options)).describe(to: &writer)
    var reader = WireReader(writer.bytes)
    var again = WireWriter()
    try SearchWorkload(from: &reader).describe(to: &again)
    #expect(writer.bytes == again.bytes && reader.remaining == 0)
  }
}
