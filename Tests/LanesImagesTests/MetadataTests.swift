import LanesCore
import Testing

@testable import LanesImages

/// XMP, comments and their like across formats.
@Suite struct MetadataTests {
  private static let packet = Bytes("<?xpacket?><rdf tiff:Orientation='6' x=\"é\"/>".utf8)

  @Test func `XMP and comments go from JPEG to JPEG and PNG and back`() throws {
    let input = try described(comments: ["first", "größer"])
    let again = try header(of: convert(input, options { $0.quality = 80 }).output)
    #expect(again.texts.comments == [Bytes("first".utf8), Bytes("größer".utf8)])
    #expect(again.texts.xmp == XMP.upright(Self.packet))
    let png = try convert(input, options { ($0.format, $0.autoOrient) = (.png, false) }).output
    let inPNG = try header(of: png).texts
    #expect(inPNG.comments == again.texts.comments)
    #expect(inPNG.xmp == Self.packet)
    let back = try header(of: convert(png, options { $0.format = .jpeg }).output).texts
    #expect(back.comments == again.texts.comments)
    #expect(back.xmp == again.texts.xmp)
    for kept in [ConvertOptions.Metadata.icc, .none] {
      for format in [ConvertOptions.Format.jpeg, .png] {
        let bare = try convert(input, options { ($0.format, $0.metadata, $0.quality) = (format, kept, 80) }).output
        #expect(try header(of: bare).texts == ImageTexts())
      }
    }
  }

  @Test func `IPTC and extended XMP stay in JPEG, other texts and the pixels' size in PNG`() throws {
    let iptc = segment(0xED, Bytes("Photoshop 3.0\0x".utf8))
    let more = segment(0xE1, Bytes("http://ns.adobe.com/xmp/extension/\0y".utf8))
    let jpeg = try insert(iptc + more, into: fixture("seeds.jpg"))
    let kept = try header(of: convert(jpeg, options { $0.quality = 70 }).output).texts.blocks
    #expect(kept.map(\.name) == [[0xED], [0xE1]])
    #expect(try header(of: convert(jpeg, options { $0.format = .png }).output).texts.blocks.isEmpty)

    let title = chunk("tEXt", Bytes("Title\0A bird".utf8))
    let size = chunk("pHYs", [0, 0, 1, 0, 0, 0, 1, 0, 1])
    for name in ["nuthatch-rgb.png", "nuthatch-palette.png"] {
      let png = try withChunks(size + title, in: fixture(name))
      let texts = try header(of: convert(png, options { $0.pngLevel = 1 }).output).texts
      #expect(texts.blocks.map { String(decoding: $0.name, as: UTF8.self) } == ["pHYs", "tEXt"])
      #expect(try header(of: convert(png, options { $0.format = .jpeg }).output).texts == ImageTexts())
    }
  }

  @Test func `compressed texts are read, and texts behind the pixels are found`() throws {
    // zlib's stored form: header, one final block of three bytes, checksum.
    let stored: Bytes = [0x78, 0x01, 0x01, 3, 0, 0xFC, 0xFF, 0x61, 0x62, 0xE9, 0x02, 0xD3, 0x01, 0xAD]
    let comment = chunk("zTXt", Bytes("Comment\0\0".utf8) + stored)
    let xmp = chunk("iTXt", Bytes("XML:com.adobe.xmp\0\u{1}\0\0\0".utf8) + stored)
    let png = try fixture("nuthatch-rgb.png")
    let behind = Bytes(png.dropLast(12)) + comment + xmp + png.suffix(12)
    let texts = try header(of: behind).texts
    #expect(texts.comments == [Bytes("abé".utf8)])
    #expect(texts.xmp == [0x61, 0x62, 0xE9])
    var broken = stored
    broken[13] ^= 1
    let damaged = withChunks(chunk("zTXt", Bytes("Comment\0\0".utf8) + broken), in: png)
    #expect(try header(of: damaged).texts.comments == [])
  }

  @Test func `an Exif behind a PNG's pixels turns it too`() throws {
    let png = try fixture("nuthatch-rgb.png")
    let exif = chunk(
      "eXIf", [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0])
    let result = try convert(Bytes(png.dropLast(12)) + exif + png.suffix(12), ConvertOptions())
    #expect(result.image.orientation == .rotated180)
    #expect(try header(of: result.output).exif?.orientation == .upright)
  }

  @Test func `orientations in XMP are found as attributes and elements only`() {
    for (before, after) in [
      ("tiff:Orientation=\"6\"", "tiff:Orientation=\"1\""), ("tiff:Orientation = '3'", "tiff:Orientation = '1'"),
      ("<tiff:Orientation>8</tiff:Orientation>", "<tiff:Orientation>1</tiff:Orientation>"),
      ("<tiff:Orientation>\n 8</tiff:Orientation>", "<tiff:Orientation>\n 1</tiff:Orientation>"),
      ("tiff:Orientation=\"66\"", "tiff:Orientation=\"66\""), ("tiff:Orientation6", "tiff:Orientation6"),
      ("tiff:Orientation=\"", "tiff:Orientation=\""), ("tiff:Orientatio", "tiff:Orientatio"), ("", ""),
    ] {
      #expect(XMP.upright(Bytes(before.utf8)) == Bytes(after.utf8))
    }
  }

  @Test func `a turn that was asked for resets an orientation that was not applied`() throws {
    let input = try fixture("bridge-turned.jpg")
    let kept = try convert(input, options { ($0.autoOrient, $0.crop) = (false, CropSpec("32x32")) }).output
    #expect(try header(of: kept).exif?.orientation == .rotated90)
    for quality in [nil, 80] {
      let turned = try convert(input, options { ($0.autoOrient, $0.turn, $0.quality) = (false, .transposed, quality) })
      #expect(try header(of: turned.output).exif?.orientation == .upright)
    }
  }

  @Test func `what does not fit into a segment is left out of a JPEG`() throws {
    let large = Bytes(repeating: 0x20, count: XMP.mostInJPEG + 1)
    let png = try withChunks(
      chunk("iTXt", Bytes("XML:com.adobe.xmp\0\0\0\0\0".utf8) + large) + chunk("tEXt", Bytes("Comment\0short".utf8)),
      in: fixture("nuthatch-rgb.png"))
    let texts = try header(of: convert(png, options { $0.format = .jpeg }).output).texts
    #expect(texts.xmp == nil && texts.comments == [Bytes("short".utf8)])
    #expect(try header(of: convert(png, options { $0.pngLevel = 2 }).output).texts.xmp == large)
  }

  private func described(comments: [String]) throws -> Bytes {
    let texts = comments.flatMap { segment(0xFE, Bytes($0.utf8)) }
    return try insert(segment(0xE1, JPEGIdentifier.xmp.bytes + Self.packet) + texts, into: fixture("seeds.jpg"))
  }

  private func insert(_ segments: Bytes, into jpeg: Bytes) -> Bytes { Bytes(jpeg[..<2]) + segments + jpeg[2...] }
}

/// A PNG's chunk with length and checksum.
func chunk(_ name: String, _ bytes: Bytes) -> Bytes {
  let named = Bytes(name.utf8) + bytes
  return bigEndian(UInt32(bytes.count)) + named + bigEndian(crc32(named))
}

/// `png` with `chunks` behind its header.
func withChunks(_ chunks: Bytes, in png: Bytes) -> Bytes { Bytes(png[..<33]) + chunks + png[33...] }

func bigEndian(_ number: UInt32) -> Bytes { withUnsafeBytes(of: number.bigEndian) { Bytes($0) } }

/// The checksum of a chunk. Source: PNG specification, annex D.
private func crc32(_ bytes: Bytes) -> UInt32 {
  var sum = UInt32.max
  for byte in bytes {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB8_8320 }
  }
  return ~sum
}
