import LanesTesting
import Testing

/// Words that the program reads without its parser, held against the parser's reading of the same words.
@Suite struct PlainWordsTests {
  private static let pieces = [
    ["100"], ["1e3"], ["7"], ["2^4"], ["1e3+5"], ["20"], ["x"], ["-5"], [""], ["--"], ["--count"], ["--list"],
    ["--sum"], ["--twins"], ["--json"], ["--quiet"], ["-q"], ["--no-color"], ["--mode", "serial"],
    ["--mode", "threads"],
    ["--mode", "hybrid"], ["--mode", "-q"], ["--mode=serial"], ["--mode"], ["-j", "2"], ["-j3"], ["--cores", "1"],
    ["--cores", "0"], ["-j", "many"], ["--nth", "5"], ["--tuplets", "3"], ["--isolation", "none"], ["--verbose"],
    ["--help"], ["--version"],
  ]

  @Test func `primes mean the same whoever reads their words`() throws {
    var random = Repeatable(state: 31)
    for round in 0..<45 {
      // Mostly words that are right, by themselves and together.
      let pieces = round.isMultiple(of: 3) ? Self.pieces : Array(Self.pieces.prefix(6) + Self.pieces[10..<21])
      let words = (0..<Int.random(in: 0...4, using: &random)).flatMap { _ in pieces.randomElement(using: &random)! }
      // Without a bound there would be a long list.
      let typed = words.isEmpty || words.contains("--list") ? ["30"] + words : words
      let plain = try Program.run(["primes"] + typed)
      // This option is the parser's alone, and says what holds without it.
      let parsed = try Program.run(["primes", "--retries", "1"] + typed)
      #expect(plain.exit == parsed.exit, "\(typed)")
      #expect(plain.text == parsed.text, "\(typed)")
      #expect(plain.errors == parsed.errors, "\(typed)")
    }
  }

  private static let searched = [
    ["a"], ["e.*o"], ["E"], ["folder"], ["one"], ["none"], ["-r"], ["-rl"], ["-L"], ["-c"], ["-n"], ["-ni"], ["-v"],
    ["-w"],
    ["-x"], ["-o"], ["-s"], ["-E"], ["-F"], ["-rc"], ["--mode", "serial"], ["--mode", "threads"], ["-j", "2"],
    ["--json"],
    ["-j3"], ["-e", "a"], ["-rle", "a"], ["-m1"], ["-A", "1"], ["-q"], ["--quiet"], ["-EF"], [""], ["--"], ["-"],
    ["-z"],
    ["--mode"], ["--mode=serial"], ["--cores", "0"], ["-k"], ["--count"], ["-H"], ["-2"], ["--help"],
  ]

  @Test func `a search means the same whoever reads its words`() throws {
    let folder = TemporaryFolder()
    try folder.write("one", "a e\nE two o\n\0x\n".utf8)
    try folder.write("folder/two", "eo\na b\n".utf8)
    try folder.write("folder/three", "Eeo o\n".utf8)
    var random = Repeatable(state: 37)
    for round in 0..<60 {
      // Mostly words that are right, by themselves and together.
      let pieces = round.isMultiple(of: 3) ? Self.searched : Array(Self.searched.prefix(24))
      let typed =
        ["e", "one"]
        + (0..<Int.random(in: 0...4, using: &random)).flatMap { _ in pieces.randomElement(using: &random)! }
      let plain = try Program.run(["files", "search"] + typed, directory: folder.path)
      // This option is the parser's alone, and says what holds without it.
      let parsed = try Program.run(["files", "search", "--retries", "1"] + typed, directory: folder.path)
      #expect(plain.exit == parsed.exit, "\(typed)")
      #expect(plain.text == parsed.text, "\(typed)")
      #expect(plain.errors == parsed.errors, "\(typed)")
    }
  }

  @Test func `the version is the same with and without a command`() throws {
    let plain = try Program.run(["--version"])
    #expect(plain.exit == .status(0))
    #expect(plain.text.hasPrefix("lanes "))
    for words in [["primes", "--version"], ["files", "count", "--version"]] {
      let parsed = try Program.run(words)
      #expect(parsed.text == plain.text, "\(words)")
      #expect(parsed.exit == plain.exit, "\(words)")
    }
  }

  @Test func `requests of the parser's own are found in the words of any command`() throws {
    for words in [["primes", "7"], ["files", "count", "x"], ["files", "search", "x", "y"], ["images", "info", "x"]] {
      let alone = try Program.run(["--generate-completion-script", "bash"])
      let behind = try Program.run(words + ["--experimental-dump-help"])
      #expect(alone.exit == .status(0))
      #expect(behind.exit == .status(0), "\(words)")
      #expect(behind.text.hasPrefix("{"), "\(words)")
    }
  }
}
