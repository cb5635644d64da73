import LanesCore

/// What an image says of itself beside its pixels, its colors and its Exif.
struct ImageTexts: Equatable {
  /// An XMP packet, in UTF-8.
  var xmp: Bytes?
  /// Comments in the order of the file: of a JPEG, whose character set nobody knows, or of a PNG, in UTF-8.
  var comments: [Bytes] = []
  /// What only a file of the same format can hold, as segments or chunks; a PNG's comments are among them.
  var blocks: [MetadataBlock] = []

  init() {}
}

/// A JPEG's segment, whose name is the marker's second byte, or a PNG's chunk, whose name has four bytes.
struct MetadataBlock: Equatable {
  var name: Bytes
  var bytes: Bytes
}

extension ImageTexts {
  /// Before the packet in an APP1 segment. Source: XMP Specification Part 3 (2020), 1.1.3.
  static let xmpName = Bytes("http://ns.adobe.com/xap/1.0/\0".utf8)
  /// Before each part of what did not fit into the packet (same, 1.1.3.1).
  private static let extensionName = Bytes("http://ns.adobe.com/xmp/extension/\0".utf8)
  /// APP13 holds IPTC and what else Photoshop writes.
  private static let app13: UInt8 = 0xED

  /// - Parameter jpeg: a whole file.
  init(jpeg: JPEGSegments) {
    for segment in jpeg.segments {
      switch segment.marker {
      case JPEGSegments.app1 where segment.bytes.starts(with: Self.xmpName):
        if xmp == nil { xmp = Bytes(segment.bytes.dropFirst(Self.xmpName.count)) }
      case JPEGSegments.app1 where segment.bytes.starts(with: Self.extensionName), Self.app13:
        blocks.append(MetadataBlock(name: [segment.marker], bytes: Bytes(segment.bytes)))
      case JPEGSegments.comment: comments.append(Bytes(segment.bytes))
      default: break
      }
    }
  }

  /// - Parameter png: a whole file. Chunks that a changed image cannot keep are left out, such as a time or a histogram.
  init(png: PNGChunks) {
    for chunk in png.chunks {
      switch chunk.name {
      case "tEXt", "zTXt", "iTXt":
        let text = PNGText(chunk)
        if let text, text.keyword == PNGText.xmpKeyword {
          if xmp == nil { xmp = text.utf8 }
        } else {
          if let text, text.keyword == PNGText.commentKeyword { comments.append(text.utf8) }
          blocks.append(chunk.block)
        }
      case "pHYs": blocks.append(chunk.block)
      default: break
      }
    }
  }
}
