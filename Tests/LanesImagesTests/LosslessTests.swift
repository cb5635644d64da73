import LanesCore
import Testing

@testable import LanesImages

@Suite struct LosslessTests {
  private static let turns = Orientation.allCases.filter { $0 != .upright }

  @Test(arguments: turns, ConvertOptions.Subsampling.allCases)
  func `a turn of whole blocks keeps every coefficient`(turn: Orientation, subsampling: ConvertOptions.Subsampling)
    throws
  {
    for channels in [1, 4] {
      for isProgressive in [false, true] {
        let input = try jpeg(64, 48, channels: channels) {
          ($0.subsampling, $0.progressive) = (subsampling, isProgressive)
        }
        let there = try convert(input, options { $0.turn = turn })
        #expect(there.image.method == .lossless)
        #expect(there.image.outputSize == turn.applied(to: PixelSize(64, 48)))
        #expect(try header(of: there.output).isProgressive == isProgressive)
        let back = try #require(Orientation.allCases.first { turn.then($0) == .upright })
        let again = try convert(there.output, options { $0.turn = back })
        #expect(again.image.method == .lossless)
        #expect(try Samples(decoding: again.output) == Samples(decoding: input))
        #expect(try distance(Samples(decoding: there.output), turned(Samples(decoding: input), turn)) <= 12)
      }
    }
  }

  @Test func `a crop between blocks is cut out of the coefficients, wherever it ends`() throws {
    let input = try jpeg(100, 90, channels: 4) { $0.subsampling = .quarter }
    let whole = try Samples(decoding: input)
    for (part, isLossless) in [
      ("32x32+16+48", true), ("33x7+16+48", true), ("100x90+32+16", true), ("32x32+8+16", false), ("32x32+16+8", false),
    ] {
      let crop = try #require(CropSpec(part))
      let result = try convert(input, options { $0.crop = crop })
      #expect(result.image.method == (isLossless ? .lossless : .converted), "\(part)")
      let cut = try Samples(decoding: result.output)
      #expect(cut.shape.size == result.image.outputSize)
      guard isLossless else { continue }
      // Pixels at the edge take part in smoothing colors across it.
      for (x, y) in [(2, 2), (cut.shape.size.width - 3, 3)] {
        for channel in 0..<3 { #expect(cut[x, y, channel] == whole[x + crop.x, y + crop.y, channel], "\(part)") }
      }
    }
  }

  /// Blocks that stay are taken from where they were read, others are moved: the writer must not see a difference.
  @Test(arguments: ConvertOptions.Subsampling.allCases, [1, 4])
  func `a file whose codes are fitted is that whose blocks went there and back`(
    subsampling: ConvertOptions.Subsampling, channels: Int
  ) throws {
    for isProgressive in [false, true] {
      let input = try jpeg(64, 48, channels: channels) {
        ($0.subsampling, $0.progressive) = (subsampling, isProgressive)
      }
      let fitted = try convert(input, options { $0.optimizeCoding = true })
      let there = try convert(input, options { $0.turn = .mirrored })
      let back = try convert(there.output, options { $0.turn = .mirrored })
      #expect(fitted.image.method == .lossless && back.image.method == .lossless)
      #expect(fitted.output == back.output)
    }
  }

  @Test(arguments: [
    "420.jpg", "420-restarts.jpg", "422.jpg", "440-rows.jpg", "444-optimized.jpg", "411.jpg", "gray.jpg",
    "narrow-gray-restarts.jpg", "coarse-luma.jpg", "420-progressive.jpg", "422-progressive-restarts.jpg",
    "gray-progressive.jpg", "several-scans.jpg",
  ])
  func `a file whose codes are fitted shows the same pixels`(name: String) throws {
    let input = try fixture("kinds/\(name)")
    for isProgressive in [false, true] {
      let fitted = try convert(input, options { ($0.optimizeCoding, $0.progressive) = (true, isProgressive) })
      #expect(fitted.image.method == .lossless)
      #expect(try Samples(decoding: fitted.output) == Samples(decoding: input))
    }
  }

  @Test func `a turn that would cut blocks is encoded anew, and one that would not is not`() throws {
    let input = try jpeg(64, 45, channels: 4) { $0.subsampling = .quarter }
    for (turn, isLossless) in [
      (Orientation.mirrored, true), (.flipped, false), (.rotated180, false), (.transposed, true), (.transversed, false),
      (.rotated90, false), (.rotated270, true),
    ] {
      let result = try convert(input, options { $0.turn = turn })
      #expect(result.image.method == (isLossless ? .lossless : .converted), "\(turn)")
      #expect(result.image.outputSize == turn.applied(to: PixelSize(64, 45)))
    }
  }

  @Test func `an Exif orientation is applied without loss and reset`() throws {
    let result = try convert(fixture("bridge-turned.jpg"), ConvertOptions())
    #expect(result.image.method == .lossless)
    let found = try header(of: result.output)
    #expect(found.exif?.orientation == .upright)
    #expect(found.shape.size == result.image.outputSize)
  }

  @Test func `coding and metadata change without loss, quality and colors do not`() throws {
    let input = try fixture("seeds.jpg")
    let pixels = try Samples(decoding: input)
    let ways: [((inout ConvertOptions) -> Void, ConvertedImage.Method)] = [
      ({ $0.progressive = true }, .lossless), ({ $0.optimizeCoding = true }, .lossless),
      ({ $0.metadata = .none }, .lossless), ({ $0.quality = 90 }, .converted),
      ({ $0.subsampling = .full }, .converted), ({ $0.grayscale = true }, .converted),
      ({ $0.resize = ResizeSpec("99x") }, .converted), ({ _ in }, .copied),
    ]
    for (change, method) in ways {
      let result = try convert(input, options(change))
      #expect(result.image.method == method)
      if method != .converted { #expect(try Samples(decoding: result.output) == pixels) }
    }
    #expect(try convert(input, options { $0.optimizeCoding = true }).output.count < input.count)
  }

  @Test func `segments go along, but for the index of pictures that do not`() throws {
    let input = try fixture("seeds.jpg")
    let segments: [(UInt8, String)] = [
      (0xE1, "http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"6\"/>"), (0xE5, "something"), (0xE2, "MPF\0II"),
      (0xED, "Photoshop 3.0\0"), (0xFE, "a comment"),
    ]
    let described = Bytes(input[..<2]) + segments.flatMap { segment($0, Bytes($1.utf8)) } + input[2...]
    let output = try convert(described, options { $0.turn = .transposed }).output
    let kept = output.withUnsafeBytes { JPEGSegments($0).segments.map { ($0.marker, Bytes($0.bytes)) } }
    let texts = kept.map { String(decoding: $0.1, as: UTF8.self) }
    #expect(texts.contains("http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"1\"/>"))
    #expect(texts.contains("something") && texts.contains("Photoshop 3.0\0") && texts.contains("a comment"))
    #expect(!texts.contains { $0.hasPrefix("MPF") })
    let bare = try convert(described, options { ($0.turn, $0.metadata) = (.transposed, .none) }).output
    bare.withUnsafeBytes {
      #expect(!JPEGSegments($0).segments.contains { (0xE1...0xED).contains($0.marker) || $0.marker == 0xFE })
    }
  }

  @Test(arguments: ["seeds.jpg", "dragonfly-progressive.jpg"]) func `a damaged JPEG is refused here too`(name: String)
    throws
  {
    let bytes = try fixture(name)
    for length in stride(from: 3, to: bytes.count - 1, by: bytes.count / 23) + [bytes.count - 1] {
      #expect(failure(of: Bytes(bytes.prefix(length)), options { $0.turn = .transposed })?.kind == .rejected)
    }
    let reason = "it is a progressive JPEG of more than 100 scans, which lanes cannot read"
    #expect(try failure(of: fixture("damaged-scans.jpg"), options { $0.turn = .transposed })?.reason == reason)
  }

  @Test func `a timeout stops a transform`() throws {
    let bytes = try fixture("dragonfly-progressive.jpg")
    let error = #expect(throws: UnitFailure.self) {
      try convert(bytes, options { $0.turn = .transposed }, deadline: Deadline(timeout: .zero))
    }
    #expect(error?.kind == .timedOut)
  }
}

/// A smooth picture as a JPEG.
func jpeg(
  _ width: Int, _ height: Int, channels: Int, _ change: (inout ConvertOptions) -> Void = { _ in }
) throws -> Bytes {
  let image = Samples(width, height, channels: channels) { x, y, channel in
    (2 * x + y * (channel + 1) + 30 * channel) % 256 / 2 + 40
  }
  let context = CodecContext(deadline: .never, output: OutputBuffer())
  let encoder = try JPEGEncoder(image.shape, metadata: ImageMetadata(), options: options(change), context: context)
  try image.send(to: encoder)
  return context.output.withBytes { Bytes($0) }
}

/// A JPEG's segment with marker and length.
func segment(_ marker: UInt8, _ bytes: Bytes) -> Bytes {
  [0xFF, marker, UInt8((bytes.count + 2) >> 8), UInt8((bytes.count + 2) & 255)] + bytes
}

private func turned(_ image: Samples, _ turn: Orientation) throws -> Samples {
  var shape = image.shape
  shape.size = turn.applied(to: shape.size)
  let collector = Collector(shape)
  try image.send(to: OrientStage(turn, shape: image.shape, next: collector))
  return collector.samples
}

/// The largest difference between two samples of the visible channels.
private func distance(_ one: Samples, _ other: Samples) -> Int {
  guard one.shape == other.shape else { return .max }
  let channels = one.shape.channels
  return one.values.indices.filter { channels == 1 || $0 % channels != 3 }.map {
    abs(one.values[$0] - other.values[$0])
  }
  .max()!
}
