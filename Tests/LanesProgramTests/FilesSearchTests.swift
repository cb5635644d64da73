import LanesCore
import LanesTesting
import SystemPackage
import Testing

@Suite struct FilesSearchTests {
  /// Runs both and expects the same output and status; announcements of binary files are ours.
  private func expectAsGrep(
    _ words: [String], _ engine: EngineChoice, in directory: FilePath = Fixtures.texts,
    input: RunningProgram.Input = .nothing
  ) throws {
    let expected = try Program.shell(
      "cd \"$1\" && shift && exec grep -P \"$@\"", [directory.string] + words, input: input)
    let result = try Program.run(["files", "search"] + words + engine.flags, input: input, directory: directory)
    let lines = result.output.split(separator: 0x0A, omittingEmptySubsequences: false).filter {
      !$0.starts(with: "Binary file ".utf8)
    }
    #expect(Bytes(lines.joined(separator: [0x0A])) == expected.output, "\(words)")
    #expect(result.exit == expected.exit, "\(words)")
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
      ["files", "search", "-n", "399999", "large", "--no-mmap"] + engine.flags, directory: folder.path)
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

  @Test func `binary files are announced`() throws {
    let folder = TemporaryFolder()
    try folder.write("x", [0x61, 0, 0x0A])
    let run = try Program.run(["files", "search", "a", "x"], directory: folder.path)
    #expect(run.text == "Binary file x matches\n" && run.exit == .status(0))
    let text = try Program.run(["files", "search", "-a", "a", "x"], directory: folder.path)
    #expect(text.output == [0x61, 0, 0x0A])
  }

  @Test func `a malformed pattern is trouble`() throws {
    let run = try Program.run(["files", "search", "a(b", "x"])
    #expect(run.exit == .status(2))
    #expect(run.errorLines.count == 1 && run.errors.contains("offset 3"))
  }

  @Test func `matches are marked as grep marks them`() throws {
    let words = ["--color=always", "-n", "-H", "o", "crlf.txt"]
    let expected = try Program.shell("cd \"$1\" && shift && exec grep \"$@\"", [Fixtures.texts.string] + words)
    let run = try Program.run(["files", "search"] + words, directory: Fixtures.texts)
    #expect(run.text == expected.text)
  }
}
