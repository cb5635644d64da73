import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// What runs tell of themselves: timeouts, traces, statistics, progress.
@Suite struct ReportsTests {
  @Test(arguments: EngineChoice.all) func `a unit that takes too long fails by name, and there is no result`(
    _ engine: EngineChoice
  ) throws {
    let result = try Program.run(["primes", "1e8", "--timeout", "1ns"] + engine.flags)
    #expect(result.exit == .status(1))
    #expect(result.output == [])
    #expect(result.errors.hasPrefix("lanes: primes 0…"))
    #expect(result.errors.contains("longer than allowed"))
    let ample = try Program.run(["primes", "1e6", "--timeout", "10m"] + engine.flags)
    #expect(ample.text == "78498\n")
  }

  @Test(arguments: EngineChoice.all) func `a trace holds one event for the work on each unit`(_ engine: EngineChoice)
    throws
  {
    let photos = try photoFolder()
    let target = TemporaryFolder()
    let result = try Program.run(
      ["images", "convert", photos.path.string, "-o", target.file("out").string, "--resize", "50%", "--trace"]
        + [target.file("trace").string] + engine.flags)
    #expect(result.exit == .status(0))
    let trace = try #require(JSONValue(String(decoding: try readFile(target.file("trace")), as: UTF8.self)))
    let events = trace["traceEvents"]?.items ?? []
    let performed = events.filter { $0["cat"] == .string("perform") }
    #expect(performed.count == Fixtures.goodImages.count)
    #expect(performed.allSatisfy { $0["ph"] == .string("X") && $0["dur"] != nil })
    #expect(events.contains { $0["name"] == .string("thread_name") })
  }

  @Test(arguments: EngineChoice.all) func `a trace that cannot be written whole is told, and the status says so`(
    _ engine: EngineChoice
  ) throws {
    let folder = TemporaryFolder()
    try folder.write("a", Bytes("one\n".utf8))
    try folder.write("list", Bytes("2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806  a\n".utf8))
    for (words, output, status) in [
      (["primes", "1000"], "168\n", 1), (["primes", "--nth", "5"], "11\n", 1),
      (["files", "count", "a"], "1 1 4 a\n", 1),
      (["files", "search", "one", "a"], "one\n", 2), (["files", "search", "-q", "one", "a"], "", 2),
      (["files", "hash", "--check", "list"], "a: OK\n", 1), (["files", "top", "--words", "a"], "1 one\n", 1),
    ] as [([String], String, Int32)] {
      let result = try Program.run(words + ["--trace", "/dev/full"] + engine.flags, directory: folder.path)
      #expect(result.exit == .status(status), "\(words): \(result.errors)")
      #expect(result.errors == "lanes: the trace /dev/full is incomplete: no space left on device\n", "\(words)")
      #expect(result.text.filter { $0 != " " } == output.filter { $0 != " " }, "\(words)")
    }
  }

  @Test(
    arguments: [
      "images info a-photograph-with-a-very-long-name-that-fits-nowhere.jpg", "primes 1e7 --stats",
      "primes 1e7 --stats --mode processes -j 2", "files stats --delimiter , --column 1 numbers",
      "files stats --delimiter , --column 1 --by 2 numbers", "lab start-up --rounds 1",
    ], [50, 60, 80])
  func `no row of a table is wider than the terminal`(words: String, width: Int) throws {
    let folder = TemporaryFolder()
    try folder.write("numbers", Bytes("0.1234567,a\n9.7654321,b\n1e3,c\n7.1,a\n".utf8))
    try folder.write(
      "a-photograph-with-a-very-long-name-that-fits-nowhere.jpg", Bytes(try readFile(Fixtures.image("seeds.jpg"))))
    let script = "script -qec 'stty cols \(width); LC_ALL=C.UTF-8 TERM=dumb \"$LANES\" \(words)' /dev/null"
    let result = try Program.shell("cd \"$1\"; \(script)", [folder.path.string])
    #expect(result.exit == .status(0), "\(result.text)")
    let lines = result.text.replacing("\r\n", with: "\n").split(separator: "\n")
    #expect(lines.count >= 2)
    for line in lines { #expect(line.count < width, "\(line)") }
  }

  @Test func `a trace of images on a full disk is told, and the images are whole`() throws {
    let photos = try photoFolder()
    let target = TemporaryFolder()
    let result = try Program.run(
      ["images", "convert", photos.path.string, "-o", target.file("out").string, "--quiet", "--trace", "/dev/full"])
    #expect(result.exit == .status(1))
    #expect(result.errors == "lanes: the trace /dev/full is incomplete: no space left on device\n")
    #expect(try Tree(target.file("out")).names.count == Fixtures.goodImages.count)
  }

  /// As gnulib's close_stdout has it for every program of coreutils.
  @Test func `statistics that a full disk does not take are no success`() throws {
    for (words, status) in [("primes 1000 --stats", 1), ("primes 1000", 0), ("files count list --stats", 1)]
      as [(String, Int32)]
    {
      let folder = TemporaryFolder()
      try folder.write("list", Bytes("x\n".utf8))
      let result = try Program.shell("cd \"$1\"; \"$LANES\" \(words) 2> /dev/full", [folder.path.string])
      #expect(result.exit == .status(status), "\(words)")
      let closed = try Program.shell("cd \"$1\"; \"$LANES\" \(words) 2>&-", [folder.path.string])
      #expect(closed.exit == .status(0), "\(words)")
    }
  }

  @Test(arguments: EngineChoice.all) func `statistics tell what a run cost`(_ engine: EngineChoice) throws {
    let result = try Program.run(["primes", "1e7", "--stats"] + engine.flags)
    #expect(result.text == "664579\n")
    for line in ["wall", "processor", "switches", "faults", "memory", "bytes", "storage", "lane"] {
      #expect(result.errorLines.contains { $0.hasPrefix("  \(line) ") }, "\(line)")
    }
    #expect(!result.errors.contains("died"))
  }

  @Test(arguments: EngineChoice.all) func `statistics name processes and threads`(_ engine: EngineChoice) throws {
    let json = try Program.run(["primes", "1e8", "--stats", "--json", "--cores", "2"] + engine.flags)
    let record = try #require(json.lines.compactMap { JSONValue($0) }.last)
    func number(_ value: JSONValue?) -> Int? { if case .number(let text)? = value { Int(text) } else { nil } }
    let process = try #require(number(record["process_id"]))
    let lanes = record["per_lane"]?.items ?? []
    let tasks = lanes.compactMap { number($0["task_id"]) }
    // A lane whose thread or worker had its first unit late has a number all the same.
    #expect(process > 1 && tasks.count == lanes.count && Set(tasks).count == tasks.count, "\(json.text)")
    let isAlone = ["serial", "eventloop"].contains(engine.flags[1])
    #expect(isAlone == (tasks == [process]))
    #expect(isAlone || !tasks.contains(process))
  }

  @Test func `what went through io_uring is counted where it is used`() throws {
    let folder = TemporaryFolder()
    for number in 0..<20 { try folder.write("file-\(number)", Bytes("a b\n".utf8)) }
    for engine in EngineChoice.all {
      let run = try Program.run(["files", "count", "-r", folder.path.string, "--stats", "--json"] + engine.flags)
      let record = try #require(run.lines.compactMap { JSONValue($0) }.last)
      let (submitted, completed) = (record["ring_submitted"], record["ring_completed"])
      #expect(submitted == completed && record["ring_calls"] != nil, "\(run.text)")
      let usesFiles = ["eventloop", "hybrid"].contains(engine.flags[1])
      let isRefused = run.text.contains("io_uring is refused")
      if usesFiles, !isRefused { #expect(submitted != .null && submitted != .number("0")) }
      if ["serial", "threads"].contains(engine.flags[1]) { #expect(submitted == .null) }
    }
  }

  /// Scripts that take statistics from a pipe get those alone; a person at a terminal learns ahead of them where to look.
  @Test func `what to watch a run with is told on a terminal, as it begins`() throws {
    func lines(_ words: String) throws -> [String] {
      let script = "script -qec 'stty cols 100; LC_ALL=C.UTF-8 TERM=dumb \"$LANES\" \(words)' /dev/null"
      let result = try Program.shell(script, [])
      #expect(result.exit == .status(0), "\(result.text)")
      return result.text.replacing("\r\n", with: "\n").split(separator: "\n").map(String.init)
    }
    let threads = try lines("primes 1e7 --stats --mode threads --cores 2")
    #expect(threads.first?.hasPrefix("lanes: process ") == true && threads[1].hasPrefix("  ls /proc/"), "\(threads)")
    let workers = try lines("primes 1e9 --stats --mode processes --cores 2")
    #expect(workers.first?.contains(", workers ") == true && workers[1].hasPrefix("  ps -fL -p "), "\(workers)")
    for words in ["primes 1e7 --stats --quiet", "primes 1e7 --stats --json", "primes 1e7"] {
      #expect(try !lines(words).contains { $0.contains("/proc/") }, "\(words)")
    }
    #expect(try !Program.run(["primes", "1e7", "--stats"]).errors.contains("/proc/"))
  }

  @Test(arguments: EngineChoice.all) func `statistics come as a line of JSON behind the result`(_ engine: EngineChoice)
    throws
  {
    let result = try Program.run(["primes", "1e7", "--stats", "--json"] + engine.flags)
    #expect(result.errors == "")
    let values = result.lines.map { JSONValue($0) }
    try #require(values.count == 2)
    #expect(values[0]?["count"] == .number("664579"))
    #expect(values[1]?["ending"] == .string("complete"))
    #expect(values[1]?["mode"] == .string(engine.flags[1]))
    let shared = values[1]?["per_lane"]?.items.compactMap { lane -> Int? in
      if case .number(let units)? = lane["units"] { Int(units) } else { nil }
    }
    #expect(values[1]?["units_done"] == .number(String(shared?.reduce(0, +) ?? -1)))
  }

  @Test(arguments: [
    ([], "auto chose "), (["--cores", "1"], "auto chose serial: "),
    (["--isolation", "process", "--cores", "2"], "auto chose processes/shm ×2: isolation was asked for"),
  ]) func `statistics say what auto chose and why`(_ flags: [String], _ words: String) throws {
    let told = try Program.run(["primes", "1e8", "--stats"] + flags)
    #expect(told.text == "5761455\n")
    #expect(told.errorLines.contains { $0.hasPrefix("  note: \(words)") }, "\(told.errors)")
    let json = try Program.run(["primes", "1e8", "--stats", "--json"] + flags)
    let values = json.lines.map { JSONValue($0) }
    guard case .string(let note)? = values.last??["notes"]?.items.first else {
      Issue.record("no note in \(json.text)")
      return
    }
    #expect(note.hasPrefix(words))
    #expect(try Program.run(["primes", "1e8"] + flags).errors == "")
  }

  @Test func `progress is drawn only where it is asked for`() throws {
    let silent = try Program.run(["primes", "1e9"])
    #expect(silent.errors == "")
    let drawn = try Program.run(["primes", "1e9", "--progress", "always"], environment: ["TERM": "xterm"])
    #expect(drawn.errors.hasPrefix("\r\u{1B}[K"))
    #expect(drawn.errors.hasSuffix("\r\u{1B}[K"), "nothing stays on the line")
    let quiet = try Program.run(["primes", "1e9", "--progress", "always", "--quiet"])
    #expect(quiet.errors == "")
    let dumb = try Program.run(["primes", "1e9", "--progress", "always"], environment: ["TERM": "dumb"])
    #expect(!dumb.errors.isEmpty && dumb.errors.hasSuffix("\n"))
    #expect(!dumb.errors.contains("\r") && !dumb.errors.contains("\u{1B}"))
    let plain = try Program.run(
      ["primes", "1e9", "--progress", "always"], environment: ["TERM": "xterm", "LC_ALL": "POSIX"])
    #expect(plain.errors.contains("/s") && plain.errors.utf8.allSatisfy { $0 < 0x80 })
    #expect(Set([silent.text, drawn.text, quiet.text, dumb.text, plain.text]) == ["50847534\n"])
  }
}
