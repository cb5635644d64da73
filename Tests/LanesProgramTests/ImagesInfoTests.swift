import LanesCore
import LanesTesting
import SystemPackage
import Testing

@Suite struct ImagesInfoTests {
  @Test(arguments: EngineChoice.all) func `every engine tells the same of a tree of images`(_ engine: EngineChoice)
    throws
  {
    let photos = try photoFolder()
    for flags in [[], ["--json"]] {
      let expected = try Program.run(["images", "info", photos.path.string] + flags + EngineChoice.serial.flags)
      let result = try Program.run(["images", "info", photos.path.string] + flags + engine.flags)
      #expect(result.exit == .status(0) && result.errors == "")
      #expect(result.output == expected.output)
      #expect(result.lines.count == Fixtures.goodImages.count + (flags.isEmpty ? 1 : 0))
    }
  }

  @Test func `a row has the columns of the heading`() throws {
    let result = try Program.run(["images", "info", "-"], input: .file(Fixtures.image("bridge-turned.jpg")))
    #expect(result.exit == .status(0))
    let rows = result.lines.map { $0.split(separator: " ") }
    #expect(rows.count == 2 && rows[0].count == 15)
    #expect(rows.last?.prefix(1) == ["JPEG"] && rows.last?.suffix(2) == ["standard", "input"])
  }

  @Test func `names that are not UTF-8 are those that were typed`() throws {
    let folder = TemporaryFolder()
    try folder.link(Fixtures.image("seeds.jpg"), as: "seeds.jpg")
    let script =
      "cd \"$1\" && mv seeds.jpg \"$(printf 'a\\377.jpg')\" && exec $LANES images info \"$(printf 'a\\377.jpg')\""
    let result = try Program.shell(script, [folder.path.string])
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(result.lines.count == 2)
  }

  @Test func `what cannot be read is told, and the rest goes on`() throws {
    let result = try Program.run(
      ["images", "info", "gone.png", Fixtures.image("seeds.jpg").string, "--json"],
      directory: Fixtures.image("seeds.jpg").removingLastComponent())
    #expect(result.exit == .status(1))
    #expect(result.errors.contains("lanes: gone.png: no such file or directory\n"))
    let values = result.lines.map { JSONValue($0) }
    #expect(values.count == 2 && values[0]?["error"] != nil && values[1]?["channels"] != nil)
  }
}
