import LanesCore
import Testing

@testable import LanesImages

/// AVIFs that are written and read again.
@Suite(.enabled(if: avifIsBuilt)) struct AVIFWriteTests {
  private static let sizes = [(1, 1), (2, 1), (1, 3), (5, 4), (17, 33), (64, 64), (130, 9)]

  @Test(arguments: [(1, false), (2, true), (4, false), (4, true)])
  func `without loss every sample stays, whatever the size`(channels: Int, alpha: Bool) throws {
    for (width, height) in Self.sizes {
      let image = Samples(width, height, channels: channels, alpha: alpha) { x, y, channel in
        !alpha && channel == 3 ? 255 : (x * 7 + y * 13 + channel * 50 + x * y) % 256
      }
      let result = try convert(
        image.encodedAsPNG,
        options { ($0.format, $0.lossless, $0.effort) = (.avif, .all, 0) })
      #expect(try Samples(decoding: result.output) == image, "\(width) × \(height)")
    }
  }

  @Test(arguments: ConvertOptions.Subsampling.allCases)
  func `colors come back nearly as they were, whatever the size`(subsampling: ConvertOptions.Subsampling) throws {
    for (width, height) in Self.sizes {
      // Smooth, so that coarse colors lose little.
      let image = Samples(width, height, channels: 4) { x, y, channel in
        [40 + x, 200 - y, 90 + (x + y) / 2, 255][channel]
      }
      let png = try image.encodedAsPNG
      let result = try convert(
        png, options { ($0.format, $0.quality, $0.subsampling, $0.effort) = (.avif, 95, subsampling, 0) })
      let back = try Samples(decoding: result.output)
      #expect(back.shape == image.shape)
      for (at, value) in back.values.enumerated() where at % 4 < 3 {
        #expect(abs(value - image.values[at]) <= 6, "\(width) × \(height), sample \(at)")
      }
      let words = [ConvertOptions.Subsampling.full: "4:4:4", .half: "4:2:2", .quarter: "4:2:0"]
      #expect(try stored(result.output).subsampling == words[subsampling])
    }
  }

  @Test func `alpha loses nothing at any quality, and is left out where nothing shows through`() throws {
    let image = Samples(40, 30, channels: 4, alpha: true) { x, y, channel in
      channel == 3 ? (x * 6 + y) % 256 : 100 + x
    }
    let result = try convert(image.encodedAsPNG, options { ($0.format, $0.quality) = (.avif, 20) })
    let back = try Samples(decoding: result.output)
    #expect(back.shape.hasAlpha)
    for y in 0..<30 { for x in 0..<40 { #expect(back[x, y, 3] == image[x, y, 3]) } }
    let opaque = Samples(40, 30, channels: 4, alpha: true) { x, _, channel in channel == 3 ? 255 : 100 + x }
    #expect(try !header(of: convert(opaque.encodedAsPNG, options { $0.format = .avif }).output).shape.hasAlpha)
  }

  @Test func `quality and effort make files smaller, and the same words make the same bytes`() throws {
    let photo = try fixture("seeds.jpg")
    func size(_ quality: Int?, _ effort: Int?) throws -> Int {
      try convert(photo, options { ($0.format, $0.quality, $0.effort) = (.avif, quality, effort) }).output.count
    }
    let sizes = try [20, nil, 90].map { try size($0, nil) }
    #expect(sizes == sizes.sorted() && Set(sizes).count == 3)
    let first = try convert(photo, options { $0.format = .avif }).output
    #expect(try convert(photo, options { ($0.format, $0.quality, $0.effort) = (.avif, 60, 3) }).output == first)
  }

  @Test func `quantizers are libavif's`() {
    #expect([0, 1, 50, 60, 75, 99, 100].map { AVIFEncoder.quantizer(quality: $0) } == [63, 62, 32, 25, 16, 1, 0])
  }

  @Test func `profile, Exif and XMP go in and out again`() throws {
    let photo = Samples(32, 16, channels: 4) { x, y, _ in 60 + x + y }
    var metadata = ImageMetadata()
    (metadata.profile, metadata.exif) = (iccProfile(), tiff(orientation: 1))
    metadata.blocks = [MetadataBlock(name: [0xE1], bytes: JPEGIdentifier.xmp.bytes + Bytes("<x/>".utf8))]
    let jpeg = try encode(photo, as: .jpeg, metadata)
    let avif = try convert(jpeg, options { $0.format = .avif }).output
    for file in [avif, try convert(avif, options { $0.format = .jpeg }).output] {
      let header = try header(of: file)
      #expect(header.profile == .whole(iccProfile()))
      #expect(header.exif?.bytes == tiff(orientation: 1))
      #expect(header.texts.xmp == Bytes("<x/>".utf8))
    }
    let bare = try header(of: convert(jpeg, options { ($0.format, $0.metadata) = (.avif, .none) }).output)
    #expect(bare.profile == .none && bare.exif == nil && bare.texts.xmp == nil)
  }

  @Test(arguments: Orientation.allCases) func `a picture whose pixels stay says how it is to be turned`(
    orientation: Orientation
  ) throws {
    var metadata = ImageMetadata()
    metadata.exif = tiff(orientation: UInt8(orientation.rawValue))
    let file = try encode(Samples(24, 16, channels: 4) { x, y, c in 20 * c + 3 * x + 5 * y }, as: .jpeg, metadata)
    let avif = try convert(file, options { ($0.format, $0.autoOrient) = (.avif, false) }).output
    #expect(try header(of: avif).statedOrientation == orientation)
    // Readers that go by Exif as well must not turn it twice.
    #expect(try header(of: avif).exif?.orientation == .upright)
    let shown = try convert(avif, options { ($0.format, $0.pngLevel) = (.png, 1) }).output
    let expected = try convert(file, options { ($0.format, $0.pngLevel) = (.png, 1) }).output
    let (one, other) = (try Samples(decoding: shown), try Samples(decoding: expected))
    #expect(one.shape == other.shape)
    for (at, value) in one.values.enumerated() where at % 4 < 3 { #expect(abs(value - other.values[at]) <= 30) }
  }

  @Test func `colors that are no sRGB stay what they are from AVIF to AVIF`() throws {
    let result = try convert(fixture("avif/444-2020-10.avif"), options { ($0.format, $0.quality) = (.avif, 90) })
    let header = try header(of: result.output)
    #expect(header.coding == CodingColor(primaries: 9, transfer: 13, matrix: 6, isFullRange: true))
    #expect(header.shape.depth == 8)
  }

  private func stored(_ file: Bytes) throws -> StoredForm {
    let header = try header(of: file)
    return file.withUnsafeBytes { ImageFormat.avif.codec.storage(of: $0, header) }
  }
}
