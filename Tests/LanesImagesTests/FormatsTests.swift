import LanesCore
import SystemPackage
import Testing

@testable import LanesImages

@Suite struct FormatsTests {
  @Test(arguments: [
    "seeds.jpg", "ridge-444.jpg", "bridge-turned.jpg", "wine-cmyk.jpg", "freespace-gray.jpg", "seeds-rgba.png",
    "nuthatch-palette.png", "nuthatch-gray-alpha.png", "ridge-rgb16.png", "nuthatch-turned.png",
  ]) func `every format of every size is what it would be alone`(_ name: String) throws {
    let input = try fixture(name)
    let asked = options {
      ($0.formats, $0.sizes) = ([.jpeg, .png], [ResizeSpec("300")!, ResizeSpec("90x40")!])
      ($0.fit, $0.sharpen, $0.formatQuality, $0.turn) = (.cover, 0.6, ["jpeg": 61], .rotated90)
    }
    let results = try convertSizes(input, asked, [0, 1, 2, 3])
    for (position, result) in results.enumerated() {
      let alone = try convert(input, asked.result(position))
      #expect(result.image.outputFormat == (position % 2 == 0 ? .jpeg : .png))
      #expect(result.image == alone.image || name.hasSuffix(".jpg"))
      // The first size decides the scale at which a JPEG is decoded.
      if position < 2 || name.hasSuffix(".png") { #expect(result.output == alone.output) }
    }
  }

  @Test func `formats without sizes are whole images, and one that needs no change is a copy`() throws {
    let input = try fixture("seeds.jpg")
    let results = try convertSizes(input, options { $0.formats = [.same, .png] }, [0, 1])
    #expect(results[0].output == input && results[0].image.isCopy)
    #expect(try results[1].output == convert(input, options { $0.format = .png }).output)
    let only = try convertSizes(input, options { $0.formats = [.same, .png] }, [1])
    #expect(only.map(\.output) == [results[1].output])
  }

  @Test(arguments: ["damaged-truncated.jpg", "damaged-checksum.png"]) func `damage fails all formats`(
    _ name: String
  ) throws {
    let input = try fixture(name)
    #expect(throws: UnitFailure.self) { try convertSizes(input, options { $0.formats = [.same, .png] }, [0, 1]) }
    let results = try convertSizes(
      input, options { ($0.formats, $0.salvage, $0.ifLarger) = ([.jpeg, .png], true, .copy) }, [0, 1])
    #expect(results.allSatisfy { $0.image.damage != nil && !$0.image.isCopy })
  }

  @Test func `a quality for one format is that of its results alone`() throws {
    let input = try fixture("ridge-444.jpg")
    let named = try convert(input, options { ($0.quality, $0.formatQuality) = (90, ["jpeg": 40]) })
    #expect(try named.output == convert(input, options { $0.quality = 40 }).output)
    // A quality for a format that is not written changes nothing, not even whether the image is copied.
    let png = try fixture("nuthatch-rgb.png")
    #expect(try convert(png, options { $0.formatQuality = ["jpeg": 40] }).image.isCopy)
    #expect(try !convert(input, options { $0.formatQuality = ["jpeg": 40] }).image.isCopy)
  }

  @Test(
    arguments: [
      ("jpeg", ["jpeg": 1], nil), ("same", ["jpeg": 1], nil), ("png", ["jpeg": 1], "--to png writes none"),
      ("png", ["png": 1], "png has no quality"), ("same", ["gif": 1], "gif has no quality"),
    ] as [(String, [String: Int], String?)]) func `a quality is refused where no result has it`(
      _ to: String, _ qualities: [String: Int], _ message: String?
    )
  {
    let objection = Codecs.standard.objection(
      toSettingsOf: options { ($0.format, $0.formatQuality) = (ConvertOptions.Format(to)!, qualities) })
    #expect((objection == nil) == (message == nil) && objection?.contains(message ?? "") != false, "\(objection ?? "")")
  }

  @Test func `an encoder's setting needs one format of the list that has it`() {
    let list = options { ($0.formats, $0.pngLevel, $0.quality) = ([.jpeg, .png], 3, 50) }
    #expect(Codecs.standard.objection(toSettingsOf: list) == nil)
    #expect(Codecs.standard.objection(toSettingsOf: options { ($0.formats, $0.pngLevel) = ([.jpeg], 3) }) != nil)
  }

  @Test func `a list with the input's own format names each result once`() throws {
    let tree = try PlanTree([])
    try write(fixture("seeds.jpg"), to: tree / "a.jpg")
    try write(fixture("nuthatch-gray.png"), to: tree / "b.png")
    var request = ConvertRequest(inputs: [tree / "a.jpg", tree / "b.png"], destination: tree / "out")
    request.formats = [.same, .png]
    let plan = try ConvertPlan(request)
    var names: [[String]] = []
    var tasks: [[UInt8]] = []
    while case .unit(let unit) = plan.next() {
      names.append(unit.sink.destinations.map { $0.path.lastComponent!.string })
      tasks.append(Array(unit.task))
    }
    #expect(names == [["a.jpg", "a.png"], ["b.png"]])
    #expect(tasks == [[0, 1], [1]])
  }

  @Test func `no two results get one name`() throws {
    let tree = try PlanTree(["a.jpg", "a.png", "b.jpg"])
    func refused(_ inputs: [String], _ name: String?, sizes: [String] = []) -> [String] {
      var request = ConvertRequest(
        inputs: inputs.map { tree / $0 }, destination: tree / "out", name: name.flatMap(NameTemplate.init), sizes: sizes
      )
      request.formats = [.jpeg, .png]
      return refusal(request)
    }
    #expect(refused(["b.jpg"], nil).isEmpty)
    #expect(refused(["b.jpg"], "{format}/{name}.{ext}", sizes: ["1"]).isEmpty)
    #expect(refused(["a.jpg", "a.png"], nil).first?.contains("would both become") == true)
    #expect(refused(["b.jpg"], "{name}").first?.contains("two results of") == true)
    #expect(refused(["b.jpg"], "{name}.{ext}", sizes: ["1", "2"]).first?.contains("let --name hold {size}") == true)
    // A fixed suffix belies one of the formats.
    #expect(refused(["b.jpg"], "{format}/{name}.jpg").first?.contains("let --name end in .{ext}") == true)
    var request = ConvertRequest(inputs: [tree / "b.jpg"], destination: tree / "b.png")
    request.formats = [.jpeg, .png]
    #expect(refusal(request).first?.contains("need a directory") == true)
  }

  @Test func `a unit half of whose results exist makes the other half`() throws {
    let tree = try PlanTree(["a.jpg", "b.jpg", "out/a.png", "out/b.png", "out/b.jpg"])
    func units(_ existing: ConvertRequest.Existing) throws -> ([[UInt8]], [String]) {
      var request = ConvertRequest(
        inputs: [tree / "a.jpg", tree / "b.jpg"], destination: tree / "out", existing: existing)
      request.formats = [.jpeg, .png]
      let plan = try ConvertPlan(request)
      #expect(plan.totalUnits == (existing == .replace ? 2 : 1))
      let skipped = plan.skippedFiles.map { $0.output.lastComponent!.string }
      var tasks: [[UInt8]] = []
      while case .unit(let unit) = plan.next() { tasks.append(Array(unit.task)) }
      return (tasks, skipped)
    }
    #expect(try units(.skip) == ([[0]], ["a.png", "b.jpg", "b.png"]))
    #expect(try units(.replaceOlder) == ([[0]], ["a.png", "b.jpg", "b.png"]))
    #expect(try units(.replace) == ([[0, 1], [0, 1]], []))
    var request = ConvertRequest(inputs: [tree / "a.jpg"], destination: tree / "out")
    request.formats = [.jpeg, .png]
    #expect(refusal(request).first?.contains("a.png exists already") == true)
  }

  @Test func `memory is estimated for all results together`() {
    let probe = ImageProbe(format: .jpeg, size: PixelSize(4000, 3000), bytesPerPixel: 4, isHeldWhole: false)
    func bytes(_ change: (inout ConvertOptions) -> Void) -> Int {
      MemoryEstimate(probe, fileSize: 1 << 20, options: options(change)).bytes
    }
    let one = bytes { $0.format = .png }
    #expect(bytes { $0.formats = [.jpeg, .png] } > one)
    // The rows of the result are kept while it is made to fit.
    #expect(bytes { ($0.format, $0.maxBytes) = (.jpeg, 9) } > bytes { $0.format = .jpeg } + 4 * 4000 * 3000)
  }
}

@Suite struct PreviewTests {
  @Test(arguments: ["seeds.jpg", "bridge-turned.jpg", "nuthatch-gray-alpha.png", "ridge-rgb16.png", "wine-cmyk.jpg"])
  func `a preview is a small JPEG of what the first result shows`(_ name: String) throws {
    let input = try fixture(name)
    for fit in Fit.allCases {
      let asked = options {
        ($0.resize, $0.fit, $0.preview, $0.turn) = (ResizeSpec("120x100"), fit, 20, .rotated90)
        ($0.maxBytes, $0.ifLarger) = (1 << 20, .copy)
      }
      let result = try convert(input, asked)
      let preview = try Samples(decoding: result.image.preview)
      let size = result.image.outputSize
      #expect(max(preview.shape.size.width, preview.shape.size.height) == 20)
      let expected = ResizeSpec.scaled(size, into: PixelSize(20, 20), covering: false, enlarging: false)
      #expect(abs(preview.shape.size.width - expected.width) <= 1)
      #expect(abs(preview.shape.size.height - expected.height) <= 1)
      #expect(result.image.preview.count < 1000)
      var plain = asked
      (plain.preview, plain.maxBytes, plain.ifLarger) = (nil, nil, .keep)
      #expect(try result.output == convert(input, plain).output)
    }
  }

  @Test func `copies and moved pixels have a preview, and a small image one of its size`() throws {
    let copied = try convert(fixture("seeds.jpg"), options { $0.preview = 16 })
    #expect(try copied.output == fixture("seeds.jpg") && !copied.image.preview.isEmpty)
    let moved = try convert(fixture("ridge-444.jpg"), options { ($0.preview, $0.turn) = (16, .rotated180) })
    #expect(moved.image.method == .lossless && !moved.image.preview.isEmpty)
    let tiny = try Samples(3, 2) { x, y, _ in 40 * x + y }.encodedAsPNG
    let preview = try convert(tiny, options { $0.preview = 16 }).image.preview
    #expect(try Samples(decoding: preview).shape.size == PixelSize(3, 2))
  }

  @Test(arguments: ["damaged-truncated.jpg", "damaged-truncated.png"])
  func `a damaged image has no preview`(_ name: String) throws {
    let input = try fixture(name)
    #expect(throws: UnitFailure.self) { try convert(input, options { ($0.preview, $0.turn) = (16, .rotated180) }) }
  }
}
