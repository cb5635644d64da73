import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite struct ImagesConvertTests {
  private static let options = ["--resize", "100x100", "--to", "jpeg"]

  @Test func `a pipeline's file has the format of its suffix and is replaced only when asked`() throws {
    let folder = TemporaryFolder()
    let output = folder.file("x.jpg").string
    let script = "exec \"$LANES\" images convert - -o \"$1\" $3 < \"$2\""
    let input = Fixtures.image("nuthatch-rgb.png").string
    let first = try Program.shell(script, [output, input])
    #expect(first.exit == .status(0), "\(first.errors)")
    let made = try readFile(folder.file("x.jpg"))
    #expect(made.starts(with: [0xFF, 0xD8, 0xFF]))
    #expect(try Program.shell(script, [output, input]).exit == .status(64))
    #expect(try readFile(folder.file("x.jpg")) == made)
    #expect(try Program.shell(script, [output, input, "--overwrite"]).exit == .status(0))
  }

  @Test(arguments: EngineChoice.all) func `a tree of photographs becomes the same bytes under every engine`(
    _ engine: EngineChoice
  ) throws {
    let photos = try photoFolder()
    let target = TemporaryFolder()
    let expected = try convert(photos.path, target.file("serial"), .serial)
    let result = try convert(photos.path, target.file("out"), engine)
    for result in [expected, result] {
      #expect(result.exit == .status(0))
      #expect(result.output == [])
      #expect(result.errors.contains("\(Fixtures.goodImages.count) images converted"))
    }
    let tree = try Tree(target.file("out"))
    #expect(tree.files.count == Fixtures.goodImages.count)
    #expect(tree.names.contains("b/deep/nuthatch-turned.jpg") || tree.names.contains("a/nuthatch-turned.jpg"))
    #expect(try tree == Tree(target.file("serial")))
    #expect(tree.files.values.allSatisfy { $0.starts(with: [0xFF, 0xD8]) && $0.suffix(2) == [0xFF, 0xD9] })
  }

  @Test(arguments: EngineChoice.all) func `damaged images are told by name and leave nothing behind`(
    _ engine: EngineChoice
  ) throws {
    let folder = TemporaryFolder()
    for image in Fixtures.damagedImages + [Fixtures.image("seeds.jpg")] {
      try folder.link(image, as: "in/" + image.lastComponent!.string)
    }
    let result = try Program.run(["images", "convert", "in", "-o", "out"] + engine.flags, directory: folder.path)
    #expect(result.exit == .status(1))
    #expect(try Tree(folder.file("out")).names == ["seeds.jpg"])
    #expect(Fixtures.damagedImages.count > 5)
    for image in Fixtures.damagedImages {
      let name = image.lastComponent!.string
      #expect(result.errorLines.filter { $0.hasPrefix("lanes: in/\(name): ") }.count == 1, "\(name)")
    }
    #expect(result.errorLines.last?.contains(", \(Fixtures.damagedImages.count) failed in ") == true)
  }

  @Test(arguments: EngineChoice.all) func `one image through a pipeline gives the bytes of the file's conversion`(
    _ engine: EngineChoice
  ) throws {
    let folder = TemporaryFolder()
    let image = Fixtures.image("seeds-rgba.png")
    let toFile = try Program.run(
      ["images", "convert", image.string, "-o", folder.file("out.jpg").string] + Self.options + engine.flags)
    #expect(toFile.exit == .status(0))
    let expected = try readFile(folder.file("out.jpg"))
    let inputs: [RunningProgram.Input] = [.bytes(try readFile(image)), .file(image)]
    for input in inputs {
      let piped = try Program.run(["images", "convert", "-", "-o", "-"] + Self.options + engine.flags, input: input)
      #expect(piped.exit == .status(0))
      #expect(piped.output == expected)
      #expect(piped.errors == "")
    }
    let fromFile = try Program.run(["images", "convert", image.string, "-o", "-"] + Self.options + engine.flags)
    #expect(fromFile.output == expected)
  }

  @Test(arguments: EngineChoice.all) func `a damaged image in a pipeline gives no bytes at all`(_ engine: EngineChoice)
    throws
  {
    for image in Fixtures.damagedImages {
      let result = try Program.run(["images", "convert", "-", "-o", "-"] + engine.flags, input: .file(image))
      #expect(result.exit == .status(1))
      #expect(result.output == [])
      #expect(result.errorLines.count == 1 && result.errors.hasPrefix("lanes: standard input: "))
    }
  }

  @Test(arguments: EngineChoice.all) func `every name survives, whatever its bytes`(_ engine: EngineChoice) throws {
    let folder = TemporaryFolder()
    let names: [Bytes] = [
      Bytes("-o".utf8), Bytes("new\nline".utf8), [0xFF, 0xFE, 0x80], Bytes("ö".utf8), Bytes("o\u{308}".utf8), [0x20],
      [0x2A, 0x27, 0x22],
    ].map { $0 + Bytes(".png".utf8) }
    let image = try readFile(Fixtures.image("nuthatch-bits.png"))
    try Folders.make(folder.file("in"))
    for name in names {
      let file = try Descriptor.creating(folder.file("in").pushing(FilePath(rawBytes: name)))
      try image.withUnsafeBytes { try DescriptorIO.writeAll(file.number, $0) }
    }
    let walked = try Program.run(["images", "convert", "in", "-o", "out"] + engine.flags, directory: folder.path)
    #expect(walked.exit == .status(0))
    #expect(Set(try Tree(folder.file("out")).files.keys) == Set(names))
    let list = names.reduce(Bytes()) { $0 + $1 + [0] }
    let listed = try Program.run(
      ["images", "convert", "--files-from", "-", "-0", "-o", "../listed"] + engine.flags, input: .bytes(list),
      directory: folder.file("in"))
    #expect(listed.exit == .status(0), "\(listed.errors)")
    #expect(try Tree(folder.file("listed")) == Tree(folder.file("out")))
  }

  @Test func `names come one a line from a list in a file`() throws {
    let folder = try photoFolder()
    let names = try Tree(folder.path).names
    try folder.write("list", Bytes(names.joined(separator: "\n").utf8))
    let result = try Program.run(["images", "convert", "--files-from", "list", "-o", "out"], directory: folder.path)
    #expect(result.exit == .status(0))
    #expect(try Tree(folder.file("out")).names == names.map { FilePath($0).lastComponent!.string }.sorted())
  }

  @Test func `a missing image fails alone`() throws {
    let folder = TemporaryFolder()
    let result = try Program.run([
      "images", "convert", folder.file("none.jpg").string, Fixtures.image("seeds.jpg").string, "-o",
      folder.file("out").string,
    ])
    #expect(result.exit == .status(1))
    #expect(result.errors.contains("none.jpg: no such file or directory"))
    #expect(try Tree(folder.file("out")).names == ["seeds.jpg"])
  }

  @Test(arguments: EngineChoice.all) func `every image has a line of JSON`(_ engine: EngineChoice) throws {
    let folder = TemporaryFolder()
    for image in [Fixtures.image("seeds.jpg")] + Fixtures.damagedImages {
      try folder.link(image, as: "in/" + image.lastComponent!.string)
    }
    let result = try Program.run(
      ["images", "convert", "in", "-o", "out", "--json", "-q"] + engine.flags, directory: folder.path)
    let values = result.lines.map { JSONValue($0) }
    #expect(values.count == 1 + Fixtures.damagedImages.count)
    #expect(values.allSatisfy { $0?["type"] == .string("image") })
    #expect(values.filter { $0?["outcome"] == .string("failed") }.count == Fixtures.damagedImages.count)
    let done = values.compactMap { $0 }.filter { $0["outcome"] == .string("done") }
    #expect(done.map { $0["output"] } == [.string("out/seeds.jpg")])
    #expect(done.first?["output_width"] != nil)
  }

  private func convert(_ input: FilePath, _ output: FilePath, _ engine: EngineChoice) throws -> Program.Result {
    try Program.run(["images", "convert", input.string, "-o", output.string] + Self.options + engine.flags)
  }
}
