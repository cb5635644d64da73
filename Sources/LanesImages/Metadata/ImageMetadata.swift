import CCodecs
import LanesCore

/// What is written beside the pixels.
struct ImageMetadata {
  var profile: Bytes?
  /// A TIFF structure, as PNG's eXIf holds it.
  var exif: Bytes?
  /// Goes into a PNG when there is no profile.
  var color = ccodecs_color()
  /// Go into an AVIF: its colors, and how it is to be turned where no Exif says so.
  var coding: CodingColor?
  var orientation = Orientation.upright
  /// Segments of a JPEG or chunks of a PNG or WebP, written as they are.
  var blocks: [MetadataBlock] = []

  /// Nothing.
  init() {}

  /// Keeps of `header` what `options` ask for, what `format` can hold, and what fits rows of `shape`; a turned image is said to
  /// be upright.
  ///
  /// XMP and comments go from one format to another; IPTC, extended XMP and other texts stay in their own.
  ///
  /// - Parameters:
  ///   - input: the format that `header` is of.
  ///   - keepsThumbnail: the picture is the same, so that Exif's thumbnail still shows it.
  init(
    of header: ImageHeader, _ input: ImageFormat, options: ConvertOptions, output shape: RowShape,
    _ format: ImageFormat, keepsThumbnail: Bool
  ) {
    let traits = format.codec.traits
    let isConverted = header.colors(options).changesPixels
    if isConverted {
      describeSRGB(traits, options, shape)
    } else if traits.profile, options.metadata != .none, !header.isCMYK, case .whole(let profile) = header.profile,
      traits.gray || shape.channels == 4, Self.describes(profile, shape), !(header.isProfileMade && format == .avif)
    {
      self.profile = profile
    }
    if !isConverted, options.metadata != .none { (color, coding) = (header.color, header.coding) }
    if !options.resetsOrientation { orientation = header.statedOrientation ?? .upright }
    guard options.metadata == .all else { return }
    if traits.exif, var exif = header.exif ?? header.exifOfTurn(options) {
      if options.resetsOrientation {
        exif.resetOrientation()
      } else if let stated = header.statedOrientation {
        exif.setOrientation(stated)
      }
      if !keepsThumbnail { exif.removeThumbnail() }
      if isConverted { exif.saySRGB() }
      self.exif = exif.bytes
    }
    var texts = header.texts
    if options.resetsOrientation { texts.xmp = texts.xmp.map(XMP.upright) }
    blocks = format.codec.blocks(for: texts, from: input)
  }

  /// Says that colors are sRGB's: by the format's own word, else by a profile. Gray has sRGB's curve, which nothing but PNG's
  /// word says in a few bytes; without any word that is what readers take it for.
  private mutating func describeSRGB(_ traits: CodecTraits, _ options: ConvertOptions, _ shape: RowShape) {
    guard options.metadata != .none else { return }
    if traits.namesSRGB {
      (color.srgb, color.intent) = (true, options.intent == .perceptual ? 0 : 1)
    } else if traits.profile, shape.channels == 4 {
      profile = SRGB.profile
    }
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
