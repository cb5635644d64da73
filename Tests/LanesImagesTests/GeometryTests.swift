import LanesCore
import Testing

@testable import LanesImages

/// A PNG of letters, one gray pixel each.
private func letters(_ rows: String...) throws -> Bytes {
  let rows = rows.map { Array($0.utf8) }
  return try Samples(rows[0].count, rows.count) { x, y, _ in Int(rows[y][x]) }.encodedAsPNG
}

/// The rows of a PNG of letters.
private func rows(_ bytes: Bytes) throws -> [String] {
  let samples = try Samples(decoding: bytes)
  let width = samples.shape.size.width
  return (0..<samples.shape.size.height).map { y in
    String(decoding: (0..<width).map { UInt8(samples[$0, y]) }, as: UTF8.self)
  }
}

@Suite struct GeometryTests {
  @Test(arguments: [
    (Orientation.rotated90, ["da", "eb", "fc"]), (.rotated180, ["fed", "cba"]), (.rotated270, ["cf", "be", "ad"]),
    (.flipped, ["def", "abc"]), (.mirrored, ["cba", "fed"]), (.rotated90.then(.flipped), ["fc", "eb", "da"]),
    (.rotated90.then(.mirrored), ["ad", "be", "cf"]),
  ])
  func `turns move pixels as they say`(turn: Orientation, expected: [String]) throws {
    let result = try convert(letters("abc", "def"), options { $0.turn = turn })
    #expect(try rows(result.output) == expected)
    #expect(!result.image.isCopy)
  }

  @Test func `one turn after another is a turn`() throws {
    let image = try letters("abc", "def")
    for first in Orientation.allCases {
      for second in Orientation.allCases {
        let turned = try convert(image, options { $0.turn = first }).output
        let twice = try convert(turned, options { $0.turn = second }).output
        #expect(try rows(convert(image, options { $0.turn = first.then(second) }).output) == rows(twice))
      }
    }
  }

  @Test(arguments: [
    ("2x1+1+1", ["gh"]), ("4x2", ["abcd", "fghi"]), ("9x9+3+1", ["ij", "no"]), ("3x2-1-1", ["ab"]),
    ("99x99-9-9", ["abcde", "fghij", "klmno"]),
  ])
  func `a crop keeps its part, as far as it is inside`(text: String, expected: [String]) throws {
    let result = try convert(letters("abcde", "fghij", "klmno"), options { $0.crop = CropSpec(text) })
    #expect(try rows(result.output) == expected)
    #expect(result.image.isCopy == (expected.count == 3))
  }

  @Test func `a crop outside the image fails it`() throws {
    for text in ["2x2+5+0", "2x2+0+3", "2x2-2-0"] {
      let found = failure(of: try letters("abcde", "fghij", "klmno"), options { $0.crop = CropSpec(text) })
      #expect(found == UnitFailure(.rejected, "the crop \(text.replacing0) lies outside its 5 × 3 pixels"))
    }
  }

  @Test(arguments: ["", "3", "3x", "0x4", "3x4+1", "3x4+1+", "3x4+1+2+3", "x4+1+2", "3x4 +1+2", "9999999x1+0+0"])
  func `texts that are no part are refused`(text: String) { #expect(CropSpec(text) == nil) }

  @Test func `the crop comes before the turn, and both before the resize`() throws {
    let image = try letters("abcde", "fghij", "klmno")
    let both = options { ($0.crop, $0.turn) = (CropSpec("2x3+1+0"), .rotated90) }
    #expect(try rows(convert(image, both).output) == ["lgb", "mhc"])
    let photo = try fixture("seeds.jpg")
    let all = options {
      ($0.crop, $0.turn, $0.resize) = (CropSpec("40x20+8+8"), .rotated270, ResizeSpec("10x10"))
    }
    #expect(try convert(photo, all).image.outputSize == PixelSize(5, 10))
  }

  @Test func `a crop counts from the corner of the oriented image`() throws {
    let whole = try Samples(decoding: convert(fixture("nuthatch-turned.png"), ConvertOptions()).output)
    let part = try Samples(
      decoding: convert(fixture("nuthatch-turned.png"), options { $0.crop = CropSpec("7x5+3+2") }).output)
    #expect(part.shape.size == PixelSize(7, 5))
    for (x, y) in [(0, 0), (6, 0), (3, 4)] {
      for channel in 0..<3 { #expect(part[x, y, channel] == whole[x + 3, y + 2, channel]) }
    }
  }

  @Test func `a crop is resized alike whether the decoder scales or not`() throws {
    let whole = try fixture("seeds.jpg")
    let size = try header(of: whole).shape.size
    let crop = CropSpec("\(size.width / 2 + 3)x\(size.height / 2 + 1)+13+7")
    let direct = options { ($0.crop, $0.resize, $0.format) = (crop, ResizeSpec("24x24"), .png) }
    let first = try convert(whole, options { ($0.crop, $0.format) = (crop, .png) })
    let apart = try convert(first.output, options { $0.resize = ResizeSpec("24x24") })
    let (one, other) = (try Samples(decoding: convert(whole, direct).output), try Samples(decoding: apart.output))
    #expect(one.shape == other.shape)
    let distance = zip(one.values, other.values).reduce(0) { $0 + abs($1.0 - $1.1) }
    #expect(Double(distance) / Double(one.values.count) < 2.5)
  }

  @Test(arguments: [8, 16]) func `gray is the luma of BT 709, and alpha stays`(depth: Int) throws {
    let top = depth == 8 ? 255 : 65535
    for (alpha, channels) in [(false, 1), (true, 2)] {
      let image = Samples(4, 1, channels: 4, depth: depth, alpha: alpha) { x, _, channel in
        channel == 3 ? (alpha ? x * top / 3 : top) : x == 3 ? top : x == channel ? top : 0
      }
      let output = try convert(image.encodedAsPNG, options { $0.grayscale = true }).output
      let gray = try Samples(decoding: output)
      #expect(gray.shape.channels == channels && gray.shape.depth == depth)
      let expected = [0.2126, 0.7152, 0.0722, 1].map { $0 * Double(top) }
      for x in 0..<4 {
        #expect(abs(Double(gray[x, 0]) - expected[x]) <= Double(top) / 250)
        if alpha { #expect(gray[x, 0, 1] == x * top / 3) }
      }
    }
  }

  @Test func `what is gray already is copied`() throws {
    #expect(try convert(fixture("freespace-gray.jpg"), options { $0.grayscale = true }).image.isCopy)
    let colored = try convert(fixture("seeds.jpg"), options { $0.grayscale = true })
    #expect(!colored.image.isCopy)
    #expect(try Samples(decoding: colored.output).shape.channels == 1)
  }
}

extension String {
  /// A place of nothing is written with a plus.
  fileprivate var replacing0: String { hasSuffix("-0") ? String(dropLast(2)) + "+0" : self }
}
