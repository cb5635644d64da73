import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// Every option of `lanes images convert` gives the same bytes under every engine, and messages say what was done.
@Suite struct ImagesFeatureTests {
  private static let ways: [[String]] =
    [
      [], ["--rotate", "90"], ["--rotate", "180", "--metadata", "none"], ["--crop", "48x32+16+16", "--flop"],
      ["--progressive"], ["--optimize-coding", "--quality", "70"], ["--subsampling", "444"],
      ["--png-filter", "paeth", "--png-level", "3"], ["--png-level", "12"], ["--png-depth", "16"],
      ["--png-depth", "8", "--flip"],
      ["--no-auto-orient", "--rotate", "270"], ["--metadata", "icc", "--resize", "50%"], ["--salvage", "--grayscale"],
      ["--sizes", "50,20x20", "--salvage"],
    ] + (hasWebP ? [["--to", "webp", "--keep-lossless", "--effort", "0", "--sizes", "50,20x20", "--salvage"]] : [])

  /// The program is built with libwebp.
  private static let hasWebP = (try? Program.run(["--version"]).text.contains("libwebp")) == true

  @Test(arguments: ways) func `every engine gives the same bytes and says the same`(_ way: [String]) throws {
    let target = TemporaryFolder()
    // Some names differ by their suffix alone, and results in one format would have the same.
    for (folder, images) in [("good", Fixtures.goodImages), ("bad", Fixtures.damagedImages)] {
      for image in images {
        try target.link(image, as: "in/\(folder)/\(image.extension!)/\(image.lastComponent!.string)")
      }
    }
    func convert(_ engine: EngineChoice) throws -> (Tree, [String], [String]) {
      let words = ["images", "convert", "in", "-o", "out", "--name", "{dir}/{name}-{ext}-{size}.{ext}", "--json"]
      let name = way.contains("--sizes") ? words : words.map { $0.replacing("-{size}", with: "") }
      let result = try Program.run(name + ["-q"] + way + engine.flags, directory: target.path)
      #expect(result.exit == .status(1), "\(result.errors)")
      let tree = try Tree(target.file("out"))
      _ = try Program.shell("rm -r \"$1\"", [target.file("out").string])
      let lines = result.lines.map { String($0.prefix { _ in true }.split(separator: ",\"seconds\"")[0]) }
      return (tree, lines, result.errorLines)
    }
    let expected = try convert(.serial)
    #expect(expected.0.files.count >= Fixtures.goodImages.count)
    for engine in EngineChoice.all.dropFirst() {
      let found = try convert(engine)
      #expect(found.0 == expected.0, "\(engine.testDescription)")
      #expect(found.1 == expected.1, "\(engine.testDescription)")
      #expect(found.2 == expected.2, "\(engine.testDescription)")
    }
  }

  @Test(arguments: EngineChoice.all) func `the way each image went is told`(_ engine: EngineChoice) throws {
    let folder = TemporaryFolder()
    for name in ["bridge-turned.jpg", "seeds.jpg", "nuthatch-turned.png"] {
      try folder.link(Fixtures.image(name), as: "in/" + name)
    }
    let told = try Program.run(
      ["images", "convert", "in", "-o", "out", "--json"] + engine.flags, directory: folder.path)
    let values = told.lines.compactMap { JSONValue($0) }
    #expect(values.map { $0["method"] } == [.string("lossless"), .string("converted"), .string("copied")])
    for member in ["input_bytes", "output_bytes", "seconds"] { #expect(values.allSatisfy { $0[member] != nil }) }
    #expect(told.errors.contains("3 images converted, 1 of them copied unchanged, 1 without loss in "))
  }

  @Test(arguments: EngineChoice.all) func `degraded images are told one by one and are no failures`(
    _ engine: EngineChoice
  )
    throws
  {
    let folder = TemporaryFolder()
    for image in Fixtures.damagedImages where image.lastComponent!.string.contains("truncated") {
      try folder.link(image, as: "in/" + image.lastComponent!.string)
    }
    let words = ["images", "convert", "in", "-o", "out", "--salvage", "--json"]
    let result = try Program.run(words + engine.flags, directory: folder.path)
    #expect(result.exit == .status(0))
    #expect(result.errorLines.count == 4 && result.errorLines.last?.contains("3 degraded in ") == true)
    #expect(
      result.errorLines[0] == "lanes: in/damaged-truncated-progressive.jpg: degraded: it ends inside the image data")
    for line in result.lines {
      #expect(JSONValue(line)?["outcome"] == .string("degraded"))
      #expect(JSONValue(line)?["cause"] == .string("it ends inside the image data"))
    }
    #expect(try Tree(folder.file("out")).files.count == 3)
  }

  @Test func `results below an input are not taken for inputs`() throws {
    let folder = TemporaryFolder()
    for name in ["a.jpg", "deep/b.jpg"] { try folder.link(Fixtures.image("seeds.jpg"), as: "in/" + name) }
    let words = ["images", "convert", "in", "-o", "in/small", "--resize", "50%"]
    #expect(try Program.run(words, directory: folder.path).exit == .status(0))
    let first = try Tree(folder.path)
    for way in ["--overwrite", "--skip-existing", "--newer-only"] {
      let again = try Program.run(words + [way], directory: folder.path)
      #expect(again.exit == .status(0), "\(again.errors)")
      #expect(again.errors.contains("lanes: note: in/small is left out of the inputs, since results go there"))
      #expect(try Tree(folder.path) == first)
    }
    let quiet = try Program.run(words + ["--overwrite", "-q"], directory: folder.path)
    #expect(quiet.errors == "")
  }

  @Test(arguments: [
    (["--filter", "box"], "--filter says how to resize"), (["--gravity", "north"], "--gravity says how to resize"),
    (["--linear-light"], "--linear-light says how"), (["--fit", "cover"], "--fit says how"),
    (["--enlarge"], "--enlarge says"),
    (["--gravity", "north", "--resize", "9x9"], "needs --fit cover or --fit pad"),
    (["--to", "png", "--quality", "80"], "--quality is for JPEG"),
    (["--to", "png", "--progressive"], "--progressive is for"),
    (["--to", "png", "--optimize-coding"], "--optimize-coding is for JPEG"),
    (["--to", "jpeg", "--png-level", "3"], "--png-level is for PNG"),
    (["--to", "jpeg", "--png-depth", "8"], "--png-depth is"),
    (["--png-depth", "12"], "--png-depth"), (["--png-filter", "best"], "adaptive"),
  ]) func `what would change nothing is refused`(_ way: [String], _ reason: String) throws {
    let result = try Program.run(["images", "convert", "a.png", "-o", "out"] + way)
    #expect(result.exit == .status(64))
    #expect(result.errors.contains(reason), "\(result.errors)")
  }
}
