import LanesCore
import Testing

@testable import LanesImages

/// Every color type, bit depth and interlacing that the format has (PNG specification, 11.2.1), with and without tRNS.
@Suite struct PNGKindsTests {
  @Test(arguments: PNGKind.all) func `samples of every kind become plain channels`(kind: PNGKind) throws {
    let samples = try Samples(decoding: kind.file)
    #expect(samples.shape.depth == (kind.depth == 16 ? 16 : 8))
    #expect(samples.shape.hasAlpha == (kind.color & 4 != 0 || kind.hasTransparency))
    for y in 0..<PNGKind.height {
      for x in 0..<PNGKind.width {
        let expected = kind.expanded(x, y)
        for (channel, level) in expected.enumerated() where channel < 3 || samples.shape.hasAlpha {
          guard samples[x, y, channel] != level else { continue }
          Issue.record("channel \(channel) at \(x), \(y) is \(samples[x, y, channel]) instead of \(level)")
          return
        }
      }
    }
  }

  @Test(arguments: PNGKind.all) func `what mixes no pixels keeps samples as they are stored`(kind: PNGKind) throws {
    let input = kind.file
    let again = try convert(input, options { $0.pngLevel = 9 })
    #expect(try Samples(decoding: again.output) == Samples(decoding: input))
    #expect(Bytes(again.output[24..<26]) == [UInt8(kind.depth), UInt8(kind.color)])
    #expect(again.output[28] == 0)
    for name in ["PLTE", "tRNS"] { #expect(chunks(name, of: again.output) == chunks(name, of: input)) }

    let crop = try #require(CropSpec("7x5+3+2"))
    let turned = try convert(input, options { ($0.crop, $0.turn) = (crop, .rotated90) })
    #expect(Bytes(turned.output[24..<26]) == [UInt8(kind.depth), UInt8(kind.color)])
    let (before, after) = try (Samples(decoding: input), Samples(decoding: turned.output))
    #expect(after.shape.size == PixelSize(5, 7))
    for (x, y) in [(0, 0), (4, 6), (2, 3)] {
      for channel in 0..<after.shape.channels { #expect(after[x, y, channel] == before[3 + y, 2 + 4 - x, channel]) }
    }
  }

  @Test(arguments: PNGKind.all) func `every kind is resized and becomes a JPEG`(kind: PNGKind) throws {
    let small = try convert(kind.file, options { $0.resize = ResizeSpec("5x5") })
    #expect(try Samples(decoding: small.output).shape.depth == (kind.depth == 16 ? 16 : 8))
    let isGray = kind.color & 2 == 0
    let jpeg = try convert(kind.file, options { $0.format = .jpeg })
    #expect(try Samples(decoding: jpeg.output).shape.channels == (isGray ? 1 : 4))
  }

  @Test(arguments: PNGKind.all) func `bits are what is asked for`(kind: PNGKind) throws {
    for depth in [8, 16] {
      let result = try convert(kind.file, options { $0.pngDepth = depth })
      let (before, after) = try (Samples(decoding: kind.file), Samples(decoding: result.output))
      #expect(after.shape.depth == depth)
      #expect(after.shape.channels == before.shape.channels && after.shape.hasAlpha == before.shape.hasAlpha)
      let (from, to) = (before.shape.depth == 16 ? 65535.0 : 255, depth == 16 ? 65535.0 : 255)
      for place in before.values.indices {
        let pixel = place / before.shape.channels * before.shape.channels
        let isVisible = !before.shape.hasAlpha || before.values[pixel + before.shape.channels - 1] > 0
        let isPadding = before.shape.channels == 4 && !before.shape.hasAlpha && place % 4 == 3
        guard isVisible, !isPadding else { continue }
        let expected = (Double(before.values[place]) * to / from).rounded()
        // Colors are multiplied by alpha and divided by it again, in floats.
        let room = before.shape.hasAlpha ? to / 2048 + 1 : 0.0
        guard abs(Double(after.values[place]) - expected) > room else { continue }
        Issue.record("\(before.values[place]) became \(after.values[place]) instead of \(expected)")
        return
      }
    }
  }

  @Test func `a filter is used for every row`() throws {
    let image = Samples(20, 12, channels: 4) { x, y, channel in
      x < 9 ? x * y * 17 % 256 : (x * 9 + channel) * (y % 3) % 256
    }
    let input = try image.encodedAsPNG
    for (index, filter) in ConvertOptions.PNGFilter.allCases.enumerated() {
      // Level 0 leaves rows as they are, behind zlib's two bytes and a block's five.
      let output = try convert(input, options { ($0.pngFilter, $0.pngLevel) = (filter, 0) }).output
      let data = try #require(chunks("IDAT", of: output).first)
      let filters = Set((0..<12).map { data[7 + $0 * (1 + 20 * 3)] })
      #expect(filter == .adaptive ? filters.count > 1 : filters == [UInt8(index)], "\(filter)")
      #expect(try Samples(decoding: output) == Samples(decoding: input))
    }
  }

  @Test(arguments: [(1, 8, false), (2, 8, true), (4, 8, false), (4, 8, true), (1, 16, false), (4, 16, false)])
  func `every level keeps every sample`(channels: Int, depth: Int, alpha: Bool) throws {
    let image = Samples(45, 31, channels: channels, depth: depth, alpha: alpha) { x, y, channel in
      (x * 7 + y * (x % 5) + channel * 40) % (depth == 16 ? 40_000 : 256)
    }
    let input = try image.encodedAsPNG
    let expected = try Samples(decoding: input)
    for level in 0...12 {
      let output = try convert(input, options { $0.pngLevel = level }).output
      #expect(try Samples(decoding: output) == expected, "level \(level)")
    }
  }

  @Test func `level 12 leaves filters out where that is smaller`() throws {
    // Few colors in no order: a filter makes many of them.
    let image = Samples(200, 120) { x, y, _ in [3, 90, 160, 251][(x * x * 31 + y * x * 17 + y * 7) / 64 % 4] }
    let input = try image.encodedAsPNG
    // With the depth given, it is no palette.
    let results = try [11, 12].map { level in try convert(input, options { ($0.pngLevel, $0.pngDepth) = (level, 8) }) }
    #expect(results[1].output.count < results[0].output.count)
    #expect(try Samples(decoding: results[1].output) == Samples(decoding: input))
  }

  /// What is compressed in pieces of 2 MiB is one stream to any reader.
  @Test(arguments: [0, 1, 6, 12]) func `a large image is compressed in pieces`(level: Int) throws {
    let image = Samples(900, 800, channels: 4) { x, y, channel in (x * channel + y / 3 + x * y % 5) % 256 }
    let output = OutputBuffer()
    let context = CodecContext(deadline: .never, output: output)
    let asked = options { ($0.pngLevel, $0.pngFilter) = (level, level == 12 ? .adaptive : .up) }
    try image.send(to: PNGEncoder(image.shape, metadata: ImageMetadata(), options: asked, context: context))
    let bytes = output.withBytes { Bytes($0) }
    #expect(chunks("IDAT", of: bytes).count == 2)
    // By libpng and zlib, and by the decoder of our own.
    for byLibrary in [false, true] {
      let found = try decodedPNG(bytes, byLibrary: byLibrary).result.get()
      #expect(found.shape == image.shape)
      #expect((0..<image.values.count).allSatisfy { $0 % 4 == 3 || found.values[$0] == image.values[$0] })
    }
  }
}

/// What the chunks called `name` hold.
func chunks(_ name: String, of png: Bytes) -> [Bytes] {
  var found: [Bytes] = []
  var at = 8
  while at + 12 <= png.count {
    let length = png[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
    if png[(at + 4)..<(at + 8)].elementsEqual(name.utf8) { found.append(Bytes(png[(at + 8)..<(at + 8 + length)])) }
    at += 12 + length
  }
  return found
}
