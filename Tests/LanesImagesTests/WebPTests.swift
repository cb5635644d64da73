import LanesCore
import Testing

@testable import LanesImages

/// Whether the program has libwebp; nothing here can be tried without.
let hasWebP = ImageFormat.webp.codec.isBuilt

/// A picture with edges and slopes; with alpha, a part of it is transparent and a part half so.
private func picture(_ width: Int, _ height: Int, channels: Int = 4, alpha: Bool = false) -> Samples {
  Samples(width, height, channels: channels, alpha: alpha) { x, y, channel in
    let isAlpha = alpha && channel == channels - 1
    if isAlpha { return x < width / 3 ? 0 : x < width / 2 ? 128 : 255 }
    if !alpha && channel == 3 { return 255 }
    return (x * (channel + 3) + y * 5 + (x / 8 + y / 8) % 2 * 40) % 256
  }
}

/// The names of a WebP's chunks in order.
private func chunks(_ file: Bytes) -> [String] {
  var names: [String] = []
  var at = 12
  while at + 8 <= file.count {
    names.append(String(decoding: file[at..<at + 4], as: UTF8.self))
    let size = (0..<4).reduce(0) { $0 | Int(file[at + 4 + $1]) << (8 * $1) }
    at += 8 + size + size % 2
  }
  return names
}

/// The greatest difference of two images' samples, without those of a fourth channel that has no meaning.
private func distance(_ one: Samples, _ other: Samples) -> Int {
  zip(one.values, other.values).enumerated().reduce(0) { most, pair in
    !one.shape.hasAlpha && one.shape.channels == 4 && pair.offset % 4 == 3
      ? most : max(most, abs(pair.element.0 - pair.element.1))
  }
}

@Suite(.enabled(if: hasWebP, "built without libwebp"))
struct WebPTests {
  private func webp(_ image: Samples, _ change: (inout ConvertOptions) -> Void = { _ in }) throws -> Bytes {
    let options = options {
      $0.format = .webp
      change(&$0)
    }
    return try convert(try image.encodedAsPNG, options).output
  }

  @Test(arguments: [(1, false), (2, true), (4, false), (4, true)])
  func `without loss every pixel is what it was, whatever channels there are`(channels: Int, alpha: Bool) throws {
    for (width, height) in [(1, 1), (3, 2), (17, 16), (40, 33)] {
      let image = picture(width, height, channels: channels, alpha: alpha)
      let file = try webp(image) { $0.lossless = .all }
      #expect(chunks(file) == ["VP8L"])
      let decoded = try Samples(decoding: file)
      let expected = Samples(width, height, channels: 4, alpha: decoded.shape.hasAlpha) { x, y, channel in
        channel == 3 ? (alpha ? image[x, y, channels - 1] : 255) : image[x, y, channels < 4 ? 0 : channel]
      }
      #expect(decoded.values == expected.values, "\(width) × \(height), \(channels) channels")
    }
  }

  @Test(arguments: [1, 15, 16, 17, 31, 32, 50])
  func `lossy images of any height stay near what they were`(height: Int) throws {
    let slope = Samples(37, height, channels: 4) { x, y, channel in channel == 3 ? 255 : 3 * x + 2 * y + 10 * channel }
    let decoded = try Samples(decoding: try webp(slope) { $0.quality = 95 })
    #expect(decoded.shape == slope.shape)
    #expect(distance(decoded, slope) < 20)
  }

  @Test func `lossy images keep alpha exactly, in bands with and without it`() throws {
    let image = Samples(40, 70, channels: 4, alpha: true) { x, y, channel in
      channel < 3 ? 2 * x + y : y < 20 ? 255 : y < 45 ? (x * 6) : 0
    }
    let file = try webp(image)
    #expect(chunks(file) == ["VP8X", "ALPH", "VP8 "])
    let decoded = try Samples(decoding: file)
    #expect(decoded.shape.hasAlpha)
    for y in 0..<70 { for x in 0..<40 { #expect(decoded[x, y, 3] == image[x, y, 3]) } }
  }

  @Test func `alpha that hides nothing takes no room`() throws {
    let opaque = Samples(20, 20, channels: 4, alpha: true) { x, y, channel in channel == 3 ? 255 : x * y % 256 }
    #expect(chunks(try webp(opaque)) == ["VP8 "])
  }

  @Test func `a WebP becomes JPEG on the background, and PNG with its alpha`() throws {
    let image = picture(48, 32, alpha: true)
    let file = try webp(image) { $0.lossless = .all }
    let png = try convert(file, options { $0.format = .png }).output
    #expect(try Samples(decoding: png) == image)
    let jpeg = try convert(file, options { ($0.format, $0.background) = (.jpeg, RGBColor("red")!) }).output
    let decoded = try Samples(decoding: jpeg)
    #expect(decoded[4, 16, 0] > 240 && decoded[4, 16, 1] < 15)
  }

  @Test func `effort changes bytes, and stays within libwebp's steps`() throws {
    let image = picture(120, 90)
    let sizes = try [0, 4, 6].map { effort in try webp(image) { ($0.effort, $0.lossless) = (effort, .all) }.count }
    #expect(sizes[0] > sizes[1] && sizes[1] >= sizes[2])
    #expect(try webp(image) { $0.effort = 4 } == webp(image))
    #expect(try webp(image) { $0.quality = 85 } == webp(image))
  }

  @Test func `16 bits become 8, as in a JPEG`() throws {
    let deep = Samples(30, 20, channels: 4, depth: 16) { x, y, channel in channel == 3 ? 65_535 : 2000 * x + 100 * y }
    let decoded = try Samples(decoding: try webp(deep) { $0.lossless = .all })
    #expect(decoded.shape.depth == 8)
    for x in 0..<30 { #expect(decoded[x, 7, 1] == Int((Double(deep[x, 7, 1]) / 257).rounded())) }
  }

  @Test func `a lossless WebP stays one unless a quality is asked for`() throws {
    let file = try webp(picture(40, 30)) { $0.lossless = .all }
    let turned = try convert(file, options { $0.turn = .rotated90 })
    #expect(chunks(turned.output) == ["VP8L"] && turned.image.method == .converted)
    #expect(chunks(try convert(file, options { ($0.turn, $0.quality) = (.rotated90, 90) }).output) == ["VP8 "])
    let lossy = try webp(picture(40, 30))
    #expect(chunks(try convert(lossy, options { $0.turn = .rotated90 }).output) == ["VP8 "])
  }

  @Test func `--keep-lossless is for inputs without loss`() throws {
    let kept = options { ($0.format, $0.lossless) = (.webp, .kept) }
    let png = try picture(40, 30).encodedAsPNG
    #expect(chunks(try convert(png, kept).output) == ["VP8L"])
    #expect(chunks(try convert(try fixture("seeds.jpg"), kept).output) == ["VP8 "])
    let lossless = try webp(picture(40, 30)) { $0.lossless = .all }
    #expect(chunks(try convert(lossless, kept).output) == ["VP8L"])
  }

  @Test func `what nothing changes is copied, damage excluded`() throws {
    let file = try webp(picture(90, 70))
    let copy = try convert(file, options())
    #expect(copy.output == file && copy.image.method == .copied)
    for count in [file.count - 1, file.count / 2, 40] {
      #expect(failure(of: Bytes(file.prefix(count)))?.kind == .rejected, "\(count) of \(file.count)")
    }
  }

  @Test func `an image that is too wide is refused with the limit`() throws {
    let wide = Samples(16_384, 1) { x, _, _ in x % 256 }
    #expect(
      try failure(of: wide.encodedAsPNG, options { $0.format = .webp })
        == UnitFailure(
          .rejected, "its result has 16384 × 1 pixels, and a WebP holds at most 16383 in each direction"))
    #expect(try Samples(decoding: webp(Samples(16_383, 1) { x, _, _ in x % 256 })).shape.size == PixelSize(16_383, 1))
  }

  @Test func `--max-pixels counts before anything is decoded`() throws {
    let file = try webp(picture(40, 30))
    #expect(
      failure(of: file, options { $0.maxPixels = 1199 })?.reason
        == "the header says 40 × 30 pixels; the limit is 1,199 (raise it with --max-pixels)")
    #expect(failure(of: file, options { $0.maxPixels = 1200 }) == nil)
  }

  @Test func `numbers outside an encoder's range are refused with the range`() {
    let codecs = Codecs.standard
    func objection(_ change: (inout ConvertOptions) -> Void) -> String? {
      codecs.objection(toNumbersOf: options(change))
    }
    #expect(objection { ($0.effort, $0.format) = (7, .webp) } == "--effort takes a number from 0 to 6, not 7")
    #expect(objection { ($0.effort, $0.format) = (6, .webp) } == nil)
    #expect(objection { ($0.quality, $0.format) = (0, .webp) } == "--quality takes a number from 1 to 100, not 0")
    #expect(objection { $0.pngLevel = 13 } == "--png-level takes a number from 0 to 12, not 13")
    let jpeg = options { ($0.format, $0.lossless) = (.jpeg, .all) }
    let names = ImageFormat.avif.codec.isBuilt ? "WebP and AVIF" : "WebP"
    #expect(
      codecs.objection(toSettingsOf: jpeg)
        == "--lossless is for \(names), and --to jpeg writes none: leave out one of them")
    let kept = options { ($0.format, $0.lossless) = (.png, .kept) }
    #expect(
      codecs.objection(toSettingsOf: kept)
        == "--keep-lossless is for \(names), and --to png writes none: leave out one of them")
  }
}

/// What stands around the pixels.
@Suite(.enabled(if: hasWebP, "built without libwebp"))
struct WebPMetadataTests {
  private let xmp = Bytes("<x:xmpmeta tiff:Orientation=\"6\"/>!".utf8)

  private func described(_ space: String = "RGB ", channels: Int = 4) throws -> Bytes {
    var metadata = ImageMetadata()
    metadata.profile = iccProfile(space)
    metadata.exif = tiff(orientation: 6)
    metadata.blocks = [PNGText.block(PNGText.xmpKeyword, xmp)]
    return try encode(picture(40, 30, channels: channels), as: .png, metadata)
  }

  @Test(arguments: [false, true])
  func `profile, Exif and XMP go from PNG to WebP and on, upright`(lossless: Bool) throws {
    let file = try convert(
      described(),
      options {
        $0.format = .webp
        $0.lossless = lossless ? .all : nil
      }
    ).output
    #expect(chunks(file) == ["VP8X", "ICCP", lossless ? "VP8L" : "VP8 ", "EXIF", "XMP "])
    #expect(file.count == 8 + (4..<8).reduce(0) { $0 | Int(file[$1]) << (8 * ($1 - 4)) })
    #expect(file[20] == 0x20 | 0x08 | 0x04, "flags of profile, Exif and XMP, and none of alpha")
    let header = try header(of: file)
    #expect(header.shape.size == PixelSize(30, 40))
    #expect(header.profile == .whole(iccProfile()))
    #expect(header.exif?.orientation == .upright && header.exif?.bytes == tiff(orientation: 1))
    #expect(header.texts.xmp == Bytes("<x:xmpmeta tiff:Orientation=\"1\"/>!".utf8))
    for format in [ConvertOptions.Format.jpeg, .png] {
      let next = try LanesImagesTests.header(of: convert(file, options { $0.format = format }).output)
      #expect(
        next.profile == header.profile && next.exif?.bytes == header.exif?.bytes && next.texts.xmp == header.texts.xmp)
    }
  }

  @Test func `an orientation that is kept stands in the result`() throws {
    let file = try convert(
      described(),
      options { ($0.format, $0.autoOrient) = (.webp, false) }
    ).output
    let found = try header(of: file)
    #expect(found.shape.size == PixelSize(40, 30) && found.orientation.rawValue == 6)
    #expect(found.texts.xmp == xmp)
    #expect(ImageProbe(of: file)?.orientation.rawValue == 6)
    // Turned by the next conversion, with another way around.
    let upright = try convert(file, options()).output
    #expect(try header(of: upright).shape.size == PixelSize(30, 40))
    #expect(try header(of: upright).orientation == .upright)
  }

  @Test func `metadata is taken off without touching pixels`() throws {
    let file = try convert(described(), options { $0.format = .webp }).output
    let bare = try convert(file, options { $0.metadata = .none })
    #expect(bare.image.method == .lossless)
    #expect(chunks(bare.output) == ["VP8 "])
    #expect(try Samples(decoding: bare.output) == Samples(decoding: file))
    let colored = try convert(file, options { $0.metadata = .icc })
    #expect(chunks(colored.output) == ["VP8X", "ICCP", "VP8 "])
    #expect(
      failure(of: Bytes(file.prefix(file.count - 9)), options { $0.metadata = .none }) != nil, "damage must not pass")
  }

  @Test func `a transparent image keeps its flag when metadata goes`() throws {
    var metadata = ImageMetadata()
    metadata.exif = tiff(orientation: 1)
    let png = try encode(picture(40, 30, alpha: true), as: .png, metadata)
    let file = try convert(png, options { $0.format = .webp }).output
    #expect(chunks(file) == ["VP8X", "ALPH", "VP8 ", "EXIF"] && file[20] == 0x18)
    let bare = try convert(file, options { $0.metadata = .none }).output
    #expect(chunks(bare) == ["VP8X", "ALPH", "VP8 "] && bare[20] == 0x10)
    #expect(try Samples(decoding: bare) == Samples(decoding: file))
  }

  @Test func `a profile for gray is left out, since a WebP has colors, and that is told`() throws {
    let gray = try described("GRAY", channels: 1)
    let result = try convert(gray, options { $0.format = .webp })
    #expect(result.image.remark == "its ICC profile is for gray, which a WebP stores as colors, and was left out")
    #expect(try !header(of: result.output).profile.isThere)
    #expect(try convert(gray, options { ($0.format, $0.metadata) = (.webp, .none) }).image.remark == nil)
  }

  @Test func `a broken profile is left out without touching pixels`() throws {
    var metadata = ImageMetadata()
    metadata.profile = iccProfile()
    var file = try encode(picture(40, 30), as: .webp, metadata)
    let start = try #require((0..<file.count - 4).first { file[$0..<$0 + 4].elementsEqual("acsp".utf8) })
    file[start] = 0
    let mended = try convert(file, options())
    #expect(mended.image.method == .lossless && chunks(mended.output) == ["VP8 "])
    #expect(mended.image.remark == "its ICC profile is broken (it is no ICC profile) and was left out")
  }

  @Test func `Exif with the word of JPEG's segment before it is read`() throws {
    var metadata = ImageMetadata()
    metadata.exif = JPEGIdentifier.exif.bytes + tiff(orientation: 8)
    let file = try encode(picture(40, 30), as: .webp, metadata)
    #expect(try header(of: file).orientation.rawValue == 8)
  }
}
