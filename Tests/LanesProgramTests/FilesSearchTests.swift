import LanesCore
import LanesTesting
import SystemPackage
import Testing

@Suite struct FilesSearchTests {
  /// Runs both and expects the same output and status, and the same to be said of binary files.
  private func expectAsGrep(
    _ words: [String], _ engines: EngineChoice..., in directory: FilePath = Fixtures.texts, syntax: String = "-P",
    input: RunningProgram.Input = .nothing
  ) throws {
    try expectAsGrep(words, engines, in: directory, syntax: syntax, input: input)
  }

  private func expectAsGrep(
    _ words: [String], _ engines: [EngineChoice], in directory: FilePath, syntax: String = "-P",
    input: RunningProgram.Input = .nothing
  ) throws {
    let expected = try Program.shell(
      "cd \"$1\" && shift && exec grep \"$@\"", [directory.string, syntax] + words, input: input)
    for engine in engines {
      let result = try Program.run(
        ["files", "search"] + engine.flags + [syntax] + words, input: input, directory: directory)
      #expect(result.output == expected.output, "\(syntax) \(words) \(engine)")
      #expect(result.exit == expected.exit, "\(syntax) \(words) \(engine)")
      #expect(Self.remarks(result.errors) == Self.remarks(expected.errors), "\(syntax) \(words) \(engine)")
    }
  }

  /// What is said of binary files, and of how many others.
  private static func remarks(_ errors: String) -> [String] {
    errors.split(separator: "\n").filter { !$0.contains("warning: ") }
      .map { $0.hasSuffix(": binary file matches") ? String($0.drop { $0 != " " }) : "trouble" }.sorted()
  }

  @Test(arguments: EngineChoice.all) func `lines are found as grep finds them`(_ engine: EngineChoice) throws {
    for options in [["-n"], ["-c"], ["-l"], ["-vc"], ["-iw"], ["-o", "-n"], ["-m1"], ["-h"], ["-xv"]] {
      try expectAsGrep(options + ["the|e$", "crlf.txt", "missing.txt", "utf8.txt", "long-line.txt"], engine)
      try expectAsGrep(options + ["[a-f]+", "bytes.bin"], engine)
    }
    // Some versions of grep -P take one pattern only.
    try expectAsGrep(["-e", "the", "crlf.txt"], engine)
    try expectAsGrep(["zzzzz", "crlf.txt"], engine)
    try expectAsGrep(["the"], engine, input: .file(Fixtures.texts.appending("crlf.txt")))
    try expectAsGrep(["the", "-", "crlf.txt"], engine, input: .bytes(Bytes("the end".utf8)))
  }

  @Test(arguments: EngineChoice.all) func `a file of many slices has right numbers`(_ engine: EngineChoice) throws {
    let folder = TemporaryFolder()
    var text = Bytes()
    for number in 0..<400_000 { text += Bytes("line \(number) of some\n".utf8) }
    try folder.write("large", text)
    try expectAsGrep(["-n", "9999 |12345", "large"], engine, in: folder.path)
    try expectAsGrep(["-n", "-m", "5", "9999 ", "large"], engine, in: folder.path)
    try expectAsGrep(["-c", "1", "large"], engine, in: folder.path)
    let read = try Program.run(
      ["files", "search", "-n", "399999", "large", "--mmap"] + engine.flags, directory: folder.path)
    #expect(read.text == "400000:line 399999 of some\n")
  }

  @Test(arguments: EngineChoice.all) func `a satisfied search ends early`(_ engine: EngineChoice) throws {
    let folder = TemporaryFolder()
    try folder.write("large", Bytes(repeatElement(Bytes("yes\n".utf8), count: 8_000_000).joined()))
    let run = try Program.run(
      ["files", "search", "-l", "yes", "large", "--json", "--stats"] + engine.flags, directory: folder.path)
    #expect(run.exit == .status(0))
    #expect(JSONValue(run.lines.last ?? "")?["ending"] == .string("satisfied"))
  }

  @Test func `trees are searched in byte order, hidden files too`() throws {
    let folder = TemporaryFolder()
    for name in ["b/x", "a", ".hidden", "b/.gitignore"] { try folder.write(name, Bytes("one\ntwo\n".utf8)) }
    let run = try Program.run(["files", "search", "-rn", "two"], directory: folder.path)
    #expect(run.lines == [".hidden:2:two", "a:2:two", "b/.gitignore:2:two", "b/x:2:two"])
    let named = try Program.run(["files", "search", "-r", "two", "a"], directory: folder.path)
    #expect(named.text == "two\n")
  }

  @Test func `what is said of binary files goes to standard error`() throws {
    let folder = TemporaryFolder()
    try folder.write("x", [0x61, 0, 0x0A])
    let run = try Program.run(["files", "search", "-s", "a", "x"], directory: folder.path)
    #expect(run.text == "" && run.errors == "lanes: x: binary file matches\n" && run.exit == .status(0))
    let text = try Program.run(["files", "search", "-a", "a", "x"], directory: folder.path)
    #expect(text.output == [0x61, 0, 0x0A])
    // Enough lines were found ahead of the zero byte, but it is among the first bytes of the file.
    try folder.write(
      "y", Bytes("a\n".utf8) + Bytes(repeatElement(Bytes("some line\n".utf8), count: 5000).joined()) + [0])
    try expectAsGrep(["-m1", "a", "y"], EngineChoice.all[0], in: folder.path)
    try expectAsGrep(["-m1", "-A2", "-n", "a", "y"], EngineChoice.all[0], in: folder.path)
  }

  @Test func `patterns may look like options, and options stand together`() throws {
    let folder = TemporaryFolder()
    try folder.write("x", Bytes("-c\n-d\n--\nfoo\nFoo 1\n-5\n\n".utf8))
    try folder.write("list", Bytes("-c\nfoo".utf8))
    try folder.write("empty", [])
    let all: [[String]] = [
      ["-e", "-c", "x"], ["-e", "-[a-c]", "x"], ["-e-c", "x"], ["--regexp=-c", "x"], ["--regexp", "-c", "x"],
      ["-e", "--", "x"],
      ["-ne", "-5", "x"], ["-e", "", "x"], ["--regexp=", "x"], ["-inm1", "foo", "x"], ["-1n", "foo", "x"],
      ["-n2", "foo", "x"],
      ["-nA1", "foo", "x"], ["-cm0", "foo", "x"], ["-c", "-m", "0", "foo", "x", "nope"], ["-L", "-m0", "foo", "x"],
      ["-m", "-1", "-c", "o", "x"],
      ["-f", "list", "x"], ["-f", "empty", "x", "nope"], ["-vcf", "empty", "x"], ["-v", "", "nope"],
      ["-Hh", "foo", "x"],
      ["-hH", "foo", "x"], ["-lL", "foo", "x", "list", "empty"], ["-Llc", "foo", "x", "empty"],
      ["--colour=always", "foo", "x"],
      ["--color=never", "--", "-c", "x"], ["-cZ", "foo", "x", "list"], ["-lZ", "foo", "x", "list"],
      ["-s", "foo", "nope", "x"],
      ["-qs", "foo", "nope", "x"], ["-q", "zzz", "nope", "x"], ["-q", "zzz", "x"], ["-qL", "foo", "x"],
      ["--silent", "foo", "x"],
      ["--file=list", "x"], ["--file", "nope", "x"], ["--include=*.c", "foo", "x"], ["--exclude", "*", "foo", "x"],
    ]
    for words in all { try expectAsGrep(words, EngineChoice.all[0], in: folder.path, syntax: "-E") }
  }

  @Test func `bytes that are no characters are searched for as they were typed`() throws {
    let folder = TemporaryFolder()
    try folder.write("x", [0x61, 0xFF, 0x0A, 0xFE, 0x0A])
    for option in ["", "-e", "-ne", "--regexp="] {
      let run = try Program.shell(
        "cd \"$1\" && exec \"$LANES\" files search -c \(option)\"$(printf '\\377')\" x", [folder.path.string])
      #expect(run.text == "1\n", "\(option): \(run.errors)")
    }
  }

  @Test(arguments: EngineChoice.all) func `a quiet search ends with what it finds first`(_ engine: EngineChoice) throws
  {
    let folder = TemporaryFolder()
    try folder.write("x", Bytes("foo\n".utf8))
    try folder.write("large", Bytes(repeatElement(Bytes("yes\n".utf8), count: 4_000_000).joined()))
    for words in [["foo", "x", "nope"], ["yes", "large", "nope"], ["-v", "foo", "large", "nope", "x"]] {
      let run = try Program.run(["files", "search", "-q"] + words + engine.flags, directory: folder.path)
      #expect(run.text == "" && run.errors == "" && run.exit == .status(0), "\(words): \(run.errors)")
    }
    // What was ahead of it was told already.
    let late = try Program.run(["files", "search", "-q", "foo", "nope", "x"] + engine.flags, directory: folder.path)
    #expect(late.text == "" && late.errorLines.count == 1 && late.exit == .status(0))
    let ended = try Program.run(
      ["files", "search", "-q", "--json", "--stats", "yes", "large"] + engine.flags, directory: folder.path)
    #expect(ended.lines.count == 1 && JSONValue(ended.lines[0])?["ending"] == .string("satisfied"))
  }

  /// Other commands are compared with --quiet, which ends a search with the first line.
  @Test func `a search is compared to its end`() throws {
    let folder = TemporaryFolder()
    try folder.write("large", Bytes(repeatElement(Bytes("yes\n".utf8), count: 5_000_000).joined()))
    let words = ["compare", "--rounds", "1", "--warmup", "0", "--json", "--modes", "serial"]
    let all = try Program.run(words + ["files", "search", "-cnA1", "yes", "large"], directory: folder.path)
    #expect(JSONValue(all.lines.first ?? "")?["in_bytes"] == .number("20000000"), "\(all.errors)")
    let first = try Program.run(words + ["files", "search", "-q", "yes", "large"], directory: folder.path)
    #expect(JSONValue(first.lines.first ?? "")?["in_bytes"] != .number("20000000"), "\(first.errors)")
  }

  /// Grep's short spellings: what a search alone takes, a compared one reads alike.
  @Test(arguments: [
    ["-rnA3", "-e", "-x", "."], ["-rie", "--cold", "."], ["-re", "--", "."], ["-rce", "-", "."],
    ["-r", "odd", "--color"],
    ["--silent", "odd", "a"], ["-A", "5", "odd", "a"], ["-1", "odd", "a"], ["-rf", "a", "."],
    ["odd", "--exclude", "-a", "a"],
  ])
  func `a compared search reads its words as the search does`(words: [String]) throws {
    let folder = TemporaryFolder()
    try folder.write("a", Bytes("odd -x\n- --cold\n--\n".utf8))
    let alone = try Program.run(["files", "search"] + words, directory: folder.path)
    try #require(alone.exit == .status(0) || alone.exit == .status(1), "\(alone.errors)")
    let compared = try Program.run(
      ["compare", "--rounds", "1", "--warmup", "0", "--json", "--modes", "serial", "files", "search"] + words,
      directory: folder.path)
    #expect(compared.exit == .status(0), "\(compared.errors)")
    #expect(JSONValue(compared.lines.first ?? "")?["in_bytes"] == .number("19"), "\(compared.text)")
  }

  @Test(arguments: [["-e", "a"], ["a"], ["-f", "-", "a"], ["-e", "a", "-"], ["-A", "3", "a"]])
  func `a search of standard input is not compared`(words: [String]) throws {
    let folder = TemporaryFolder()
    try folder.write("a", Bytes("a\n".utf8))
    let result = try Program.run(["compare", "files", "search"] + words, directory: folder.path)
    #expect(result.exit == .status(64))
    #expect(
      result.errorLines.first
        == "lanes: standard input can be read once only, so it cannot be compared; name files instead")
  }

  @Test func `options of a comparison go before the names behind two dashes`() throws {
    let folder = TemporaryFolder()
    try folder.write("--cold", Bytes("an odd name\n".utf8))
    let words = ["compare", "--rounds", "1", "--warmup", "0", "--json", "--modes", "serial,threads", "files"]
    for command in [["search", "-F", "odd"], ["count"]] {
      let told = try Program.run(words + command + ["--", "--cold"], directory: folder.path)
      #expect(told.exit == .status(0), "\(told.errors)")
      #expect(JSONValue(told.lines.first ?? "")?["in_bytes"] == .number("12"), "\(told.text)")
    }
  }

  @Test func `lines around selected ones are told across slices`() throws {
    let folder = TemporaryFolder()
    var text = Bytes()
    for number in 0..<900_000 { text += Bytes("line \(number) of some\n".utf8) }
    try folder.write("large", text)
    try folder.write("small", Bytes("line 99999 alone\n".utf8))
    // The border of two slices is inside of line 377,438 or so, and so on; these stretches cover them.
    for words in [
      ["-n", "-C3", "[05]000 of"], ["-n", "-B2", "-A30000", "(37|73)0000 of"], ["-B20000", "-n", "(38|75)0000 of"],
      ["-m2", "-A500000", "-n", "370000 of"], ["-v", "-n", "-C1", "line [1-9]"], ["-C1", "99999"],
      ["-h", "-A1", "99999"],
      ["-o", "-n", "-C2", "9999 "], ["-c", "-C2", "1"],
    ] {
      try expectAsGrep(words + ["large", "small"], EngineChoice.all, in: folder.path)
    }
    let input = RunningProgram.Input.file(folder.file("large"))
    try expectAsGrep(["-n", "-C1", "9999 of"], EngineChoice.all, in: folder.path, input: input)
    for engine in EngineChoice.all {
      let json = try Program.run(
        ["files", "search", "--json", "-A1", "-m1", "9999 of", "large"] + engine.flags, directory: folder.path)
      let kinds: [JSONValue?] = [.string("line"), .string("context"), .string("searched")]
      #expect(json.lines.map { JSONValue($0)?["type"] } == kinds, "\(engine)")
    }
  }

  @Test func `names decide which files are searched`() throws {
    let folder = TemporaryFolder()
    for name in ["a.c", "b.h", "sub/a.c", "sub/deep/x.txt", ".git/a.c", "sub.d/b.c", "sub/a.h"] {
      try folder.write(name, Bytes("some text\n".utf8))
    }
    let rules: [[String]] = [
      ["--include=*.c"], ["--exclude=*.c"], ["--include=*.c", "--exclude=b*"], ["--exclude=b*", "--include=*.c"],
      ["--exclude", "a*", "--include", "*.c"], ["--exclude-dir=.git"], ["--exclude-dir=sub/"], ["--exclude-dir=sub"],
      ["--exclude-dir=deep"], ["--exclude-dir=s*"],
      ["--exclude-dir=sub*", "--include=[ab].?"],
      ["--exclude-dir=."], ["--exclude-dir=*"], ["--include=sub/a.c"], ["--exclude=.*"],
    ]
    for rule in rules {
      // A slash at the end of a directory's name makes it another name.
      for inputs in [
        [], ["."], ["sub", "a.c", "sub/a.c"], ["./sub", "sub/deep/x.txt", "sub/.."], ["sub/"], ["./sub/", ".git/"],
        ["sub/deep/"],
      ] {
        let words = ["-rl", "text"] + rule + inputs
        let expected = try Program.shell("cd \"$1\" && shift && exec grep \"$@\"", [folder.path.string] + words)
        let run = try Program.run(["files", "search"] + words, directory: folder.path)
        #expect(run.lines.sorted() == expected.lines.sorted() && run.exit == expected.exit, "\(words)")
      }
    }
  }

  /// Command lines that are made up, the same ones every time; `Scripts/compare-searches` tries thousands.
  @Test func `made-up command lines are answered as grep answers them`() throws {
    var chance = Chance(state: 4)
    let flags = [
      "-i", "-v", "-v", "-w", "-x", "-c", "-n", "-n", "-n", "-o", "-o", "-a", "-s", "-Z", "-l", "-L", "-H", "-h", "-A1",
      "-B2", "-C1",
      "-A0", "-3", "-m1", "-m2", "-m0",
    ]
    let patterns = [
      "-E": [
        "the", "e$", "^$", "[[:upper:]]", "a|an|and", "e{2}", "\\<t", "(e).*\\1", "", "o[]x]?", "e+?", "\\w+", "T.*s",
        "zzz",
      ],
      "-F": ["the", "e", "The", "", ".", "ee", "there", "\\", "zzz", " "],
      "-P": ["the", "(?i)THE", "\\d+", "e(?=r)", "^\\s*$", "\\Qe.\\E", "[^\\S]", "e+?", "T.*s", "(?<=t)h", "zzz"],
    ]
    let files = ["bytes.bin", "control.txt", "crlf.txt", "long-line.txt", "utf8.txt", "missing.txt"]
    for number in 0..<210 {
      let syntax = chance.one(of: ["-E", "-F", "-P"])
      var words = (0..<chance.below(5)).map { _ in chance.one(of: flags) }
      for _ in 0...(syntax == "-P" ? 0 : chance.below(3)) { words += ["-e", chance.one(of: patterns[syntax]!)] }
      let engine = EngineChoice.all[number % EngineChoice.all.count]
      if chance.below(5) == 0 {
        let file = Fixtures.texts.appending(chance.one(of: files.dropLast()))
        try expectAsGrep(words, engine, syntax: syntax, input: .file(file))
      } else {
        words += (0...chance.below(4)).map { _ in chance.one(of: files) }
        try expectAsGrep(words, engine, syntax: syntax)
      }
    }
  }

  /// Numbers that look random and are the same every time (SplitMix64).
  private struct Chance {
    var state: UInt64
    mutating func below(_ bound: Int) -> Int {
      state &+= 0x9E37_79B9_7F4A_7C15
      var bits = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
      return Int((bits ^ bits >> 31) % UInt64(bound))
    }
    mutating func one(of choices: [String]) -> String { choices[below(choices.count)] }
  }

  @Test func `a malformed pattern is trouble`() throws {
    let run = try Program.run(["files", "search", "a(b", "x"])
    #expect(run.exit == .status(2))
    #expect(run.errorLines.count == 1 && run.errors.contains("offset 3"))
  }

  @Test(arguments: [
    ["-n", "-H", "o"], ["-v", "-n", "o"], ["-vC1", "-n", "[aeo]"], ["-oHn", "-A1", "o"], ["-lZ", "o"], ["-cH", "o"],
  ])
  func `matches are marked as grep marks them`(options: [String]) throws {
    let words = ["--color=always"] + options + ["crlf.txt", "utf8.txt"]
    let expected = try Program.shell("cd \"$1\" && shift && exec grep \"$@\"", [Fixtures.texts.string] + words)
    let run = try Program.run(["files", "search"] + words, directory: Fixtures.texts)
    #expect(run.text == expected.text)
  }
}
