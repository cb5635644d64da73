import Glibc
import LanesCore
import LanesJournal
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// A command that is interrupted goes on from its run file, and its results are those of one that was not.
@Suite(.serialized) struct JournalTests {
  /// Commands with units of every kind, with a line of the shell's that makes their inputs in the current directory.
  static let commands: [(words: [String], input: [String])] = [
    (["images", "convert", "a", "b", "-o", "out", "--resize", "40x40"], []),
    (["images", "convert", "a", "-o", "out", "--sizes", "30,20", "--to", "jpeg", "--keep-times"], []),
    (["images", "convert", "a", "-o", "out", "--skip-existing", "--json"], []),
    (
      [
        "images", "convert", "a", "-o", "out", "--to", "jpeg,png", "--sizes", "9000,30", "--quality", "95",
        "--max-bytes",
        "2M", "--if-larger", "skip", "--json", "--preview", "--manifest", "out/all.json",
      ], []
    ),
    (["images", "convert", "a/seeds.jpg", "-o", "-", "--resize", "50x50"], []),
    (["images", "info", "a", "b"], []),
    (["primes", "1e9"], []), (["primes", "1e9", "--sum", "--json"], []), (["primes", "1e9", "--twins"], []),
    (["primes", "5e8", "--tuplets", "4"], []), (["primes", "3e6", "--list"], []),
    (["primes", "1e12", "1e12+1e6", "--list", "--json"], []), (["primes", "--nth", "1e7"], []),
    (["primes", "1e12", "--algorithm", "combinatorial"], []),
    (["files", "count", "-r", "texts", "missing", "big"], []), (["files", "count"], ["big"]),
    (["files", "search", "-rn", "-A1", "[a-e]97 l", "texts", "big"], []),
    (["files", "hash", "big", "texts/none", "-a", "sha256"], []),
    (["files", "hash", "-r", "texts", "big", "-a", "crc32"], []),
    (["files", "hash", "--check", "sums"], []),
    (["files", "stats", "-d", ";", "--column", "2", "--by", "1", "table"], []),
    (["files", "top", "-k", "5", "big"], []), (["files", "histogram", "big"], []),
  ]

  private static func makeInputs() throws -> TemporaryFolder {
    let folder = try mixedFolder(lines: 700_000)
    try folder.write("sums", Bytes("0000000000000000000000000000000000000000000000000000000000000000  big\n".utf8))
    return folder
  }

  /// Where the first group of a run file ends: its head, at byte 12, begins with the length of what follows.
  private static func headerEnd(_ file: Bytes) -> Int { 24 + file[12..<16].reversed().reduce(0) { $0 << 8 | Int($1) } }

  /// What was said, without what differs between any two runs: durations, and what is said of the run file itself.
  private static func told(_ result: Program.Result) -> [String] {
    result.timelessErrorLines.filter { !$0.hasPrefix("lanes: run: ") }
  }

  @Test func `every command with units goes on from any part of its run file`() throws {
    let folder = try Self.makeInputs()
    for (index, command) in Self.commands.enumerated() {
      let engine = EngineChoice.all[index % EngineChoice.all.count]
      let other = EngineChoice.all[(index + 2) % EngineChoice.all.count]
      let input = command.input.first.map { RunningProgram.Input.file(folder.file($0)) } ?? .nothing
      func lanes(_ more: [String]) throws -> Program.Result {
        try Program.run(command.words + more, input: input, directory: folder.path)
      }
      let plain = try lanes(engine.flags)
      let tree = try Tree(folder.file("out"))
      Folders.remove(folder.file("out"))
      let first = try lanes(["--journal", "run"] + engine.flags)
      #expect(Self.told(first) == Self.told(plain) && first.exit == plain.exit, "\(command.words)")
      #expect(try Tree(folder.file("out")) == tree, "\(command.words)")
      let whole = try readFile(folder.file("run"))
      let headerEnd = Self.headerEnd(whole)
      // Complete, then cut off behind any record, and in the midst of one; results of that part may be there or not.
      for part in [1, 0.8, 0.4] {
        try folder.write("run", whole.prefix(headerEnd + Int(Double(whole.count - headerEnd) * part)))
        if part == 0.4 { Folders.remove(folder.file("out")) }
        let again = try lanes(["--resume", "run"] + other.flags)
        #expect(Self.told(again) == Self.told(plain) && again.exit == plain.exit, "\(command.words) from \(part)")
        let isSame = again.timelessOutput(of: command.words) == plain.timelessOutput(of: command.words)
        #expect(isSame, "\(command.words) from \(part)")
        #expect(try Tree(folder.file("out")) == tree, "\(command.words) from \(part)")
        let proof = try Program.run(["verify", "run"], directory: folder.path)
        let isFaultless = plain.exit == .status(0) || command.words.contains("--check")
        #expect(proof.exit == .status(isFaultless ? 0 : 1), "\(command.words) from \(part): \(proof.text)")
        #expect(isFaultless || proof.lines.allSatisfy { $0.contains(": failed: ") }, "\(proof.text)")
      }
      Folders.remove(folder.file("out"))
      _ = try Program.shell("rm \"$1\"", [folder.file("run").string])
    }
  }

  @Test(arguments: EngineChoice.all) func `images of a killed run are made to the end and not twice`(
    _ engine: EngineChoice
  ) throws {
    let images = try manyImages(160, of: "nuthatch-bits.png")
    let target = TemporaryFolder()
    let words = ["images", "convert", images.path.string, "--png-level", "9", "--rotate", "90"]
    let plain = try Program.run(words + ["-o", target.file("plain").string] + engine.flags)
    let whole = words + ["-o", target.file("out").string]
    let run = target.file("run")
    var made = 0
    for kill in 1...3 {
      let begins = (try? FileStatus(of: run)) == nil
      let program = try Program.start(whole + [begins ? "--journal" : "--resume", run.string] + engine.flags)
      #expect(eventually { Tree.count(below: target.file("out")) >= made + 20 || made > 130 })
      program.kill(SIGKILL)
      _ = try program.finish()
      made = try Tree(target.file("out")).files.count
      #expect(kill > 3 || made > 0)
    }
    let end = try Program.run(whole + ["--resume", run.string] + engine.flags)
    #expect(end.exit == .status(0), "\(end.errors)")
    #expect(try Tree(target.file("out")) == Tree(target.file("plain")))
    let summary = { (result: Program.Result) in result.errorLines.last?.replacing(/in [0-9.]+ (ms|s)/, with: "") }
    #expect(summary(end) == summary(plain))
    #expect(try Program.run(["verify", run.string]).exit == .status(0))
  }

  /// Where units are performed in the program itself, it ends as by a crash.
  @Test(arguments: EngineChoice.all) func `a sum of primes goes on after a kill, with other lanes too`(
    _ engine: EngineChoice
  ) throws {
    let folder = TemporaryFolder()
    let run = folder.file("run").string
    let words = ["primes", "12e9", "--sum"]
    let program = try Program.start(words + ["--journal", run, "--cores", "1"] + engine.flags.dropLast(2))
    #expect(eventually { ((try? FileStatus(of: folder.file("run")))?.size ?? 0) > 2000 })
    let signal = engine.isAlone ? SIGSEGV : SIGKILL
    program.kill(signal)
    let killed = try program.finish()
    #expect(killed.exit == .signal(signal))
    let advice = #""--mode processes" contains such a crash, and "--resume \#(run)" goes on with the others"#
    let sentence = "lanes: another process ended the program (signal 11, SIGSEGV); \(advice)"
    #expect(killed.errorLines.contains(sentence) == engine.isAlone, "\(killed.errors)")
    let end = try Program.run(words + ["--resume", run, "--stats"] + engine.flags)
    #expect(end.exit == .status(0))
    let known = try #require(end.errors.firstMatch(of: /([0-9]+) units were taken from the run file/))
    #expect(Int(known.1)! > 3)
    #expect(end.text == Self.wholeSum)
  }

  /// What a run that nothing interrupts prints.
  private static let wholeSum = try? Program.run(["primes", "12e9", "--sum"]).text

  @Test(arguments: EngineChoice.all) func `a run that a signal ended has written down all that it did`(
    _ engine: EngineChoice
  ) throws {
    let images = try manyImages(2000, of: "seeds.jpg")
    let target = TemporaryFolder()
    let words = ["images", "convert", images.path.string, "-o", target.file("out").string, "--resize", "200x200"]
    let program = try Program.start(words + ["--journal", target.file("run").string] + engine.flags)
    #expect(eventually { Tree.count(below: target.file("out")) >= 30 })
    program.kill(SIGTERM)
    #expect(try program.finish().exit == .signal(SIGTERM))
    let done = try Tree(target.file("out")).files.count
    let found = try RunFile.examine(target.file("run"))
    #expect(found.earlier?.count == done && found.earlier?.totals == nil && found.rest.dropped == 0)
  }

  @Test func `a changed input is done anew and named, a new one is done, and one that is gone is left out`() throws {
    let folder = try photoFolder()
    let words = ["images", "convert", "a", "b", "-o", "out", "--resize", "40x40"]
    func lanes(_ more: String...) throws -> Program.Result { try Program.run(words + more, directory: folder.path) }
    #expect(try lanes("--journal", "run").exit == .status(0))
    let name = try #require(Tree(folder.file("a")).names.first { $0.hasSuffix(".png") })
    let gone = try #require(Tree(folder.file("b")).names.first)
    _ = try Program.shell(
      "cd \"$1\" && cp -p \"a/$2\" a/new.png && rm \"b/$3\" && cp \"a/$2\" x && rm \"a/$2\" && cp x \"a/$2\" && touch -d 2001-01-01 \"a/$2\"",
      [folder.path.string, name, gone])
    let again = try lanes("--resume", "run")
    #expect(again.exit == .status(0), "\(again.errors)")
    #expect(again.errors.contains("1 unit done anew, since the input has changed: a/\(name)\n"), "\(again.errors)")
    #expect(again.errors.contains("1 unit left out, since the input is gone or was cut anew"))
    let proof = try Program.run(["verify", "run"], directory: folder.path)
    #expect(proof.lines == ["out/\(gone): not made by the run"], "\(proof.text)")
  }

  @Test func `what is not the same command is refused in words`() throws {
    let folder = try photoFolder()
    func lanes(_ words: String...) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    #expect(try lanes("images", "convert", "a", "-o", "out", "--resize", "9x9", "--journal", "run").exit == .status(0))
    let tree = try Tree(folder.path)
    for (words, sentence) in [
      (
        ["images", "convert", "a", "-o", "out", "--resize", "8x8"],
        "was written with --resize 9x9, and this command says --resize 8x8"
      ),
      (["images", "convert", "a", "-o", "out"], "was written with --resize 9x9, and this command leaves it out"),
      (["images", "convert", "b", "-o", "out", "--resize", "9x9"], "was written for a, and this command names b"),
      (["images", "info", "a"], "was written by lanes images convert, and this is lanes images info"),
      (["primes"], "was written by lanes images convert, and this is lanes primes"),
    ] {
      let result = try Program.run(words + ["--resume", "run"], directory: folder.path)
      #expect(result.exit == .status(64) && result.errorLines.last == "lanes: run \(sentence)", "\(result.errors)")
    }
    let elsewhere = try Program.run(
      ["images", "convert", "a", "-o", "out", "--resize", "9x9", "--resume", "../run"], directory: folder.file("a"))
    #expect(elsewhere.exit == .status(64) && elsewhere.errors.contains("names mean other files in"))
    #expect(
      try lanes("images", "info", "a", "--journal", "run").errors.contains("run exists already: --resume run goes on"))
    #expect(try lanes("images", "info", "a", "--resume", "none").errors.contains("none does not exist"))
    #expect(
      try lanes("images", "info", "a", "--resume", Fixtures.image("seeds.jpg").string).errors.contains(
        "is not a run file of lanes"))
    #expect(try lanes("primes", "--journal", "x", "--resume", "x").exit == .status(64))
    #expect(try lanes("primes", "--journal", "/dev/full").exit == .status(64))
    #expect(
      try lanes("compare", "primes", "1e6", "--journal", "x").errors.contains("compare does the work anew each time"))
    #expect(try lanes("lab", "--journal", "x").exit == .status(64))
    #expect(try Tree(folder.path) == tree, "nothing was written")
  }

  @Test func `options of engines that change what is done are told`() throws {
    let folder = try Self.makeInputs()
    let words = ["files", "search", "word1", "big"]
    #expect(try Program.run(words + ["--journal", "run"], directory: folder.path).exit == .status(0))
    let quiet = try Program.run(words + ["--resume", "run", "-q"], directory: folder.path)
    #expect(quiet.exit == .status(64))
    #expect(quiet.errors == "lanes: run was written without --quiet, and this command says --quiet\n")
  }

  @Test func `a file that was there before is never taken for the run's own`() throws {
    let folder = try photoFolder()
    let words = ["images", "convert", "a", "-o", "out", "--resize", "9x9", "--journal", "run"]
    #expect(try Program.run(words, directory: folder.path).exit == .status(0))
    let name = try #require(Tree(folder.file("out")).names.first)
    // As if it had been killed before the first record: the results are there, and one of them is somebody else's.
    let whole = try readFile(folder.file("run"))
    try folder.write("run", whole.prefix(Self.headerEnd(whole)))
    try folder.write("out/\(name)", Bytes("mine".utf8))
    let resume = Array(words.dropLast(2)) + ["--resume", "run"]
    let again = try Program.run(resume, directory: folder.path)
    #expect(again.exit == .status(1) && again.errorLines.count { $0.contains("\(name)") } == 1, "\(again.errors)")
    #expect(try readFile(folder.file("out/\(name)")) == Bytes("mine".utf8))
  }

  @Test func `the file that a run is written to is no input of it`() throws {
    let folder = try Self.makeInputs()
    for flag in ["--journal", "--resume"] {
      let result = try Program.run(["files", "count", "-r", "texts", flag, "texts/run"], directory: folder.path)
      #expect(result.errors.contains("texts/run: it is the file that this run is written to") || flag == "--journal")
    }
  }
}
