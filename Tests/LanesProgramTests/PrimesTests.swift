import LanesCore
import LanesOS
import LanesTesting
import Testing

@Suite struct PrimesTests {
  @Test(arguments: EngineChoice.all) func `every engine counts, adds up and finds twins alike`(_ engine: EngineChoice)
    throws
  {
    let answers = [
      ([], "664579\n"), (["--count"], "664579\n"), (["--sum"], "3203324994356\n"), (["--twins"], "58980\n"),
      (["--tuplets", "2"], "58980\n"), (["--tuplets", "3"], "17220\n"), (["--tuplets", "4"], "899\n"),
      (["--tuplets", "5"], "321\n"), (["--tuplets", "6"], "18\n"),
    ]
    for (question, answer) in answers {
      let result = try Program.run(["primes", "1e7"] + question + engine.flags)
      #expect(result.exit == .status(0))
      #expect(result.text == answer)
      #expect(result.errors == "")
    }
  }

  @Test(arguments: EngineChoice.all) func `every engine finds the same nth prime`(_ engine: EngineChoice) throws {
    // Places in a first unit, in a later one, near the top and in a range of one number.
    let answers = [
      (["1"], "2\n"), (["1e6"], "15485863\n"), (["2e7"], "373587883\n"), (["2", "100"], "103\n"),
      (["1", "2^64-60"], "18446744073709551557\n"), (["3", "1e12"], "1000000000063\n"),
    ]
    for (words, answer) in answers {
      let result = try Program.run(["primes", "--nth"] + words + engine.flags)
      #expect(result.exit == .status(0))
      #expect(result.text == answer)
      #expect(result.errors == "")
    }
    let json = try Program.run(["primes", "--nth", "10", "--json"] + engine.flags)
    #expect(json.text == #"{"type":"primes","start":0,"nth":10,"prime":29}"# + "\n")
  }

  @Test(arguments: EngineChoice.all) func `every engine counts without finding alike`(_ engine: EngineChoice) throws {
    for (bound, answer) in [("1e11", "4118054813\n"), ("2^32", "203280221\n"), ("100", "25\n"), ("0", "0\n")] {
      let result = try Program.run(["primes", bound, "--algorithm", "combinatorial"] + engine.flags)
      #expect(result.exit == .status(0))
      #expect(result.text == answer)
      #expect(result.errors == "")
    }
    #expect(try Program.run(["primes", "1e6", "--algorithm", "sieve"] + engine.flags).text == "78498\n")
  }

  /// So that units can be shared out among machines, and an interrupted run can go on under another engine.
  @Test func `units are the same for every engine and number of lanes`() throws {
    let questions = [
      ["primes", "2e8"], ["primes", "1e15", "1e15+3e7"], ["primes", "1e12", "1e12+5e5", "--list"],
      ["primes", "1e10", "--algorithm", "combinatorial"], ["primes", "--nth", "3e6"],
    ]
    for question in questions {
      var units: Set<[String]> = []
      for flags in EngineChoice.all.map(\.flags) + [1, 3, 7].map({ ["--mode", "threads", "--cores", "\($0)"] }) {
        let folder = TemporaryFolder()
        let run = try Program.run(question + ["--trace", folder.file("trace").string] + flags)
        #expect(run.exit == .status(0), "\(run.errors)")
        let trace = try #require(JSONValue(String(decoding: try readFile(folder.file("trace")), as: UTF8.self)))
        let performed = (trace["traceEvents"]?.items ?? []).filter { $0["cat"] == .string("perform") }
        let names = performed.map { "\($0["name"] ?? .null)" }
        // Units that a search needs no more are performed or not, as it happens; these are common to all ways.
        units.insert(
          question.contains("--nth") ? names.filter { $0.contains("primes 1\(Glyphs.ellipsis)") } : names.sorted())
      }
      #expect(units.count == 1 && units.first?.isEmpty == false, "\(question)")
    }
  }

  @Test func `statistics tell how primes were found`() throws {
    for (flags, word) in [([], "sieve of Eratosthenes"), (["--algorithm", "combinatorial"], "combinatorial")] {
      let text = try Program.run(["primes", "1e6", "--stats"] + flags)
      #expect(text.errorLines.contains { $0.contains("algorithm") && $0.contains(word) })
      #expect(text.errorLines.contains { $0.contains("segments") && $0.contains("blocks of") })
      #expect(text.errorLines.contains { $0.contains("1,000,001, ") && $0.contains("per second") })
      let json = try Program.run(["primes", "1e6", "--stats", "--json"] + flags)
      let statistics = JSONValue(json.lines.last ?? "")
      #expect(statistics?["candidates"] == .number("1000001"))
      for key in ["engine", "algorithm", "block_bytes", "segment_bytes", "candidates_per_second"] {
        #expect(statistics?[key] != nil, "\(key)")
      }
    }
  }

  @Test(arguments: EngineChoice.all) func `an nth prime beyond 2^64 is refused in a line`(_ engine: EngineChoice) throws
  {
    for words in [["1", "2^64-1"], ["2", "2^64-60"], ["5e17"], ["2^64-1", "7"]] {
      let result = try Program.run(["primes", "--nth"] + words + engine.flags)
      #expect(result.exit == .status(64))
      #expect(result.text == "")
      #expect(result.errorLines.count == 1)
      #expect(result.errors.contains("primes lie between"))
    }
  }

  @Test(arguments: EngineChoice.all) func `a list is the same bytes from every engine`(_ engine: EngineChoice) throws {
    let range = ["primes", "1e12", "1e12+3e6", "--list"]
    let expected = try Program.run(range + EngineChoice.serial.flags)
    #expect(expected.lines.first == "1000000000039")
    #expect(expected.lines.allSatisfy { $0.count == 13 })
    #expect(expected.lines == expected.lines.sorted())
    let counted = try Program.run(["primes", "1e12", "1e12+3e6"] + engine.flags)
    #expect(counted.text == "\(expected.lines.count)\n")
    let result = try Program.run(range + engine.flags)
    #expect(result.output == expected.output)
    #expect(result.exit == .status(0))
  }

  @Test(arguments: [
    (["10"], "4"), (["0"], "0"), (["1"], "0"), (["2"], "1"), (["2", "2"], "1"), (["24", "28"], "0"),
    (["10_000"], "1229"),
    (["2^16"], "6542"), (["1e6", "1e6+1e2"], "6"), (["2^64-1"], nil), (["2^64-60", "2^64-1"], "1"),
  ]) func `bounds read as people write them`(_ bounds: [String], _ count: String?) throws {
    // The largest bound of all is taken too, but counting up to it would never end.
    let words = count == nil ? ["2^64-59", bounds[0]] : bounds
    let result = try Program.run(["primes"] + words)
    #expect(result.exit == .status(0))
    #expect(result.text == (count ?? "1") + "\n")
  }

  @Test(arguments: [
    (["20", "10"], "the range starts at 20 and ends at 10: write the smaller bound first"), (["1x"], "1x"),
    (["--", "-5"], "below zero"),
    (["-5"], "-5"), (["1.5"], "whole number"), (["2^64"], "2^64-1"), (["1e40"], "too large"), ([""], "expected"),
    (["1", "2", "3"], "two bounds"), (["--list", "--sum", "10"], "--sum"),
    (["--tuplets", "7", "10"], "2, 3, 4, 5 or 6"), (["--sum", "--tuplets", "3"], "--sum and --tuplets"),
    (["--nth", "0"], "counts from 1"),
    (["--nth", "5", "--list"], "--nth and --list"), (["--nth", "5", "1", "2"], "one bound"),
    (["--algorithm", "combinatorial", "--sum", "1e6"], "only counts"),
    (["--algorithm", "combinatorial", "--nth", "5"], "only counts"),
    (["--algorithm", "combinatorial", "10", "1e6"], "counts from 0"),
    (["--algorithm", "combinatorial", "2e18"], "up to 1e18"), (["--algorithm", "guess", "10"], "guess"),
  ]) func `bounds that make no sense are refused in a line`(_ words: [String], _ mention: String) throws {
    let result = try Program.run(["primes"] + words)
    #expect(result.exit == .status(64))
    #expect(result.text == "")
    #expect(result.errorLines.count == 2)
    #expect(result.errorLines.first?.hasPrefix("lanes: ") == true)
    #expect(result.errorLines.first?.contains(mention) == true)
    #expect(result.errorLines.last == "See 'lanes primes --help'.")
  }

  @Test(arguments: EngineChoice.all) func `a reader that has enough ends the listing quietly`(_ engine: EngineChoice)
    throws
  {
    let result = try Program.run(["primes", "1e9", "--list"] + engine.flags, outputLimit: 6)
    #expect(result.exit == .status(74), "a status as of a program that SIGPIPE ends")
    #expect(result.errors == "")
    #expect(result.text.hasPrefix("2\n3\n5\n"))
  }

  @Test(arguments: EngineChoice.all) func `JSON holds the question and the answer`(_ engine: EngineChoice) throws {
    let count = try Program.run(["primes", "100", "1000", "--json"] + engine.flags)
    #expect(count.lines == [#"{"type":"primes","start":100,"stop":1000,"count":143}"#])
    let sum = try Program.run(["primes", "10", "--sum", "--json"] + engine.flags)
    #expect(JSONValue(sum.text)?["sum"] == .string("17"))
  }

  @Test(arguments: EngineChoice.all) func `a list in JSON is an object for each prime and one for all`(
    _ engine: EngineChoice
  ) throws {
    let few = try Program.run(["primes", "10", "--list", "--json"] + engine.flags)
    #expect(few.errors == "")
    let primes = [2, 3, 5, 7].map { #"{"type":"prime","prime":\#($0)}"# }
    #expect(few.lines == primes + [#"{"type":"primes","start":0,"stop":10,"count":4}"#])
    let words = ["primes", "99999900", "100000100", "--list"] + engine.flags
    let plain = try Program.run(words).lines
    let json = try Program.run(words + ["--json"]).lines.map { JSONValue($0)?["prime"] }
    #expect(json == plain.map { .number($0) } + [nil])
  }

  @Test(arguments: [[], ["--mode", "processes"], ["--algorithm", "combinatorial"]])
  func `without bounds all primes up to a thousand million are counted, and that is said`(_ words: [String]) throws {
    let result = try Program.run(["primes"] + words)
    #expect(result.text == "50847534\n")
    #expect(result.errorLines.count == 1)
    #expect(result.errors.contains("up to 1000000000"))
    #expect(try Program.run(["primes", "--quiet"] + words).errors == "")
    #expect(try Program.run(["primes", "10"] + words).errors == "")
  }
}
