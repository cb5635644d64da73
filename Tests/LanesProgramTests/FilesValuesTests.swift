import LanesCore
import LanesTesting
import SystemPackage
import Testing

/// Percentiles, records of several lines and JSON lines as a user asks for them, and what searches print beside lines.
@Suite struct FilesValuesTests {
  /// Tables of several slices: numbers, fields with newlines, JSON texts.
  private static let folder: TemporaryFolder? = {
    let folder = TemporaryFolder()
    var (plain, quoted, json) = (Bytes(), Bytes(), Bytes())
    for number in 0..<20_000 {
      let (key, value) = (number % 7, number * 7919 % 20_011)
      plain += Bytes("name \(key);\(value / 10).\(value % 10)\n".utf8)
      quoted += Bytes("\"name\n\(key)\",\"a, \"\"b\"\"\n\",\(value / 10).\(value % 10)\r\n".utf8)
      json += Bytes("{\"who\":{\"name\":\"n\\u0061me \(key)\"},\"ms\":[0,\(value / 10).\(value % 10)]}\n".utf8)
    }
    // Beyond 16 MiB, where the first slice ends inside of a field.
    let long = Bytes("\"\(String(repeating: "text\n", count: 100_000))\",x,1\n".utf8)
    for _ in 0..<36 { quoted += long }
    do {
      try folder.write("plain", plain)
      try folder.write("quoted.csv", quoted)
      try folder.write("lines.jsonl", json)
    } catch { return nil }
    return folder
  }()

  private static let commands: [[String]] = [
    ["stats", "-d", ";", "--column", "2", "--by", "1", "--percentiles", "0,50,99.9", "plain"],
    ["stats", "-d", ";", "--column", "2", "--percentiles", "50", "--approximate", "plain"],
    ["stats", "--csv", "--column", "3", "--by", "1", "--percentiles", "50", "quoted.csv", "--json"],
    ["stats", "--json-lines", "--column", "ms.1", "--by", "who.name", "--percentiles", "50", "lines.jsonl"],
    ["search", "--vimgrep", "-m", "3", "name [23]", "plain", "quoted.csv"],
    ["search", "-bo", "--column", "--color=always", "me 6;1.*", "plain"],
    ["search", "-nC1", "--replace", "$2:$1", "(name) (6);1999.*", "plain"],
    ["search", "--count-matches", "-S", "a|m", "plain", "lines.jsonl"],
  ]

  /// What each command prints serially, made once for all engines.
  private static let expected: [Program.Result] = commands.compactMap { words in
    folder.flatMap { try? Program.run(["files"] + words + ["--mode", "serial"], directory: $0.path) }
  }

  @Test(arguments: EngineChoice.all.dropFirst() + [.isolated])
  func `every engine prints the same`(_ engine: EngineChoice) throws {
    let folder = try #require(Self.folder)
    try #require(Self.expected.count == Self.commands.count)
    for (words, expected) in zip(Self.commands, Self.expected) {
      #expect(expected.exit == .status(0) && expected.errors == "" && !expected.text.isEmpty, "\(words)")
      let run = try Program.run(["files"] + words + engine.flags, directory: folder.path)
      #expect(run.output == expected.output && run.exit == expected.exit, "\(words)")
    }
  }

  @Test func `the three formats give the same figures`() throws {
    let folder = try #require(Self.folder)
    func figures(_ words: [String]) throws -> [String] {
      let run = try Program.run(["files", "stats", "--json", "--percentiles", "50"] + words, directory: folder.path)
      return run.lines.filter { $0.contains("ame") }.map { line in
        String(line[line.firstRange(of: "\"count\"")!.lowerBound...])
      }
    }
    let plain = try figures(["-d", ";", "--column", "2", "--by", "1", "plain"])
    #expect(plain.count == 7)
    #expect(try figures(["--csv", "--column", "3", "--by", "1", "quoted.csv"]) == plain)
    #expect(try figures(["--json-lines", "--column", "ms.1", "--by", "who.name", "lines.jsonl"]) == plain)
  }

  @Test func `what does not go together is refused`() throws {
    let cases: [([String], String)] = [
      (["stats", "--column", "1", "--approximate"], "--approximate is about percentiles"),
      (
        ["stats", "--column", "1", "--percentiles", "50,101"],
        "--percentiles takes up to a hundred numbers from 0 to 100"
      ),
      (["stats", "--json-lines", "--column", "a", "--header"], "--header is about columns, and --json-lines has none"),
      (["stats", "--json-lines", "--column", "a", "--csv"], "--csv is about columns, and --json-lines has none"),
      (
        ["stats", "--csv", "-z", "--isolation", "process", "--column", "1"],
        "--csv and -z go together in one process only"
      ),
      (["stats", "--json-lines", "--column", "a\\b"], "--column takes names with points between them"),
      (["search", "-E", "--replace", "$1", "(a)"], "--replace can use the whole match alone"),
      (["search", "--replace", "x", "-m1", "-C1", "a"], "do not go together"),
      (["search", "-g", "*.c", "a"], "write --include GLOB"),
      (["search", "--hidden", "a"], "hidden and ignored files are searched anyway"),
    ]
    for (words, sentence) in cases {
      let run = try Program.run(["files"] + words)
      #expect(run.exit != .status(0) && run.output.isEmpty && run.errors.contains(sentence), "\(words): \(run.errors)")
    }
  }

  // MARK: Searches

  /// A folder with texts and binary files, of which one has its zero byte far behind.
  private func texts() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    try folder.write("a", Bytes("foo bar\nx\nfoofoo\r\ny\nz\nFoo\nfoo".utf8))
    try folder.write("zero", Bytes("foo\n\0foo\n".utf8))
    try folder.write("late", Bytes(repeatElement(Bytes("foo bar\n".utf8), count: 40_000).joined()) + [0, 0x0A])
    return folder
  }

  @Test(arguments: [
    ["-b", "foo", "a"], ["-bo", "fo+", "a"], ["-bn", "-C1", "foo", "a"], ["-I", "-c", "foo", "a", "zero"],
    ["-I", "foo", "zero"], ["-Il", "foo", "a", "zero"], ["-IL", "foo", "a", "zero"],
    ["--binary-files=text", "-c", "foo", "zero"],
    ["--binary-files=without-match", "-n", "foo", "a", "zero"], ["-I", "-c", "foo", "late"], ["-IL", "foo", "zero"],
    ["-C0", "--group-separator", "##", "foo", "a"], ["-C0", "--no-group-separator", "foo", "a"],
    ["-H", "--label", "here", "foo", "-"], ["--no-ignore-case", "foo", "a"], ["-i", "--no-ignore-case", "foo", "a"],
  ])
  func `places, binary files and separators are those of grep`(words: [String]) throws {
    let folder = try texts()
    for engine in [EngineChoice.serial, .threads, .sharedMemory] {
      let input = RunningProgram.Input.bytes(Bytes("a foo\n".utf8))
      let expected = try Program.shell(
        "cd \"$1\" && shift && exec grep -P \"$@\"", [folder.path.string] + words, input: input)
      let run = try Program.run(["files", "search"] + words + engine.flags, input: input, directory: folder.path)
      #expect(run.output == expected.output && run.exit == expected.exit, "\(words)")
    }
  }

  @Test(arguments: [
    "mt=01;32", "ms=01;34:mc=02;33", "sl=1:cx=2", "sl=1:cx=2:rv", "ne", "fn=1;35:ln=33:bn=34:se=31", "ms=:sl=7",
    "fn=:ln=:se=",
    "bogus=3:mt=4", "mt=1x:sl=3", "=:mt=1", "mt", "",
  ])
  func `colors are those that GREP_COLORS states`(colors: String) throws {
    let folder = try texts()
    for words in [
      ["-bn", "fo+", "a"], ["-v", "-C1", "foo", "a"], ["-A1", "-m1", "foo", "a"], ["-o", "foo", "a"],
      ["-c", "foo", "a", "late"],
    ] {
      let command = "cd \"$1\" && shift && export GREP_COLORS='\(colors)' && exec \"$@\" --color=always"
      let expected = try Program.shell(command, [folder.path.string, "grep", "-P"] + words)
      let run = try Program.shell(command, [folder.path.string, Program.path, "files", "search"] + words)
      #expect(run.output == expected.output && run.exit == expected.exit, "\(words)")
    }
  }

  /// Outputs of ripgrep 13.
  @Test(arguments: [
    (["--column", "-n", "o+", "a"], "1:2:foo bar\n3:2:foofoo\r\n6:2:Foo\n7:2:foo\n"),
    (["--vimgrep", "foo", "a"], "a:1:1:foo bar\na:3:1:foofoo\r\na:3:4:foofoo\r\na:7:1:foo\n"),
    (["--vimgrep", "-b", "foo\\b", "a"], "a:1:1:0:foo bar\na:3:4:13:foofoo\r\na:7:1:26:foo\n"),
    (["-S", "-c", "foo", "a"], "4\n"), (["-S", "-c", "Foo", "a"], "1\n"), (["-S", "-c", "\\Dfoo|\\S{4}", "a"], "1\n"),
    (["--count-matches", "foo", "a"], "4\n"), (["--count-matches", "-m1", "o", "a"], "2\n"),
    (["--replace", "<$0>", "fo+", "a"], "<foo> bar\n<foo><foo>\r\n<foo>\n"),
    (["--replace", "$2${1}x$$$9", "(f)(o)", "a"], "ofx$o bar\nofx$oofx$o\r\nofx$o\n"),
    (["--replace", "${tail}-$1a", "(?<tail>o+)$", "a"], "Foo-\nfoo-\n"),
    (["-o", "--replace", "[$1]", "f(o+)", "a"], "[oo]\n[oo]\n[oo]\n[oo]\n"),
    (["-M", "7", "foo", "a"], "[Omitted long matching line]\n[Omitted long matching line]\nfoo\n"),
    (["-M", "0", "-C1", "Foo", "a"], "z\nFoo\nfoo\n"),
  ])
  func `what ripgrep prints is printed`(words: [String], expected: String) throws {
    let folder = try texts()
    for engine in [EngineChoice.serial, .pipes] {
      let run = try Program.run(["files", "search"] + words + engine.flags, directory: folder.path)
      #expect(run.text == expected, "\(words)")
    }
  }

  @Test func `lines of a program that goes on writing are told at once`() throws {
    // What is written second depends on the answer to the first.
    let script = """
      dir=$(mktemp -d); mkfifo "$dir/in" "$dir/out"
      "$LANES" files search --line-buffered foo < "$dir/in" > "$dir/out" &
      exec 3> "$dir/in" 4< "$dir/out"
      echo 'foo 1' >&3; read -r line <&4; echo "got $line"
      echo 'no' >&3; echo 'foo 2' >&3; read -r line <&4; echo "got $line"
      exec 3>&-; wait; rm -r "$dir"
      """
    #expect(try Program.shell(script, []).text == "got foo 1\ngot foo 2\n")
  }
}
