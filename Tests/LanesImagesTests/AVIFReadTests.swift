import LanesCore
import Testing

@testable import LanesImages

/// AVIFs of others, beside what others make of them: `Fixtures/avif` holds each picture as a PNG too.
@Suite(.enabled(if: avifIsBuilt)) struct AVIFReadTests {
  @Test(arguments: ["lossless", "lossless-alpha", "420", "422-709-limited", "444-2020-10", "420-12-limited", "grid"])
  func `pixels are those that avifdec makes`(name: String) throws {
    let image = try Samples(decoding: fixture("avif/\(name).avif"))
    let expected = try Samples(decoding: fixture("avif/\(name).png"))
    #expect(image.shape == expected.shape)
    // avifdec computes 8 bits with few digits, fewest for limited range, and the others as we do.
    let isLimited = name.hasSuffix("limited")
    let tolerance = name.hasPrefix("lossless") ? 0 : image.shape.depth == 16 ? 1 : isLimited ? 5 : 2
    for (at, value) in image.values.enumerated() where image.shape.hasAlpha || at % 4 < 3 {
      #expect(abs(value - expected.values[at]) <= tolerance, "\(name), sample \(at)")
    }
  }

  @Test func `gray with alpha of 10 bits stays gray`() throws {
    let image = try Samples(decoding: fixture("avif/gray-alpha-10.avif"))
    let expected = try Samples(decoding: fixture("avif/gray-alpha-10.png"))
    #expect(image.shape == RowShape(size: PixelSize(34, 22), channels: 2, depth: 16, hasAlpha: true))
    for y in 0..<22 {
      for x in 0..<34 {
        #expect(abs(image[x, y, 0] - expected[x, y, 0]) <= 1)
        #expect(abs(image[x, y, 1] - expected[x, y, expected.shape.channels - 1]) <= 1)
      }
    }
  }

  @Test func `colors that were multiplied by alpha are divided again`() throws {
    let image = try Samples(decoding: fixture("avif/premultiplied.avif"))
    let plain = try Samples(decoding: fixture("avif/lossless-alpha.png"))
    var sum = 0
    for y in 0..<22 {
      for x in 0..<34 where plain[x, y, 3] > 64 {
        #expect(image[x, y, 3] == plain[x, y, 3])
        for channel in 0..<3 { sum += abs(image[x, y, channel] - plain[x, y, channel]) }
      }
    }
    // Left as they are, colors would be off by a hundred on average.
    #expect(sum < 34 * 22 * 3 * 12)
  }

  @Test func `the file's own turn counts, and what Exif and XMP say does not`() throws {
    let file = try fixture("avif/turned.avif")
    let stored = try header(of: file)
    // A quarter against the clock, and then left and right change places.
    #expect(stored.orientation == .rotated270.then(.mirrored))
    #expect(stored.exif?.orientation == .upright)
    let result = try convert(file, options { $0.format = .png })
    #expect(result.image.outputSize == PixelSize(22, 34))
    let said = try header(of: result.output)
    #expect(said.orientation == .upright && !XMP.saysTurned(said.texts.xmp ?? []))
    // Where pixels stay, the new file has to say it in its way.
    for format in [ConvertOptions.Format.jpeg, .png, .avif] {
      let kept = try convert(
        file,
        options {
          ($0.format, $0.autoOrient, $0.quality) = (format, false, format == .png ? nil : 90)
        })
      #expect(kept.image.outputSize == PixelSize(34, 22))
      #expect(try header(of: kept.output).orientation == stored.orientation, "\(format)")
    }
  }

  @Test func `a clean aperture is what is shown`() throws {
    let image = try Samples(decoding: fixture("avif/cropped.avif"))
    #expect(image.shape.size == PixelSize(20, 12))
    let whole = try Samples(decoding: fixture("avif/lossless.png"))
    var sum = 0
    for y in 0..<12 {
      for x in 0..<20 { for channel in 0..<3 { sum += abs(image[x, y, channel] - whole[x + 4, y + 6, channel]) } }
    }
    #expect(sum < 20 * 12 * 3 * 8)
  }

  @Test func `a film is refused, whatever is asked`() throws {
    let film = try fixture("avif/animated.avif")
    let reason = UnitFailure(.rejected, "it is an animated AVIF, which lanes cannot read")
    for change: (inout ConvertOptions) -> Void in [{ _ in }, { $0.format = .png }, { $0.salvage = true }] {
      #expect(failure(of: film, options(change)) == reason)
    }
  }

  @Test func `what a plan finds out is what the decoder says`() throws {
    for name in ["lossless", "lossless-alpha", "444-2020-10", "gray-alpha-10", "turned", "cropped", "grid"] {
      let file = try fixture("avif/\(name).avif")
      let probe = try #require(ImageProbe(of: file), "\(name)")
      let header = try header(of: file)
      #expect(probe.size == header.shape.size && probe.orientation == header.orientation)
      #expect(probe.bytesPerPixel == header.shape.bytesPerPixel && probe.isHeldWhole)
    }
    #expect(ImageProbe(of: try fixture("avif/animated.avif")) == nil)
  }

  @Test func `an AVIF that needs no change is copied, and a damaged one is not`() throws {
    let file = try fixture("avif/420.avif")
    #expect(try convert(file, ConvertOptions()).image.isCopy)
    // In the middle of the picture.
    var damaged = file
    for at in file.count - 200..<file.count - 100 { damaged[at] = ~damaged[at] }
    if let reason = failure(of: damaged) { #expect(reason.kind == .rejected) }
  }
}

/// True where AVIF can be read and written.
let avifIsBuilt = ImageFormat.avif.codec.isBuilt
