import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite struct CompareCommandsTests {
  private static let once = ["compare", "-N", "--rounds", "1", "--warmup", "0"]
  private static let inShell = ["compare", "--rounds", "1", "--warmup", "0"]

  @Test func `commands stand side by side, with who won and what bounds each`() throws {
    let result = try Program.run(
      ["compare", "-N", "--rounds", "3", "--command-name", "nap", "--command", "sleep 0.1", "--command", "true"])
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(result.errors == "" && result.lines.allSatisfy { $0.count <= 100 })
    #expect(
      result.lines.first
        == "lanes compare --rounds 3 --warmup 1 -N --command-name nap --command 'sleep 0.1' --command true")
    #expect(result.text.contains("\n  nap ") && result.text.contains("\n* true "))
    #expect(result.text.contains("\nVerdict: "))
    #expect(result.text.split(separator: "\n").contains { $0.hasPrefix("nap: ") })
  }

  @Test func `every member of the JSON is in the schema, and every member of the schema is there`() throws {
    let source = String(
      decoding: try readFile(Fixtures.root.removingLastComponent().appending("docs/compare.schema.json")), as: UTF8.self
    )
    let kinds = try #require(JSONValue(source)?["$defs"])
    let result = try Program.run(Self.inShell + ["--json", "--command", "true", "--command", "false || true"])
    let values = try result.lines.map { try #require(JSONValue($0)) }
    #expect(values.map { $0["type"] } == ["command", "command", "ranking"].map { .string($0) })
    for value in values {
      guard case .string(let kind)? = value["type"] else { continue }
      #expect(value.keys.sorted() == kinds[kind]?["properties"]?.keys.sorted())
    }
    #expect(values[1]["command"] == .string("false || true"))
  }

  @Test(arguments: [
    ("echo first >&2; echo last >&2; exit 3", "ended with status 3: last; --ignore-failure"),
    ("kill -TERM $$", "was ended by SIGTERM; --ignore-failure"),
    ("nosuchprogram", "ended with status 127, by which a shell says that it found no such program: "),
  ]) func `a command that fails says which, how, its last words, and what helps`(_ command: String, _ words: String)
    throws
  {
    let result = try Program.run(Self.inShell + ["--command", "true", "--command", command])
    #expect(result.exit == .status(74) && result.output == [])
    #expect(result.errorLines.count == 1 && result.errors.hasPrefix("lanes: '\(command)' \(words)"), "\(result.errors)")
  }

  @Test func `a program that is not there cannot be started without a shell`() throws {
    let result = try Program.run(Self.once + ["--ignore-failure", "--command", "nosuchprogram x"])
    #expect(result.exit == .status(74))
    #expect(result.errors == "lanes: 'nosuchprogram x' cannot be started: no such file or directory\n")
  }

  @Test func `failures that are ignored are told`() throws {
    let words = Self.inShell + ["--ignore-failure", "--rounds", "2", "--command", "exit 3"]
    #expect(try Program.run(words).text.contains("note: exit 3: ended with status 3 in 2 rounds"))
    let value = try Program.run(words + ["--json"]).lines.first.flatMap { JSONValue($0) }
    #expect(value?["rounds_failed"] == .number("2"))
  }

  @Test(arguments: [
    (["--command", ""], "--command takes a command"),
    (["--command", "x", "--prepare", " "], "--prepare takes a command"),
    (["--command", "true", "--command", "true"], "two commands are called 'true'"),
    (["--command", "true", "primes", "9"], "exclude each other: primes"),
    (["--command", "true", "--modes", "serial"], "--modes belongs to engines"),
    (["--prepare", "true", "primes", "9"], "--prepare belongs to --command"),
    (
      ["--command", "a", "--command", "b", "--prepare", "x", "--prepare", "y", "--prepare", "z"], "given 3 times for 2"
    ),
    (["--command", "a", "--command-name", "b", "--command-name", "c"], "given 2 times for 1 command"),
    (["-N", "--command", "echo 'a"], "a quote that is not closed"),
    (["--cold", "--command", "true"], "names none that exists"),
    (["--command", "true", "--timeout", "0s"], "above zero"), (["--command", "true", "--rounds", "0"], "--rounds"),
    (["--command", "true", "--interval", "3%"], "--rounds auto"), (["--command", "true", "--output", "y"], "--output"),
    (["--command", "true", "--shell", ""], "--shell takes a shell"), (["--command", "true", "--by", "x"], "--by"),
  ]) func `what makes no sense is refused before anything runs`(_ words: [String], _ hint: String) throws {
    let result = try Program.run(["compare"] + words)
    #expect(result.exit == .status(64) && result.output == [])
    #expect(result.errors.contains(hint), "\(result.errors)")
  }

  @Test func `processes that a command leaves behind are counted and ended with it`() throws {
    let folder = TemporaryFolder()
    // One in the command's group, one in a session of its own whose parent is gone, and that one's child.
    let command =
      "sleep 1000 & echo $! > a; (setsid sh -c 'echo $$ > b; sleep 1000 & echo $! > c; wait' &); "
      + "until test -s a && test -s b && test -s c; do :; done"
    let result = try Program.run(Self.inShell + ["--json", "--command", command], directory: folder.path)
    #expect(result.exit == .status(0), "\(result.errors)")
    let left = result.lines.first.flatMap { JSONValue($0) }?["left_behind"]
    #expect(left == .number("3"), "\(String(describing: left))")
    for name in ["a", "b", "c"] {
      let text = String(decoding: try readFile(folder.file(name)), as: UTF8.self)
      let pid = try #require(pid_t(text.filter(\.isNumber)))
      #expect(!Processes.isAlive(pid))
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGKILL]) func `a signal ends a comparison and all that its command started`(
    _ signal: Int32
  ) throws {
    let folder = TemporaryFolder()
    let command = "trap '' INT TERM; setsid sleep 1000 & echo $! > b; echo $$ > a; while :; do sleep 1000; done"
    let program = try Program.start(Self.inShell + ["--command", command], directory: folder.path)
    var pids: [pid_t] = []
    #expect(
      eventually {
        pids = ["a", "b"].compactMap { name in
          (try? readFile(folder.file(name))).flatMap { pid_t(String(decoding: $0, as: UTF8.self).filter(\.isNumber)) }
        }
        return pids.count == 2
      })
    // What a supervisor tells it of is the comparison's end; which process that was does not matter to the command.
    program.kill(signal)
    let result = try program.finish()
    #expect(result.exit == .signal(signal) && result.output == [])
    #expect(eventually { !pids.contains(where: Processes.isAlive) })
  }

  @Test func `a run that takes too long ends the comparison`() throws {
    let result = try Program.run(Self.inShell + ["--timeout", "100ms", "--command", "sleep 1000; true"])
    #expect(result.exit == .status(74))
    #expect(result.errors == "lanes: 'sleep 1000; true' took longer than --timeout 100 ms and was ended\n")
  }

  @Test func `outputs are compared on request`() throws {
    func run(_ commands: String...) throws -> Program.Result {
      try Program.run(
        ["compare", "--rounds", "2", "--warmup", "0", "--same-output"] + commands.flatMap { ["--command", $0] })
    }
    let folder = TemporaryFolder()
    #expect(try run("head -c 3000000 /dev/zero", "head -c 3000001 /dev/zero | tail -c +2").exit == .status(0))
    let differ = try run("echo a", "echo b")
    #expect(differ.exit == .status(1) && differ.output == [])
    #expect(differ.errors.hasPrefix("lanes: 'echo a' and 'echo b' write different output"), "\(differ.errors)")
    let varies = try run("test -e \(folder.file("x")) && echo a; touch \(folder.file("x"))")
    #expect(varies.exit == .status(1) && varies.errors.contains("does not write the same in every run"))
  }

  @Test func `a command reads nothing, or the file that it is given, anew in every run`() throws {
    let folder = TemporaryFolder()
    try folder.write("five", Bytes("12345".utf8))
    let nothing = try Program.run(Self.inShell + ["--command", "test $(wc -c) = 0"])
    #expect(nothing.exit == .status(0), "\(nothing.errors)")
    let file = try Program.run(
      ["compare", "--rounds", "3", "--input", "five", "--command", "test $(wc -c) = 5"], directory: folder.path)
    #expect(file.exit == .status(0), "\(file.errors)")
    #expect(try Program.run(Self.inShell + ["--input", "none", "--command", "true"]).exit == .status(74))
  }

  @Test func `preparations come before each run, and the cleanup once, also after a failure`() throws {
    let folder = TemporaryFolder()
    let words = [
      "compare", "-N", "--rounds", "2", "--warmup", "1", "--shell", "none", "--prepare", "sh -c 'printf p >> log'",
      "--cleanup", "sh -c 'printf c >> log'",
    ]
    let good = try Program.run(
      words + ["--command", "sh -c 'printf 1 >> log'", "--command", "sh -c 'printf 2 >> log'"], directory: folder.path)
    #expect(good.exit == .status(0), "\(good.errors)")
    #expect(String(decoding: try readFile(folder.file("log")), as: UTF8.self) == "p1p2p1p2p1p2c")
    let bad = try Program.run(words + ["--command", "false"], directory: folder.path)
    #expect(bad.exit == .status(74))
    #expect(String(decoding: try readFile(folder.file("log")), as: UTF8.self) == "p1p2p1p2p1p2cpc")
    let unprepared = try Program.run(Self.inShell + ["--prepare", "exit 4", "--command", "true"])
    #expect(unprepared.errors == "lanes: 'exit 4' (--prepare) ended with status 4\n")
  }

  @Test func `all processes of a command count`() throws {
    let one = "true", many = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do /bin/true; done"
    let result = try Program.run(Self.inShell + ["--json", "--command", one, "--command", many])
    let faults = try result.lines.prefix(2).map { line -> Double in
      guard case .number(let text)? = JSONValue(line)?["minor_faults"] else { throw WireError("no faults") }
      return Double(text) ?? 0
    }
    #expect(faults[1] > 4 * faults[0], "\(faults)")
  }

  @Test func `one supervisor serves all runs, and nothing of it is left`() throws {
    let folder = TemporaryFolder()
    let result = try Program.run(
      [
        "compare", "-N", "--rounds", "3", "--command", "sh -c 'echo $PPID >> one'", "--command",
        "sh -c 'echo $PPID >> two'",
      ],
      directory: folder.path)
    #expect(result.exit == .status(0), "\(result.errors)")
    let pids = try ["one", "two"].flatMap {
      String(decoding: try readFile(folder.file($0)), as: UTF8.self).split(separator: "\n").compactMap { pid_t($0) }
    }
    let supervisor = try #require(pids.first)
    #expect(pids.count == 8 && Set(pids).count == 1 && !Processes.isAlive(supervisor))
    if let membership = ProcessFile.cgroups?.text, let mounts = ProcessFile("/proc/self/mountinfo")?.text,
      let parent = Cgroups.unified(membership: membership, mounts: mounts)
    {
      #expect(access("\(parent)lanes-\(supervisor)", F_OK) != 0)
    }
  }

  @Test func `a command's figures are its own, and not those of the one before it`() throws {
    let result = try Program.run(
      ["compare", "-N", "--json", "--rounds", "2", "--command", "dd if=/dev/zero of=/dev/null bs=64M count=1"]
        + ["--command", "true", "--command", "sh -c 'exit 3'", "--ignore-failure"])
    let values = try result.lines.prefix(3).map { try #require(JSONValue($0)) }
    let peaks = values.map { value -> Double in
      guard case .number(let text)? = value["peak_memory_bytes"] else { return -1 }
      return Double(text) ?? -1
    }
    #expect(peaks[0] > 64e6 && (1...32e6).contains(peaks[1]) && (1...32e6).contains(peaks[2]), "\(peaks)")
    #expect(values.map { $0["rounds_failed"] } == [.number("0"), .number("0"), .number("2")])
  }

  @Test func `processes that nobody waits for are counted where the command has a control group`() throws {
    // A shell would not do: it handles SIGCHLD whatever it is told.
    try #require(access("/usr/bin/perl", X_OK) == 0, "perl is missing")
    let command = "perl -e '$SIG{CHLD} = \"IGNORE\"; unless (fork) { for (1..3e6) { $x++ } exit } wait'"
    let result = try Program.run(Self.once + ["--json", "--command", command])
    let value = try #require(result.lines.first.flatMap { JSONValue($0) }, "\(result.errors)")
    let isOwn = value["pressure_of"] == .string("command")
    #expect(isOwn || value["pressure_of"] == .string("machine"))
    #expect(value["times_from"] == .string(isOwn ? "cgroup" : "wait4"))
  }

  @Test func `a command that asks the terminal is ended, and told what stopped it`() throws {
    let result = try Program.shell(
      "script -qec \"$LANES compare -q -N --rounds 1 --warmup 0 --command 'sh -c \\\"read x </dev/tty\\\"'\" /dev/null </dev/null"
    )
    #expect(result.exit == .status(74))
    #expect(result.text.contains("was stopped by SIGTTIN, as one that asks the terminal"), "\(result.text)")
  }

  @Test func `the cleanup is run to its end after a signal`() throws {
    let folder = TemporaryFolder()
    let program = try Program.start(
      Self.inShell + ["--cleanup", "echo c >> log; echo d >> log", "--command", "echo x > started; sleep 1000"],
      directory: folder.path)
    #expect(eventually { access(folder.file("started").string, F_OK) == 0 })
    program.kill(SIGINT)
    #expect(try program.finish().exit == .signal(SIGINT))
    #expect(String(decoding: try readFile(folder.file("log")), as: UTF8.self) == "c\nd\n")
  }

  @Test func `a command that kills its supervisor is named, and nothing of it is left`() throws {
    let folder = TemporaryFolder()
    let command = "sleep 1000 & echo $! > pid; kill -KILL $PPID; wait"
    let result = try Program.run(Self.inShell + ["-N", "--command", "sh -c '\(command)'"], directory: folder.path)
    #expect(result.exit == .status(74))
    #expect(result.errors.contains("was not watched to its end"), "\(result.errors)")
    // Only in a control group are its processes known by now.
    guard CommandGroup() != nil else { return }
    let pid = try #require(pid_t(String(decoding: try readFile(folder.file("pid")), as: UTF8.self).filter(\.isNumber)))
    #expect(eventually { !Processes.isAlive(pid) })
  }

  @Test func `what a preparation leaves running stays`() throws {
    let folder = TemporaryFolder()
    let server =
      "test -e pid && kill -0 $(cat pid) || { sleep 1000 >/dev/null 2>&1 & echo $! > pid; echo x >> starts; }"
    let result = try Program.run(
      Self.inShell + [
        "--rounds", "3", "--prepare", server, "--cleanup", "kill $(cat pid)", "--command", "kill -0 $(cat pid)",
      ],
      directory: folder.path)
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(String(decoding: try readFile(folder.file("starts")), as: UTF8.self) == "x\n")
    let pid = try #require(pid_t(String(decoding: try readFile(folder.file("pid")), as: UTF8.self).filter(\.isNumber)))
    #expect(eventually { !Processes.isAlive(pid) })
  }

  @Test func `words reach a command byte for byte`() throws {
    for shell in ["-N", "--quiet"] {
      let result = try Program.shell(
        "\"$LANES\" compare \(shell) --rounds 1 --warmup 0 --command \"$(printf 'test a\\377\\001b = \"a\\377\\001b\"')\" "
          + "--command \"$(printf 'test \\376 != \\377')\"")
      #expect(result.exit == .status(0), "\(result.errors)")
    }
  }

  @Test func `what commands are ranked by is what the winner is named for`() throws {
    let result = try Program.run(
      ["compare", "-N", "--rounds", "3", "--by", "memory", "--command", "dd if=/dev/zero of=/dev/null bs=64M count=1"]
        + [
          "--command-name", "large", "--command", "dd if=/dev/zero of=/dev/null bs=1k count=1", "--command-name",
          "small",
        ])
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(result.text.contains("Verdict: small won by peak memory: ") && result.text.contains("\n* small "))
    #expect(result.text.replacing("\n", with: " ").contains(", where large needed "))
  }

  @Test func `rounds go on until the interval is narrow, or the time is up`() throws {
    func rounds(_ words: [String]) throws -> JSONValue? {
      let result = try Program.run(["compare", "-N", "--json", "--rounds", "auto", "--warmup", "0"] + words)
      #expect(result.exit == .status(0), "\(result.errors)")
      return result.lines.first.flatMap { JSONValue($0) }?["rounds"]
    }
    #expect(try rounds(["--max-time", "1ns", "--command", "true", "--command", "/bin/true"]) == .number("1"))
    #expect(try rounds(["--interval", "1000%", "--by", "memory", "--command", "true"]) == .number("10"))
  }

  @Test func `an earlier report of this machine is held against, and one of another machine refused by name`() throws {
    let folder = TemporaryFolder()
    let commands = ["--rounds", "3", "--command", "true", "--command", "sleep 0.01", "--command-name", "a"]
    let first = try Program.run(["compare", "-N", "--json"] + commands)
    try folder.write("before", Bytes(first.output))
    let second = try Program.run(
      ["compare", "-N", "--baseline", "before"] + commands + ["--command", "sleep 0"], directory: folder.path)
    #expect(second.exit == .status(0), "\(second.errors)")
    let text = second.text.replacing("\n", with: " ")
    #expect(text.contains("Beside the report of 2") && text.contains("sleep 0 is not in it"), "\(text)")
    for (old, new, words) in [
      ("\"cpus\":\"", "\"cpus\":\"9", "was measured on another machine (cpus 9"),
      ("\"kernel\":\"", "\"kernel\":\"x", "kernel x"),
      ("\"cold\":false", "\"cold\":true", "was measured with --cold"),
      ("\"words\":null", "\"words\":\"primes 9\"", "is of engines"),
      ("}\n", "}", "is not what lanes compare --json prints"), ("{", "[[[[[[[[[[[[[[[[[[[{", "is not what"),
    ] {
      try folder.write("other", Bytes(first.text.replacing(old, with: new).utf8))
      let refused = try Program.run(["compare", "-N", "--baseline", "other"] + commands, directory: folder.path)
      #expect(refused.exit == .status(64) && refused.output == [])
      #expect(refused.errorLines.count == 1 && refused.errors.contains(words), "\(refused.errors)")
    }
    #expect(try Program.run(["compare", "-N", "--baseline", "/none"] + commands).exit == .status(74))
    #expect(try Program.run(["compare", "-N", "--baseline", "/"] + commands).errors.contains("is no regular file"))
  }

  @Test func `engines are held against their own earlier report, and against no other batch`() throws {
    let folder = TemporaryFolder()
    let words = ["compare", "--rounds", "3", "--modes", "serial", "primes"]
    try folder.write("before", Bytes(try Program.run(words + ["1e6", "--json"]).output))
    let same = try Program.run(words + ["1e6", "--baseline", "before"], directory: folder.path)
    #expect(same.text.contains("\nBeside the report of "), "\(same.errors)")
    let other = try Program.run(words + ["1e5", "--baseline", "before"], directory: folder.path)
    #expect(other.exit == .status(64) && other.errors.contains("is of another batch (primes 1e6)"))
  }

  @Test(arguments: [60, 80]) func `a terminal's width is kept, in ASCII too`(_ width: Int) throws {
    let long = "printf '%s' 'a rather long command that does not fit into a column of a table' | cat"
    let command =
      "stty cols \(width); env -u NO_COLOR TERM=xterm LC_ALL=C $LANES compare -q --rounds 3 "
      + "--command \"\(long.replacing("'", with: "\\\""))\" --command true"
    let result = try Program.shell("script -qec '\(command)' /dev/null")
    #expect(result.exit == .status(0), "\(result.text)")
    let table = result.text.replacing("\r\n", with: "\n").split(separator: "\n").dropFirst(1)
    for line in table {
      var plain = line.replacing("\u{1B}[0m", with: "")
      for code in ["1;32", "32", "2"] { plain = plain.replacing("\u{1B}[\(code)m", with: "") }
      #expect(plain.utf8.allSatisfy { $0 < 0x80 } && plain.count < width, "\(plain)")
    }
    #expect(result.text.contains("\u{1B}[1;32m*"))
  }

  @Test func `a page and Markdown hold the same figures`() throws {
    let folder = TemporaryFolder()
    let result = try Program.run(
      Self.inShell + ["--markdown", "--report", "page.html", "--command", "echo '<b>' | cat", "--command", "true"],
      directory: folder.path)
    #expect(result.exit == .status(0), "\(result.errors)")
    let rows = result.lines.filter { $0.hasPrefix("|") }
    // A bar in a command would end its cell.
    #expect(rows.count == 4 && Set(rows.map { $0.replacing("\\|", with: "").count { $0 == "|" } }).count == 1)
    let page = String(decoding: try readFile(folder.file("page.html")), as: UTF8.self)
    #expect(
      page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n")
        && page.contains("echo &#39;&lt;b&gt;&#39; | cat"))
    #expect(!page.contains("<b>") && page.contains("Processor time"))
  }
}
