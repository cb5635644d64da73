import LanesCore
import LanesOS
import LanesTesting
import LanesUsage
import SystemPackage
import Testing

/// Everything that decides what becomes of an image's several results, at once.
private let everything = [
  "--to", "jpeg,png", "--sizes", "9000,60", "--format-quality", "jpeg=97", "--max-bytes", "300k", "--if-larger", "skip",
  "--sharpen", "0.7", "--preview", "16",
]

private let fortySizes = (1...40).map(String.init).joined(separator: ",")

private let refusals: [(flags: [String], message: String)] = [
  (["--to", "jpeg,jpg"], "holds a format twice"), (["--to", "jpeg,"], "'' in 'jpeg,' is no format"),
  (["--to", "jpeg,gif"], "'gif' in 'jpeg,gif' is no format"),
  (["--to", "jpeg,png", "--name", "{name}"], "--name needs {ext}"),
  (["--to", "png,jpeg", "-o", "-"], "need files, not -"), (["--manifest", "m", "-o", "-"], "need files, not -"),
  (["--sizes", fortySizes, "--to", "jpeg,png"], "are 80 results of each image"),
  (["--format-quality", "jpeg"], "not a format with its quality"), (["--format-quality", "jpeg=101"], "from 1 to 100"),
  (["--format-quality", "jpeg=1,jpg=2"], "holds a format twice"),
  (["--format-quality", "gif=1"], "'gif' is no format"),
  (["--format-quality", "png=8"], "png has no quality"),
  (["--format-quality", "jpeg=8", "--to", "png"], "--to png writes none"),
  (["--max-bytes", "0"], "above 0"), (["--if-larger", "skip", "-o", "-"], "leave standard output empty"),
  (["--preview"], "--preview needs --manifest or --json"), (["--preview", "3", "--json"], "from 4 to 64"),
  (["--sharpen"], "add --resize or --sizes"), (["--sharpen=-1", "--resize", "9"], "no amount to sharpen by"),
  (["--sharpen=nan", "--resize", "9"], "no amount to sharpen by"),
  (["--manifest", "a.jpg/all.json"], "cannot be written"),
]

@Suite struct ImagesPartsTests {
  @Test(arguments: EngineChoice.all + [.isolated])
  func `results and the manifest are the same bytes under every engine`(
    _ engine: EngineChoice
  ) throws {
    let folder = TemporaryFolder()
    for name in ["seeds.jpg", "bridge-turned.jpg", "nuthatch-palette.png", "seeds-rgba.png", "ridge-rgb16.png"] {
      try folder.link(Fixtures.image(name), as: "in/" + name)
    }
    func make(_ output: String, _ flags: [String]) throws -> (Tree, [String]) {
      let words = ["images", "convert", "in", "-o", output, "--manifest", output + "/all.json"] + everything
      let result = try Program.run(words + flags, directory: folder.path)
      #expect(result.exit == .status(0), "\(result.errors)")
      return (try Tree(folder.file(output)), result.timelessErrorLines)
    }
    let (tree, told) = try make("out", engine.flags)
    // Some results are larger than their sources and are no files, under no name.
    #expect(tree.names.contains("seeds-60.png") && !tree.names.contains("seeds-9000.png"))
    #expect(told.contains { $0.contains("larger and left out") }, "\(told)")
    let serial = try make("serial", EngineChoice.serial.flags)
    #expect(serial.0 == tree && serial.1 == told)
  }

  @Test func `a manifest tells all that was made`() throws {
    let folder = TemporaryFolder()
    for name in ["seeds.jpg", "nuthatch-rgb.png"] { try folder.link(Fixtures.image(name), as: "in/deep/" + name) }
    try folder.write("in/none.jpg", Bytes("no image".utf8))
    let words = [
      "convert", "in", "-o", "out", "--to", "same,png", "--sizes", "60", "--manifest", "all.json", "--preview",
      "--json",
    ]
    let result = try Program.run(words, directory: folder.path)
    #expect(result.exit == .status(1))
    let manifest = String(decoding: try readFile(folder.file("all.json")), as: UTF8.self)
    let lines = manifest.split(separator: "\n").map(String.init)
    #expect(lines.count == 4 && lines[0] == #"{"type":"manifest","version":1,"images":["# && lines[3] == "]}")
    #expect(lines[1].hasPrefix(#"{"input":"in/deep/nuthatch-rgb.png","preview":"data:image/jpeg;base64,/9j/"#))
    // A PNG is one of the two formats already.
    #expect(lines[1].components(of: "\"output\"") == 1)
    for part in [
      #""output":"deep/seeds-60.jpg","format":"jpeg","media_type":"image/jpeg","width":60,"height":34,"bytes":"#,
      #""output":"deep/seeds-60.png","format":"png","media_type":"image/png","width":60,"height":34,"bytes":"#,
    ] { #expect(lines[2].contains(part), "\(lines[2])") }
    // The schema describes every member, and every member of it is there.
    let schema = Fixtures.root.removingLastComponent().appending("docs/manifest.schema.json")
    let kinds = try #require(JSONValue(String(decoding: try readFile(schema), as: UTF8.self))?["$defs"])
    let image = try #require(JSONValue(lines[2]))
    #expect(image.keys.sorted() == kinds["image"]?["properties"]?.keys.sorted())
    guard case .array(let results)? = image["results"] else { throw JSONMistake() }
    for result in results { #expect(result.keys.sorted() == kinds["result"]?["properties"]?.keys.sorted()) }
    // What --json says of each result holds the same.
    let told = result.lines.filter { $0.contains("seeds-60") }
    #expect(told.count == 2 && told.allSatisfy { $0.contains(#""preview":"data:image/jpeg"#) })
    #expect(told[1].contains(#""output_media_type":"image/png""#))
  }

  @Test(arguments: ["--skip-existing", "--newer-only"]) func `results that were there are in the manifest too`(
    _ flag: String
  ) throws {
    let folder = TemporaryFolder()
    for name in ["seeds.jpg", "bridge-turned.jpg"] { try folder.link(Fixtures.image(name), as: "in/" + name) }
    let words = ["convert", "in", "-o", "out", "--to", "jpeg,png", "--sizes", "50", "--manifest", "all.json"]
    func lanes(_ more: String...) throws -> Program.Result { try Program.run(words + more, directory: folder.path) }
    #expect(try lanes().exit == .status(0))
    // Images that were there as a whole come last.
    func manifest() throws -> [String] {
      let text = String(decoding: try readFile(folder.file("all.json")), as: UTF8.self)
      return text.split(separator: "\n").map { $0.hasSuffix(",") ? String($0.dropLast()) : String($0) }.sorted()
    }
    let first = try manifest()
    let tree = try Tree(folder.file("out"))
    let refused = try lanes("--overwrite", "--dry-run")
    #expect(refused.exit == .status(64) && refused.errors.contains("--dry-run makes no manifest"), "\(refused.errors)")
    let exists = try lanes()
    #expect(exists.exit == .status(64) && exists.errors.contains("all.json exists already"), "\(exists.errors)")
    try Folders.removeFile(folder.file("out/seeds-50.png"))
    let again = try lanes(flag)
    #expect(again.exit == .status(0) && again.errors.contains("1 image converted, 3 skipped"), "\(again.errors)")
    #expect(try Tree(folder.file("out")) == tree)
    #expect(try manifest() == first)
    // A whole unit that is there already has its line all the same.
    #expect(try lanes(flag).errors.contains("4 skipped"))
    #expect(try manifest() == first)
  }

  @Test func `what cannot fit makes no file and tells how far it came`() throws {
    let folder = TemporaryFolder()
    try folder.link(Fixtures.image("seeds.jpg"), as: "in/a.jpg")
    try folder.link(Fixtures.image("freespace-gray.jpg"), as: "in/b.jpg")
    let words = ["convert", "in", "--sizes", "9000,20", "--max-bytes"]
    let fits = try Program.run(words + ["16k", "-o", "fits", "--json"], directory: folder.path)
    #expect(fits.exit == .status(0) && fits.errors.contains(" made to fit by quality "), "\(fits.errors)")
    #expect(fits.lines.contains { $0.contains("\"quality\":") })
    #expect(try Tree(folder.file("fits")).files.allSatisfy { $0.value.count <= 16_384 })
    let fails = try Program.run(words + ["700", "-o", "fails"], directory: folder.path)
    #expect(fails.exit == .status(1))
    #expect(
      fails.errorLines[0].wholeMatch(
        of:
          /lanes: in\/a.jpg: its JPEG of 640 × 360 pixels has at least [0-9,]+ bytes with --quality 1; --max-bytes allows 700/
      ) != nil, "\(fails.errors)")
    #expect(try Tree(folder.file("fails")).files.isEmpty)
  }

  @Test func `a dry run names every result and writes nothing`() throws {
    let folder = TemporaryFolder()
    try folder.link(Fixtures.image("seeds.jpg"), as: "in/a.jpg")
    let result = try Program.run(
      ["convert", "in", "-o", "out", "--dry-run"] + everything.dropLast(2), directory: folder.path)
    #expect(
      result.lines == ["9000.jpg", "9000.png", "60.jpg", "60.png"].map { "in/a.jpg -> out/a-\($0)" }, "\(result.text)")
    #expect(try Tree(folder.path).names == ["in/a.jpg"])
  }

  @Test func `what was left out is done for a run that goes on`() throws {
    let folder = TemporaryFolder()
    try folder.link(Fixtures.image("seeds.jpg"), as: "in/a.jpg")
    let words = ["convert", "in", "--quality", "99", "--if-larger", "skip"]
    let first = try Program.run(words + ["-o", "out", "--journal", "run"], directory: folder.path)
    #expect(first.exit == .status(0) && first.errors.contains("1 larger and left out"), "\(first.errors)")
    #expect(try Tree(folder.file("out")).files.isEmpty)
    let again = try Program.run(words + ["-o", "out", "--resume", "run"], directory: folder.path)
    #expect(again.exit == .status(0) && again.errors.contains("run: complete, 1 unit"), "\(again.errors)")
    let proof = try Program.run(["verify", "run"], directory: folder.path)
    #expect(proof.exit == .status(0), "\(proof.text)")
    // One result that is named itself, from a file and from a pipe.
    let image = try readFile(folder.file("in/a.jpg"))
    let one = try Program.run(["convert", "in/a.jpg", "-o", "b.jpg"] + words.dropFirst(2), directory: folder.path)
    let piped = try Program.run(
      ["convert", "-", "-o", "c.jpg"] + words.dropFirst(2), input: .bytes(image), directory: folder.path)
    #expect(one.exit == .status(0) && piped.exit == .status(0), "\(one.errors) \(piped.errors)")
    #expect(try Tree(folder.path).names == ["in/a.jpg", "run"])
    let copied = try Program.run(
      ["convert", "-", "-o", "-", "--quality", "99", "--if-larger", "copy"], input: .bytes(image))
    #expect(copied.output == image)
  }

  @Test(arguments: refusals) func `words that make no sense are refused`(_ refusal: (flags: [String], message: String))
    throws
  {
    let (flags, message) = refusal
    let folder = TemporaryFolder()
    try folder.link(Fixtures.image("seeds.jpg"), as: "a.jpg")
    let output = flags.contains("-o") ? [] : ["-o", "out"]
    let result = try Program.run(["images", "convert", "a.jpg"] + output + flags, directory: folder.path)
    #expect(result.exit == .status(64) || flags.contains("a.jpg/all.json"), "\(result)")
    #expect(result.errors.contains(message), "\(result.errors)")
    #expect(try Tree(folder.path).names == ["a.jpg"])
  }

  @Test func `an amount may be left out`() throws {
    let folder = TemporaryFolder()
    try folder.link(Fixtures.image("seeds.jpg"), as: "a.jpg")
    func made(_ flags: String...) throws -> Bytes {
      let words = ["images", "convert", "--resize", "60", "-o", "-"] + flags + ["a.jpg"]
      let result = try Program.run(words, directory: folder.path)
      #expect(result.exit == .status(0), "\(result.errors)")
      return result.output
    }
    #expect(try made("--sharpen") == made("--sharpen", "0.5"))
    #expect(try made("--sharpen") != made() && made("--sharpen=2") != made("--sharpen"))
  }
}

private struct JSONMistake: Error {}

extension String {
  /// How often `text` occurs.
  fileprivate func components(of text: String) -> Int { matches(of: try! Regex(text)).count }
}
