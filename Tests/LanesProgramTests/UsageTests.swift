import LanesCore
import LanesTesting
import SystemPackage
import Testing

@Suite struct UsageTests {
  private static let workloads = [["primes"], ["files", "count"], ["images", "convert"], ["images", "info"]]

  @Test(arguments: [
    ["primes", "1", "2", "3"], ["primes", "--nth", "3", "1", "2"], ["files", "search"], ["compare"],
    ["images", "convert", "-o", "x"], ["compare", "files", "count"], ["images", "info"], ["primes", "--cores"],
    ["files", "count", "--memory", "x"], ["primes", "9", "--timeout", "0s"], ["compare", "--modes", "x", "primes"],
    ["lab", "--rounds", "0"], ["images", "convert", "x", "-o", "y", "--quality", "0"], ["primes", "x"],
  ])
  func `a message begins in lower case behind the program's name and ends without a full stop`(words: [String]) throws {
    let result = try Program.run(words)
    #expect(result.exit == .status(64))
    let message = try #require(result.errorLines.first).dropFirst("lanes: ".count)
    #expect(message.first?.isUppercase == false || message.prefix(2).allSatisfy(\.isUppercase), "\(message)")
    #expect(message.last != ".", "\(message)")
  }

  @Test(arguments: [
    (["primes", "--lsit"], "Did you mean '--list'?"), (["primes", "--mode", "thread"], "Did you mean 'threads'?"),
    (["primes", "1e9", "--core", "4"], "unknown option '--core'. Did you mean '--cores'?"),
    (["compare", "primes", "10", "--core", "4"], "unknown option '--core'. Did you mean '--cores'?"),
    (["primes", "--cores", "-1"], "from 1 to 4096, not -1"), (["primes", "-j", "-1"], "from 1 to 4096, not -1"),
    (["primes", "--cores", "--json"], "'--json' is an option"), (["primes", "--cores"], "--cores needs a value"),
    (["primes", "--memory", "-5"], "--memory: \"-5\" is below zero"), (["primes", "--nth", "-5"], "below zero"),
    (["files", "top", "-k", "-5"], "not -5"), (["images", "convert", "x", "-o", "y", "--quality", "-5"], "not -5"),
    (["lab", "--cores", "-1"], "from 1 to 4096, not -1"),
    (["images", "convert", "x", "-o", "y", "--width", "8"], "write --resize 800x"),
    (["images", "convert", "x", "-o", "y", "-q", "80"], "write --quality 80"),
    (["convert", "x", "-o", "y", "-q80"], "write --quality 80"),
    (["convert", "x", "-o", "y", "-Q", "80"], "write --quality N"),
    (["image", "convert"], "'lanes images'"), (["files", "cuont"], "'lanes files count'"),
    (["help", "prims"], "'lanes primes'"), (["lab", "engine"], "'engines'"), (["compare"], "lanes compare primes 1e9"),
    (["compare", "prims"], "'lanes compare primes'"),
    (["files", "count", "--jsno"], "Did you mean '--json'?"),
    (["images", "convert", "x", "-o", "y", "--quilty", "3"], "--quality"),
    (["prmes"], "Did you mean 'lanes primes'?"), (["primes", "--cores", "0"], "1 to 4096"),
    (["primes", "--cores", "two"], "two"),
    (["primes", "--timeout", "0s"], "above zero"), (["primes", "--timeout", "5 parsecs"], "parsecs"),
    (["primes", "--memory", "12Q"], "12Q"), (["primes", "--retries", "-1"], "--retries"),
    (["primes", "--queue-depth", "0"], "1 to 4096"),
    (["primes", "--ipc", "tcp"], "shm"), (["images", "convert", "x"], "--output"),
    (["images", "convert", "x", "-o", "y", "--quality", "101"], "1 to 100"),
    (["images", "convert", "x", "-o", "y", "--resize", "big"], "800x600"),
    (["images", "convert", "x", "-o", "y", "--background", "octarine"], "octarine"),
    (["compare", "--rounds", "0", "primes"], "1 to 1000"), (["compare", "lab"], "lanes compare primes 1e9"),
    (["primes", "--isolation", "sandbox", "--mode", "threads"], "--isolation sandbox asks for worker processes"),
    (["lab", "unit"], "'units'"), (["lab", "xyzzy"], "payloads"),
    (["lab", "--rounds", "0"], "1 to 1000"),
    (["lab", "--cores", "0"], "1 to 4096"),
  ]) func `a wrong word is refused with a hint`(_ words: [String], _ hint: String) throws {
    let result = try Program.run(words)
    #expect(result.errors.contains(hint), "\(result.errors)")
    #expect(result.exit == .status(64))
    #expect(result.output == [])
    #expect(result.errors.hasPrefix("lanes: "))
    #expect(result.errors.contains("\nSee 'lanes"))
  }

  @Test func `a trace that cannot be written is refused before the work`() throws {
    let folder = TemporaryFolder()
    let result = try Program.run(["primes", "100", "--trace", folder.file("missing/trace").string])
    #expect(result.exit == .status(74))
    #expect(result.output == [])
    #expect(result.errorLines.count == 1)
  }

  @Test(arguments: [["--version"], ["primes", "--version"]])
  func `the version names commit, libraries and instruction set`(_ words: [String]) throws {
    let result = try Program.run(words)
    #expect(result.exit == .status(0))
    #expect(result.errors == "")
    #expect(result.lines.count == 3)
    #expect(
      result.lines.first?.wholeMatch(
        of: /lanes [0-9]+\.[0-9]+\.[0-9]+ \((unknown commit|commit [0-9a-f]{7,}(\+changes)?)\)/)
        != nil)
    for library in ["libjpeg-turbo", "libpng", "zlib", "libdeflate", "PCRE2", "OpenSSL", "xxHash"] {
      #expect(result.lines[1].firstMatch(of: try Regex("\\b\(library) [0-9]+\\.[0-9]")) != nil, "\(library)")
    }
    #expect(result.lines[1].contains("liburing "))
    #expect(result.lines[2].hasPrefix("instructions: "))
  }

  @Test func `an environment variable keeps kernels, also those of workers, at or below a level, and results stay`()
    throws
  {
    let limited = try Program.shell("LANES_INSTRUCTIONS=portable \"$LANES\" --version | tail -n 1")
    #expect(limited.text == "instructions: portable code\n")
    let unknown = try Program.shell("LANES_INSTRUCTIONS=mmx exec \"$LANES\" primes 100")
    #expect(unknown.exit == .status(64))
    #expect(
      unknown.errors
        == "lanes: LANES_INSTRUCTIONS names no instructions: portable, sse2, avx2, avx512 or avx512-vbmi is expected\n")
    for level in ["", "portable", "sse2", "avx2", "avx512", "avx512-vbmi"] {
      let result = try Program.shell(
        """
        export LANES_INSTRUCTIONS=\(level)
        for engine in serial 'processes -j 2'; do
          "$LANES" primes 1e7 1e7+1e6 --sum --mode $engine; "$LANES" files count /usr/share/common-licenses/GPL-3 --mode $engine
        done | sort -u | wc -l
        """)
      #expect(result.text == "2\n", "\(level)")
    }
  }

  @Test func `an environment variable names the caches that the sieve is set up for, and results stay`() throws {
    for mode in ["serial", "processes -j 2"] {
      let small = try Program.shell("LANES_CACHES=32768,524288 \"$LANES\" primes 1e7 --stats --mode \(mode)")
      #expect(small.text == "664579\n")
      #expect(small.errors.contains("caches: 32.0 KiB L1, 512 KiB L2"))
    }
    for wrong in ["32768", "0,0", "32K,1M", "1,2,3"] {
      let result = try Program.shell("LANES_CACHES=\(wrong) exec \"$LANES\" primes 100")
      #expect(result.exit == .status(64))
      #expect(
        result.errors
          == "lanes: LANES_CACHES names no caches: the bytes of L1 and of L2 are expected, such as 32768,1048576\n")
    }
  }

  @Test func `no image library is loaded from the system where archives exist`() throws {
    let result = try Program.shell(
      "test -e /usr/lib/*-linux-gnu/libpng16.a || exit 0; ldd \"$LANES\" | grep -E 'libpng|libjpeg|libz\\.' && exit 1; exit 0"
    )
    #expect(result.exit == .status(0), "\(result.text)")
  }

  @Test func `convert is short for images convert`() throws {
    #expect(try Program.run(["convert", "--help"]).text == Program.run(["images", "convert", "--help"]).text)
    let folder = TemporaryFolder()
    let missing = folder.path.appending("missing.jpg").string
    let words = ["convert", missing, "-o", folder.path.appending("out.jpg").string, "--dry-run"]
    #expect(try Program.run(words).errors == Program.run(["images"] + words).errors)
  }

  @Test func `cores may be said with one letter`() throws {
    for words in [["-j", "2"], ["-j2"], ["-j=2"], ["--cores", "2"], ["--cores=2"]] {
      let result = try Program.run(["primes", "1e8", "--mode", "threads", "--stats", "--json"] + words)
      #expect(JSONValue(result.lines.last ?? "")?["lanes"] == .number("2"), "\(words): \(result.errors)")
    }
  }

  @Test func `the guide to engines explains every mode and every engine option`() throws {
    let guide = try Program.run(["help", "engines"]).text
    let help = try Program.run(["primes", "--help"]).text
    let section = help.components(between: "ENGINE OPTIONS:", and: "\nOPTIONS:")
    let options = section.matches(of: /--[a-z][-a-z]*/).map { String($0.0) }
    #expect(options.count >= 14)
    for option in options { #expect(guide.contains(option), "\(option)") }
    for mode in ["serial", "threads", "processes", "eventloop", "hybrid", "auto"] {
      #expect(guide.contains("\n  --mode \(mode)\n"), "\(mode)")
    }
    #expect(section.contains("lanes help engines"))
  }

  @Test(arguments: Self.commands) func `a command's own options come before the engine's, and it has examples`(
    _ command: [String]
  ) throws {
    let help = try Program.run(command + ["--help"]).text
    #expect(help.contains("EXAMPLES\n  lanes ") || help.contains("EXAMPLES\n  find "), "\(command)")
    guard let engine = help.range(of: "ENGINE OPTIONS:")?.lowerBound else { return }
    let rest = help[engine...].components(between: "\nOPTIONS:", and: "\u{0}")
    let options = rest.split(separator: "\n").filter { $0.hasPrefix("  -") }
    #expect(options.count == 2, "\(options)")
  }

  private static let commands = [
    ["primes"], ["images", "convert"], ["images", "info"], ["files", "count"], ["files", "search"], ["files", "hash"],
    ["files", "stats"], ["files", "top"], ["files", "histogram"], ["compare"], ["lab"],
  ]

  @Test func `every command has a manual page with its statuses`() throws {
    let names = try Program.run(["--generate-manual"]).lines
    #expect(names.contains("lanes.1") && names.contains("lanes-engines.7"))
    for command in Self.commands {
      let name = (["lanes"] + command).joined(separator: "-") + ".1"
      #expect(names.contains(name))
      let page = try Program.run(["--generate-manual", name]).text
      let status = page.components(between: ".SH \"EXIT STATUS\"", and: ".SH")
      for code in ["0", "64", "74", "130, 143"] { #expect(status.contains("\\fB\(code)\\fR"), "\(name) \(code)") }
      #expect(status.contains("\\fB2\\fR") == (command == ["files", "search"]))
      #expect(page.contains(".SH \"EXAMPLES\""))
    }
    #expect(try Program.run(["--generate-manual", "nothing.1"]).exit == .status(64))
  }

  @Test func `help that cannot be printed is not told as printed`() throws {
    #expect(try Program.shell("\"$LANES\" primes --help > /dev/full").exit == .status(74))
  }

  @Test(arguments: [[], ["images"], ["files"], ["compare"], ["lab"]] + workloads)
  func `help is printed to standard output`(
    _ command: [String]
  ) throws {
    for words in [command + ["--help"], command + ["-h"], ["help"] + command] {
      let result = try Program.run(words)
      #expect(result.exit == .status(0))
      #expect(result.errors == "")
      #expect(result.text.contains("USAGE: lanes"))
    }
  }

  @Test(arguments: workloads) func `every workload's help tells every engine option`(_ command: [String]) throws {
    let help = try Program.run(command + ["--help"]).text
    for option in [
      "--mode", "-j, --cores", "--ipc", "--queue-depth", "--memory", "--timeout", "--retries", "--stats", "--trace",
      "--json", "--isolation",
      "--progress", "-q, --quiet", "--no-color",
    ] {
      #expect(help.contains("  \(option) "), "\(option)")
    }
    #expect(["serial", "threads", "processes", "eventloop", "hybrid", "auto"].allSatisfy(help.contains))
  }
}

extension StringProtocol {
  /// What stands between the first `start` and the next `end`, or the end of the text; empty without a start.
  fileprivate func components(between start: String, and end: String) -> String {
    guard let first = range(of: start) else { return "" }
    let rest = self[first.upperBound...]
    return String(rest[..<(rest.range(of: end)?.lowerBound ?? rest.endIndex)])
  }

  /// The first place of `text`.
  fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
