import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite struct CompareTests {
  private static let once = ["compare", "--rounds", "1", "--warmup", "0"]

  @Test func `a table fits a hundred columns and names every engine`() throws {
    let result = try Program.run(Self.once + ["primes", "1e6"])
    #expect(result.exit == .status(0))
    #expect(result.errors == "")
    #expect(result.lines.allSatisfy { $0.count <= 100 })
    #expect(result.lines.first == "lanes compare --rounds 1 --warmup 0 primes 1e6")
    for engine in [
      "serial", "threads ×1", "processes/pipe ×1", "processes/socket ×1", "processes/shm ×1", "eventloop", "hybrid ×1",
    ] {
      #expect(result.text.contains(" \(engine) "), "\(engine)")
    }
    #expect(result.text.contains("\nVerdict: "))
  }

  @Test func `contenders and verdict come as JSON`() throws {
    let result = try Program.run(
      Self.once + ["--json", "--modes", "serial,processes", "--cores", "2", "--ipc", "pipe", "primes", "1e6"])
    let values = result.lines.map { JSONValue($0) }
    #expect(values.map { $0?["type"] } == ["contender", "contender", "verdict"].map { .string($0) })
    #expect(values.prefix(2).map { $0?["engine"] } == [.string("serial"), .string("processes/pipe ×2")])
    for key in ["wall_median_ns", "user_ns", "system_ns", "voluntary_switches", "minor_faults", "peak_memory_bytes"] {
      guard case .number? = values[0]?[key] else {
        Issue.record("\(key) is no number")
        continue
      }
    }
  }

  @Test func `every member of the JSON is in the schema, and every member of the schema is there`() throws {
    let source = String(
      decoding: try readFile(Fixtures.root.removingLastComponent().appending("docs/compare.schema.json")), as: UTF8.self
    )
    let kinds = try #require(JSONValue(source)?["$defs"])
    let result = try Program.run(Self.once + ["--json", "--modes", "serial,processes", "primes", "1e6"])
    for line in result.lines {
      let value = try #require(JSONValue(line))
      guard case .string(let kind)? = value["type"] else {
        Issue.record("a line without type: \(line)")
        continue
      }
      let described = try #require(kinds[kind]?["properties"]?.keys)
      #expect(value.keys.sorted() == described.sorted())
    }
  }

  @Test func `lanes are drawn under the table, and in ASCII where the locale is not UTF-8`() throws {
    let words = Self.once + ["--modes", "serial,threads", "--cores", "2", "primes", "1e9"]
    let fancy = try Program.run(words, environment: ["LC_ALL": "C.UTF-8"])
    #expect(fancy.text.contains("one line per lane"))
    #expect(fancy.lines.count { $0.hasPrefix("threads ×2 (") || $0.hasPrefix("serial (") } == 2)
    let plain = try Program.run(words, environment: ["LC_ALL": "C"])
    #expect(plain.text.contains("one line per lane") && plain.text.contains("threads x2"))
    #expect(plain.lines.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } && $0.count <= 100 })
  }

  @Test(arguments: [60, 80, 200]) func `a terminal's width is kept, and a dumb one is neither colored nor redrawn`(
    _ width: Int
  ) throws {
    func shown(_ kind: String) throws -> Program.Result {
      // A terminal of its own: script(1).
      let command =
        "stty cols \(width); env -u NO_COLOR TERM=\(kind) LC_ALL=C.UTF-8 $LANES compare --rounds 2 primes 1e6"
      return try Program.shell("script -qec '\(command)' /dev/null")
    }
    let dumb = try shown("dumb")
    #expect(dumb.exit == .status(0))
    #expect(dumb.lines.contains { $0.contains("processes/shm ×1 ") })
    let rest = dumb.text.replacing("\r\n", with: "\n")
    #expect(!rest.contains("\u{1B}") && !rest.contains("\r"))
    for line in rest.split(separator: "\n") { #expect(line.count < width, "\(line)") }
    let capable = try shown("xterm")
    #expect(capable.text.contains("\u{1B}[1;32m*"))
    #expect(capable.text.contains("\r\u{1B}[Kround 1 of 2  ") && capable.text.contains(" runs done  "))
  }

  @Test func `options of compare are taken wherever they stand`() throws {
    let before = try Program.run(
      [
        "compare", "--json", "--rounds", "1", "--warmup", "0", "--modes", "serial,processes", "-j", "1", "primes",
        "1e6",
      ])
    let after = try Program.run(
      [
        "compare", "primes", "1e6", "--json", "--rounds=1", "--cores", "1", "--warmup", "0", "--modes",
        "serial,processes",
      ])
    let engines: [JSONValue?] = [
      "serial", "processes/pipe ×1", "processes/socket ×1", "processes/shm ×1", nil,
    ].map { $0.map { .string($0) } }
    for result in [before, after] {
      #expect(result.exit == .status(0), "\(result.errors)")
      #expect(result.lines.map { JSONValue($0)?["engine"] } == engines)
    }
    let between = try Program.run(Self.once + ["primes", "--modes", "serial", "1e6"])
    #expect(between.lines.first == "lanes compare --modes serial --rounds 1 --warmup 0 primes 1e6")
  }

  @Test func `what belongs to the compared command is left to it`() throws {
    let folder = TemporaryFolder()
    try folder.write("--cold", Bytes("x --cold --json\n".utf8))
    let result = try Program.run(
      Self.once + ["--modes", "serial", "files", "search", "-e", "--cold", "./--cold"], directory: folder.path)
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(result.text.contains("Verdict: "))
  }

  @Test func `a report is one page, whole or not there`() throws {
    let folder = TemporaryFolder()
    let page = folder.file("report.html")
    let result = try Program.run(
      Self.once + ["--report", page.string, "--modes", "serial,processes", "--cores", "2", "primes", "1e7"])
    #expect(result.exit == .status(0), "\(result.errors)")
    let text = String(decoding: try readFile(page), as: UTF8.self)
    #expect(text.hasPrefix("<!DOCTYPE html>") && text.hasSuffix("</html>\n"))
    let words = "<code>lanes compare --modes serial,processes --cores 2 --rounds 1 --warmup 0 primes 1e7</code>"
    #expect(text.contains(words))
    #expect(text.contains("<code>--mode processes --cores 2 --ipc shm</code>"))
    #expect(try Program.shell("ls -A \"$1\"", [folder.path.string]).text == "report.html\n")
  }

  @Test func `a report that cannot be written is refused before anything runs`() throws {
    let result = try Program.run(Self.once + ["--report", "/proc/none/report.html", "primes", "1e13"])
    #expect(result.exit == .status(74))
    #expect(result.output == [])
    #expect(result.errors.contains("/proc/none/report.html"))
  }

  @Test(arguments: ["none/report.html", "none/below/report.html", "file/report.html", ".", "pipe"])
  func `a report outside a folder that exists, or in place of what is no file, is refused, and nothing is made`(
    _ name: String
  ) throws {
    let folder = TemporaryFolder()
    try folder.write("file", Bytes("x".utf8))
    #expect(mkfifo(folder.file("pipe").string, 0o600) == 0)
    let before = try Program.shell("ls -lA \"$1\"", [folder.path.string]).text
    let result = try Program.run(Self.once + ["primes", "1e13", "--report", name], directory: folder.path)
    // What stands in the way under that very name is wrong usage; a folder may be there another time.
    #expect(result.exit == .status([".", "pipe"].contains(name) ? 64 : 74))
    #expect(result.output == [])
    #expect(result.errorLines.count == 1 && result.errors.contains(name))
    #expect(try Program.shell("ls -lA \"$1\"", [folder.path.string]).text == before)
  }

  @Test func `a report shows options of compare that changed what was measured`() throws {
    let folder = TemporaryFolder()
    let result = try Program.run(
      ["compare", "files", "count", Fixtures.texts.string, "-r", "--cold", "--rounds", "1", "--modes", "serial"]
        + ["--report", "page.html"], directory: folder.path)
    #expect(result.exit == .status(0), "\(result.errors)")
    let words = "lanes compare --modes serial --rounds 1 --warmup 0 --cold files count \(Fixtures.texts.string) -r"
    #expect(result.lines.first == words)
    let text = String(decoding: try readFile(folder.file("page.html")), as: UTF8.self)
    #expect(text.contains("<h1><code>\(words)</code></h1>"))
    #expect(text.contains("serial, round 1"))
  }

  @Test func `a comparison that is stopped prints what it has`() throws {
    let program = try Program.start(
      ["compare", "--rounds", "1000", "--warmup", "0", "--json", "--modes", "serial", "primes", "1e6"])
    // Runs follow each other: when the third is there, the first was finished.
    var runs: Set<pid_t> = []
    #expect(
      eventually {
        runs.formUnion(Processes.children(of: program.pid))
        return runs.count >= 3
      })
    program.kill(SIGINT)
    let result = try program.finish()
    #expect(result.exit == .signal(SIGINT))
    #expect(result.lines.count == 2)
    #expect(result.lines.last.flatMap { JSONValue($0) }?["interrupted"] == .bool(true))
    #expect(result.errors.contains("was stopped"))
  }

  @Test func `a Markdown table has equal rows`() throws {
    let result = try Program.run(Self.once + ["--markdown", "--modes", "serial,threads", "primes", "1e6"])
    let rows = result.lines.filter { $0.hasPrefix("|") }
    #expect(rows.count >= 4)
    #expect(Set(rows.map { row in row.count { $0 == "|" } }).count == 1)
    #expect(result.text.contains("**Verdict: "))
  }

  @Test func `compared conversions leave nothing behind`() throws {
    let photos = try photoFolder()
    let scratch = TemporaryFolder()
    let before = try Tree(photos.path)
    let result = try Program.run(
      Self.once + ["--cores", "2", "images", "convert", photos.path.string, "--resize", "64x64"],
      environment: ["TMPDIR": scratch.path.string], directory: photos.path)
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(try Program.shell("ls -A \"$1\"", [scratch.path.string]).text == "")
    #expect(try Tree(photos.path) == before)
  }

  @Test(arguments: [
    (["primes", "1e6", "--mode", "serial"], "--modes"), (["primes", "1e6", "--mode=serial"], "--modes"),
    (["primes", "1e6", "--ipc", "tcp"], "--ipc"), (["primes", "1e6", "--cores", "0"], "--cores"),
    (["primes", "1e6", "--rounds"], "needs a value"),
    (["images", "convert", "x", "-o", "y"], "temporary folder"),
    (["images", "convert", "x", "--output=y"], "temporary folder"),
    (["files", "count", "-"], "standard input"), (["files", "count"], "standard input"),
    (["primes", "--trace", "x"], "--trace"),
    (["primes", "20", "10"], "smaller bound first"), (["primes", "--lits"], "--list"),
  ]) func `what a comparison sets itself is refused in the command`(_ words: [String], _ hint: String) throws {
    let result = try Program.run(Self.once + words)
    #expect(result.exit == .status(64))
    #expect(result.output == [])
    #expect(result.errors.contains(hint), "\(result.errors)")
  }

  @Test func `a command that fails says which and why`() throws {
    let result = try Program.run(Self.once + ["images", "convert", Fixtures.texts.string])
    #expect(result.exit == .status(74))
    #expect(result.output == [])
    #expect(result.errorLines.count == 1)
    #expect(result.errors.contains("serial: the run ended with status 64: lanes: no images were found"))
  }

  @Test func `a command of which no unit succeeds is not compared`() throws {
    let folder = TemporaryFolder()
    let result = try Program.run(Self.once + ["files", "count", "missing"], directory: folder.path)
    #expect(result.exit == .status(1))
    #expect(result.output == [])
    #expect(result.errors == "lanes: compare: nothing could be done: lanes: missing: no such file or directory\n")
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGKILL]) func `a signal ends a comparison and its runs`(_ signal: Int32) throws {
    let program = try Program.start(Self.once + ["--modes", "processes", "primes", "1e13"])
    var runs: [pid_t] = []
    #expect(
      eventually {
        runs = Processes.children(of: program.pid)
        runs += runs.flatMap(Processes.children)
        return runs.count > 1
      }, "a run and its workers are there")
    program.kill(signal)
    let result = try program.finish()
    #expect(result.exit == .signal(signal))
    #expect(result.output == [])
    #expect(eventually { !runs.contains(where: Processes.isAlive) })
  }
}
