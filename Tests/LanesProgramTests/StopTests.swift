import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Signals end a batch early and leave nothing half done.
@Suite(.serialized) struct StopTests {
  @Test(arguments: EngineChoice.all, [SIGINT, SIGTERM]) func `a signal ends an endless count`(
    _ engine: EngineChoice, _ signal: Int32
  ) throws {
    let program = try Program.start(["primes", "1e13", "--progress", "always"] + engine.flags)
    #expect(eventually { !program.errorsSoFar.isEmpty }, "the batch runs")
    let workers = Processes.children(of: program.pid)
    program.kill(signal)
    let result = try program.finish()
    #expect(result.exit == .signal(signal))
    #expect(result.output == [])
    #expect(eventually { !workers.contains(where: Processes.isAlive) })
  }

  @Test(arguments: EngineChoice.all, [SIGINT, SIGTERM]) func `a signal leaves whole images only, and tells how many`(
    _ engine: EngineChoice, _ signal: Int32
  ) throws {
    let (result, images) = try interrupt(engine) { program in program.kill(signal) }
    #expect(result.exit == .signal(signal))
    #expect(result.errors.contains("\(images) images converted, the rest not begun"))
  }

  @Test(arguments: EngineChoice.all) func `two signals at once leave whole images only`(_ engine: EngineChoice) throws {
    let (result, _) = try interrupt(engine) { program in
      program.kill(SIGINT)
      program.kill(SIGTERM)
      program.kill(SIGINT)
    }
    #expect([.signal(SIGINT), .signal(SIGTERM)].contains(result.exit))
  }

  /// Replacing gives each result a temporary name for a moment, which the second signal's handler removes.
  @Test(arguments: EngineChoice.all) func `two signals at once leave whole images and no temporary name`(
    _ engine: EngineChoice
  ) throws {
    let images = try manyImages(200, of: "nuthatch-bits.png")
    let target = TemporaryFolder()
    let words = ["images", "convert", images.path.string, "-o", target.file("out").string, "--overwrite"]
    let made = try Program.run(words + ["--png-level", "0"] + EngineChoice.threads.flags)
    #expect(made.exit == .status(0), "\(made.errors)")
    let old = try Tree(target.file("out"))
    let program = try Program.start(words + ["--png-level", "9"] + engine.flags)
    #expect(eventually { (try? Tree(target.file("out"))) != old }, "the batch runs")
    program.kill(SIGINT)
    program.kill(SIGTERM)
    #expect([.signal(SIGINT), .signal(SIGTERM), .status(0)].contains(try program.finish().exit))
    let now = try Tree(target.file("out"))
    #expect(now.names == old.names)
    #expect(Set(now.files.values).count <= 2, "old or new, and whole")
  }

  @Test(arguments: EngineChoice.all) func `a signal is answered in the words of the work`(_ engine: EngineChoice) throws
  {
    let count = engine.isAlone ? "1 interval" : "[1-9] intervals?"
    // The progress line is drawn between two units. Where no lane has begun another one just then, nothing is answered.
    for _ in 0..<20 {
      let program = try Program.start(["primes", "1e13", "--progress", "always"] + engine.flags)
      #expect(eventually { !program.errorsSoFar.isEmpty }, "the batch runs")
      program.kill(SIGINT)
      let errors = try program.finish().errors
      guard errors.contains("finishing") else { continue }
      #expect(try errors.contains(Regex("finishing \(count); again to stop now\n")), "\(errors)")
      return
    }
    Issue.record("no signal of twenty was answered")
  }

  @Test(arguments: EngineChoice.processes) func `a quiet run does not answer a signal`(_ engine: EngineChoice) throws {
    let program = try Program.start(["primes", "1e13", "--quiet"] + engine.flags)
    #expect(eventually { Processes.children(of: program.pid).count == 2 }, "the batch runs")
    program.kill(SIGINT)
    let result = try program.finish()
    #expect(result.exit == .signal(SIGINT) && result.errors == "")
  }

  @Test(arguments: EngineChoice.processes) func `workers and unfinished files go with a killed coordinator`(
    _ engine: EngineChoice
  ) throws {
    var workers: [pid_t] = []
    let (result, _) = try interrupt(engine) { program in
      workers = Processes.children(of: program.pid)
      program.kill(SIGKILL)
    }
    #expect(result.exit == .signal(SIGKILL))
    #expect(workers.count == 2)
    #expect(eventually { !workers.contains(where: Processes.isAlive) })
  }

  @Test(arguments: EngineChoice.processes) func `killed workers cost no image`(_ engine: EngineChoice) throws {
    let images = try manyImages(600, of: "nuthatch-rgb.png")
    let target = TemporaryFolder()
    let words = ["images", "convert", images.path.string, "--resize", "64x64", "--stats"]
    let serial = try Program.run(words + ["-o", target.file("serial").string] + EngineChoice.serial.flags)
    #expect(serial.exit == .status(0))
    #expect(!serial.errors.contains("died"))
    let program = try Program.start(words + ["-o", target.file("out").string] + engine.flags)
    for kills in 1...3 {
      #expect(eventually { Tree.count(below: target.file("out")) >= 60 * kills })
      let victim = try #require(Processes.children(of: program.pid).first)
      kill(victim, SIGKILL)
      #expect(eventually { !Processes.isAlive(victim) })
    }
    let result = try program.finish()
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(try Tree(target.file("out")) == Tree(target.file("serial")))
    #expect(result.errors.contains("died and had to be replaced"))
  }

  /// Does something to a conversion in full swing; gives its end and how many images there are, which must be whole.
  private func interrupt(
    _ engine: EngineChoice, _ act: (RunningProgram) -> Void
  ) throws -> (result: Program.Result, images: Int) {
    let images = try manyImages(3000, of: "seeds.jpg")
    let target = TemporaryFolder()
    let options = ["--resize", "200x200"]
    let single = ["images", "convert", Fixtures.image("seeds.jpg").string, "-o", target.file("one.jpg").string]
    #expect(try Program.run(single + options).exit == .status(0))
    let program = try Program.start(
      ["images", "convert", images.path.string, "-o", target.file("out").string] + options + engine.flags)
    #expect(eventually { Tree.count(below: target.file("out")) >= 10 }, "the batch runs")
    act(program)
    let result = try program.finish()
    let whole = try readFile(target.file("one.jpg"))
    let tree = try Tree(target.file("out"))
    #expect(tree.files.count >= 10 && tree.files.count < 3000)
    #expect(tree.names.allSatisfy { !$0.contains(".part") })
    #expect(tree.files.values.allSatisfy { $0 == whole })
    return (result, tree.files.count)
  }
}
