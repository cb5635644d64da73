import LanesCore

/// Where the chunks of a WebP lie, and what its headers say. Nothing is believed that would matter: pixels and their number
/// are the decoder's part.
///
/// It reads a few bytes at a time through a closure, so that a file need not be in memory. Source: RFC 9649, 2.3 to 2.7
/// (chunks), 3.4 (VP8L); RFC 6386, 9.1 (VP8).
struct WebPLayout {
  /// How an image's pixels are coded.
  enum Coding: Equatable {
    case lossy
    case lossless
  }

  /// Chunks that are looked at; more stand in no file that a program wrote, but for those of animations.
  private static let mostChunks = 4096

  /// Of the image, or of the canvas of an animation.
  private(set) var size = PixelSize(0, 0)
  private(set) var coding = Coding.lossy
  private(set) var hasAlpha = false
  private(set) var isAnimated = false
  /// Frames of an animation.
  private(set) var frames = 0
  /// Bytes that the file says it has.
  private(set) var end = 0
  /// The chunks of the picture itself with their names and lengths: alpha, where it stands apart, and the image.
  private(set) var pictures: [Range<Int>] = []
  /// What describes the picture; only files with an extended header have any.
  private(set) var profile: Range<Int>?
  private(set) var exif: Range<Int>?
  private(set) var xmp: Range<Int>?

  /// True for what begins as a WebP does: 12 bytes.
  static func begins(_ start: some Collection<UInt8>) -> Bool {
    start.count >= 12 && start.starts(with: "RIFF".utf8) && start.dropFirst(8).starts(with: "WEBP".utf8)
  }

  /// - Parameter read: as many bytes as asked for at an offset; nil where the file does not reach so far.
  /// - Returns: nil when there is no image.
  init?(_ read: (_ offset: Int, _ count: Int) -> Bytes?) {
    guard let start = read(0, 12), Self.begins(start) else { return nil }
    end = 8 + Self.number(start, 4, 4)
    var at = 12
    var isExtended = false
    var isFound = false
    for _ in 0..<Self.mostChunks {
      guard at + 8 <= end, let head = read(at, 8) else { break }
      let body = at + 8..<at + 8 + Self.number(head, 4, 4)
      switch String(decoding: head[..<4], as: UTF8.self) {
      case "VP8X" where at == 12:
        guard let header = read(body.lowerBound, 10) else { return nil }
        isExtended = true
        isAnimated = header[0] & 0x02 != 0
        hasAlpha = header[0] & 0x10 != 0
        size = PixelSize(1 + Self.number(header, 4, 3), 1 + Self.number(header, 7, 3))
        isFound = isAnimated
      case "VP8 " where !isFound:
        guard let frame = read(body.lowerBound, 10), Array(frame[3..<6]) == [0x9D, 0x01, 0x2A] else { return nil }
        size = PixelSize(Self.number(frame, 6, 2) & 0x3FFF, Self.number(frame, 8, 2) & 0x3FFF)
        (isFound, coding) = (true, .lossy)
        pictures.append(at..<body.upperBound)
      case "VP8L" where !isFound:
        guard let header = read(body.lowerBound, 5), header[0] == 0x2F else { return nil }
        let bits = Self.number(header, 1, 4)
        size = PixelSize(1 + bits & 0x3FFF, 1 + bits >> 14 & 0x3FFF)
        hasAlpha = bits >> 28 & 1 == 1
        (isFound, coding) = (true, .lossless)
        // What stands before belongs to another image.
        pictures = [at..<body.upperBound]
      case "ALPH" where isExtended && !isFound: pictures = [at..<body.upperBound]
      case "ICCP" where isExtended: profile = profile ?? body
      case "EXIF" where isExtended: exif = exif ?? body
      case "XMP " where isExtended: xmp = xmp ?? body
      case "ANMF": frames += 1
      // Without an extended header nothing else belongs to the file.
      default: break
      }
      guard isExtended || !isFound else { break }
      // Chunks are padded to an even length.
      at = body.upperBound + body.count & 1
    }
    guard isFound else { return nil }
  }

  /// Of a file in memory.
  init?(_ file: UnsafeRawBufferPointer) {
    self.init { offset, count in offset + count <= file.count ? Bytes(file[offset..<offset + count]) : nil }
  }

  /// The orientation that Exif tells; its first directory stands at the start.
  static func exif(_ body: Bytes) -> Exif? {
    // Some programs write the word of JPEG's segment before the structure.
    Exif(JPEGIdentifier.exif.content(of: body) ?? body)
  }

  /// The least significant byte comes first.
  private static func number(_ bytes: Bytes, _ offset: Int, _ count: Int) -> Int {
    bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}

/// Puts a WebP together from chunks.
enum WebPWriter {
  /// The bytes before the chunks of the picture and those after it.
  ///
  /// - Parameters:
  ///   - layout: of the file that the picture's chunks come from.
  ///   - metadata: its profile, its Exif, and the one block that is XMP.
  /// - Throws: `.rejected` for a file that would be larger than the format can say.
  static func frame(
    _ layout: WebPLayout, _ metadata: ImageMetadata
  ) throws(UnitFailure) -> (before: Bytes, after: Bytes) {
    let xmp = metadata.blocks.first { $0.name == xmpName }?.bytes
    let pictures = layout.pictures.reduce(0) { $0 + $1.count + $1.count & 1 }
    var before: Bytes = []
    var after: Bytes = []
    // An image that is lossy and has alpha needs the extended header even if nothing describes it (RFC 9649, 2.7).
    if metadata.profile != nil || metadata.exif != nil || xmp != nil || layout.pictures.count > 1 {
      // The order of chunks is the specification's.
      before += chunk("VP8X", extendedHeader(layout, metadata, hasXMP: xmp != nil))
      if let profile = metadata.profile { before += chunk("ICCP", profile) }
      if let exif = metadata.exif { after += chunk("EXIF", exif) }
      if let xmp { after += chunk("XMP ", xmp) }
    }
    let size = 4 + before.count + pictures + after.count
    guard let counted = UInt32(exactly: size), counted < .max - 10 else {
      throw UnitFailure(.rejected, "its result is larger than the 4 GiB that a WebP can have")
    }
    return (Bytes("RIFF".utf8) + little(size, 4) + Bytes("WEBP".utf8) + before, after)
  }

  static let xmpName = Bytes("XMP ".utf8)

  /// Flags, three bytes of nothing, and each side less one in three bytes (RFC 9649, 2.7.1).
  private static func extendedHeader(_ layout: WebPLayout, _ metadata: ImageMetadata, hasXMP: Bool) -> Bytes {
    var flags: UInt8 = 0
    if metadata.profile != nil { flags |= 0x20 }
    if layout.hasAlpha { flags |= 0x10 }
    if metadata.exif != nil { flags |= 0x08 }
    if hasXMP { flags |= 0x04 }
    return [flags, 0, 0, 0] + little(layout.size.width - 1, 3) + little(layout.size.height - 1, 3)
  }

  private static func chunk(_ name: String, _ body: Bytes) -> Bytes {
    Bytes(name.utf8) + little(body.count, 4) + body + Bytes(repeating: 0, count: body.count & 1)
  }

  private static func little(_ number: Int, _ count: Int) -> Bytes {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}

extension OutputBuffer {
  /// Writes the WebP that has the picture of `file`, whose chunks `layout` knows, and `metadata`.
  func append(webp file: UnsafeRawBufferPointer, _ layout: WebPLayout, _ metadata: ImageMetadata) throws(UnitFailure) {
    let frame = try WebPWriter.frame(layout, metadata)
    try append(frame.before)
    for picture in layout.pictures {
      try append(UnsafeRawBufferPointer(rebasing: file[picture]))
      // An odd chunk is padded; the file it comes from may end without that byte.
      if picture.count & 1 == 1 { try append([0] as Bytes) }
    }
    try append(frame.after)
  }
}
