import LanesCore

/// What an image's header says: the partial result of a unit of `InfoWorkload`.
package struct ImageInfo: Sendable, Equatable {
  package var format: ImageFormat
  /// As stored, before any turning.
  package var size: PixelSize
  /// 1 gray, 2 gray and alpha, 3 color, 4 color and alpha or four inks; a palette's colors count as such.
  package var channels: Int
  /// Bits of one stored sample, or of an index into a palette.
  package var bits: Int
  /// A coarse image comes first, as in a progressive JPEG or an interlaced PNG.
  package var isProgressive: Bool
  /// True also for one that is broken.
  package var hasProfile: Bool
  /// Why the profile is broken; nil for a sound one.
  package var profileFault: String?
  package var hasExif: Bool
  package var hasXMP: Bool
  /// In the order of the file; taken for UTF-8.
  package var comments: [String]
  /// Entries of a PNG's palette; 0 without one.
  package var paletteSize: Int
  package var isCMYK: Bool
  /// How much smaller a JPEG's color planes are than its brightness, such as "4:2:0"; empty without such planes.
  package var subsampling: String
  /// What a format with several codings calls this one, such as "lossless"; empty for others.
  package var codingWord: String
  /// What Exif says, or upright.
  package var orientation: Orientation
  /// Of the whole file.
  package var byteCount: Int

  /// - Parameter bytes: the whole file, of which only the header is looked at.
  init(_ bytes: UnsafeRawBufferPointer, codecs: Codecs, context: CodecContext) throws(UnitFailure) {
    var options = ConvertOptions()
    options.maxPixels = .max
    let (format, decoder) = try codecs.openDecoder(bytes, options: options, context: context)
    let header = decoder.header
    self.format = format
    size = header.shape.size
    channels = header.shape.channels == 4 && !header.shape.hasAlpha && !header.isCMYK ? 3 : header.shape.channels
    let stored = format.codec.storage(of: bytes, header)
    (bits, paletteSize, subsampling) = (stored.bits, stored.paletteSize, stored.subsampling)
    codingWord = stored.coding
    isProgressive = header.isProgressive
    hasProfile = header.profile.isThere && !header.isProfileMade
    profileFault = header.profile.fault
    orientation = header.orientation
    hasExif = header.exif != nil
    hasXMP = header.texts.xmp != nil
    comments = header.texts.comments.map { String(decoding: $0, as: UTF8.self) }
    isCMYK = header.isCMYK
    byteCount = bytes.count
  }

  func encoded() -> Bytes {
    var writer = WireWriter()
    writer.write(format.id)
    for number in [size.width, size.height, channels, bits, byteCount, paletteSize] { writer.write(number) }
    for flag in [isProgressive, hasProfile, hasExif, hasXMP, isCMYK] { writer.write(flag) }
    writer.write(subsampling)
    writer.write(codingWord)
    writer.write(UInt32(comments.count))
    for comment in comments { writer.write(comment) }
    writer.write(orientation.rawValue)
    writer.write(profileFault ?? "")
    return writer.bytes
  }

  init(from reader: inout WireReader, codecs: Codecs) throws(WireError) {
    guard let format = codecs.format(named: try reader.readString()) else { throw WireError("an unknown image format") }
    self.format = format
    size = PixelSize(try reader.read(), try reader.read())
    channels = try reader.read()
    bits = try reader.read()
    byteCount = try reader.read()
    paletteSize = try reader.read()
    isProgressive = try reader.readBool()
    hasProfile = try reader.readBool()
    hasExif = try reader.readBool()
    hasXMP = try reader.readBool()
    isCMYK = try reader.readBool()
    subsampling = try reader.readString()
    codingWord = try reader.readString()
    comments = []
    for _ in 0..<(try reader.read(UInt32.self)) { comments.append(try reader.readString()) }
    guard let orientation = Orientation(rawValue: try reader.read()) else { throw WireError("an unknown orientation") }
    self.orientation = orientation
    let fault = try reader.readString()
    profileFault = fault.isEmpty ? nil : fault
  }
}
