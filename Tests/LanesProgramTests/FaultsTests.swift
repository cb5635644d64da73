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
