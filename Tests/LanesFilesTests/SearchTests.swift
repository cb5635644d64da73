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
    "the|and|ing", "th|then|the", "e|\\.", "fo+|the|an", "the|", "th(e|is)|\\Qa.\\E", "the.*a|and\\b",
  ]

  private func expectSame(
    _ pattern: String, _ flags: String, syntax: SearchOptions.Syntax = .perl, _ change: (inout SearchOptions) -> Void
  ) throws {
    let letter =
      switch syntax {
      case .perl: "P"
      case .extended: "E"
      case .fixed: "F"
      }
    for name in Fixture.names {
      var options = SearchOptions(
        pattern.split(separator: "\n", omittingEmptySubsequences: false).map { Bytes($0.utf8) })
      options.syntax = syntax
      change(&options)
      let path = "\(Fixture.folder)/\(name)"
      let expected = RealWc.output(of: "grep -\(letter) \(flags) -e \(RealWc.quoted(pattern)) \(path) 2>/dev/null")
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

  @Test(arguments: ["the", "e", "a+", "[a-z]+", "x*", "th|the|e", "an|and"]) func `only what matches`(pattern: String)
    throws
  {
    try expectSame(pattern, "-on") {
      $0.onlyMatching = true
      $0.numbersLines = true
    }
    try expectSame(pattern, "-om2") {
      $0.onlyMatching = true
      $0.limit = 2
    }
  }

  static let extended = [
    "the", "[^a]", "a|an|and", "(a|an)(d|n)?", "fo+|ba[rz]", "e{2}", "[[:upper:]][a-z]*", "\\<t", "e\\>", "\\bthe\\b",
    "\\w+",
    "[\\w]", "[]e]", "[^]e]$", "a**", "e+?", "ab*?c", "(?a)", "(e", "x)", "e{1", "o{,2}f", "[[.e.]]", "[[=e=]x]", "()",
    "(|a)n",
    "^|x", "\\.", "(e).*\\1", "\\d", "l{2,}e", "\\-", "[a-", "[[:nope:]]", "[:alpha:]", "[z-a]", "a{3,2}", "\\",
    "(a)\\2", "", "$",
    ".", "[\\]", "e$|^T", "T|Th|The\nThe l|he", "the\nthere\nen", "t\n\nthe", "\\W\\s", "\\`T", "\\.\\'",
  ]

  @Test(arguments: extended) func `extended expressions select what grep -E selects`(pattern: String) throws {
    // What grep cannot read says so; what it selects is the same, and of matches at one place the longest.
    let isRead = !["(e", "[a-", "[[:nope:]]", "[:alpha:]", "[z-a]", "a{3,2}", "\\", "(a)\\2"].contains(pattern)
    guard isRead else {
      var options = SearchOptions([Bytes(pattern.utf8)])
      options.syntax = .extended
      let status = RealWc.output(of: "echo e | grep -E -e \(RealWc.quoted(pattern)) 2>/dev/null; echo $?")
      #expect(status == Bytes("2\n".utf8))
      #expect(throws: SearchProgram.Malformed.self) { try SearchProgram(options) }
      return
    }
    try expectSame(pattern, "-n", syntax: .extended) { $0.numbersLines = true }
    try expectSame(pattern, "-o", syntax: .extended) { $0.onlyMatching = true }
    // An unmatched parenthesis closes what grep itself puts around the pattern.
    guard pattern != "x)" else { return }
    try expectSame(pattern, "-xi", syntax: .extended) { ($0.matchesLines, $0.ignoresCase) = (true, true) }
    try expectSame(pattern, "-ow", syntax: .extended) { ($0.onlyMatching, $0.matchesWords) = (true, true) }
  }

  @Test(arguments: ["a\nan\nand\nthe\nthere", "e", "", "t\n\nthe", "the\nTHE\nthEre", "e.\n.", "le\nlet\nlett\nletter"])
  func `of several texts at one place the longest is told`(texts: String) throws {
    for (flags, change) in [
      ("", { _ in }), ("-n", { $0.numbersLines = true }), ("-i", { $0.ignoresCase = true }),
      ("-w", { $0.matchesWords = true }), ("-x", { $0.matchesLines = true }), ("-v", { $0.isInverted = true }),
    ] as [(String, (inout SearchOptions) -> Void)] {
      try expectSame(texts, flags, syntax: .fixed, change)
      try expectSame(texts, "-o " + flags, syntax: .fixed) {
        $0.onlyMatching = true
        change(&$0)
      }
    }
  }

  @Test func `thousands of texts are searched for at once`() throws {
    let directory = TemporaryDirectory()
    // Every seventh number, and what begins alike in long chains, which an expression cannot nest.
    let texts =
      stride(from: 0, to: 60_000, by: 7).map { "number \($0)" } + (1...300).map { String(repeating: "ab", count: $0) }
      + (1...30).map { _ in String(repeating: "x", count: 9_000) + "y" }
    let text = (0..<3_000).map { "some number \($0 * 5) here \(String(repeating: "ab", count: $0 % 400))c\n" }.joined()
    let path = directory.write("text", Bytes(text.utf8))
    let list = directory.write("list", Bytes(texts.map { $0 + "\n" }.joined().utf8))
    var options = SearchOptions(texts.map { Bytes($0.utf8) })
    options.syntax = .fixed
    for isOnly in [false, true] {
      options.onlyMatching = isOnly
      let expected = RealWc.output(of: "grep -F \(isOnly ? "-o" : "") -f \(list) \(path)")
      let run = try SearchRunner(path, options, settings: FilePlan.Settings(cut: .lines(.newlineOrZero)), lanes: 2)
      #expect(run.text == expected)
    }
  }

  @Test func `what is open in one pattern ends with it`() throws {
    func lines(_ patterns: [String], _ change: (inout SearchOptions) -> Void = { _ in }) throws -> String {
      let directory = TemporaryDirectory()
      let path = directory.write("text", Bytes("a.b\nb\nax\na|b\nb)\naa\nbb\n".utf8))
      var options = SearchOptions(patterns.map { Bytes($0.utf8) })
      change(&options)
      let settings = FilePlan.Settings(cut: .lines(.newlineOrZero))
      return String(decoding: try SearchRunner(path, options, settings: settings, lanes: 1).text, as: UTF8.self)
    }
    #expect(try lines(["\\Qa.", "^b$"]) == "a.b\nb\n")
    #expect(try lines(["\\Qb)", "x"]) == "ax\nb)\n")
    #expect(try lines(["\\Qa.b"]) { $0.matchesLines = true } == "a.b\n")
    #expect(try lines(["\\Qa.b\\"]) { $0.matchesWords = true } == "")
    #expect(try lines(["(?x)a x # to the end", "^b$"]) == "b\nax\n")
    #expect(try lines(["(?x) a x # to the end"]) { $0.matchesLines = true } == "ax\n")
    // Each counts its groups by itself.
    #expect(try lines(["(a)\\1", "(b)(?1)"]) == "aa\nbb\n")
    #expect(try lines(["(?<n>a)x", "(?<n>b)b"]) == "ax\nbb\n")
  }

  @Test func `a malformed pattern is told as it was typed`() {
    for (patterns, change) in [
      (["fine", "\\Qx", "a("], { _ in }), (["\\Qx", "a("], { $0.matchesLines = true }),
      (["a(", "b"], { $0.syntax = .extended }),
    ] as [([String], (inout SearchOptions) -> Void)] {
      var options = SearchOptions(patterns.map { Bytes($0.utf8) })
      change(&options)
      #expect {
        try SearchProgram(options)
      } throws: { error in
        (error as? SearchProgram.Malformed)?.pattern == Bytes("a(".utf8)
      }
    }
  }

  @Test func `a zero byte in the head hides lines also where enough of them were found ahead of it`() throws {
    let directory = TemporaryDirectory()
    var text = Bytes("a\n".utf8)
    for _ in 0..<600 { text += Bytes(repeating: 0x62, count: 99) + [0x0A] }
    let path = directory.write("text", text + [0] + text)
    for size in [1000, 40_000, 8 << 20] {
      for after in [nil, 0, 3, 100_000] {
        var settings = FilePlan.Settings(cut: .lines(.newlineOrZero))
        (settings.sliceBytes, settings.wholeBytes) = (size, 0)
        var options = SearchOptions([Bytes("a".utf8)])
        options.limit = 1
        options.context = after.map { SearchOptions.Context(before: 0, after: $0) }
        let run = try SearchRunner(path, options, settings: settings, lanes: 2)
        #expect(
          run.text == [] && run.files.map(\.hidesLines) == [true], "slices of \(size), \(after ?? -1) lines behind")
      }
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
    options.colors = SearchColors()
    var writer = WireWriter()
    SearchWorkload(try SearchProgram(options)).describe(to: &writer)
    var reader = WireReader(writer.bytes)
    var again = WireWriter()
    try SearchWorkload(from: &reader).describe(to: &again)
    #expect(writer.bytes == again.bytes && reader.remaining == 0)
  }
}
