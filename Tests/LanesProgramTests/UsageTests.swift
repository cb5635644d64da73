import LanesCore
import LanesTesting
import SystemPackage
import Testing

@Suite struct UsageTests {
  private static let workloads = [["primes"], ["files", "count"], ["images", "convert"], ["images", "info"]]

  @Test(arguments: [
    (["primes", "--lsit"], "Did you mean '--list'?"), (["primes", "--mode", "thread"], "threads"),
    (["files", "count", "--jsno"], "Did you mean '--json'?"),
    (["images", "convert", "x", "-o", "y", "--quilty", "3"], "--quality"),
    (["prmes"], "prmes"), (["images"], ""), (["primes", "--cores", "0"], "1 to 4096"),
    (["primes", "--cores", "two"], "two"),
    (["primes", "--timeout", "0s"], "above zero"), (["primes", "--timeout", "5 parsecs"], "parsecs"),
    (["primes", "--memory", "12Q"], "12Q"), (["primes", "--retries", "-1"], "--retries"),
    (["primes", "--queue-depth", "0"], "1 to 4096"),
    (["primes", "--ipc", "socket"], "shm"), (["images", "convert", "x"], "--output"),
    (["images", "convert", "x", "-o", "y", "--quality", "101"], "1 to 100"),
    (["images", "convert", "x", "-o", "y", "--resize", "big"], "800x600"),
    (["images", "convert", "x", "-o", "y", "--background", "octarine"], "octarine"),
    (["compare", "--rounds", "0", "primes"], "1 to 1000"), (["compare", "lab"], "lanes compare primes 1e9"),
    (["primes", "--isolate", "--mode", "threads"], "--isolate asks for worker processes"),
    (["lab", "unit"], "payloads"), (["lab", "--rounds", "0"], "1 to 1000"), (["lab", "--cores", "0"], "1 to 4096"),
  ]) func `a wrong word is refused with a hint`(_ words: [String], _ hint: String) throws {
    let result = try Program.run(words)
    #expect(result.errors.contains(hint) || result.text.contains("USAGE: lanes images"), "\(result.errors)")
    guard words != ["images"] else { return }
    #expect(result.exit == .status(64))
    #expect(result.output == [])
    #expect(result.errors.contains("Usage: lanes"))
  }

  @Test func `a trace that cannot be written is refused before the work`() throws {
    let result = try Program.run(["primes", "100", "--trace", "/nonexistent/trace"])
    #expect(result.exit == .status(64))
    #expect(result.output == [])
    #expect(result.errorLines.count == 1)
  }

  @Test func `the version is one line on standard output`() throws {
    let result = try Program.run(["--version"])
    #expect(result.exit == .status(0))
    #expect(result.errors == "")
    #expect(result.lines.count == 1)
    #expect(result.text.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
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
      "--mode", "--cores", "--ipc", "--queue-depth", "--memory", "--timeout", "--retries", "--stats", "--trace",
      "--json", "--isolate",
      "--progress", "-q, --quiet", "--no-color",
    ] {
      #expect(help.contains("  \(option) "), "\(option)")
    }
    #expect(["serial", "threads", "processes", "eventloop", "auto"].allSatisfy(help.contains))
  }
}
