import Glibc
import LanesCluster
import LanesCore
import LanesOS
import LanesPrimes
import LanesTesting
import SystemPackage
import Testing

/// `lanes --shard I/N COMMAND` and `lanes merge PART...`: parts without a folder give what the command gives by itself, or nothing.
@Suite(.serialized) struct StandaloneShardTests {
  /// Does all shards of a command in this order; parts are called `0`, `1` and so on in `parts`.
  private static func parts(
    _ folder: TemporaryFolder, _ count: Int, _ command: [String], order: [Int]? = nil,
    flags: (Int) -> [String] = { _ in [] }
  ) throws -> [String] {
    Folders.remove(folder.file("parts"))
    for shard in order ?? Array(0..<count) {
      let done = try Program.run(["--shard", "\(shard)/\(count)"] + command + flags(shard), directory: folder.path)
      #expect(done.exit == .status(0), "\(command) \(shard)/\(count): \(done.errors)")
      try folder.write("parts/\(shard)", done.output)
    }
    return (0..<count).map { "parts/\($0)" }
  }

  @Test func `every command with units can be divided without a folder`() throws {
    let folder = try mixedFolder(lines: 1_400_000)
    func lanes(_ words: [String]) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    var random = Repeatable(state: 18)
    for (index, command) in ClusterTests.commands.enumerated() where !command.contains("--skip-existing") {
      let plain = try lanes(command)
      let tree = try Tree(folder.file("out"))
      Folders.remove(folder.file("out"))
      let count = [2, 3, 1][index % 3]
      let files = try Self.parts(folder, count, command, order: (0..<count).shuffled(using: &random)) { shard in
        EngineChoice.all[(index + shard) % EngineChoice.all.count].flags
      }
      let merged = try lanes(["merge"] + files.shuffled(using: &random))
      #expect(try Tree(folder.file("out")) == tree, "\(command)")
      Folders.remove(folder.file("out"))
      ClusterTests.expectSame(merged, plain, command)
    }
  }

  @Test func `parts may be doubled, and what is missing, foreign or damaged is named`() throws {
    let folder = TemporaryFolder()
    func merge(_ words: String...) throws -> Program.Result {
      try Program.run(["merge"] + words, directory: folder.path)
    }
    var files = try Self.parts(folder, 4, ["primes", "1e9", "-q"])
    #expect(try merge(files[3], files[1], files[1], files[0], files[2]).text == "50847534\n")
    let missing = try merge(files[2])
    #expect(missing.exit == .status(75) && missing.output.isEmpty)
    #expect(missing.errors == "lanes: missing: 0-1,3 (1 of 4 shards are there)\n")
    // The whole of a part, or none of it.
    let whole = try readFile(folder.file(files[1]))
    for length in [0, 5, 100, whole.count / 2, whole.count - 1] {
      try folder.write("cut", whole.prefix(length))
      let cut = try merge(files[0], "cut", files[2], files[3])
      #expect(cut.exit == .status(75) && cut.output.isEmpty && cut.errorLines.count == 2, "\(length): \(cut.errors)")
      #expect(cut.errorLines.last == "lanes: missing: 1 (3 of 4 shards are there)")
    }
    // Others are named even where nothing is missing.
    let keep = try files.map { try readFile(folder.file($0)) }
    _ = try Self.parts(folder, 1, ["primes", "1e9", "--sum", "-q"])
    let sum = try readFile(folder.file("parts/0"))
    _ = try Self.parts(folder, 3, ["primes", "1e9", "-q"])
    let third = try readFile(folder.file("parts/0"))
    for (index, part) in keep.enumerated() { try folder.write("parts/\(index)", part) }
    files = (0..<4).map { "parts/\($0)" }
    for (part, reason) in [
      (sum, "is a part of another command, lanes primes 1e9 --sum -q"),
      (third, "is one of 3 parts, and parts/0 one of 4"), (Bytes("text".utf8), "is not a run file of lanes"),
    ] {
      try folder.write("other", part)
      let result = try merge(files[0], files[1], files[2], files[3], "other")
      #expect(result.exit == .status(75) && result.output.isEmpty && result.errors == "lanes: other \(reason)\n")
    }
    #expect(try merge("other").exit == .status(75))
    #expect(try merge("parts", "other").exit == .status(64))
  }

  @Test func `inputs that changed between shards, or after them, are told and give no result`() throws {
    let folder = TemporaryFolder()
    func lanes(_ words: [String]) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    for name in ["a", "b", "c"] { try folder.write("in/\(name)", Bytes("one two\n".utf8)) }
    let command = ["files", "count", "-r", "in"]
    let first = try lanes(["--shard", "0/2"] + command)
    try folder.write("first", first.output)
    try folder.write("in/b", Bytes("one two three\n".utf8))
    let second = try lanes(["--shard", "1/2"] + command)
    try folder.write("second", second.output)
    let mixed = try lanes(["merge", "first", "second"])
    #expect(mixed.exit == .status(75) && mixed.output.isEmpty)
    #expect(
      mixed.errors
        == "lanes: first was made of other inputs: they have changed meanwhile, or are others on its machine\n"
        + "lanes: missing: 0 (1 of 2 shards are there)\n", "\(mixed.errors)")
    try folder.write("in/d", Bytes())
    let later = try lanes(["merge", "first", "second"])
    #expect(later.exit == .status(75) && later.output.isEmpty)
    #expect(later.errors.hasPrefix("lanes: the inputs are not those of the parts"), "\(later.errors)")
  }

  @Test func `plans do not depend on the machine, the locale, or who has read the inputs`() throws {
    let folder = TemporaryFolder()
    try folder.link(Fixtures.image("seeds.jpg"), as: "in/é.jpg")
    try folder.link(Fixtures.image("seeds.jpg"), as: "in/f.jpg")
    for command in [["convert", "in", "-o", "out", "--keep-times", "--resize", "9"], ["primes", "1e9"]] {
      for (shard, locale) in ["C", "C.UTF-8"].enumerated() {
        let done = try Program.run(
          ["--shard", "\(shard)/2"] + command + ["-j", "\(shard + 1)"],
          environment: ["LC_ALL": locale], directory: folder.path)
        try folder.write("\(shard)", done.output)
      }
      let merged = try Program.run(["merge", "0", "1"], directory: folder.path)
      #expect(merged.exit == .status(0), "\(command) \(merged.errors)")
    }
  }

  @Test func `a shard that is done again keeps its results`() throws {
    let folder = try photoFolder()
    let command = ["convert", "a", "-o", "a/out", "--resize", "20"]
    let plain = try Program.run(command, directory: folder.path)
    Folders.remove(folder.file("a/out"))
    _ = try Self.parts(folder, 2, command)
    let files = try Self.parts(folder, 2, command)
    let merged = try Program.run(["merge"] + files, directory: folder.path)
    #expect(merged.exit == .status(0) && merged.timelessErrorLines == plain.timelessErrorLines, "\(merged.errors)")
  }

  @Test func `what makes no part is refused in one sentence`() throws {
    let folder = TemporaryFolder()
    try folder.write("in/x", Bytes("words\n".utf8))
    func refusal(_ words: [String]) throws -> String {
      let result = try Program.run(words, directory: folder.path)
      #expect(result.exit == .status(64) && result.output.isEmpty, "\(words): \(result.text)")
      return result.errorLines.first ?? ""
    }
    for value in ["", "2", "2/2", "-1/2", "0/0", "1/2/3", "a/b", "0/10001"] {
      #expect(try refusal(["--shard", value, "primes", "1e6"]).hasPrefix("lanes: --shard takes I/N"), "\(value)")
    }
    #expect(try refusal(["--shard"]).hasPrefix("lanes: --shard takes I/N"))
    #expect(try refusal(["--shard=0/2"]).hasPrefix("lanes: which COMMAND?"))
    for (words, reason) in [
      (["primes", "1e6", "--stats"], "--stats tells of a whole run"),
      (["primes", "1e6", "--trace", "x"], "--trace tells"),
      (["primes", "1e6", "--journal", "x"], "--journal is not needed"),
      (["primes", "1e6", "--resume", "x"], "--resume is not needed"), (["files", "count"], "standard input cannot"),
      (["images", "convert", "in", "-o", "out", "--newer-only"], "--skip-existing and --newer-only"),
      (["files", "hash", "--check", "in/x"], "files hash --check cannot"), (["lab", "ipc"], "only images convert"),
      (["--shard", "0/2", "primes", "1e6"], "--shard stands before"), (["primes", "--lst"], "unknown option '--lst'"),
    ] { #expect(try refusal(["--shard", "0/2"] + words).hasPrefix("lanes: " + reason), "\(words)") }
    #expect(try refusal(["primes", "1e6", "--shard", "0/2"]).contains("it stands before the command"))
    #expect(try refusal(["plan", "j", "--", "--shard", "0/2", "primes", "1e6"]).contains("stands before"))
    let own = try Program.shell("cd \"$1\" && \"$LANES\" --shard 0/2 files count -r in > in/part", [folder.path.string])
    #expect(own.exit == .status(64) && own.errors.contains("in/part, which the part is written to, is an input itself"))
    let full = try Program.shell("\"$LANES\" --shard 0/1 primes 1e6 > /dev/full")
    #expect(full.exit == .status(74) && full.errorLines.count == 1, "\(full.errors)")
  }

  @Test func `what is there can be put together, and what lacks a part of itself is told`() throws {
    let folder = TemporaryFolder()
    func lanes(_ words: String...) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    for name in ["a", "c"] { try folder.write("in/\(name)", Bytes("one two\n".utf8)) }
    try folder.write("in/b", Bytes(repeating: 0x0A, count: 60 << 20))
    #expect(try lanes("plan", "j", "--shards", "3", "--", "files", "count", "-r", "-l", "in").exit == .status(0))
    #expect(try lanes("merge", "--partial", "j").exit == .status(75))
    for shard in ["0", "2"] { #expect(try lanes("shard", shard, "j", "-q").exit == .status(0)) }
    let partial = try lanes("merge", "j", "--partial")
    #expect(partial.exit == .status(1))
    #expect(
      partial.errorLines == [
        "lanes: j: missing: 1 (2 of 3 shards are there)", "lanes: the result is that of the shards that are there",
        "lanes: in/b: shard 1, which has a part of it, is missing",
      ], "\(partial.errors)")
    #expect(partial.lines.map { $0.split(separator: " ").joined(separator: " ") } == ["1 in/a", "1 in/c", "2 total"])
    let files = try Self.parts(folder, 3, ["primes", "1e9", "-q"])
    let count = try lanes("merge", "--partial", files[0], files[2])
    #expect(count.exit == .status(1) && (1..<50_847_534).contains(Int(count.lines.first ?? "") ?? 0), "\(count.text)")
    #expect(count.errorLines.first == "lanes: missing: 1 (2 of 3 shards are there)")
    let nth = try Self.parts(folder, 2, ["primes", "--nth", "1e6"])
    #expect(try lanes("merge", "--partial", nth[0]).errors.contains("primes --nth needs every shard"))
    #expect(try lanes("merge", "--partial", "--json", nth[0]).exit == .status(64))
  }

  @Test func `a range that fell short of the prime gives no answer`() throws {
    let folder = TemporaryFolder()
    func lanes(_ words: String...) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    #expect(try lanes("plan", "j", "--", "primes", "--nth", "100000").exit == .status(0))
    let plan = try FrozenPlan.read(folder.file("j"))
    // As if the estimate had been a tenth of what it was.
    let writer = try PlanWriter(folder.file("k"))
    try writer.add(allOf: PrimesPlan(try PrimeRange(start: 0, stop: 100_000), mode: .count))
    _ = try writer.finish(
      FrozenPlan(
        program: plan.program, libraries: plan.libraries, words: plan.words, directory: plan.directory,
        workload: PrimesWorkload(mode: .count), outputFolder: nil, started: writer.started, notes: []), .number(1))
    #expect(try lanes("shard", "0", "k", "-q").exit == .status(0))
    let merged = try lanes("merge", "k")
    #expect(merged.exit == .status(74) && merged.output.isEmpty)
    #expect(merged.errors.hasPrefix("lanes: the answer lies beyond what was planned"), "\(merged.errors)")
  }
}
