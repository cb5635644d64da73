import LanesCore
import Testing

@testable import LanesImages

/// What a pixel is, however it is stored: red, green, blue and alpha in 16 bits.
private func colors(_ samples: Samples) -> [[Int]] {
  let shape = samples.shape
  return stride(from: 0, to: samples.values.count, by: shape.channels).map { at in
    var pixel = samples.values[at..<at + shape.channels].map { shape.depth == 8 ? $0 * 257 : $0 }
    if shape.channels == 4, !shape.hasAlpha { pixel[3] = 65535 }
    if shape.channels < 3 { pixel = [pixel[0], pixel[0], pixel[0], shape.channels == 2 ? pixel[1] : 65535] }
    return pixel
  }
}

/// Level 12 stores no more than pixels need.
@Suite struct ReducedPNGTests {
  /// A picture, and the depth and color type (PNG, 11.2.1) that it gets.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let image: Samples
    let depth: UInt8, kind: UInt8
    var testDescription: String { name }

    init(
      _ name: String, _ depth: UInt8, _ kind: UInt8, width: Int = 61, channels: Int = 4, bits: Int = 8,
      alpha: Bool = false,
      _ value: @escaping (Int, Int, Int) -> Int
    ) {
      (self.name, self.depth, self.kind) = (name, depth, kind)
      image = Samples(width, 47, channels: channels, depth: bits, alpha: alpha, value)
    }
  }

  /// Numbers without a pattern, below `most`.
  private static func noise(_ x: Int, _ y: Int, _ channel: Int, _ most: Int) -> Int {
    var number = UInt64(x * 1_000_003 + y * 4099 + channel + 1)
    for _ in 0..<2 { number = (number ^ number >> 29) &* 0x9E37_79B9_7F4A_7C15 }
    return Int(number >> 40) % most
  }

  static let cases = [
    Case("opaque alpha", 8, 2, alpha: true) { $2 == 3 ? 255 : noise($0, $1, $2, 256) },
    Case("one translucent pixel", 8, 6, alpha: true) {
      $2 == 3 ? ($0 == 60 && $1 == 46 ? 254 : 255) : noise($0, $1, $2, 256)
    },
    Case("gray in colors", 8, 0) { x, y, _ in noise(x, y, 0, 256) },
    Case("gray in colors with alpha", 8, 4, alpha: true) { noise($0, $1, $2 == 3 ? 2 : 0, 256) },
    Case("one pixel of color", 8, 2) { $0 == 3 && $1 == 5 ? $2 : noise($0, $1, 0, 256) },
    Case("opaque gray", 8, 0, channels: 2, alpha: true) { $2 == 1 ? 255 : noise($0, $1, 0, 256) },
    Case("two colors", 1, 3) { x, y, channel in noise(x, y, 0, 2) * (40 + channel) },
    Case("four colors, one translucent", 2, 3, alpha: true) { x, y, channel in
      noise(x, y, 0, 4) * 50 + (channel == 3 ? 105 : channel)
    },
    Case("sixteen colors", 4, 3) { x, y, channel in noise(x, y, 0, 16) * 13 + channel * 3 },
    Case("two hundred colors", 8, 3) { x, y, channel in noise(x, y, 0, 200) + channel * 9 },
    Case("black and white", 1, 0) { x, y, _ in noise(x, y, 0, 2) * 255 },
    Case("four even levels", 2, 0, channels: 1) { x, y, _ in noise(x, y, 0, 4) * 85 },
    Case("sixteen even levels", 4, 0, width: 64, channels: 1) { x, y, _ in noise(x, y, 0, 16) * 17 },
    Case("three odd levels", 2, 3, channels: 1) { x, y, _ in noise(x, y, 0, 3) * 31 },
    Case("one color", 1, 3) { _, _, channel in 10 * channel + 7 },
    Case("16 bits that are 8", 8, 2, bits: 16) { noise($0, $1, $2, 256) * 257 },
    Case("16 bits of few colors", 4, 3, bits: 16) { x, y, channel in (noise(x, y, 0, 9) * 20 + channel) * 257 },
    Case("16 bits of gray", 16, 0, bits: 16) { x, y, _ in noise(x, y, 0, 65536) },
    Case("16 bits, opaque alpha", 16, 2, bits: 16, alpha: true) { $2 == 3 ? 65535 : noise($0, $1, $2, 65536) },
    Case("a single pixel", 8, 2, width: 1, alpha: true) { $2 == 3 ? 255 : $1 * 5 + $2 },
  ]

  @Test(arguments: cases) func `pixels stay while what says nothing goes`(_ one: Case) throws {
    let input = try one.image.encodedAsPNG
    let output = try convert(input, options { $0.pngLevel = 12 }).output
    #expect(Bytes(output[24..<26]) == [one.depth, one.kind])
    #expect(try colors(Samples(decoding: output)) == colors(one.image))
    // Which way of filtering is the smallest is estimated.
    #expect(try output.count <= convert(input, options { $0.pngLevel = 11 }).output.count * 101 / 100)
    // With a depth that is asked for, samples keep it.
    let deep = try convert(input, options { ($0.pngLevel, $0.pngDepth) = (12, one.image.shape.depth) }).output
    #expect(Int(deep[24]) == one.image.shape.depth)
    #expect(try colors(Samples(decoding: deep)) == colors(one.image))
  }

  @Test func `a profile is of as many channels as the result`() throws {
    for (space, channels, kinds) in [("RGB ", 4, [2, 3] as Bytes), ("GRAY", 1, [0])] {
      let image = Samples(50, 40, channels: channels) { x, y, _ in
        Self.noise(x, y, 0, channels == 4 ? 256 : 3) * 41 % 256
      }
      var metadata = ImageMetadata()
      metadata.profile = iccProfile(space)
      let context = CodecContext(deadline: .never, output: OutputBuffer())
      try image.send(to: PNGEncoder(image.shape, metadata: metadata, options: options(), context: context))
      let input = context.output.withBytes { Bytes($0) }
      let output = try convert(input, options { $0.pngLevel = 12 }).output
      #expect(kinds.contains(output[25]))
      #expect(chunks("iCCP", of: output) == chunks("iCCP", of: input) && !chunks("iCCP", of: output).isEmpty)
      #expect(try colors(Samples(decoding: output)) == colors(image))
    }
  }
}
