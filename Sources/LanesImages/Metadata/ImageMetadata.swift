import CCodecs
import LanesCore

/// What is written beside the pixels.
struct ImageMetadata {
  var profile: Bytes?
  /// A TIFF structure, as PNG's eXIf holds it.
  var exif: Bytes?
  /// Goes into a PNG when there is no profile.
  var color = ccodecs_color()
  /// Segments of a JPEG or chunks of a PNG, written as they are.
  var blocks: [MetadataBlock] = []

  /// Nothing.
  init() {}

  /// Keeps of `header` what `options` ask for and what fits `rows` in `format`; a turned image is said to be upright.
  ///
  /// XMP and comments go from either format to the other; IPTC, extended XMP and other texts stay in their own.
  init(
    of header: ImageHeader, _ input: ImageFormat, options: ConvertOptions, output shape: RowShape,
    _ format: ImageFormat
  ) {
    if options.metadata != .none, !header.isCMYK, case .whole(let profile) = header.profile,
      Self.describes(profile, shape)
    {
      self.profile = format == .png ? ICCProfile.trimmed(profile) : profile
    }
    if options.metadata != .none { color = header.color }
    guard options.metadata == .all else { return }
    if var exif = header.exif {
      if options.resetsOrientation { exif.resetOrientation() }
      self.exif = exif.bytes
    }
    addTexts(header.texts, from: input, to: format, upright: options.resetsOrientation)
  }

  private mutating func addTexts(_ texts: ImageTexts, from input: ImageFormat, to format: ImageFormat, upright: Bool) {
    let xmp = upright ? texts.xmp.map(XMP.upright) : texts.xmp
    switch format {
    case .jpeg:
      if let xmp, xmp.count <= XMP.mostInJPEG {
        blocks.append(MetadataBlock(name: [JPEGSegments.app1], bytes: ImageTexts.xmpName + xmp))
      }
      for comment in texts.comments where comment.count <= Self.mostInSegment {
        blocks.append(MetadataBlock(name: [JPEGSegments.comment], bytes: comment))
      }
    case .png:
      if let xmp { blocks.append(PNGText.block(PNGText.xmpKeyword, xmp)) }
      guard input == .jpeg else { break }
      for comment in texts.comments {
        if let text = Self.readable(comment) { blocks.append(PNGText.block(PNGText.commentKeyword, text)) }
      }
    }
    if input == format { blocks += texts.blocks }
  }

  /// Bytes that follow the length of a JPEG's segment.
  private static let mostInSegment = 65_533

  /// A JPEG's comment in UTF-8, which most are; the others are taken for Latin-1. Up to the first NUL, which PNG forbids.
  private static func readable(_ comment: Bytes) -> Bytes? {
    let text = Bytes(comment.prefix { $0 != 0 })
    guard !text.isEmpty else { return nil }
    return String(validating: text, as: UTF8.self) != nil ? text : Bytes(PNGText.fromLatin1(text).utf8)
  }

  /// A profile names its color space in bytes 16…19 (ICC.1:2022, 7.2.8).
  static func describes(_ profile: Bytes, _ shape: RowShape) -> Bool {
    guard profile.count >= 128 else { return false }
    return profile[16..<20].elementsEqual((shape.channels == 4 ? "RGB " : "GRAY").utf8)
  }

  /// Lends the bytes to C for the length of a call.
  func withC<Result>(_ body: (UnsafePointer<ccodecs_metadata>) -> Result) -> Result {
    var storage: Bytes = []
    for block in blocks { storage += block.bytes }
    return (profile ?? []).withUnsafeBufferPointer { profileBytes in
      (exif ?? []).withUnsafeBufferPointer { exifBytes in
        storage.withUnsafeBufferPointer { storage in
          described(in: storage).withUnsafeBufferPointer { blocks in
            var metadata = ccodecs_metadata(
              icc: profile == nil ? nil : profileBytes.baseAddress, exif: exif == nil ? nil : exifBytes.baseAddress,
              icc_size: profileBytes.count, exif_size: exifBytes.count, color: color, blocks: blocks.baseAddress,
              block_count: blocks.count)
            return body(&metadata)
          }
        }
      }
    }
  }

  /// The blocks as C sees them, whose bytes lie one after the other in `storage`.
  private func described(in storage: UnsafeBufferPointer<UInt8>) -> [ccodecs_block] {
    var start = 0
    return blocks.map { block in
      defer { start += block.bytes.count }
      let name = block.name + Bytes(repeating: 0, count: 4 - block.name.count)
      return ccodecs_block(
        name: (name[0], name[1], name[2], name[3]), bytes: storage.baseAddress.map { $0 + start },
        size: block.bytes.count)
    }
  }
}
