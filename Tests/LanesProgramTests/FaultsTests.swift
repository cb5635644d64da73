import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// The short form of the fault campaign, and what its full size found.
@Suite struct FaultsTests {
  private static let scripts = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .removingLastComponent().appending("Scripts")

  private static func has(_ program: String) -> Bool {
    (try? Program.shell("command -v \"$1\"", [program]))?.exit == .status(0)
  }

  @Test(.enabled(if: has("python3"), "needs python3")) func `the short fault campaign finds no broken promise`() throws
  {
    let run = try Program.shell(
      "LANES_BINARY=$LANES exec python3 \"$1\" short --seed 7", [Self.scripts.appending("faults").string])
    #expect(run.exit == .status(0), "\(run.text)\(run.errors)")
    #expect(run.lines.last == "every promise was kept")
  }

  /// Calls of the program that fail as strace has them fail.
  private func injected(_ injection: [String], _ words: [String], in folder: FilePath) throws -> Program.Result {
    try Program.shell(
      "cd \"$1\"; shift; exec strace -qq -f -o /dev/null \"$@\"", [folder.string] + injection + [Program.path] + words)
  }

  @Test(.enabled(if: has("strace"), "needs strace")) func `the program knows its words where proc cannot be read`()
    throws
  {
    let run = try injected(
      ["-P", "/proc/self/maps", "-e", "inject=openat:error=EMFILE"], ["primes", "100"], in: FilePath("/"))
    #expect(run.exit == .status(0) && run.text == "25\n", "\(run.errors)")
  }

  @Test(.enabled(if: has("strace"), "needs strace")) func `a descriptor that is missing at the start is told in words`()
    throws
  {
    let run = try injected(["-e", "inject=eventfd2:error=EMFILE:when=1"], ["primes", "100"], in: FilePath("/"))
    #expect(run.exit == .status(74) && run.errors == "lanes: eventfd: too many open files\n", "\(run.errors)")
  }

  @Test(
    .enabled(if: has("strace"), "needs strace"),
    arguments: EngineChoice.all,
    [["images", "convert", "in", "-o", "out"], ["images", "info", "in"], ["files", "count", "-r", "in"]])
  func `a folder that no descriptor is left for stops the run`(_ engine: EngineChoice, _ words: [String]) throws {
    let folder = TemporaryFolder()
    try folder.link(Fixtures.image("seeds.jpg"), as: "in/seeds.jpg")
    let run = try injected(["-P", "in", "-e", "inject=openat:error=EMFILE"], words + engine.flags, in: folder.path)
    #expect(run.exit == .status(74), "\(run.errors)")
    #expect(run.errors.contains("too many open files"))
  }

  @Test(.enabled(if: has("strace"), "needs strace"), arguments: EngineChoice.all)
  func `a result that does not reach the disk gets no name`(_ engine: EngineChoice) throws {
    let folder = TemporaryFolder()
    for number in 0..<20 { try folder.link(Fixtures.image("seeds.jpg"), as: "in/\(number).jpg") }
    let words = ["images", "convert", "in", "-o", "out", "--resize", "64"] + engine.flags
    let run = try injected(["-e", "inject=fdatasync:error=EIO"], words, in: folder.path)
    #expect(run.exit == .status(74), "\(run.errors)")
    #expect(run.errors.contains("cannot be written: input/output error"), "\(run.errors)")
    #expect(try Tree(folder.file("out")).files.isEmpty)
  }

  /// The order of calls is the promise: whatever a power cut takes away, no name stays of which the data is gone.
  @Test(.enabled(if: has("strace"), "needs strace"), arguments: EngineChoice.all, [false, true])
  func `every result is on the disk before it gets its name`(_ engine: EngineChoice, _ replaces: Bool) throws {
    let folder = TemporaryFolder()
    for number in 0..<40 {
      try folder.link(Fixtures.image("seeds.jpg"), as: "in/\(number).jpg")
      if replaces { try folder.write("out/\(number).jpg", [9]) }
    }
    let words =
      ["images", "convert", "in", "-o", "out", "--resize", "64"] + (replaces ? ["--overwrite"] : []) + engine.flags
    let run = try Program.shell(
      "cd \"$1\"; shift; exec strace -qq -f -e trace=openat,fdatasync,linkat -o trace \"$@\"",
      [folder.path.string, Program.path] + words)
    #expect(run.exit == .status(0), "\(run.errors)")
    // A call that another thread's interrupts is shown when it begins and when it ends: the number is in the first of the two.
    var begun: [Substring: Int] = [:]
    var isSafe: Set<Int> = []
    var named = 0
    for line in try String(decoding: readFile(folder.file("trace")), as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      let (task, call) = (words[0], words[1].drop { $0 == " " })
      let argument = call.drop { $0 != "(" }.dropFirst().prefix { $0.isNumber }
      let result = call.split(separator: "= ").last.flatMap { Int($0.prefix { $0.isNumber }) }
      if call.hasPrefix("fdatasync(") {
        if result == 0 { isSafe.insert(Int(argument)!) } else { begun[task] = Int(argument)! }
      } else if call.hasPrefix("<... fdatasync resumed") {
        isSafe.insert(try #require(begun[task]))
      } else if call.contains("openat"), let result {
        // Another file has the number now.
        isSafe.remove(result)
      } else if let place = call.split(separator: "/proc/self/fd/").dropFirst().first {
        #expect(isSafe.contains(Int(place.prefix { $0.isNumber })!), "\(line)")
        named += 1
      }
    }
    #expect(named >= 40)
  }

  @Test(arguments: EngineChoice.all + [.automatic]) func `an image is refused in the same words in every process`(
    _ engine: EngineChoice
  ) throws {
    let words = ["images", "convert", Fixtures.image("seeds.jpg").string, "-o", "out.jpg", "-q", "--max-pixels", "100"]
    let folder = TemporaryFolder()
    for locale in ["C", "C.UTF-8"] {
      let refused = try [engine, .serial].map { engine in
        try Program.run(words + engine.flags, environment: ["LC_ALL": locale], directory: folder.path)
      }
      #expect(refused.allSatisfy { $0.exit == .status(1) })
      #expect(refused[0].errors == refused[1].errors)
    }
  }
}
