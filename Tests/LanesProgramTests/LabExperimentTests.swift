import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// `lanes lab NAME`: experiments as people run them. Never a time: what a machine takes is its own affair.
@Suite(.serialized) struct LabExperimentTests {
  private static let names: [String] = {
    let lines = (try? Program.run(["lab", "--json"]).lines) ?? []
    return lines.compactMap { JSONValue($0) }.compactMap {
      if case .string(let name)? = $0["experiment"] { name } else { nil }
    }
  }()

  private static let verdicts = ["confirmed", "refuted", "undecidable here"]

  /// Claims of experiments that are facts of every Linux.
  private static let facts = ["layout": "abcdefg", "multiplex": "efgh", "starve": "b", "isolation": "abc"]

  private func string(_ value: JSONValue?) -> String? { if case .string(let text)? = value { text } else { nil } }

  private func number(_ value: JSONValue?) -> Double? {
    if case .number(let text)? = value { Double(text) } else { nil }
  }

  /// Runs the program with a folder of its own for what it remembers.
  private func lab(_ words: [String], environment: [String: String] = [:]) throws -> Program.Result {
    let folder = TemporaryFolder()
    return try Program.run(
      ["lab"] + words, environment: environment.merging(["XDG_STATE_HOME": folder.path.string]) { $1 })
  }

  @Test func `there is an experiment for every chapter`() {
    #expect(Self.names.count >= 36)
    #expect(Set(Self.names).count == Self.names.count)
  }

  @Test(arguments: names)
  func `an experiment gives figures in order, counters, and one of three verdicts`(name: String) throws {
    let result = try lab([name, "--seconds", "0.05", "--rounds", "2", "--json"])
    #expect([.status(0), .status(69)].contains(result.exit), "\(result.errors)")
    let lines = result.lines.compactMap { JSONValue($0) }
    #expect(lines.count == result.lines.count && !lines.isEmpty)
    for line in lines where line["type"] == .string("figure") {
      #expect(string(line["experiment"]) == name)
      let quantiles = ["p10", "p50", "p90"].compactMap { number(line[$0]) }
      #expect(quantiles.count == 3 && quantiles.allSatisfy { $0 >= 0 })
      if string(line["unit"])?.hasSuffix("per_second") != true { #expect(quantiles == quantiles.sorted(), "\(line)") }
      #expect((number(line["batches"]) ?? 0) > 0)
      #expect((0...1).contains(number(line["disturbed"]) ?? -1))
    }
    let claims = lines.filter { $0["type"] == .string("claim") }
    #expect(!claims.isEmpty)
    for claim in claims {
      #expect(Self.verdicts.contains(string(claim["verdict"]) ?? ""), "\(claim)")
      #expect(string(claim["why"])?.hasSuffix(".") == true)
      #expect(string(claim["source"])?.isEmpty == false)
      // What is counted is so, whatever the machine is busy with.
      if Self.facts[name]?.contains(string(claim["id"]) ?? "") == true {
        #expect(string(claim["verdict"]) != "refuted", "\(claim)")
      }
    }
  }

  @Test func `text fits eighty columns, and a plain locale gets ASCII`() throws {
    for name in ["isolation", "deadlock", "cow", "limits", "thrash"] {
      let result = try lab([name, "--seconds", "0.1", "--rounds", "2"], environment: ["LC_ALL": "C"])
      #expect(result.exit == .status(0))
      #expect(result.lines.allSatisfy { $0.count <= 80 })
      #expect(result.text.utf8.allSatisfy { $0 < 0x80 }, "\(name)")
      #expect(result.text.contains("--explain"))
    }
  }

  @Test func `facts are told as they are`() throws {
    let isolation = try lab(["isolation"])
    #expect(isolation.text.components("confirmed") == 3, "\(isolation.text)")
    let deadlock = try lab(["deadlock"])
    #expect(deadlock.text.contains("wants lock"))
    let crash = try lab(["crash", "--json"])
    #expect(crash.lines.count == 2 && crash.lines[0].contains("\"confirmed\""))
    let layout = try lab(["layout", "--json"])
    #expect(layout.lines.count == 7)
    // Of a program that holds its libraries the order cannot be told; where it can, it is confirmed.
    for (line, claim) in zip(layout.lines, "abcdefg") {
      let isTold = line.contains("\"confirmed\"")
      #expect(
        isTold || claim == "b" && line.contains("\"undecidable here\"") && line.contains("holds its libraries"),
        "\(line)")
    }
    let limits = try lab(["limits", "--json"])
    #expect(limits.lines[0].contains("EMFILE") && limits.lines[0].contains("\"confirmed\""))
  }

  @Test func `what a named experiment lacks is said by the status, and by its verdicts`() throws {
    // Whatever the machine has, a path without programs has no python3.
    let folder = TemporaryFolder()
    let environment = ["PATH": folder.path.string]
    let named = try lab(["gil", "--json"], environment: environment)
    #expect(named.exit == .status(69))
    #expect(named.errors.contains("gil"), "\(named.errors)")
    #expect(named.lines.count >= 2 && named.lines.allSatisfy { $0.contains("\"undecidable here\"") })
    // Text as well, and whatever else is named is measured all the same.
    let both = try lab(["gil", "isolation"], environment: environment)
    #expect(both.exit == .status(69))
    #expect(both.text.contains("undecidable here  python3 is not to be found") && both.text.contains("\na  confirmed"))
  }

  @Test func `a guess is compared with the verdict`() throws {
    let folder = TemporaryFolder()
    let result = try Program.run(
      ["lab", "isolation", "--predict"], input: .bytes(Bytes("c\nr\n\n".utf8)),
      environment: ["XDG_STATE_HOME": folder.path.string])
    #expect(result.exit == .status(0))
    #expect(result.text.contains("a: you said confirmed, and so it is."))
    #expect(result.text.contains("b: you said refuted, but it is confirmed."))
    #expect(!result.text.contains("c: you said"))
    // Nobody to ask: the experiment runs all the same.
    let silent = try Program.run(
      ["lab", "isolation", "--predict"], environment: ["XDG_STATE_HOME": folder.path.string])
    #expect(silent.exit == .status(0) && !silent.text.contains("you said"))
  }

  @Test func `an answer that is none is asked for again`() throws {
    let folder = TemporaryFolder()
    let result = try Program.run(
      ["lab", "isolation", "--predict"], input: .bytes(Bytes("maybe\nRefuted\n\n c\n".utf8)),
      environment: ["XDG_STATE_HOME": folder.path.string])
    #expect(result.text.components("confirmed or refuted on this machine?") == 4)
    #expect(result.text.contains("a: you said refuted") && result.text.contains("c: you said confirmed"))
    #expect(!result.text.contains("b: you said"))
  }

  @Test(arguments: [["lab", "isolation", "--predict"], ["lab", "course", "--seconds", "0.05", "--rounds", "1"]])
  func `Ctrl-C ends a question`(words: [String]) throws {
    let folder = TemporaryFolder()
    let fifo = folder.file("keyboard")
    #expect(mkfifo(fifo.string, 0o600) == 0)
    // Open for both ways, it does not wait for a reader, and no reader finds its end.
    let keyboard = open(fifo.string, O_RDWR | O_CLOEXEC)
    defer { close(keyboard) }
    let program = try Program.start(
      words, input: .file(fifo), environment: ["XDG_STATE_HOME": folder.path.string])
    #expect(eventually { program.outputSoFar.contains(words[1] == "course" ? "q to stop: " : "(c, r, ") })
    program.kill(SIGINT)
    #expect(try program.finish().exit == .signal(SIGINT))
  }

  @Test func `a folder that cannot remember is told of, or another is taken`() throws {
    func course(_ folder: String, home: String) throws -> String {
      try Program.run(
        ["lab", "course", "--seconds", "0.05", "--rounds", "1"], input: .bytes(Bytes("q\n".utf8)),
        environment: ["XDG_STATE_HOME": folder, "HOME": home]
      ).text
    }
    #expect(try course("/dev/null", home: "/dev/null").contains("begins anew: its place cannot be remembered."))
    let home = TemporaryFolder()
    #expect(try course("relative", home: home.path.string).hasSuffix("\nlanes lab course goes on here.\n"))
    #expect(Tree.count(below: home.file(".local/state/lanes/lab")) == 2)
  }

  @Test func `the course goes on where it was left`() throws {
    let folder = TemporaryFolder()
    func course(_ typed: String) throws -> Program.Result {
      try Program.run(
        ["lab", "course", "--seconds", "0.05", "--rounds", "1"], input: .bytes(Bytes(typed.utf8)),
        environment: ["XDG_STATE_HOME": folder.path.string])
    }
    let first = try course("\nq\n")
    #expect(first.exit == .status(0))
    #expect(first.lines.contains("1 of \(Self.names.count)") && first.lines.contains("2 of \(Self.names.count)"))
    #expect(first.lines.last == "lanes lab course goes on here.")
    let second = try course("")
    #expect(!second.lines.contains("1 of \(Self.names.count)") && second.lines.contains("3 of \(Self.names.count)"))
  }

  @Test func `a report is one page that needs nothing else`() throws {
    let folder = TemporaryFolder()
    let page = folder.file("lab.html")
    let result = try lab(["isolation", "switch", "--seconds", "0.1", "--rounds", "2", "--report", page.string])
    #expect(result.exit == .status(0))
    let file = try Descriptor.reading(page)
    let html = String(decoding: try DescriptorIO.bytes(file.number, at: 0, count: 1 << 20), as: UTF8.self)
    #expect(html.hasPrefix("<!DOCTYPE html>") && html.contains("</html>"))
    #expect(html.contains("published") && html.contains("<pre ") && html.contains("lanes lab switch"))
    #expect(!html.contains("<script") && !html.contains("src="))
    let refused = try lab(["isolation", "--report", folder.path.string + "/none/lab.html"])
    #expect(refused.exit == .status(74) && refused.output == [])
  }

  @Test func `the doctor looks at the machine`() throws {
    let result = try lab(["doctor"], environment: ["LC_ALL": "C"])
    #expect(result.exit == .status(0))
    #expect(["load", "clock", "memory", "descriptors"].allSatisfy(result.text.contains))
    #expect(result.lines.allSatisfy { $0.count <= 80 } && result.text.utf8.allSatisfy { $0 < 0x80 })
  }

  @Test func `the list remembers verdicts`() throws {
    let folder = TemporaryFolder()
    let environment = ["XDG_STATE_HOME": folder.path.string, "LC_ALL": "C"]
    let before = try Program.run(["lab"], environment: environment)
    #expect(!before.text.contains("isolation   yyy"))
    _ = try Program.run(["lab", "isolation"], environment: environment)
    let after = try Program.run(["lab"], environment: environment)
    #expect(after.lines.contains { $0.contains("isolation") && $0.contains("  yyy  ") }, "\(after.text)")
    #expect(after.lines.allSatisfy { $0.count <= 80 })
  }

  @Test func `explaining and listing claims measures nothing`() throws {
    let explained = try lab(["deadlock", "--explain"])
    #expect(explained.text.contains("Inner loop") && explained.text.contains("four conditions"))
    let published = try lab(["switch", "--explain"])
    #expect(published.text.contains("https://"))
    let claims = try lab(["--claims"])
    #expect(claims.text.contains("What cannot be measured here"))
    // Who tells a claim stands below it, in lists and explanations alike.
    #expect(claims.text.contains("from course notes on concurrency; OSTEP 7, Scheduling"))
    #expect(explained.text.contains("OSTEP 32, Common Concurrency Problems"))
    for result in [explained, published, claims] { #expect(result.lines.allSatisfy { $0.count <= 90 }) }
  }

  @Test(arguments: [
    (["switch", "--pin", "three"], "free"), (["switch", "--seconds", "0"], "0.05 to 600"),
    (["engines", "--seconds", "1"], "lanes lab lists them"), (["switch", "--cores", "2"], "choose themselves"),
    (["swich"], "Did you mean 'switch'?"), (["--claims", "--json"], "neither"),
    (["switch", "--explain", "--json"], "--json"),
    (["course", "--json"], "by itself"), (["doctor", "switch"], "alone"), (["--report", "x.html"], "lanes lab all"),
    (["switch", "--predict", "--json"], "asks a person"),
  ]) func `a wrong word is refused with a hint`(words: [String], hint: String) throws {
    let result = try lab(words)
    #expect(result.exit == .status(64))
    #expect(result.errors.contains(hint), "\(result.errors)")
    #expect(result.output == [])
  }
}

extension String {
  /// How often `part` occurs.
  fileprivate func components(_ part: String) -> Int {
    split(separator: part, omittingEmptySubsequences: false).count - 1
  }
}
