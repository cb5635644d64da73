import LanesCore
import LanesTesting
import SystemPackage
import Testing

@Suite struct ImagesVerdictTests {
  /// Copies of a JPEG with what legal but rare programs put before EOI, two damaged ones, and the JPEG itself.
  private static func oddImages() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    let good = try readFile(Fixtures.image("seeds-restarts.jpg"))
    let before = Bytes(good.dropLast(2))
    let end: Bytes = [0xFF, 0xD9]
    let additions: [String: Bytes] = [
      "clean": [], "zeros": [0], "escape": [0xFF, 0], "fill": [0xFF, 0xFF], "restart": [0xFF, 0xD3],
      "lines": [0xFF, 0xDC, 0, 4, 0, 35],
    ]
    for (name, addition) in additions { try folder.write("in/\(name).jpg", before + addition + end) }
    try folder.write("in/damaged-stray.jpg", before + Bytes(repeating: 0x55, count: 40) + end)
    try folder.write("in/damaged-short.jpg", before)
    return folder
  }

  @Test(
    arguments: [EngineChoice.threads, .pipes, .sharedMemory, .eventLoop, .hybrid],
    [["--resize", "40%"], ["--sizes", "100,30"], ["--quality", "70"]])
  func `odd files are read and damaged ones refused under every engine at every size`(
    _ engine: EngineChoice, _ asked: [String]
  ) throws {
    let folder = try Self.oddImages()
    for flags in [EngineChoice.serial.flags, engine.flags] {
      let out = flags == engine.flags ? "out" : "serial"
      let result = try Program.run(["images", "convert", "in", "-o", out] + asked + flags, directory: folder.path)
      #expect(result.exit == .status(1))
      #expect(result.errorLines.filter { $0.hasPrefix("lanes: in/damaged-") }.count == 2, "\(result.errors)")
      #expect(!result.errors.contains("in/zeros"))
    }
    let tree = try Tree(folder.file("out"))
    #expect(tree.files.count == (asked[0] == "--sizes" ? 12 : 6))
    #expect(try tree == Tree(folder.file("serial")))
  }
}
