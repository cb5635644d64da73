import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// `lanes images compare`, and colors made sRGB, under every engine.
@Suite struct ImagesCompareTests {
  /// Two trees: pairs that differ, one that does not, one of other sizes, one that is damaged, and files without counterpart.
  private func trees() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    for name in ["seeds.jpg", "nuthatch-rgb.png", "bridge-turned.jpg", "nuthatch-palette.png"] {
      try folder.link(Fixtures.image(name), as: "a/" + name)
    }
    try folder.link(Fixtures.image("ridge-rgb16.png"), as: "a/deep/ridge.png")
    let made = try Program.run(
      ["images", "convert", "a", "-o", "b", "--to", "jpeg", "--quality", "40", "-q"], directory: folder.path)
    #expect(made.exit == .status(0), "\(made.errors)")
    try folder.link(Fixtures.image("seeds-rgba.png"), as: "a/only.png")
    try folder.link(Fixtures.image("seeds.jpg"), as: "a/same.jpg")
    try folder.link(Fixtures.image("seeds.jpg"), as: "b/same.jpg")
    try folder.link(Fixtures.image("seeds.jpg"), as: "a/sizes.jpg")
    try folder.link(Fixtures.image("ridge-444.jpg"), as: "b/sizes.jpg")
    try folder.link(Fixtures.image("nuthatch-rgb.png"), as: "a/cut.png")
    let cut = try #require(Fixtures.damagedImages.first { $0.lastComponent?.string == "damaged-truncated.png" })
    try folder.link(cut, as: "b/cut.png")
    return folder
  }

  @Test func `every engine says the same of every pair, the least alike first`() throws {
    let folder = try trees()
    let words = ["images", "compare", "a", "b", "--json"]
    let expected = try Program.run(words + EngineChoice.serial.flags, directory: folder.path)
    #expect(expected.exit == .status(1))
    let values = expected.lines.compactMap { JSONValue($0) }
    #expect(values.count == 9)
    let similarities = values.compactMap { value -> Double? in
      if case .number(let ssim)? = value["ssim"] { Double(ssim) } else { nil }
    }
    #expect(similarities.count == 6 && similarities == similarities.sorted() && similarities.last == 1)
    #expect(values.last?["same"] == .bool(true))
    #expect(
      expected.errorLines.filter { $0.contains("no counterpart in b") }.count == 1
        && expected.errorLines.filter { $0.contains("only pictures of one size") }.count == 1)
    for engine in EngineChoice.all.dropFirst() + [EngineChoice.automatic, .isolated] {
      let found = try Program.run(words + engine.flags, directory: folder.path)
      #expect(found.lines == expected.lines && found.exit == expected.exit, "\(engine.testDescription)")
      #expect(found.errorLines.sorted() == expected.errorLines.sorted(), "\(engine.testDescription)")
    }
    // In parts that are put together.
    for shard in 0..<2 {
      let part = try Program.run(["--shard", "\(shard)/2"] + words, directory: folder.path)
      try folder.write("part\(shard)", part.output)
    }
    let merged = try Program.run(["merge", "part1", "part0"], directory: folder.path)
    #expect(merged.lines == expected.lines && merged.exit == expected.exit, "\(merged.errors)")
  }

  @Test func `limits decide on the status, and what is asked of nothing is refused`() throws {
    let folder = try trees()
    for words in [
      ["a/seeds.jpg", "b/seeds.jpg"],
      ["a/seeds.jpg", "b/seeds.jpg", "--min-ssim", "0.5", "--max-dssim", "0.3", "--min-psnr", "20"],
      ["a/same.jpg", "b/same.jpg", "--min-ssim", "1", "--max-dssim", "0", "--min-psnr", "1000"],
    ] {
      #expect(try Program.run(["images", "compare"] + words, directory: folder.path).exit == .status(0))
    }
    for limit in [["--min-ssim", "0.9999"], ["--max-dssim", "0.00001"], ["--min-psnr", "60"]] {
      let found = try Program.run(["images", "compare", "a/seeds.jpg", "b/seeds.jpg"] + limit, directory: folder.path)
      #expect(found.exit == .status(1) && found.lines.contains { $0.contains("(below)") })
    }
    for refused in [
      ["a"], ["a", "b", "--min-ssim", "2"], ["a", "b", "--min-psnr", "-1"], ["a", "gone"], ["a", "b/same.jpg"],
    ] {
      #expect(try Program.run(["images", "compare"] + refused, directory: folder.path).exit == .status(64))
    }
  }

  @Test func `colors become sRGB's under every engine, and the summary says so`() throws {
    let folder = TemporaryFolder()
    func place(_ image: String, _ profile: String) throws {
      var bytes = try readFile(Fixtures.image(image))
      let icc = try readFile(
        Fixtures.image("seeds.jpg").removingLastComponent().appending("../../profiles/\(profile).icc"))
      let piece = Bytes("ICC_PROFILE\0\u{1}\u{1}".utf8) + icc
      bytes.insert(
        contentsOf: [0xFF, 0xE2, UInt8((piece.count + 2) >> 8), UInt8((piece.count + 2) & 255)] + piece, at: 2)
      try folder.write("in/\(profile).jpg", bytes)
    }
    try place("wine-cmyk.jpg", "inks")
    try place("seeds.jpg", "wide-parametric")
    try place("bridge-turned.jpg", "scanner")
    try place("freespace-gray.jpg", "gray-gamma")
    try place("ridge-444.jpg", "gray-lab")
    let words = [
      "images", "convert", "in", "-o", "out", "--profile", "srgb", "--intent", "perceptual", "--sizes", "90,30",
    ]
    var expected: Tree?
    for engine in EngineChoice.all + [EngineChoice.automatic, .isolated] {
      let result = try Program.run(words + engine.flags, directory: folder.path)
      #expect(result.exit == .status(0), "\(result.errors)")
      #expect(result.errors.contains("4 with colors made sRGB, 1 whose colors could not be made sRGB"))
      #expect(result.errors.contains("lanes: in/gray-lab.jpg: its colors were not converted to sRGB, since"))
      let found = try Tree(folder.file("out"))
      if let expected { #expect(found == expected, "\(engine.testDescription)") } else { expected = found }
      _ = try Program.shell("rm -r \"$1\"", [folder.file("out").string])
    }
    #expect(
      try Program.run(["images", "convert", "in", "-o", "x", "--intent", "perceptual"], directory: folder.path).exit
        == .status(64))
  }
}
