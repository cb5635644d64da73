import LanesCore
import Testing

@testable import LanesImages

private let goodFixtures = [
  "seeds.jpg", "ridge-444.jpg", "dragonfly-progressive.jpg", "bridge-turned.jpg", "friends-portrait.jpg",
  "freespace-gray.jpg", "wine-cmyk.jpg", "nuthatch-rgb.png", "nuthatch-interlaced.png", "nuthatch-turned.png",
  "nuthatch-gray.png", "nuthatch-gray-alpha.png", "nuthatch-palette.png", "nuthatch-bits.png", "seeds-rgba.png",
  "ridge-rgb16.png", "ridge-gray16.png",
]

@Suite struct ConvertTests {
  @Test(arguments: goodFixtures, [ConvertOptions.Format.jpeg, .png])
  func `every fixture converts in each direction, to the same bytes each time`(
    name: String, format: ConvertOptions.Format
  ) throws {
    let input = try fixture(name)
    let options = options { ($0.format, $0.resize) = (format, ResizeSpec("60x50")) }
    let result = try convert(input, options)
    #expect(max(result.image.outputSize.width - 60, result.image.outputSize.height - 50) == 0)
    #expect(result.image.outputFormat == (format == .jpeg ? .jpeg : .png))
    #expect(try Samples(decoding: result.output).shape.size == result.image.outputSize)
    #expect(try convert(input, options).output == result.output)
  }

  @Test(arguments: goodFixtures) func `what needs no change is copied after checking`(name: String) throws {
    let input = try fixture(name)
    let result = try convert(input, options { $0.resize = ResizeSpec("5000x5000") })
    let isTurned = name.contains("turned")
    #expect(result.image.isCopy == !isTurned)
    #expect((result.output == input) == !isTurned)
  }

  @Test func `an encoder setting forbids copying`() throws {
    #expect(try !convert(fixture("seeds.jpg"), options { $0.quality = 85 }).image.isCopy)
    #expect(try !convert(fixture("seeds.jpg"), options { $0.metadata = .none }).image.isCopy)
    #expect(try !convert(fixture("nuthatch-rgb.png"), options { $0.pngLevel = 9 }).image.isCopy)
  }

  @Test func `a PNG encoded again keeps its pixels`() throws {
    for name in [
      "nuthatch-rgb.png", "nuthatch-gray.png", "seeds-rgba.png", "ridge-rgb16.png", "nuthatch-gray-alpha.png",
    ] {
      let again = try convert(fixture(name), options { $0.pngLevel = 1 })
      #expect(try Samples(decoding: again.output) == Samples(decoding: fixture(name)))
    }
  }

  @Test func `interlaced and plain PNGs hold the same pixels`() throws {
    let plain = try Samples(decoding: fixture("nuthatch-rgb.png"))
    #expect(try Samples(decoding: fixture("nuthatch-interlaced.png")) == plain)
  }

  @Test(arguments: ["ridge-rgb16.png", "ridge-gray16.png"])
  func `sixteen bits survive a resize from PNG to PNG`(name: String) throws {
    let result = try convert(fixture(name), options { $0.resize = ResizeSpec("40x") })
    let samples = try Samples(decoding: result.output)
    #expect(samples.shape.depth == 16)
    #expect(samples.values.contains { $0 % 257 != 0 })
  }

  @Test func `alpha is laid on the background in a JPEG`() throws {
    let image = Samples(16, 16, channels: 4, alpha: true) { _, _, channel in channel == 3 ? 0 : 77 }
    let background = try #require(RGBColor("#2060c0"))
    let result = try convert(image.encodedAsPNG, options { ($0.format, $0.background) = (.jpeg, background) })
    let pixels = try Samples(decoding: result.output)
    for (channel, level) in [0x20, 0x60, 0xC0].enumerated() { #expect(abs(pixels[8, 8, channel] - level) <= 3) }
  }

  @Test func `gray with alpha becomes a gray JPEG, or a colored one on a colored background`() throws {
    let image = Samples(8, 8, channels: 2, alpha: true) { _, _, channel in channel == 1 ? 255 : 90 }
    let gray = try convert(image.encodedAsPNG, options { $0.format = .jpeg })
    #expect(try Samples(decoding: gray.output).shape.channels == 1)
    let red = RGBColor(red: 255, green: 0, blue: 0)
    let colored = try convert(image.encodedAsPNG, options { ($0.format, $0.background) = (.jpeg, red) })
    let pixels = try Samples(decoding: colored.output)
    #expect(pixels.shape.channels == 4)
    for channel in 0..<3 { #expect(abs(pixels[4, 4, channel] - 90) <= 2) }
  }

  @Test func `encoder settings reach the file`() throws {
    func frame(_ change: (inout ConvertOptions) -> Void) throws -> Bytes {
      let output = try convert(fixture("seeds.jpg"), options(change)).output
      let start = try #require(output.indices.first { output[$0] == 0xFF && [0xC0, 0xC2].contains(output[$0 + 1]) })
      return [output[start + 1], output[start + 11]]
    }
    #expect(try frame { $0.quality = 80 } == [0xC0, 0x22])
    #expect(try frame { $0.progressive = true } == [0xC2, 0x22])
    #expect(try frame { $0.subsampling = .full } == [0xC0, 0x11])
    #expect(try frame { $0.subsampling = .half } == [0xC0, 0x21])
    let plain = try convert(fixture("seeds.jpg"), options { $0.quality = 80 }).output
    let optimized = try convert(fixture("seeds.jpg"), options { ($0.quality, $0.optimizeCoding) = (80, true) }).output
    #expect(optimized.count < plain.count)
    #expect(try Samples(decoding: optimized) == Samples(decoding: plain))
  }

  @Test func `metadata goes along as far as it is asked for`() throws {
    let profile = iccProfile()
    let exif = try #require(try header(of: fixture("bridge-turned.jpg")).exif)
    var metadata = ImageMetadata()
    (metadata.profile, metadata.exif) = (profile, exif.bytes)
    let context = CodecContext(deadline: .never, output: OutputBuffer())
    let image = Samples(8, 8, channels: 4) { x, y, _ in 16 * x + y }
    try image.send(to: JPEGEncoder(image.shape, metadata: metadata, options: options(), context: context))
    let input = context.output.withBytes { Bytes($0) }

    for (kept, hasProfile, hasExif) in [
      (ConvertOptions.Metadata.all, true, true), (.icc, true, false), (.none, false, false),
    ] {
      let output = try convert(input, options { ($0.metadata, $0.quality) = (kept, 80) }).output
      let header = try header(of: output)
      #expect(header.profile == (hasProfile ? .whole(profile) : .none))
      #expect((header.exif != nil) == hasExif)
    }
    let gray = try header(of: input)
    let fitting = ImageMetadata(
      of: gray, .jpeg, options: options(), output: Samples(1, 1) { _, _, _ in 0 }.shape, .jpeg, keepsThumbnail: true)
    #expect(fitting.profile == nil, "a profile for colors does not go along with gray")
  }

  @Test func `a PNG without a profile keeps its gamma and primaries`() throws {
    var metadata = ImageMetadata()
    metadata.color.gamma = 100_000
    metadata.color.primaries = true
    metadata.color.points = (31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000)
    let context = CodecContext(deadline: .never, output: OutputBuffer())
    let image = Samples(8, 8, channels: 4) { x, y, _ in 16 * x + y }
    try image.send(to: PNGEncoder(image.shape, metadata: metadata, options: options(), context: context))
    let input = context.output.withBytes { Bytes($0) }
    let kept = try header(of: convert(input, options { $0.resize = ResizeSpec("4x4") }).output).color
    #expect(kept.gamma == 100_000)
    #expect(kept.primaries && kept.points.2 == 68_000)
    let dropped = try header(of: convert(input, options { $0.metadata = .none }).output).color
    #expect(dropped.gamma == 0 && !dropped.primaries)
  }

  @Test func `a timeout stops the unit`() throws {
    let deadline = Deadline(timeout: .zero)
    for name in ["seeds.jpg", "dragonfly-progressive.jpg", "nuthatch-interlaced.png", "nuthatch-rgb.png"] {
      let input = try fixture(name)
      let error = #expect(throws: UnitFailure.self) { try convert(input, ConvertOptions(), deadline: deadline) }
      #expect(error?.kind == .timedOut)
    }
  }

  @Test func `workload and options come back as they were written`() throws {
    let odd = options {
      ($0.format, $0.resize, $0.enlarge, $0.quality, $0.progressive) = (.png, .percent(12.5), true, 7, true)
      ($0.subsampling, $0.optimizeCoding, $0.pngLevel, $0.metadata) = (.half, true, 0, .icc)
      ($0.fit, $0.gravity, $0.filter, $0.linearLight) = (.pad, .southwest, .catmullRom, true)
      ($0.crop, $0.turn, $0.grayscale) = (CropSpec("3x4+5-6"), .transversed, true)
      ($0.formats, $0.formatQuality, $0.sizes) = ([.jpeg, .same], ["jpeg": 3, "png": 4], [.percent(3)])
      ($0.maxBytes, $0.ifLarger, $0.preview, $0.sharpen) = (77, .skip, 12, 0.25)
      ($0.background, $0.autoOrient, $0.maxPixels) = (RGBColor(red: 1, green: 2, blue: 3), false, 99)
    }
    for original in [options(), options { $0.resize = .inside(width: 3, height: nil) }, odd] {
      var writer = WireWriter()
      ConvertWorkload(original).describe(to: &writer)
      var reader = WireReader(writer.bytes)
      #expect(try ConvertWorkload(from: &reader).options == original)
      #expect(reader.remaining == 0)
      var short = WireReader(Bytes(writer.bytes.dropLast()))
      #expect(throws: WireError.self) { try ConvertWorkload(from: &short) }
    }
  }
}
