import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite struct FilesCountTests {
  private static let texts = [
    "blank.txt", "bytes.bin", "control.txt", "crlf.txt", "empty.txt", "long-line.txt", "no-newline.txt", "utf8.txt",
  ]

  @Test(arguments: EngineChoice.all) func `files are counted as wc counts them`(_ engine: EngineChoice) throws {
    for options in [[], ["-l"], ["-w"], ["-c"], ["-lc"], ["-cwl"]] {
      try expectAsWc(options + Self.texts, engine)
      // One file alone has a layout of its own, by whether there are one, two or three figures.
      guard [[], ["-l"], ["-lc"]].contains(options) else { continue }
      for text in Self.texts { try expectAsWc(options + [text], engine) }
    }
  }

  @Test func `names that are not UTF-8 are those that were typed`() throws {
    let folder = TemporaryFolder()
    let names: [[UInt8]] = [[0x61, 0xFF], [0x61, 0xFE], [0x61, 0xEF, 0xBF, 0xBD]]
    let make =
      "cd \"$1\" && echo > \"$(printf 'a\\377')\" && printf '\\n\\n' > \"$(printf 'a\\376')\" && "
      + "printf '\\n\\n\\n' > \"$(printf 'a\\357\\277\\275')\""
    _ = try Program.shell(make, [folder.path.string])
    let count =
      "cd \"$1\" && exec \"$LANES\" files count -l \"$(printf 'a\\377')\" \"$(printf 'a\\376')\" "
      + "\"$(printf 'a\\357\\277\\275')\""
    let run = try Program.shell(count, [folder.path.string])
    #expect(run.exit == .status(0), "\(run.errors)")
    let lines = run.output.split(separator: 0x0A).map { Bytes($0) }
    for (index, name) in names.enumerated() {
      #expect(lines[index] == Bytes("\(index + 1) ".utf8) + name)
    }
  }

  @Test(arguments: EngineChoice.all) func `a file of many slices is counted as wc counts it`(_ engine: EngineChoice)
    throws
  {
    let folder = TemporaryFolder()
    let line = Bytes("the quick brown fox\tjumps over\r\nthe lazy dog\n".utf8)
    var bytes = Bytes()
    for _ in 0..<400_000 { bytes += line }
    try folder.write("large", bytes)
    try folder.write("small", [0x61])
    try expectAsWc(["large", "small"], engine, in: folder.path)
    try expectAsWc([], engine, input: .file(folder.file("large")))
    try expectAsWc([], engine, input: .bytes(bytes))
  }

  @Test(arguments: EngineChoice.all) func `standard input is counted as wc counts it`(_ engine: EngineChoice) throws {
    let text = try readFile(Fixtures.texts.appending("utf8.txt"))
    for words in [[], ["-"], ["-l"], ["-w", "-"], ["crlf.txt", "-", "utf8.txt"]] {
      try expectAsWc(words, engine, input: .bytes(text))
      try expectAsWc(words, engine, input: .file(Fixtures.texts.appending("utf8.txt")))
      try expectAsWc(words, engine, input: .nothing)
    }
  }

  @Test(arguments: EngineChoice.all) func `files of proc are read although they claim to be empty`(
    _ engine: EngineChoice
  ) throws {
    try expectAsWc(["/proc/filesystems"], engine)
    try expectAsWc(["/proc/version", "/proc/filesystems"], engine)
    let own = try Program.run(["files", "count", "-l", "/proc/self/status"] + engine.flags)
    #expect(own.exit == .status(0))
    #expect((Int(own.text.prefix { $0.isNumber }) ?? 0) > 20)
  }

  @Test(arguments: EngineChoice.all) func `what cannot be read is named and the rest is counted`(_ engine: EngineChoice)
    throws
  {
    let result = try expectAsWc(["crlf.txt", "missing.txt", "utf8.txt"], engine, status: 1)
    #expect(result.errorLines == ["lanes: missing.txt: no such file or directory"])
    let alone = try expectAsWc(["missing.txt"], engine, status: 1)
    #expect(alone.errorLines.count == 1)
  }

  @Test(arguments: EngineChoice.all) func `a directory is counted as nothing, as wc does, unless it is to be walked`(
    _ engine: EngineChoice
  ) throws {
    let result = try expectAsWc(["crlf.txt", "."], engine, status: 1)
    #expect(result.errorLines.count == 1)
    #expect(result.errors.contains("-r"))
  }

  @Test(arguments: EngineChoice.all) func `a tree is walked with -r`(_ engine: EngineChoice) throws {
    let folder = TemporaryFolder()
    for name in ["a", "b/c", "b/d.txt", "b.txt", ".hidden/x", "new\nline"] {
      try folder.write(name, Bytes("\(name) of some\nwords\n".utf8))
    }
    let result = try Program.run(["files", "count", "-r", "."] + engine.flags, directory: folder.path)
    #expect(result.exit == .status(0))
    let expected = try Program.shell("cd \"$1\" && find . -type f -exec wc {} +", [folder.path.string])
    func columns(_ text: String) -> [[Substring]] {
      text.split(separator: "\n").map { $0.split(separator: " ") }.sorted {
        $0.joined(separator: " ") < $1.joined(separator: " ")
      }
    }
    #expect(expected.lines.count > 6)
    #expect(columns(result.text) == columns(expected.text))
  }

  @Test(arguments: EngineChoice.all) func `rows and total come as JSON`(_ engine: EngineChoice) throws {
    let result = try Program.run(
      ["files", "count", "--json", "crlf.txt", "missing", "empty.txt"] + engine.flags, directory: Fixtures.texts)
    let values = result.lines.map { JSONValue($0) }
    #expect(values.map { $0?["type"] } == ["count", "count", "count", "total"].map { .string($0) })
    #expect(values.map { $0?["path"] } == [.string("crlf.txt"), .string("missing"), .string("empty.txt"), nil])
    #expect(values[1]?["error"] == .string("no such file or directory"))
    #expect(values[3]?["files_failed"] == .number("1"))
    #expect(result.exit == .status(1))
  }

  /// Expects the very bytes that wc prints for the same words.
  @discardableResult private func expectAsWc(
    _ words: [String], _ engine: EngineChoice, input: RunningProgram.Input = .nothing,
    in directory: FilePath = Fixtures.texts,
    status: Int32 = 0
  ) throws -> Program.Result {
    let expected = try Program.shell("cd \"$1\" && shift && exec wc \"$@\"", [directory.string] + words, input: input)
    let result = try Program.run(["files", "count"] + words + engine.flags, input: input, directory: directory)
    #expect(result.text == expected.text, "\(words)")
    #expect(expected.exit == .status(status) && result.exit == .status(status), "\(words)")
    if status == 0 { #expect(result.errors == "") }
    return result
  }
}
