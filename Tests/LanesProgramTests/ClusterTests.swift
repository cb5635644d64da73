import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// A command that is divided among processes prints, writes and ends as it does by itself.
@Suite(.serialized) struct ClusterTests {
  /// Commands with units of every kind; some units fail.
  static let commands: [[String]] = [
    ["images", "convert", "a", "b", "-o", "out", "--resize", "40x40"],
    ["images", "convert", "a", "-o", "out", "--sizes", "30,20", "--to", "jpeg", "--keep-times"],
    ["images", "convert", "a", "-o", "old", "--skip-existing", "--json"],
    ["images", "convert", "a/seeds.jpg", "-o", "-", "--resize", "50x50"],
    [
      "images", "convert", "a", "-o", "out", "--to", "jpeg,png", "--sizes", "9000,30", "--format-quality", "jpeg=95",
      "--max-bytes", "2M", "--if-larger", "skip", "--sharpen", "--json", "--preview", "--manifest", "out/all.json",
    ],
    ["images", "info", "a", "b"], ["images", "info", "a", "--json"],
    ["primes", "1e9", "--sum", "--json"], ["primes", "5e8", "--tuplets", "4"], ["primes", "1e8"],
    ["primes", "9e7", "1e8", "--list"], ["primes", "1e12", "1e12+1e6", "--list", "--json"],
    ["primes", "--nth", "1e7"], ["primes", "1e11", "--algorithm", "combinatorial"],
    ["files", "count", "-r", "texts", "missing", "big"], ["files", "count", "-c", "big"],
    ["files", "search", "-rn", "-A1", "[a-e]97 l", "texts", "big"],
    ["files", "search", "-l", "word", "big", "missing"],
    ["files", "search", "-q", "no such word", "big"],
    ["files", "hash", "-r", "texts", "big", "missing"], ["files", "hash", "-r", "texts", "big", "-a", "crc32"],
    ["files", "stats", "-d", ";", "--column", "2", "--by", "1", "table", "big"],
    ["files", "top", "-k", "5", "big", "texts/none"], ["files", "histogram", "-r", "texts", "big"],
  ]

  private static func makeInputs() throws -> TemporaryFolder {
    let folder = try mixedFolder(lines: 1_400_000)
    try folder.link(Fixtures.image("seeds.jpg"), as: "old/seeds.jpg")
    return folder
  }

  @Test func `every command with units can be divided`() throws {
    let folder = try Self.makeInputs()
    func lanes(_ words: [String]) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    for (index, command) in Self.commands.enumerated() {
      // Results that are there already stay for the second way.
      let plain = try lanes(command)
      let tree = try Tree(folder.file("out"))
      Folders.remove(folder.file("out"))
      if command.contains("old") {
        for name in try Tree(folder.file("old")).names where name != "seeds.jpg" {
          try Folders.removeFile(folder.file("old/\(name)"))
        }
      }
      // All units have shards of their own where there are few.
      let count = [2, 3, 7, 1, 1000][index % 5]
      let job = "job\(index)"
      let planned = try lanes(["plan", job, "--shards", String(count), "--"] + command)
      #expect(planned.exit == .status(0) && planned.errorLines.isEmpty, "\(command): \(planned.errors)")
      let shards = Int(planned.text.split(separator: " ")[1])!
      #expect(shards <= count)
      for (place, shard) in (0..<min(shards, 12)).shuffled().enumerated() {
        let engine = EngineChoice.all[(index + place) % EngineChoice.all.count]
        let done = try lanes(["shard", String(shard), job, "--quiet"] + engine.flags)
        #expect(done.exit == .status(0) && done.output.isEmpty, "\(command) \(engine): \(done.errors)")
      }
      if shards > 12 {
        let missing = try lanes(["merge", job])
        #expect(missing.exit == .status(75) && missing.output.isEmpty)
        let places = shards == 13 ? "12" : "12-\(shards - 1)"
        #expect(missing.errors == "lanes: \(job): missing: \(places) (12 of \(shards) shards are there)\n")
        for shard in 12..<shards { _ = try lanes(["shard", String(shard), job, "--mode", "serial", "-q"]) }
      }
      // Inputs are not asked for any more.
      #expect(rename(folder.file("big").string, folder.file("gone").string) == 0)
      let merged = try lanes(["merge", job])
      #expect(rename(folder.file("gone").string, folder.file("big").string) == 0)
      #expect(try Tree(folder.file("out")) == tree, "\(command)")
      Folders.remove(folder.file("out"))
      Self.expectSame(merged, plain, command)
    }
  }

  /// A merged result is that of the plain run but for times.
  static func expectSame(_ merged: Program.Result, _ plain: Program.Result, _ command: [String]) {
    #expect(merged.timelessOutput(of: command) == plain.timelessOutput(of: command), "\(command)")
    #expect(
      merged.timelessErrorLines == plain.timelessErrorLines && merged.exit == plain.exit,
      "\(command): \(merged.errors)")
  }

  @Test func `what is missing, damaged or of another plan is named`() throws {
    let folder = TemporaryFolder()
    func lanes(_ words: String...) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    #expect(try lanes("plan", "j", "--shards", "8", "--", "primes", "1e9").exit == .status(0))
    #expect(try lanes("plan", "k", "--shards", "8", "--", "primes", "1e9", "--sum").exit == .status(0))
    for shard in [0, 1, 3, 4] { #expect(try lanes("shard", "\(shard)", "j", "-q").exit == .status(0)) }
    #expect(try lanes("shard", "5", "k", "-q").exit == .status(0))
    var damaged = try readFile(folder.file("j/parts/00003.run"))
    damaged[damaged.count / 2] ^= 1
    try folder.write("j/parts/00003.run", damaged)
    try folder.write("j/parts/00005.run", try readFile(folder.file("k/parts/00005.run")))
    let merged = try lanes("merge", "j")
    #expect(merged.exit == .status(75) && merged.output.isEmpty && merged.errorLines.count == 3)
    #expect(merged.errorLines.contains { $0.contains("/j/parts/00003.run is damaged at byte ") }, "\(merged.errors)")
    #expect(merged.errorLines.contains { $0.hasSuffix("/j/parts/00005.run is a part of another plan") })
    #expect(merged.errorLines.last == "lanes: j: missing: 2-3,5-7 (3 of 8 shards are there)")
    let json = try lanes("merge", "--json", "j")
    #expect(json.exit == .status(75) && json.lines.count == 1 && json.errorLines.isEmpty)
    #expect(JSONValue(json.lines[0])?["shards_done"] == .number("3"))
    let status = try lanes("status", "j")
    #expect(status.exit == .status(75) && status.lines.contains("missing   2-3,5-7"), "\(status.text)")
    // A damaged part is done anew; a stranger's is left to whoever put it there.
    #expect(try lanes("shard", "3", "j").errors.contains("is damaged"))
    let foreign = try lanes("shard", "5", "j")
    #expect(foreign.exit == .status(64) && foreign.errors.contains("is a part of another plan: remove it"))
    try Folders.removeFile(folder.file("j/parts/00005.run"))
    for shard in [2, 5, 6, 7] { #expect(try lanes("shard", "\(shard)", "j", "-q").exit == .status(0)) }
    #expect(try lanes("merge", "j").text == "50847534\n")
    #expect(try lanes("shard", "0", "j").errors == "lanes: shard 0 is done already\n")
    #expect(try lanes("status", "j").exit == .status(0))
  }

  @Test func `the number of a shard may come from what runs it`() throws {
    let folder = TemporaryFolder()
    #expect(try Program.run(["plan", "j", "--", "primes", "1e6"], directory: folder.path).exit == .status(0))
    for (source, variable) in [
      ("slurm-array", "SLURM_ARRAY_TASK_ID"), ("k8s", "JOB_COMPLETION_INDEX"), ("env:MINE", "MINE"),
    ] {
      func shard(_ environment: [String: String]) throws -> Program.Result {
        try Program.run(["shard", "--from", source, "j"], environment: environment, directory: folder.path)
      }
      let unset = try shard([:])
      #expect(unset.exit == .status(69) && unset.errors.hasPrefix("lanes: \(variable) is not set"))
      #expect(try shard([variable: "one"]).exit == .status(64))
      #expect(try shard([variable: "7"]).errors.hasPrefix("lanes: there is no shard 7: j has 1 shard"))
      #expect(try shard([variable: "0"]).exit == .status(0))
    }
  }

  @Test func `what cannot be divided is refused by name`() throws {
    let folder = TemporaryFolder()
    try folder.write("in", Bytes("words\n".utf8))
    #expect(mkfifo(folder.file("pipe").string, 0o600) == 0)
    func refusal(_ words: [String]) throws -> String {
      let result = try Program.run(["plan", "j", "--"] + words, directory: folder.path)
      #expect(result.exit == .status(64) && result.output.isEmpty, "\(words)")
      #expect((try? FileStatus(of: folder.file("j/plan"))) == nil)
      return result.errorLines.first ?? ""
    }
    #expect(try refusal(["files", "hash", "--check", "in"]).contains("files hash --check cannot be divided"))
    #expect(try refusal(["files", "count"]) == "lanes: standard input cannot be divided: save it to a file first")
    #expect(try refusal(["files", "search", "x", "-"]).contains("standard input cannot be divided"))
    #expect(try refusal(["images", "convert", "-", "-o", "x"]).contains("standard input cannot be divided"))
    #expect(try refusal(["files", "count", "pipe"]).contains("a pipe"))
    #expect(try refusal(["files", "count", "/proc/self/status"]).contains("belongs to one machine alone"))
    #expect(try refusal(["files", "count", "-r", "."]).contains("lies among the inputs"))
    #expect(try refusal(["primes", "1e6", "-j", "2"]).contains("--cores is for whoever runs a shard"))
    #expect(try refusal(["primes", "1e6", "--journal", "x"]).contains("--journal is not needed"))
    #expect(
      try refusal(["lab", "engines"])
        .contains("only images convert, images info, images compare, primes and files can be divided"))
    #expect(try refusal(["primes", "--lst"]) == "lanes: unknown option '--lst'. Did you mean '--list'?")
    #expect(try refusal(["images", "convert", "none-such", "-o", "x", "--dry-run"]).contains("--dry-run"))
  }

  @Test func `results of an attempt that was lost are kept, and strangers' are not touched`() throws {
    let folder = try photoFolder()
    func lanes(_ words: String...) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    #expect(
      try lanes("plan", "j", "--shards", "1", "--", "convert", "a", "-o", "out", "--resize", "20").exit == .status(0))
    #expect(try lanes("shard", "0", "j", "-q").exit == .status(0))
    let tree = try Tree(folder.file("out"))
    try Folders.removeFile(folder.file("j/parts/00000.run"))
    let again = try lanes("shard", "0", "j")
    #expect(again.exit == .status(0) && again.errorLines.count == 1, "\(again.errors)")
    #expect(try Tree(folder.file("out")) == tree)
    // Other bytes under the name of a result are somebody else's.
    try Folders.removeFile(folder.file("j/parts/00000.run"))
    let name = tree.names[0]
    try folder.write("out/\(name)", Bytes("mine".utf8))
    let third = try lanes("shard", "0", "j")
    #expect(third.exit == .status(0) && third.errors.contains("1 failed"), "\(third.errors)")
    #expect(try readFile(folder.file("out/\(name)")) == Bytes("mine".utf8))
    #expect(try lanes("merge", "j").exit == .status(1))
  }

  @Test func `shards share their folder of results, and no other run may have it meanwhile`() throws {
    let folder = try photoFolder()
    func lanes(_ words: String...) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    #expect(
      try lanes("plan", "j", "--shards", "2", "--", "convert", "a", "-o", "out", "--resize", "20").exit == .status(0))
    try Folders.make(folder.file("out"))
    do {
      let other = try LockedFile.folder(folder.file("out"), isShared: true)
      let refused = try lanes("convert", "a", "-o", "out", "--resize", "20")
      #expect(
        refused.exit == .status(64) && refused.errors.contains("another run is writing to out"), "\(refused.errors)")
      #expect(try lanes("shard", "0", "j", "-q").exit == .status(0))
      withExtendedLifetime(other) {}
    }
    do {
      let run = try LockedFile.folder(folder.file("out"))
      let shard = try lanes("shard", "1", "j", "-q")
      #expect(shard.exit == .status(75), "\(shard.errors)")
      #expect(shard.errors.hasPrefix("lanes: a run that is no shard is writing to out"))
      withExtendedLifetime(run) {}
    }
    #expect(try lanes("shard", "1", "j", "-q").exit == .status(0))
    #expect(try lanes("merge", "j").exit == .status(0))
  }

  @Test func `files in shared memory are files, and what the kernel makes up is none`() throws {
    let shared = try Folders.makeTemporary("/dev/shm", prefix: "lanes-test-")
    defer { Folders.remove(shared) }
    try put(Bytes("one two\n".utf8), shared.appending("in"))
    func lanes(_ words: String...) throws -> Program.Result { try Program.run(words, directory: shared) }
    let name = shared.appending("in").string
    #expect(
      try lanes("submit", "j", "--cluster", "local", "-q", "--", "files", "count", name).text == "1 2 8 \(name)\n")
    for other in ["/proc/self/status", "../../../proc/self/status", "/dev/shm/../../proc/self/status"] {
      let refused = try lanes("plan", "k", "--", "files", "count", other)
      #expect(refused.exit == .status(64) && refused.errors.contains("belongs to one machine alone"), "\(other)")
    }
  }

  @Test func `names of folders and inputs may hold any byte`() throws {
    let folder = TemporaryFolder()
    let result = try Program.shell(
      #"""
      cd "$1" && d=$(printf 'line\nand space \377') && mkdir "$d" && cd "$d" || exit
      printf 'one two\n' > "$(printf 'a\n\376')"
      "$LANES" files count -r . > ../plain || exit
      "$LANES" submit "$(printf '../j\n\375')" --cluster local -q -- files count -r . > ../divided || exit
      cmp ../plain ../divided || exit
      "$LANES" submit j --cluster local -q -- primes 1e6 || exit
      "$LANES" submit k --cluster slurm -q -- primes 1e6
      """#, [folder.path.string])
    #expect(result.text == "78498\n" && result.exit == .status(64), "\(result.errors)")
    #expect(
      result.errors.contains("has a name that is no UTF-8, which other machines cannot be told"), "\(result.errors)")
  }

  @Test func `a shard that has no room leaves no part and asks for nothing that nobody can do`() throws {
    let folder = TemporaryFolder()
    func lanes(_ words: String...) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    #expect(try lanes("plan", "j", "--", "primes", "1e6").exit == .status(0))
    let full = try Program.run(["shard", "0", "j"], directory: folder.path, preparation: "ulimit -f 0")
    #expect(full.exit == .status(74) && full.errorLines.count == 1, "\(full.errors)")
    #expect(full.errors.hasSuffix(" cannot be written: file too large\n"), "\(full.errors)")
    let missing = try lanes("merge", "j")
    #expect(missing.exit == .status(75) && missing.errors == "lanes: j: missing: 0 (0 of 1 shards are there)\n")
    #expect(try lanes("merge").errors.hasPrefix("lanes: which DIR?"))
  }

  @Test func `what a terminal is told of shards fits it`() throws {
    let folder = TemporaryFolder()
    func lanes(_ words: [String]) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    #expect(try lanes(["plan", "j", "--shards", "60", "--", "primes", "1e10"]).exit == .status(0))
    for shard in stride(from: 0, to: 60, by: 2) {
      #expect(try lanes(["shard", "\(shard)", "j", "-q", "--mode", "serial"]).exit == .status(0))
    }
    let plain = try lanes(["status", "j"])
    #expect(plain.lines.count == 4 && plain.lines[3].hasSuffix(",57,59"))
    let shown = try Program.shell(
      "cd \"$1\" && script -qec 'stty cols 60; \"$LANES\" status j' /dev/null", [folder.path.string])
    let lines = shown.text.split(whereSeparator: \.isNewline).map(String.init)
    #expect(lines.count > 4 && lines.allSatisfy { $0.count < 60 && !$0.contains("\u{1B}") }, "\(lines)")
    let numbers = lines.drop { !$0.hasPrefix("missing") }.map { $0.dropFirst(10) }.joined()
    #expect(numbers == plain.lines[3].dropFirst(10), "\(lines)")
  }

  @Test func `an input that changes after it was planned fails its unit`() throws {
    let folder = TemporaryFolder()
    for name in ["a", "b"] { try folder.write(name, Bytes("one two\n".utf8)) }
    #expect(
      try Program.run(["plan", "j", "--", "files", "count", "a", "b"], directory: folder.path).exit == .status(0))
    try folder.write("b", Bytes("one two three\n".utf8))
    #expect(try Program.run(["shard", "0", "j", "-q"], directory: folder.path).exit == .status(0))
    let merged = try Program.run(["merge", "j"], directory: folder.path)
    #expect(merged.exit == .status(1))
    #expect(merged.errors == "lanes: b: it changed after the batch was planned\n")
  }

  @Test func `one machine plans, runs and merges by itself, from anywhere, and goes on after a stop`() throws {
    let folder = TemporaryFolder()
    let words = ["submit", "j", "--cluster", "local", "--at-once", "2", "-j", "1", "--quiet"]
    let command = ["--shards", "40", "--", "primes", "2e10", "--sum"]
    let run = try Program.start(words + command, directory: folder.path)
    // Stopped as soon as a part is there; it may have been quicker.
    let parts = folder.file("j/parts")
    #expect(eventually { Folders.contents(parts).contains { $0.extension == "run" } })
    run.kill(SIGTERM)
    let stopped = try run.finish()
    #expect(stopped.exit == .signal(SIGTERM) || stopped.exit == .status(0))
    if stopped.exit == .signal(SIGTERM) { #expect(stopped.output.isEmpty) }
    let whole = try Program.run(words, directory: folder.path)
    #expect(whole.exit == .status(0) && whole.text == "8617752113620426559\n", "\(whole.errors)")
    // Merging needs no particular directory.
    #expect(try Program.run(["merge", folder.file("j").string]).text == whole.text)
    let twice = try Program.run(words + command, directory: folder.path)
    #expect(twice.exit == .status(64) && twice.errors.contains("j holds a plan already"))
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a stop reaches shards that are under way`(signal: Int32) throws {
    let folder = TemporaryFolder()
    let words = ["submit", "j", "--cluster", "local", "--at-once", "2", "--mode", "serial", "--shards", "2", "-q"]
    let run = try Program.start(words + ["--", "primes", "1e13"], directory: folder.path)
    let parts = folder.file("j/parts")
    func begun() -> Int { Folders.contents(parts).count { ((try? FileStatus(of: $0).size) ?? 0) > 1500 } }
    #expect(eventually { begun() == 2 })
    run.kill(signal)
    let stopped = try run.finish()
    #expect(stopped.exit == .signal(signal), "\(stopped.errors)")
    #expect(stopped.errors == "lanes: stopped with no shards of 2 done; lanes submit j --cluster local goes on\n")
    #expect(Folders.contents(parts).allSatisfy { $0.extension == "unfinished" })
  }

  @Test func `a shard that is killed goes on where it was`() throws {
    let folder = TemporaryFolder()
    #expect(
      try Program.run(["plan", "j", "--shards", "1", "--", "primes", "3e10"], directory: folder.path).exit == .status(0)
    )
    let shard = try Program.start(["shard", "0", "j", "--mode", "serial"], directory: folder.path)
    let parts = folder.file("j/parts")
    func begun() -> Int { Folders.contents(parts).reduce(0) { $0 + ((try? FileStatus(of: $1).size) ?? 0) } }
    // Once more than the header is there, units are written down.
    #expect(eventually { begun() > 1500 })
    shard.kill(SIGKILL)
    _ = try shard.finish()
    let again = try Program.run(["shard", "0", "j"], directory: folder.path)
    #expect(again.exit == .status(0), "\(again.errors)")
    #expect(try Program.run(["merge", "j"], directory: folder.path).text == "1300005926\n")
    #expect(Folders.contents(parts).count == 1)
  }
}

/// Makes a file whose name may hold any byte.
private func put(_ bytes: Bytes, _ path: FilePath) throws {
  let file = try Descriptor.creating(path)
  try bytes.span.bytes.withUnsafeBytes { try DescriptorIO.writeAll(file.number, $0) }
}
