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

/// A JPEG's segment, whose name is the marker's second byte, or a chunk of a PNG or WebP, whose name has four bytes.
struct MetadataBlock: Equatable {
  var name: Bytes
  var bytes: Bytes
}

extension ImageTexts {
  /// - Parameter jpeg: a whole file.
  init(jpeg: JPEGSegments) {
    for segment in jpeg.segments {
      if segment.isA(.xmp, in: JPEGMarkers.app1) {
        if xmp == nil { xmp = JPEGIdentifier.xmp.content(of: segment.bytes) ?? [] }
      } else if segment.isA(.extendedXMP, in: JPEGMarkers.app1) || segment.marker == JPEGMarkers.app13 {
        blocks.append(MetadataBlock(name: [segment.marker], bytes: Bytes(segment.bytes)))
      } else if segment.marker == JPEGMarkers.comment {
        comments.append(Bytes(segment.bytes))
      }
    }
  }

  /// - Parameter png: a whole file. Chunks that a changed image cannot keep are left out, such as a time or a histogram.
  ///
  /// Only XMP and comments are inflated, and all of them together to no more than one text may have: a few megabytes of
  /// chunks could unfold to gigabytes. What is not looked into is kept as it is.
  init(png: PNGChunks) {
    var room = PNGText.limit
    for chunk in png.chunks {
      switch chunk.name {
      case "tEXt", "zTXt", "iTXt":
        let keyword = PNGText.keyword(of: chunk)
        if keyword == PNGText.xmpKeyword, xmp != nil { continue }
        let isKnown = keyword == PNGText.xmpKeyword || keyword == PNGText.commentKeyword
        let text = isKnown ? PNGText(chunk, atMost: room) : nil
        // What failed has been inflated in part, nobody knows how far.
        if isKnown { room = text.map { max(0, room - $0.utf8.count) } ?? room / 2 }
        if let text, keyword == PNGText.xmpKeyword {
          xmp = text.utf8
        } else {
          if let text { comments.append(text.utf8) }
          blocks.append(chunk.block)
        }
      case "pHYs": blocks.append(chunk.block)
      default: break
      }
    }
  }
}
