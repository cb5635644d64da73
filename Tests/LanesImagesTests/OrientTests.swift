import LanesCore
import Testing

@testable import LanesImages

@Suite struct OrientTests {
  /// Six pixels "abc/def" as each orientation displays them (Exif: which side row 0 and column 0 stand for).
  private static let turned: [(Orientation, Int, String)] = [
    (.upright, 3, "abcdef"), (.mirrored, 3, "cbafed"), (.rotated180, 3, "fedcba"), (.flipped, 3, "defabc"),
    (.transposed, 2, "adbecf"), (.rotated90, 2, "daebfc"), (.transversed, 2, "fcebda"), (.rotated270, 2, "cfbead"),
  ]

  @Test(arguments: turned, [(1, 8), (2, 8), (4, 8), (4, 16), (1, 16)])
  func `every orientation turns pixels of every size`(
    expected: (Orientation, Int, String), kind: (channels: Int, depth: Int)
  ) throws {
    let letters = Array("abcdef".utf8)
    let image = Samples(3, 2, channels: kind.channels, depth: kind.depth) { x, y, channel in
      Int(letters[3 * y + x]) + channel
    }
    var target = image.shape
    target.size = PixelSize(expected.1, 6 / expected.1)
    let collector = Collector(target)
    try image.send(to: OrientStage(expected.0, shape: image.shape, next: collector))
    #expect(collector.isFinished)
    let first = stride(from: 0, to: collector.samples.values.count, by: kind.channels).map {
      collector.samples.values[$0]
    }
    #expect(first == expected.2.utf8.map { Int($0) })
    #expect(expected.0.applied(to: image.shape.size) == target.size)
  }

  @Test(arguments: [true, false]) func `the orientation is found and reset in either byte order`(isLittle: Bool) throws
  {
    let bytes = tiff(orientation: 6, isLittle: isLittle)
    var exif = try #require(Exif(bytes))
    #expect(exif.orientation == .rotated90)
    exif.resetOrientation()
    #expect(Exif(exif.bytes)?.orientation == .upright)
    #expect(exif.bytes.count == bytes.count)
  }

  @Test func `damaged Exif says upright and never traps`() {
    let good = tiff(orientation: 8, isLittle: true)
    for length in 0..<good.count { _ = Exif(Bytes(good.prefix(length)))?.orientation }
    for position in good.indices {
      for value: UInt8 in [0, 1, 127, 255] {
        var bytes = good
        bytes[position] = value
        _ = Exif(bytes)?.orientation
      }
    }
    #expect(Exif(tiff(orientation: 9, isLittle: true))?.orientation == .upright)
  }

  @Test func `a turned photograph comes out upright and says so`() throws {
    for format: ConvertOptions.Format in [.jpeg, .png] {
      let result = try convert(fixture("bridge-turned.jpg"), options { $0.format = format })
      #expect(result.image.orientation == .rotated90)
      #expect(result.image.outputSize == result.image.inputSize.transposed)
      let header = try header(of: result.output)
      #expect(header.shape.size == result.image.outputSize)
      #expect(header.exif?.orientation == .upright)
    }
  }

  @Test func `without turning the orientation stays in the file`() throws {
    let result = try convert(fixture("bridge-turned.jpg"), options { ($0.autoOrient, $0.quality) = (false, 80) })
    #expect(result.image.outputSize == result.image.inputSize)
    #expect(try header(of: result.output).exif?.orientation == .rotated90)
  }

  @Test func `a PNG's own Exif is honoured`() throws {
    let upright = try Samples(decoding: fixture("nuthatch-rgb.png"))
    let result = try convert(fixture("nuthatch-turned.png"), ConvertOptions())
    #expect(result.image.orientation == .rotated180)
    let turned = try Samples(decoding: result.output)
    let (width, height) = (upright.shape.size.width, upright.shape.size.height)
    for (x, y) in [(0, 0), (5, 70), (width - 1, height - 1)] {
      for channel in 0..<3 { #expect(turned[x, y, channel] == upright[width - 1 - x, height - 1 - y, channel]) }
    }
  }
}
