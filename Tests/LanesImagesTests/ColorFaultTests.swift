import LanesCore
import Testing

@testable import LanesImages

/// Profiles that cannot be used never fail a good image, and the user is told.
@Suite struct ColorFaultTests {
  private static let picture = Samples(8, 6, channels: 4) { x, y, channel in channel == 3 ? 255 : (x * 31 + y * 7) % 256
  }

  private func asked(_ change: (inout ConvertOptions) -> Void = { _ in }) -> ConvertOptions {
    options {
      $0.profile = .srgb
      change(&$0)
    }
  }

  private func file(_ profile: Bytes, _ name: String = "seeds.jpg") throws -> Bytes {
    var file = try fixture(name)
    file.insert(contentsOf: segment(0xE2, Bytes("ICC_PROFILE\0\u{1}\u{1}".utf8) + profile), at: 2)
    return file
  }

  @Test func `a profile that is not understood stays with its colors, and a warning tells`() throws {
    // It has the form of a profile, and no tag that describes colors.
    let strange = iccProfile()
    let input = try file(strange)
    let result = try convert(input, asked { $0.quality = 90 })
    #expect(result.image.colors == .unconverted)
    #expect(
      result.image.warning
        == "its colors were not converted to sRGB, since its ICC profile holds no description of colors that lanes understands"
    )
    #expect(try header(of: result.output).profile == .whole(strange))
    let same = try convert(input, options { $0.quality = 90 })
    #expect(result.output == same.output)
    #expect(try convert(input, asked { $0.turn = .rotated180 }).image.colors == .unconverted)
    let gray = try convert(try file(try profile("gray-gamma")), asked { $0.quality = 90 })
    #expect(gray.image.warning?.contains("is for another color space") == true)
  }

  @Test(arguments: [ImageFormat.jpeg] + (hasWebP ? [.webp] : []) + (ImageFormat.avif.codec.isBuilt ? [.avif] : []))
  func `where only metadata goes the warning is the same, and the coded picture stays`(_ format: ImageFormat) throws {
    var metadata = ImageMetadata()
    (metadata.profile, metadata.exif) = (iccProfile(), tiff(orientation: 1))
    let input = try encode(Samples(16, 12, channels: 4) { x, y, c in 20 * c + 3 * x + 5 * y }, as: format, metadata)
    let result = try convert(input, asked { $0.metadata = .icc })
    #expect(result.image.method == .lossless && result.image.byteCount == result.output.count)
    #expect(result.image.colors == .unconverted && result.image.warning?.contains("were not converted") == true)
    #expect(try Samples(decoding: result.output) == Samples(decoding: input))
  }

  @Test func `inks without a profile that tells more are converted as ever`() throws {
    let plain = try fixture("wine-cmyk.jpg")
    let today = try convert(plain, options { $0.format = .png })
    let result = try convert(plain, asked { $0.format = .png })
    #expect(try Samples(decoding: result.output) == Samples(decoding: today.output))
    #expect(result.image.colors == .converted && result.image.warning == nil)
    // sRGB was asked, so that no copy will do.
    #expect(try header(of: convert(plain, asked()).output).isCMYK == false)
    let odd = try convert(try file(try profile("wide-gamma"), "wine-cmyk.jpg"), asked { $0.format = .png })
    #expect(try Samples(decoding: odd.output) == Samples(decoding: today.output))
    #expect(odd.image.warning == "its inks became sRGB without its ICC profile, which is for another color space")
  }

  @Test func `a broken profile is told, left out and no failure`() throws {
    let broken = Bytes(try profile("inks").prefix(3000))
    let result = try convert(try file(broken), asked())
    #expect(result.image.warning?.contains("is broken (it ends too early)") == true)
    #expect(try header(of: result.output).profile == .none)
  }

  @Test(arguments: ["wide-parametric", "gray-lab", "inks-8", "scanner"])
  func `whatever bytes a profile has, colors are made or left, and nothing else happens`(name: String) throws {
    let whole = try profile(name)
    let device = try #require(ColorModel.Device(ICCReader(whole).word(16)))
    let shape = RowShape(size: PixelSize(2, 1), channels: device == .gray ? 1 : 4, depth: 8, hasAlpha: false)
    var state = UInt64(name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    var (converted, left) = (0, 0)
    for _ in 0..<8 {
      var bytes = whole
      // Where tags and what stands at the beginning of each are most is decided.
      for _ in 0...random(4) {
        bytes[128 + random(min(whole.count - 128, 500))] = UInt8([0, 255, 1, random(256)][random(4)])
      }
      if random(4) == 0 { bytes.removeLast(random(bytes.count - 128)) }
      guard ICCProfile.fault(of: bytes) == nil else {
        left += 1
        continue
      }
      var header = ImageHeader(shape)
      header.profile = .whole(bytes)
      header.isCMYK = device == .inks
      guard case .converted(let conversion) = header.colors(asked()) else {
        left += 1
        continue
      }
      converted += 1
      let collector = Collector(shape)
      let row = Samples(2, 1, channels: shape.channels) { x, _, channel in x * 77 * channel }
      try row.send(to: ColorStage(conversion, shape, next: collector))
      #expect(collector.isFinished)
    }
    #expect(converted > 0 && left > 0)
  }

  @Test func `a table of more nodes than any in use is not read`() throws {
    // Four channels of 40 nodes each would be 2.56 million nodes in 7.7 MB, which are there.
    var tag = Bytes("mft1".utf8) + [0, 0, 0, 0, 4, 3, 40, 0]
    tag += [Bytes](repeating: [0, 0, 0, 0], count: 9).joined()
    tag += Bytes(repeating: 1, count: 4 * 256 + 40 * 40 * 40 * 40 * 3 + 3 * 256)
    #expect(ICCPipeline(ICCReader(tag)) == nil)
    tag[10] = 5
    #expect(ICCPipeline(ICCReader(tag)) != nil)
  }
}
