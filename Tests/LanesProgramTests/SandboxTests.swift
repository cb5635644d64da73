import Glibc
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// What units may reach, level by level.
@Suite struct SandboxTests {
  @Test func `every attack on a sandboxed worker is refused`() throws {
    let result = try Program.run(["doctor"])
    #expect(result.exit == .status(0), "\(result.text)\(result.errors)")
    #expect(result.errors == "")
    let attacks = result.lines.filter { $0.contains("refused: ") }
    #expect(attacks.count == 15)
    #expect(result.lines.contains("All 15 attacks were refused."))
    #expect(!result.text.contains("SUCCEEDED"))
  }

  /// Without this nobody would know whether the attacks could succeed at all.
  @Test func `attacks on a worker without a sandbox succeed`() throws {
    let result = try Program.run(["doctor", "--isolation", "process"])
    #expect(result.exit == .status(1))
    for attack in ["read a file", "make a file", "start a process", "run a program", "connect to a local socket"] {
      #expect(result.lines.contains { $0.hasPrefix("  \(attack) ") && $0.hasSuffix("SUCCEEDED") }, "\(attack)")
    }
  }

  @Test func `the doctor tells programs what it found`() throws {
    let report = try #require(JSONValue(try Program.run(["doctor", "--json"]).text))
    #expect(report["holds"] == .bool(true))
    let attacks = try #require(report["attacks"]?.items)
    #expect(attacks.count == 15)
    #expect(attacks.allSatisfy { $0["refused"] == .bool(true) })
    #expect(report["machine"]?["Sandbox"] == .string("complete"))
  }

  @Test(arguments: [
    ([], "auto chose processes/shm ×2: decoders of strangers' files are kept apart"),
    (["--isolation", "sandbox"], "auto chose processes/shm ×2: isolation was asked for"),
    (["--isolation", "none"], "decoding was not isolated (--isolation none): a crash would have ended the run"),
    (["--mode", "threads"], "decoding was not isolated (--mode threads): a crash would have ended the run"),
    (["--mode", "hybrid"], "decoding was not isolated (--mode hybrid): a crash would have ended the run"),
    (["--mode", "serial"], "decoding was not isolated (--mode serial): a crash would have ended the run"),
  ]) func `statistics say how images were kept apart`(_ flags: [String], _ words: String) throws {
    let images = try manyImages(4, of: "nuthatch-rgb.png")
    let target = TemporaryFolder()
    let result = try Program.run(
      [
        "images", "convert", images.path.string, "-o", target.file("out").string, "--resize", "40x40", "--stats", "-j",
        "2",
      ]
        + flags)
    #expect(result.exit == .status(0))
    #expect(result.errorLines.contains("  note: \(words)"), "\(result.errors)")
  }

  @Test(arguments: [
    (["--isolation", "none", "--mode", "processes"], "--isolation none asks for no worker processes"),
    (["--isolation", "sandbox", "--mode", "eventloop"], "--isolation sandbox asks for worker processes"),
    (["--isolation", "process", "--mode", "hybrid"], "--isolation process asks for worker processes"),
    (["--isolation", "jail"], "'jail'"),
  ]) func `levels that an engine cannot give are refused`(_ flags: [String], _ words: String) throws {
    let result = try Program.run(["primes", "100"] + flags)
    #expect(result.exit == .status(64))
    #expect(result.errors.contains(words), "\(result.errors)")
  }

  /// Workers are given descriptors of the slices that they read, since they may not open files.
  @Test(arguments: EngineChoice.processes) func `sandboxed workers read what they are given`(_ engine: EngineChoice)
    throws
  {
    let folder = TemporaryFolder()
    let line = Array("a line that counts\n".utf8)
    let file = try folder.write("large.txt", Array(repeatElement(line, count: 1_500_000).joined()))
    let flags = engine.flags + ["--isolation", "sandbox"]
    #expect(try Program.run(["files", "count", "-l", file.string] + flags).text.hasPrefix("1500000 "))
    #expect(try Program.run(["files", "search", "-c", "c.unts$", file.string] + flags).text == "1500000\n")
    let words = try Program.run(["files", "top", "-k", "1", file.string] + flags)
    #expect(words.exit == .status(0) && words.text.contains("1500000"), "\(words.text)")
  }

  @Test func `nobody starts a worker by hand`() throws {
    let result = try Program.run(["worker", "1"])
    #expect(result.exit == .status(64))
    #expect(result.errors.contains("--mode processes"))
  }

  /// What whoever started the program left open is closed in its workers.
  @Test(arguments: EngineChoice.processes) func `a worker holds its own descriptors alone`(_ engine: EngineChoice)
    throws
  {
    let folder = TemporaryFolder()
    let secret = try folder.write("secret", Array("x".utf8))
    let program = try Program.start(
      ["primes", "1e13", "--progress", "always"] + engine.flags,
      preparation: "exec 6<\(secret.string) 7<\(secret.string) 9<\(secret.string)")
    #expect(eventually { !program.errorsSoFar.isEmpty }, "the batch runs")
    let worker = try sandboxedWorker(of: program)
    let listing = try Program.shell("ls -l /proc/$1/fd", ["\(worker)"])
    #expect(listing.exit == .status(0) && !listing.text.contains("secret"), "\(listing.text)")
    program.kill(SIGKILL)
    _ = try program.finish()
  }

  /// A worker inherits neither the environment nor the directory of who started the program.
  @Test func `a worker knows nothing of where it was started`() throws {
    let program = try Program.start(
      ["primes", "1e13", "--mode", "processes", "-j", "1", "--progress", "always"], environment: ["SECRET": "1"])
    #expect(eventually { !program.errorsSoFar.isEmpty }, "the batch runs")
    let worker = try sandboxedWorker(of: program)
    let environment = String(decoding: try readFile(FilePath("/proc/\(worker)/environ")), as: UTF8.self)
    #expect(environment.contains("SWIFT_BACKTRACE="))
    #expect(!environment.contains("SECRET") && !environment.contains("PATH=/"), "\(environment)")
    var directory = [CChar](repeating: 0, count: 256)
    #expect(readlink("/proc/\(worker)/cwd", &directory, 255) == 1)
    #expect(directory[0] == CChar(UInt8(ascii: "/")))
    program.kill(SIGKILL)
    _ = try program.finish()
  }

  /// A worker of a running program that has given up everything, which the program does not wait for before it tells how
  /// far it is.
  private func sandboxedWorker(of program: RunningProgram) throws -> pid_t {
    var found: pid_t?
    #expect(
      eventually {
        found = Processes.children(of: program.pid).first { worker in
          let status = ProcessFile("/proc/\(worker)/status")?.text ?? ""
          return status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2")
        }
        return found != nil
      }, "a worker is in its sandbox")
    return try #require(found)
  }
}
