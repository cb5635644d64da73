import Glibc
import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// What a run has left can be proven, and a folder has one run at a time.
@Suite(.serialized) struct VerifyTests {
  private func made() throws -> TemporaryFolder {
    let folder = try photoFolder()
    let words = ["images", "convert", "a", "b", "-o", "out", "--resize", "40x40", "--journal", "out.run"]
    #expect(try Program.run(words, directory: folder.path).exit == .status(0))
    return folder
  }

  private func verify(_ folder: TemporaryFolder, _ more: String...) throws -> Program.Result {
    try Program.run(["verify", folder.file("out.run").string] + more)
  }

  @Test func `a whole tree is told in one line, from anywhere`() throws {
    let folder = try made()
    let result = try verify(folder)
    let count = try Tree(folder.file("out")).files.count
    #expect(result.exit == .status(0) && result.lines.count == 1)
    #expect(result.text.contains("\(count) units done, \(count) files of "), "\(result.text)")
    #expect(result.text.hasSuffix(" as written, nothing besides\n"))
  }

  @Test func `each difference is a line`() throws {
    let folder = try made()
    let names = try Tree(folder.file("out")).names
    var bytes = try readFile(folder.file("out/\(names[0])"))
    bytes[bytes.count / 2] ^= 1
    try folder.write("out/\(names[0])", bytes)
    try folder.write("out/\(names[1])", bytes + [0])
    _ = try Program.shell(
      "cd \"$1\" && rm \"$2\" && rm \"$3\" && ln -s / \"$3\"",
      [folder.file("out").string, names[2], names[3]])
    try folder.write("out/b/deep/more", Bytes())
    let result = try verify(folder)
    #expect(result.exit == .status(1) && result.lines.count == 5, "\(result.text)")
    #expect(result.lines.contains("out/\(names[0]): other bytes than the run wrote"))
    #expect(
      result.lines.contains { $0.hasPrefix("out/\(names[1]): \(Readable(bytes.count + 1)) bytes, and the run wrote") })
    #expect(result.lines.contains("out/\(names[2]): missing"))
    #expect(result.lines.contains("out/\(names[3]): it is no regular file any more"))
    #expect(result.lines.contains("out/b/deep/more: not made by the run"))
    let json = try verify(folder, "--json")
    #expect(json.exit == .status(1) && json.lines.allSatisfy { JSONValue($0) != nil })
    #expect(json.lines.compactMap { JSONValue($0)?["kind"] }.count == 5)
    #expect(JSONValue(json.lines.last!)?["differences"] == .number("5"))
  }

  private func Readable(_ count: Int) -> String {
    count < 1000 ? "\(count)" : "\(count / 1000),\(String(1000 + count % 1000).dropFirst())"
  }

  @Test func `failed units and runs that are not complete are differences`() throws {
    let folder = TemporaryFolder()
    for (index, image) in (Fixtures.damagedImages + Fixtures.goodImages).enumerated() {
      try folder.link(image, as: "in/\(index).\(image.extension!)")
    }
    let run = folder.file("out.run")
    let words = ["images", "convert", folder.file("in").string, "-o", folder.file("out").string]
    #expect(try Program.run(words + ["--journal", run.string]).exit == .status(1))
    let failed = try verify(folder)
    #expect(failed.exit == .status(1) && failed.lines.count == Fixtures.damagedImages.count)
    #expect(failed.lines.allSatisfy { $0.contains(": failed: ") })
    let whole = try readFile(run)
    try folder.write("out.run", whole.dropLast(10))
    #expect(try verify(folder).lines.last?.contains("the run is not complete") == true)
  }

  @Test func `skipped results belong to the tree`() throws {
    let folder = try photoFolder()
    func lanes(_ words: String...) throws -> Program.Result { try Program.run(words, directory: folder.path) }
    _ = try lanes("images", "convert", "a", "-o", "out", "--resize", "9x9")
    #expect(
      try lanes("images", "convert", "a", "b/deep", "-o", "out", "--skip-existing", "--journal", "out.run").exit
        == .status(0))
    let proof = try verify(folder)
    #expect(proof.exit == .status(0), "\(proof.text)")
  }

  @Test func `what is no run file, is damaged or in use is refused`() throws {
    let folder = try made()
    #expect(try Program.run(["verify", folder.file("a").string]).exit == .status(64))
    #expect(try Program.run(["verify", folder.file("none").string]).errors.contains("none does not exist"))
    var bytes = try readFile(folder.file("out.run"))
    bytes[bytes.count / 2] ^= 4
    try folder.write("out.run", bytes)
    let damaged = try verify(folder)
    #expect(damaged.exit == .status(64) && damaged.errors.contains("out.run is damaged at byte "))
    let program = try Program.start(["primes", "1e13", "--journal", folder.file("p").string])
    // The file is there before it is locked, and has a header after that.
    #expect(eventually { ((try? FileStatus(of: folder.file("p")))?.size ?? 0) > 0 })
    let busy = try Program.run(["verify", folder.file("p").string])
    #expect(busy.exit == .status(64) && busy.errors.contains("belongs to a run that has not ended"))
    let second = try Program.run(["primes", "1e13", "--resume", folder.file("p").string])
    #expect(second.exit == .status(64) && second.errors.contains("belongs to another run, which has not ended"))
    program.kill(SIGKILL)
    _ = try program.finish()
    #expect(try Program.run(["verify", folder.file("p").string]).exit == .status(1))
  }

  @Test(arguments: EngineChoice.all) func `a second run into one folder is refused while the first lives`(
    _ engine: EngineChoice
  ) throws {
    let images = try manyImages(2000, of: "seeds.jpg")
    let target = TemporaryFolder()
    let words = ["images", "convert", images.path.string, "-o", target.file("out").string, "--overwrite"]
    let program = try Program.start(words + ["--resize", "200x200"] + engine.flags)
    #expect(eventually { Tree.count(below: target.file("out")) >= 5 })
    let workers = Processes.children(of: program.pid)
    let second = try Program.run(words + engine.flags)
    #expect(second.exit == .status(64))
    #expect(second.errors.contains("another run is writing to \(target.file("out").string): wait"), "\(second.errors)")
    // One file for one input may be made at any time, and what is written elsewhere, too.
    let single = ["images", "convert", Fixtures.image("seeds.jpg").string, "-o"]
    #expect(try Program.run(single + [target.file("out").string + "/"]).exit == .status(0))
    program.kill(SIGKILL)
    _ = try program.finish()
    #expect(eventually { !workers.contains(where: Processes.isAlive) })
    let third = try Program.start(words + ["--resize", "200x200"] + engine.flags)
    #expect(eventually { third.errorsSoFar.isEmpty && Processes.isAlive(third.pid) })
    third.kill(SIGKILL)
    _ = try third.finish()
  }

  @Test func `a folder that nothing came to is not left behind, and a private one stays private`() throws {
    let folder = try photoFolder()
    try folder.write("bad/x.png", Bytes("no image".utf8))
    #expect(try Program.run(["images", "convert", "bad", "-o", "none"], directory: folder.path).exit == .status(1))
    #expect((try? FileStatus(of: folder.file("none"))) == nil)
    let shell = try Program.shell(
      "cd \"$1\" && chmod 700 a && \"$LANES\" images convert a -o out -q && stat -c %a out", [folder.path.string])
    #expect(shell.text == "700\n", "\(shell.errors)")
  }
}
