import LanesCore
import LanesTesting
import SystemPackage
import Testing

@Suite struct FilesHashTests {
  /// A file of several slices.
  private func largeFile() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    var text = Bytes()
    for number in 0..<900_000 { text += Bytes("line \(number)\n".utf8) }
    try folder.write("large", text)
    try folder.write("other", text.dropLast(5))
    try folder.write("new\nline", [0x61])
    try folder.write("back\\slash", [])
    return folder
  }

  @Test(arguments: EngineChoice.all) func `digests are printed and checked as by sha256sum`(_ engine: EngineChoice)
    throws
  {
    let folder = try largeFile()
    let names = ["large", "other", "new\nline", "back\\slash", "large"]
    let expected = try Program.shell("cd \"$1\" && shift && exec sha256sum \"$@\"", [folder.path.string] + names)
    for reading in [[], ["--mmap"]] {
      let run = try Program.run(["files", "hash"] + names + reading + engine.flags, directory: folder.path)
      #expect(run.output == expected.output && run.exit == .status(0))
    }
    let piped = try Program.run(["files", "hash"] + engine.flags, input: .file(folder.file("large")))
    #expect(piped.text == expected.lines[0].prefix(64) + "  -\n")
    try folder.write("list", expected.output)
    let check = try Program.run(["files", "hash", "--check", "list"] + engine.flags, directory: folder.path)
    let reference = try Program.shell("cd \"$1\" && exec sha256sum --check list", [folder.path.string])
    #expect(check.output == reference.output && check.exit == .status(0))
  }

  @Test(arguments: EngineChoice.all) func `known values`(_ engine: EngineChoice) throws {
    let folder = TemporaryFolder()
    try folder.write("digits", Bytes("123456789".utf8))
    // The check value of CRC-32 (ISO-HDLC).
    let crc = try Program.run(["files", "hash", "-a", "crc32", "digits"] + engine.flags, directory: folder.path)
    #expect(crc.text == "cbf43926  digits\n")
    // XXH3_64bits of nothing, as in xxHash's own tests.
    try folder.write("empty", [])
    let empty = try Program.run(["files", "hash", "-a", "xxh3", "empty"] + engine.flags, directory: folder.path)
    #expect(empty.text == "XXH3 (empty) = 2d06800538d394c2\n")
  }

  @Test func `what does not match is told in the words of sha256sum`() throws {
    let folder = TemporaryFolder()
    for name in ["a", "b", "c"] { try folder.write(name, Bytes(name.utf8)) }
    let script =
      "cd \"$1\" && sha256sum a b c > list && echo x > b && rm c && echo nonsense >> list && sha256sum --check list"
    let expected = try Program.shell(script, [folder.path.string])
    let run = try Program.run(["files", "hash", "--check", "list"], directory: folder.path)
    #expect(run.output == expected.output)
    #expect(run.exit == .status(1) && expected.exit == .status(1))
    for line in [
      "1 line is improperly formatted", "1 listed file could not be read", "1 computed checksum did NOT match",
    ] {
      #expect(run.errors.contains("WARNING: \(line)"))
    }
    let silent = try Program.run(["files", "hash", "--check", "--status", "list"], directory: folder.path)
    #expect(silent.text == "" && silent.errors == "lanes: c: no such file or directory\n" && silent.exit == .status(1))
    let quiet = try Program.run(["files", "hash", "--check", "--quiet", "list"], directory: folder.path)
    #expect(quiet.lines == ["b: FAILED", "c: FAILED open or read"])
  }

  @Test func `lists are read as sha256sum reads them`() throws {
    let folder = TemporaryFolder()
    for name in ["a", "b c", "x y", "back\\slash"] { try folder.write(name, Bytes(name.utf8)) }
    let sum = try Program.shell("cd \"$1\" && sha256sum a", [folder.path.string]).text.prefix(64)
    let other = String(repeating: "0", count: 64)
    let lists = [
      "  \(sum)  a\n", "\t\(sum) *a\r\n", "SHA256 (a) = \(sum)\n", " SHA256(a)= \(sum)", "\(sum) a\n\(sum) a\n",
      "\(sum) a\n\(sum)  a\n",
      "\(sum)  a\n\(sum) a\n", "# a comment\n\n\r\n\(sum)  a\n", " # no comment\n\(sum)  a\n", "nonsense\n", "",
      "\(other)  a\n",
      "\(sum)  none\n", "\(sum)  none\n\(sum)  a\nnonsense\n", "\(sum)  none\n\(other)  a\n",
      "MD5 (a) = 00\n\(sum)  a\n", "\(sum)  -\n",
    ]
    let flags: [[String]] = [
      [], ["--ignore-missing"], ["--strict"], ["--warn"], ["--quiet"], ["--status"],
      ["--strict", "--warn", "--ignore-missing"],
      ["--status", "--strict"], ["--quiet", "--ignore-missing"],
    ]
    // Names are put into quotation marks in other cases; lines of a list are looked at ahead of the files.
    func plain(_ errors: String) -> [String] {
      errors.replacing("sha256sum: ", with: "lanes: ").replacing("No such", with: "no such").replacing("'", with: "")
        .split(separator: "\n").map(String.init).sorted()
    }
    for list in lists {
      try folder.write("list", Bytes(list.utf8))
      for options in flags {
        let words = ["-c"] + options + ["list"]
        let expected = try Program.shell("cd \"$1\" && shift && exec sha256sum \"$@\"", [folder.path.string] + words)
        let run = try Program.run(["files", "hash"] + words, directory: folder.path)
        #expect(run.output == expected.output && run.exit == expected.exit, "\(options) \(list)")
        #expect(plain(run.errors) == plain(expected.errors), "\(options) \(list)")
      }
      let piped = try Program.shell("cd \"$1\" && exec \"$LANES\" files hash -c < list", [folder.path.string])
      let reference = try Program.shell("cd \"$1\" && exec sha256sum -c < list", [folder.path.string])
      #expect(piped.output == reference.output && piped.exit == reference.exit, "\(list)")
    }
  }

  @Test func `lines name the algorithm where that is asked for`() throws {
    let folder = TemporaryFolder()
    for name in ["a", "back\\slash", "new\nline"] { try folder.write(name, Bytes(name.utf8)) }
    let words = ["--tag", "a", "back\\slash", "new\nline"]
    let expected = try Program.shell("cd \"$1\" && shift && exec sha256sum \"$@\"", [folder.path.string] + words)
    let run = try Program.run(["files", "hash"] + words, directory: folder.path)
    #expect(run.output == expected.output && run.exit == .status(0))
    for algorithm in ["crc32", "xxh3", "sha256"] {
      let tagged = try Program.run(["files", "hash", "-a", algorithm] + words, directory: folder.path)
      try folder.write("list", tagged.output)
      let check = try Program.run(["files", "hash", "--check", "list"], directory: folder.path)
      #expect(check.exit == .status(0) && check.lines.count == 3, "\(check.errors)")
    }
    for refused in [["--tag", "--check", "list"], ["--strict", "a"], ["--warn", "a"], ["--ignore-missing", "a"]] {
      #expect(try Program.run(["files", "hash"] + refused, directory: folder.path).exit == .status(64))
    }
  }

  @Test(arguments: EngineChoice.all) func `a file that loses its end while it is read fails alone, or not at all`(
    _ engine: EngineChoice
  ) throws {
    let folder = TemporaryFolder()
    try folder.write("good", [0x61])
    for operation in [["hash"], ["hash", "-a", "crc32"], ["search", "-c", "a"], ["count"]] {
      let script =
        "cd \"$1\" && shift && head -c 200000000 /dev/zero > large && { sleep 0.01; truncate -s 1000 large; } & "
        + "cd \"$1\" && shift && exec \"$LANES\" files \"$@\" large good"
      let run = try Program.shell(script, [folder.path.string] + operation + engine.flags)
      // Whichever came first, the run ends in an orderly way and the other file is answered.
      guard case .status(let status) = run.exit else {
        Issue.record("\(operation): \(run.exit)")
        continue
      }
      #expect(status <= 2, "\(operation): \(run.errors)")
      #expect(run.text.contains("good"), "\(operation): \(run.text) \(run.errors)")
    }
  }
}
