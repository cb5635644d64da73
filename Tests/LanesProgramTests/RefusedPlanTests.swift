import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Plans that would lose something are refused before anything is written.
@Suite struct RefusedPlanTests {
  private let folder = TemporaryFolder()

  @Test(arguments: EngineChoice.all) func `outputs that exist are kept unless --overwrite says otherwise`(
    _ engine: EngineChoice
  ) throws {
    try place("seeds.jpg", as: "in/a.jpg")
    try place("seeds.jpg", as: "in/b.jpg")
    try folder.write("out/b.jpg", [1, 2, 3])
    try expectRefusal(["in", "-o", "out"] + engine.flags, "out/b.jpg exists already")
    let replaced = try convert(["in", "-o", "out", "--overwrite"] + engine.flags)
    #expect(replaced.exit == .status(0))
    let tree = try Tree(folder.file("out"))
    #expect(tree.names == ["a.jpg", "b.jpg"])
    #expect(tree.files[Bytes("a.jpg".utf8)] == tree.files[Bytes("b.jpg".utf8)])
  }

  @Test func `two inputs cannot become one output`() throws {
    try place("seeds.jpg", as: "in/one.jpg")
    try place("nuthatch-rgb.png", as: "in/one.png")
    try expectRefusal(["in", "-o", "out", "--to", "jpeg"], "would both become out/one.jpg")
    try place("ridge-444.jpg", as: "other/one.jpg")
    try expectRefusal(["in/one.jpg", "other/one.jpg", "-o", "out"], "out/one.jpg")
    try expectRefusal(["in/one.jpg", "in/one.jpg", "-o", "out"], "given twice")
    try expectRefusal(["in/one.jpg", "in/../in/one.jpg", "-o", "out"], "given twice")
  }

  @Test func `an output cannot be an input, under whatever name`() throws {
    try place("seeds.jpg", as: "in/a.jpg")
    try place("ridge-444.jpg", as: "in/b.jpg")
    try expectRefusal(["in", "-o", "in", "--overwrite"], "is itself an input")
    try expectRefusal(["in/a.jpg", "-o", "in/a.jpg", "--overwrite"], "is itself an input")
    try folder.link(folder.file("in/a.jpg"), as: "out/b.jpg")
    try expectRefusal(["in", "-o", "out", "--overwrite"], "is itself an input")
    _ = try Program.shell("ln -s in \"$1/alias\"", [folder.path.string])
    try expectRefusal(["in", "-o", "alias", "--overwrite"], "is itself an input")
  }

  @Test func `a file cannot take the place of a folder, nor a folder that of a file`() throws {
    try place("seeds.jpg", as: "in/a.jpg")
    try place("seeds.jpg", as: "in/b.jpg")
    try folder.write("file", [1])
    try expectRefusal(["in", "-o", "file"], "is not a directory")
    try folder.write("out/a.jpg/inner", [1])
    try expectRefusal(["in", "-o", "out", "--overwrite"], "out/a.jpg is a directory")
  }

  @Test func `nothing to do is a mistake`() throws {
    try folder.write("empty/readme.txt", [1])
    try expectRefusal(["empty", "-o", "out"], "no images were found in empty")
    try expectRefusal(["-o", "out"], "no INPUT")
    try folder.write("list", [])
    try expectRefusal(["--files-from", "list", "-o", "out"], "holds no names")
    try expectRefusal(["--files-from", "nowhere", "-o", "out"], "cannot be read")
  }

  @Test func `a dry run tells the plan and writes nothing`() throws {
    try place("seeds.jpg", as: "in/a.jpg")
    try place("nuthatch-rgb.png", as: "in/b/c.png")
    let before = try Tree(folder.path)
    let result = try convert(["in", "-o", "out", "--to", "png", "--dry-run"])
    #expect(result.exit == .status(0))
    #expect(result.lines == ["in/a.jpg -> out/a.png", "in/b/c.png -> out/b/c.png"])
    #expect(try Tree(folder.path) == before)
    #expect(throws: SystemError.self) { try FileStatus(of: folder.file("out")) }
  }

  private func place(_ image: String, as name: String) throws { try folder.link(Fixtures.image(image), as: name) }

  private func convert(_ words: [String]) throws -> Program.Result {
    try Program.run(["images", "convert"] + words, directory: folder.path)
  }

  /// Expects status 64, a reason, and everything as it was.
  private func expectRefusal(_ words: [String], _ reason: String) throws {
    let before = try Tree(folder.path)
    let result = try convert(words)
    #expect(result.exit == .status(64), "\(words)")
    #expect(result.errors.contains(reason), "\(words)")
    #expect(result.output == [])
    #expect(try Tree(folder.path) == before, "\(words)")
  }
}
