import Glibc
import LanesCore
import SystemPackage
import Testing

@testable import LanesImages

/// A result's name ends in a suffix of its format, or in none.
@Suite struct SuffixTests {
  private let jpeg: Bytes = [0xFF, 0xD8, 0xFF, 0xE0]
  private let png: Bytes = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  @Test(arguments: [
    ("x.tiff", ConvertOptions.Format.same, "lanes writes \(Codecs.standard.namesWithSuffixes)"),
    ("x.TIFF", .same, "ends in .TIFF"), ("x.gif", .jpeg, "ends in .gif"), ("x.tmp", .same, "or add --to jpeg"),
    ("x.jpg.heic", .png, "use one of these suffixes"), ("x.png", .jpeg, "--to jpeg writes JPEG"),
    ("x.jpe", .png, "leave out one of them"),
  ]) func `a name for one result is refused when its suffix is not written`(
    name: String, format: ConvertOptions.Format, reason: String
  ) throws {
    let tree = try PlanTree(["a.jpg"])
    let request = ConvertRequest(inputs: [tree / "a.jpg"], destination: tree / name, format: format)
    #expect(refusal(request).first?.contains(reason) == true, "\(refusal(request))")
  }

  @Test(arguments: [
    ("x", ConvertOptions.Format.same, ConvertOptions.Format.same), ("x.jpg", .same, .jpeg), ("x.JFIF", .jpeg, .jpeg),
    ("x.png", .png, .png), ("x.tmp", .jpeg, .jpeg), (".hidden", .same, .same), ("x.", .same, .same),
    ("x.JPE", .same, .jpeg),
  ]) func `other names are taken`(name: String, format: ConvertOptions.Format, written: ConvertOptions.Format) throws {
    let tree = try PlanTree(["a.jpg"])
    let request = ConvertRequest(inputs: [tree / "a.jpg"], destination: tree / name, format: format)
    #expect(refusal(request) == [])
    #expect(request.writtenFormat == written)
  }

  @Test func `the name of an image is no directory by mistake`() throws {
    let tree = try PlanTree(["in/a.jpg", "in/b.jpg", "there.jpg/c"])
    let both = [tree / "in/a.jpg", tree / "in/b.jpg"]
    for name in ["one.jpg", "one.PNG", "one.tiff"] {
      var request = ConvertRequest(inputs: both, destination: tree / name)
      #expect(refusal(request).first?.contains("to make one of that name write \(tree / name)/") == true)
      request.inputs = [tree / "in"]
      #expect(refusal(request).count == 1, "a directory has any number of images")
      request.inputs = [both[0]]
      (request.format, request.sizes) = (.jpeg, ["10", "20"])
      #expect(refusal(request).count == 1)
      (request.sizes, request.name) = ([], NameTemplate("{name}-x.{ext}"))
      #expect(refusal(request).count == 1)
      (request.readsList, request.name) = (true, nil)
      #expect(refusal(request).count == 1, "a list has any number of names")
      request.destinationIsDirectory = true
      #expect(refusal(request) == [])
    }
    for name in ["out.d", "out.2024", "out", "there.jpg"] {
      #expect(refusal(ConvertRequest(inputs: both, destination: tree / name)) == [])
    }
  }

  @Test func `a result gets the suffix of what its input holds`() throws {
    let tree = try PlanTree(["in/a.png", "in/b.JPG", "in/c.jpeg", "in/d.png", "e.tiff", "f.dat", "g", "in/text.png"])
    for name in ["in/a.png", "in/b.JPG", "e.tiff", "f.dat", "g"] { try write(jpeg, to: tree / name) }
    for name in ["in/c.jpeg", "in/d.png"] { try write(png, to: tree / name) }
    var request = ConvertRequest(
      inputs: ["in", "e.tiff", "f.dat", "g"].map { tree / $0 }, destination: tree / "out")
    func names() throws -> [String] {
      outputs(try ConvertPlan(request)).map { String($0.dropFirst((tree / "out").string.count + 1)) }
    }
    #expect(try names() == ["a.jpg", "b.JPG", "c.png", "d.png", "text.png", "e.jpg", "f.dat", "g"])
    request.name = NameTemplate("{name}_{format}.{ext}")
    #expect(
      try names() == [
        "a_jpeg.jpg", "b_jpeg.JPG", "c_png.png", "d_png.png", "text_png.png", "e_jpeg.jpg", "f.dat_jpeg", "g_jpeg",
      ])
    request.name = nil
    request.format = .png
    #expect(
      try names() == ["a.png", "b.png", "c.png", "d.png", "text.png", "e.png", "f.dat.png", "g.png"])
  }

  @Test func `collisions are looked for in the names that contents make`() throws {
    let tree = try PlanTree(["in/a.png", "in/a.jpg", "out/b.jpg", "in/sub/b.png"])
    for name in ["in/a.png", "in/a.jpg", "in/sub/b.png"] { try write(jpeg, to: tree / name) }
    let both = ConvertRequest(inputs: [tree / "in"], destination: tree / "out")
    #expect(
      refusal(both) == ["\(tree / "in/a.jpg") and \(tree / "in/a.png") would both become \(tree / "out/a.jpg")"])
    let existing = ConvertRequest(inputs: [tree / "in/sub"], destination: tree / "out")
    #expect(refusal(existing).first?.contains("\(tree / "out/b.jpg") exists already") == true)
    let inPlace = ConvertRequest(inputs: [tree / "in/a.png", tree / "in/a.jpg"], destination: tree / "in")
    #expect(refusal(inPlace).first?.contains("is itself an input") == true)
  }

  @Test func `a template's suffix decides on the format, or is refused`() throws {
    let tree = try PlanTree(["in/a.png", "in/b.tiff.jpg"])
    var request = ConvertRequest(
      inputs: [tree / "in/a.png"], destination: tree / "out", name: NameTemplate("{name}.jpg"))
    #expect(request.writtenFormat == .jpeg)
    #expect(outputs(try ConvertPlan(request)) == [(tree / "out/a.jpg").string])
    request.format = .png
    #expect(refusal(request) == ["--name ends in .jpg, and --to png writes PNG; leave out one of them"])
    for (name, reason) in [("{name}.tiff", "--name ends in .tiff"), ("{name}.{ext}.bak", "--name ends in .bak")] {
      request = ConvertRequest(inputs: [tree / "in/a.png"], destination: tree / "out", name: NameTemplate(name))
      #expect(refusal(request).first?.hasPrefix(reason) == true)
    }
    try write(jpeg, to: tree / "in/b.tiff.jpg")
    request = ConvertRequest(
      inputs: [tree / "in/b.tiff.jpg"], destination: tree / "out", name: NameTemplate("{dir}/{name}"))
    #expect(
      refusal(request) == [
        "\(tree / "in/b.tiff.jpg") gives a JPEG, which would be called \(tree / "out/b.tiff"); let --name end in .{ext}"
      ])
  }

  @Test func `a file larger than any image of so many pixels is not taken`() throws {
    let tree = try PlanTree(["in/a.jpg", "in/b.jpg"])
    #expect(truncate((tree / "in/a.jpg").string, 7_000_000_000_000) == 0)
    let request = ConvertRequest(inputs: [tree / "in"], destination: tree / "out")
    let reason =
      "it has 7,000,000,000,000 bytes; the limit is 2,214,592,512 for an image of 268,435,456 pixels "
      + "(raise it with --max-pixels)"
    #expect(outputs(try ConvertPlan(request)) == ["\(tree / "in/a.jpg"): \(reason)", (tree / "out/b.jpg").string])
    guard case .failed(_, let failure) = try InfoPlan([tree / "in"]).next() else {
      Issue.record("a failure was expected")
      return
    }
    #expect(failure.kind == .rejected && !failure.reason.contains("--max-pixels"))
    #expect(options { $0.maxPixels = 1 }.mostBytes == 8 + 64 << 20)
    #expect(options { $0.maxPixels = .max }.mostBytes == .max)
    #expect(options { $0.maxPixels = .max / 8 }.mostBytes == .max)
  }

  @Test func `an input that is larger than its file said is refused too`() {
    let bytes = Bytes(repeating: 0xFF, count: 8 + 64 << 20 + 1)
    #expect(failure(of: bytes, options { $0.maxPixels = 1 })?.reason.hasPrefix("it has 67,108,873 bytes") == true)
  }

  @Test func `times that a file system rounds are still those of the input`() throws {
    let tree = try PlanTree(["in/a.png", "out/a.png"])
    func age(_ path: FilePath, _ seconds: Int, _ nanoseconds: Int) {
      var times = [timespec(tv_sec: seconds, tv_nsec: nanoseconds), timespec(tv_sec: seconds, tv_nsec: nanoseconds)]
      utimensat(AT_FDCWD, path.string, &times, 0)
    }
    age(tree / "in/a.png", 1001, 123_456_789)
    var request = ConvertRequest(inputs: [tree / "in"], destination: tree / "out", existing: .replaceOlder)
    for (seconds, nanoseconds, isKept) in [
      (1001, 123_456_789, true), (1001, 123_456_000, true), (1001, 0, true), (1000, 0, true), (999, 0, false),
      (1001, 123_000_000, false), (1000, 500_000_000, false),
    ] {
      age(tree / "out/a.png", seconds, nanoseconds)
      request.keepsTimes = true
      #expect(try ConvertPlan(request).lines.map(\.action) == [isKept ? .skip : .replace], "\(seconds) \(nanoseconds)")
      request.keepsTimes = false
      let isExact = seconds == 1001 && nanoseconds == 123_456_789
      #expect(try ConvertPlan(request).lines.map(\.action) == [isExact ? .skip : .replace])
    }
  }
}
