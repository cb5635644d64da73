import LanesCore
import LanesTesting
import SystemPackage
import Testing

/// What becomes of an image's shape and colors is the same under every engine.
@Suite struct ImagesGeometryTests {
  private static let ways: [[String]] = [
    ["--rotate", "90", "--flip", "--resize", "40x40"], ["--flop", "--crop", "50x30+20-5", "--grayscale"],
    ["--resize", "50x40", "--fit", "cover", "--gravity", "northeast", "--filter", "mitchell", "--linear-light"],
    ["--resize", "50x40", "--fit", "pad", "--gravity", "south", "--background", "#204060", "--rotate", "270"],
  ]

  @Test(arguments: EngineChoice.all, ways) func `every way gives the same bytes under every engine`(
    _ engine: EngineChoice, _ way: [String]
  ) throws {
    let photos = try photoFolder()
    let target = TemporaryFolder()
    for (name, engine) in [("serial", EngineChoice.serial), ("out", engine)] {
      let result = try Program.run(
        ["images", "convert", photos.path.string, "-o", target.file(name).string] + way + engine.flags)
      #expect(result.exit == .status(0), "\(result.errors)")
    }
    let tree = try Tree(target.file("out"))
    #expect(tree.files.count == Fixtures.goodImages.count)
    #expect(try tree == Tree(target.file("serial")))
  }

  @Test func `a crop outside an image fails that image alone`() throws {
    let photos = try photoFolder()
    let target = TemporaryFolder()
    try target.link(Fixtures.image("nuthatch-bits.png"), as: "in/a.png")
    let result = try Program.run(
      ["images", "convert", "in", photos.path.string, "-o", "out", "--crop", "9x9+9000+0"], directory: target.path)
    #expect(result.exit == .status(1))
    #expect(result.errors.contains("lanes: in/a.png: the crop 9x9+9000+0 lies outside its "))
  }

  @Test func `what is no part, no turn or no size is a mistake`() throws {
    for way in [
      ["--crop", "9x9+1"], ["--rotate", "45"], ["--resize", "0x9"], ["--filter", "best"],
      ["--fit", "cover", "--resize", "9x"],
    ] {
      let result = try Program.run(["images", "convert", "a.png", "-o", "out"] + way)
      #expect(result.exit == .status(64))
    }
  }
}
