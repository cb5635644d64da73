import LanesCore
import LanesTesting
import SystemPackage
import Testing

/// A batch can be run again and does only what is missing.
@Suite struct ImagesExistingTests {
  @Test(arguments: EngineChoice.all) func `a second run skips what is there and says so`(_ engine: EngineChoice) throws
  {
    let photos = try photoFolder()
    let target = TemporaryFolder()
    let count = Fixtures.goodImages.count
    let command = ["images", "convert", photos.path.string, "-o", target.file("out").string, "--resize", "30x30"]
    let first = try Program.run(command + ["--skip-existing"] + engine.flags)
    #expect(first.exit == .status(0) && first.errors.contains("\(count) images converted in"))
    let tree = try Tree(target.file("out"))
    _ = try Program.shell("rm \"$1\"/a/*.jpg", [target.file("out").string])
    let missing = try count - Tree(target.file("out")).files.count
    for flag in ["--skip-existing", "--newer-only"] {
      let again = try Program.run(command + [flag] + engine.flags)
      #expect(again.exit == .status(0), "\(again.errors)")
      let done = flag == "--skip-existing" ? "\(missing)" : "no"
      let skipped = flag == "--skip-existing" ? count - missing : count
      #expect(again.errors.contains("\(done) images converted, \(skipped) skipped in"), "\(again.errors)")
    }
    #expect(try Tree(target.file("out")) == tree)
    let told = try Program.run(command + ["--newer-only", "--json", "-q"] + engine.flags)
    #expect(told.lines.count == count)
    #expect(told.lines.allSatisfy { JSONValue($0)?["outcome"] == .string("skipped") })
  }

  @Test(arguments: EngineChoice.all) func `names follow a template under every engine`(_ engine: EngineChoice) throws {
    let photos = try photoFolder()
    let target = TemporaryFolder()
    let result = try Program.run(
      [
        "images", "convert", photos.path.string, "-o", target.file("out").string, "--resize", "30x30", "--to", "png",
        "--name", "{format}/{dir}/{name}-30.{ext}",
      ] + engine.flags)
    #expect(result.exit == .status(0), "\(result.errors)")
    let names = try Tree(target.file("out")).names
    #expect(names.count == Fixtures.goodImages.count)
    #expect(names.allSatisfy { $0.hasPrefix("png/") && $0.hasSuffix("-30.png") })
  }

  @Test func `ways to treat existing files exclude each other and need files`() throws {
    for way in [
      ["a.png", "-o", "out", "--overwrite", "--skip-existing"],
      ["a.png", "-o", "out", "--newer-only", "--skip-existing"],
      ["-", "-o", "-", "--skip-existing"], ["a.png", "-o", "-", "--name", "{name}"],
      ["a.png", "-o", "out", "--name", "{x}"],
    ] {
      #expect(try Program.run(["images", "convert"] + way).exit == .status(64))
    }
  }
}
