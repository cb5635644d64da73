import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

@Suite struct ImagesSizesTests {
  @Test(arguments: EngineChoice.all) func `several sizes are the same bytes under every engine`(
    _ engine: EngineChoice
  ) throws {
    let folder = TemporaryFolder()
    for image in Fixtures.goodImages { try folder.link(image, as: "in/" + image.lastComponent!.string) }
    func make(_ output: String, _ flags: [String]) throws -> Tree {
      let command = ["images", "convert", "in", "-o", output, "--sizes", "90,40x10,25%"] + flags
      let result = try Program.run(command, directory: folder.path)
      #expect(result.exit == .status(0), "\(result.errors)")
      let (images, files) = (Fixtures.goodImages.count, 3 * Fixtures.goodImages.count)
      #expect(result.errors.contains("\(images) images converted to \(files) files"))
      return try Tree(folder.file(output))
    }
    let tree = try make("out", engine.flags)
    #expect(tree.files.count == 3 * Fixtures.goodImages.count)
    #expect(tree.names.contains("seeds-25%.jpg"))
    #expect(try tree == make("serial", EngineChoice.serial.flags))
  }

  @Test func `every size has its line`() throws {
    let folder = TemporaryFolder()
    try folder.link(Fixtures.image("seeds.jpg"), as: "a.jpg")
    let command = [
      "images", "convert", "a.jpg", "-o", "out", "--sizes", "20,10", "--name", "{size}/{name}.{ext}", "--json",
    ]
    let result = try Program.run(command, directory: folder.path)
    #expect(result.lines.map { $0.contains("\"outcome\":\"done\"") } == [true, true])
    #expect(result.lines[0].contains("\"output\":\"out/20/a.jpg\""))
    #expect(result.lines[1].contains("\"output\":\"out/10/a.jpg\""))
    #expect(result.lines[1].contains("\"output_width\":10,"))
  }

  @Test(arguments: [
    (["--sizes", "20", "--resize", "10x10"], "exclude each other"), (["--sizes", "20,,10"], "is not a size"),
    (["--sizes", "20,20"], "holds a size twice"), (["--sizes", "20,10", "--name", "{name}"], "--name needs {size}"),
    (["--sizes", "50%", "--fit", "cover"], "--fit cover needs"),
  ]) func `sizes that make no sense are refused`(_ flags: [String], _ message: String) throws {
    let result = try Program.run(["images", "convert", "a.jpg", "-o", "out"] + flags)
    #expect(result.exit == .status(64))
    #expect(result.errors.contains(message), "\(result.errors)")
  }

  @Test(arguments: EngineChoice.all) func `a list that is still being written is worked off already`(
    _ engine: EngineChoice
  ) throws {
    let folder = TemporaryFolder()
    try folder.link(Fixtures.image("seeds.jpg"), as: "a.jpg")
    try folder.link(Fixtures.image("seeds.jpg"), as: "b.jpg")
    // The second name is written only when the first result is there; a list read whole would wait forever.
    let script = """
      cd "$1"; shift
      { echo a.jpg; n=0; while [ ! -e out/a.jpg ] && [ $n -lt 2000 ]; do sleep 0.01; n=$((n + 1)); done
        [ -e out/a.jpg ] && echo b.jpg; } | "$LANES" images convert --files-from - -o out --resize 9x9 "$@"
      """
    let result = try Program.shell(script, [folder.path.string] + engine.flags)
    #expect(result.exit == .status(0), "\(result.errors)")
    #expect(try Tree(folder.file("out")).names == ["a.jpg", "b.jpg"])
  }

  @Test func `an empty list is a mistake`() throws {
    let result = try Program.shell(
      "true | \"$LANES\" images convert --files-from - -o \"$1\"", [TemporaryFolder().path.appending("never").string])
    #expect(result.exit == .status(64))
    #expect(result.errors == "lanes: the list - holds no names\n")
  }
}
