import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite(.enabled(if: avifIsBuilt)) struct ImagesAVIFTests {
  /// Options that go through the whole of the encoder, the quickest effort.
  private static let words = ["--to", "avif", "--effort", "0", "--subsampling", "422", "--resize", "120x120"]

  @Test(arguments: EngineChoice.all + [sandboxed]) func `AVIFs are the same bytes under every engine`(
    _ engine: EngineChoice
  ) throws {
    let folder = try Self.inputs()
    func make(_ output: String, _ flags: [String]) throws -> Tree {
      let result = try Program.run(
        ["images", "convert", "in", "-o", output] + Self.words + flags, directory: folder.path)
      #expect(result.exit == .status(0), "\(result.errors)")
      return try Tree(folder.file(output))
    }
    let tree = try make("out", engine.flags)
    #expect(tree.names == ["420.avif", "bridge-turned.avif", "gray-alpha-10.avif", "grid.avif", "seeds-rgba.avif"])
    #expect(try tree == make("serial", EngineChoice.serial.flags))
  }

  @Test func `AVIFs of a batch that is divided are those of one run`() throws {
    let folder = try Self.inputs()
    let command = ["images", "convert", "in", "-o", "parted"] + Self.words
    func lanes(_ words: [String]) throws {
      let result = try Program.run(words, directory: folder.path)
      #expect(result.exit == .status(0), "\(result.errors)")
    }
    try lanes(["plan", "job", "--shards", "2", "--"] + command)
    for shard in ["1", "0"] { try lanes(["shard", shard, "job", "--quiet"]) }
    try lanes(["merge", "job"])
    try lanes(["images", "convert", "in", "-o", "whole"] + Self.words)
    #expect(try Tree(folder.file("parted")) == Tree(folder.file("whole")))
  }

  @Test func `a film fails alone, with the reason`() throws {
    let folder = TemporaryFolder()
    for name in ["animated", "420"] { try folder.link(Fixtures.avif(name), as: "in/\(name).avif") }
    let result = try Program.run(["images", "convert", "in", "-o", "out", "--to", "png"], directory: folder.path)
    #expect(result.exit == .status(1))
    #expect(result.errors.contains("lanes: in/animated.avif: it is an animated AVIF, which lanes cannot read\n"))
    #expect(try Tree(folder.file("out")).names == ["420.png"])
  }

  @Test func `what an AVIF is stands in the table`() throws {
    let folder = TemporaryFolder()
    try folder.link(Fixtures.avif("turned"), as: "a.avif")
    let result = try Program.run(["images", "info", "--json", "a.avif"], directory: folder.path)
    for piece in [
      "\"format\":\"AVIF\"", "\"width\":34,", "\"height\":22,", "\"subsampling\":\"4:2:0\"", "\"orientation\":7",
    ] {
      #expect(result.text.contains(piece), "\(piece) in \(result.text)")
    }
  }

  @Test(arguments: [
    (["--effort", "10"], "--effort takes a number from 0 to 9, not 10"),
    (["--png-level", "3"], "--png-level is for PNG, and --to avif writes none"),
    (["--quality", "0"], "--quality takes a number from 1 to 100, not 0"),
  ]) func `settings that AVIF does not have are refused`(_ flags: [String], _ message: String) throws {
    let result = try Program.run(["images", "convert", "a.jpg", "-o", "out", "--to", "avif"] + flags)
    #expect(result.exit == .status(64))
    #expect(result.errors.contains(message), "\(result.errors)")
  }

  private static let sandboxed = EngineChoice.sandboxed

  private static func inputs() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    for name in ["bridge-turned.jpg", "seeds-rgba.png"] { try folder.link(Fixtures.image(name), as: "in/\(name)") }
    for name in ["420", "gray-alpha-10", "grid"] { try folder.link(Fixtures.avif(name), as: "in/\(name).avif") }
    return folder
  }
}

/// True where the program reads and writes AVIF.
private let avifIsBuilt = (try? Program.run(["--version"]).text.contains("libaom")) ?? false
