import LanesCore
import LanesTesting
import Testing

@testable import LanesImages

/// Exif's thumbnail goes when pixels go where it does not show them.
@Suite struct ThumbnailTests {
  private static let pixels: Bytes = [0xFF, 0xD8] + Bytes("stale thumbnail".utf8) + [0xFF, 0xD9]
  private static let date = Bytes("2024:01:02 03:04:05\0".utf8)

  /// IFD0 with orientation 6 and a pointer to Exif, which holds a date; then IFD1 with a JPEG thumbnail, and where the date
  /// does not stand before it, the date.
  ///
  /// - Parameter place: where the thumbnail is said to be; nil for the truth.
  private static func exif(dateLast: Bool = false, thumbnailAt place: UInt8? = nil) -> Bytes {
    func entry(_ tag: Int, _ type: UInt8, _ count: Int, _ value: Int) -> Bytes {
      [UInt8(tag & 255), UInt8(tag >> 8), type, 0, UInt8(count), 0, 0, 0, UInt8(value), 0, 0, 0]
    }
    let second = dateLast ? 56 : 56 + date.count
    let thumbnail = second + 42
    let dated = dateLast ? thumbnail + pixels.count : 56
    let directories: [Bytes] = [
      [0x49, 0x49, 42, 0, 8, 0, 0, 0], [2, 0], entry(0x0112, 3, 1, 6), entry(0x8769, 4, 1, 38),
      [UInt8(second), 0, 0, 0], [1, 0], entry(0x9003, 2, date.count, dated), [0, 0, 0, 0], dateLast ? [] : date,
      [3, 0],
      entry(0x0103, 3, 1, 6), entry(0x0201, 4, 1, Int(place ?? UInt8(thumbnail))), entry(0x0202, 4, 1, pixels.count),
      [0, 0, 0, 0], pixels, dateLast ? date : [],
    ]
    return Bytes(directories.joined())
  }

  private func without(_ bytes: Bytes) throws -> Bytes {
    var exif = try #require(Exif(bytes))
    exif.removeThumbnail()
    return exif.bytes
  }

  private func holds(_ bytes: Bytes, _ word: Bytes) -> Bool {
    bytes.indices.contains { bytes[$0...].starts(with: word) }
  }

  @Test func `what ends the structure is cut off, and what is in its middle becomes zeros`() throws {
    let whole = Self.exif()
    let cut = try without(whole)
    #expect(cut.count == 76 && cut[34..<38] == [0, 0, 0, 0])
    #expect(cut[..<34] == whole[..<34] && cut[38...] == whole[38..<76])
    let dateLast = Self.exif(dateLast: true)
    let blank = try without(dateLast)
    #expect(blank.count == dateLast.count && blank.suffix(20) == Self.date[...])
    #expect(blank[56..<117].allSatisfy { $0 == 0 })
    #expect(try without(blank) == blank)
    #expect(try without(tiff(orientation: 6, isLittle: false)) == tiff(orientation: 6, isLittle: false))
  }

  @Test func `a thumbnail that lies over other tags costs none of them`() throws {
    let result = try without(Self.exif(thumbnailAt: 40))
    #expect(result[38..<76] == Self.exif()[38..<76])
    #expect(try #require(Exif(result)).orientation == .rotated90)
  }

  @Test func `no wrong bytes bring it down`() throws {
    var random = Repeatable(state: 7)
    for round in 0..<20_000 {
      var wrong = Self.exif(dateLast: round % 2 == 0)
      for _ in 0..<3 { wrong[Int.random(in: 8..<wrong.count, using: &random)] = .random(in: 0...255, using: &random) }
      let result = try without(wrong)
      #expect(result.count <= wrong.count && result.starts(with: wrong[..<8]))
    }
  }

  @Test(arguments: [ImageFormat.jpeg, .png]) func `a result shows its thumbnail only while it shows the same picture`(
    _ format: ImageFormat
  ) throws {
    var metadata = ImageMetadata()
    metadata.exif = Self.exif()
    let picture = Samples(48, 32, channels: 4) { x, y, channel in [5 * x, 7 * y, 99, 0][channel] }
    let input = try encode(picture, as: format, metadata)
    let moving: [(inout ConvertOptions) -> Void] = [
      { _ in }, { $0.resize = ResizeSpec("24x") }, { $0.turn = .rotated180 },
      { ($0.crop, $0.autoOrient) = (CropSpec("16x16+0+0"), false) }, { ($0.grayscale, $0.autoOrient) = (true, false) },
      { ($0.sizes, $0.quality) = ([ResizeSpec("50%")!], 70) },
    ]
    for target in [ConvertOptions.Format.jpeg, .png] {
      for change in moving {
        let asked = options {
          $0.format = target
          change(&$0)
        }
        let output = try asked.sizes.isEmpty ? convert(input, asked).output : convertSizes(input, asked, [0])[0].output
        #expect(!holds(output, Self.pixels) && holds(output, Self.date))
      }
      // Pixels stay: they are encoded anew, or the turn that was asked for takes back the one that Exif tells of.
      for change: (inout ConvertOptions) -> Void in [
        { ($0.autoOrient, $0.quality, $0.pngLevel) = (false, 70, 9) }, { $0.turn = .rotated270 },
      ] {
        let asked = options {
          $0.format = target
          change(&$0)
        }
        #expect(try holds(convert(input, asked).output, Self.pixels))
      }
    }
  }
}
