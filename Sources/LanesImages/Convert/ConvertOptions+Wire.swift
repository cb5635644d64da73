import LanesCore

/// How options travel to a worker process: one field after the other, in the same order both ways. Both ends are the same
/// program, so that there is neither a version nor a field to skip.
extension ConvertOptions {
  /// Writes all fields; `init(from:codecs:)` reads them back.
  func describe(to writer: inout WireWriter) {
    writer.write(format.name)
    writer.write(UInt32(formats.count))
    for format in formats { writer.write(format.name) }
    // A flag says whether a value follows.
    writer.write(resize != nil)
    if let resize { writer.write(resize) }
    writer.write(UInt32(sizes.count))
    for size in sizes { writer.write(size) }
    writer.write(fit.rawValue)
    writer.write(gravity.rawValue)
    writer.write(filter.rawValue)
    writer.write(linearLight)
    writer.write(sharpen != nil)
    if let sharpen { writer.write(sharpen) }
    writer.write(crop != nil)
    if let crop { writer.write(crop) }
    writer.write(turn.rawValue)
    writer.write(grayscale)
    writer.write(enlarge)
    writer.write(optional: quality)
    writer.write(optional: effort)
    writer.write(lossless?.rawValue ?? "")
    writer.write(UInt32(formatQuality.count))
    // In order, since runs and plans are told apart by these bytes.
    for (format, quality) in formatQuality.sorted(by: { $0.key < $1.key }) {
      writer.write(format)
      writer.write(quality)
    }
    writer.write(optional: maxBytes)
    writer.write(ifLarger.rawValue)
    writer.write(optional: preview)
    writer.write(progressive)
    writer.write(optional: subsampling?.rawValue)
    writer.write(optimizeCoding)
    writer.write(optional: pngLevel)
    writer.write(pngFilter?.rawValue ?? "")
    writer.write(optional: pngDepth)
    writer.write(salvage)
    for channel in [background.red, background.green, background.blue] { writer.write(channel) }
    writer.write(metadata.rawValue)
    writer.write(profile.rawValue)
    writer.write(intent.rawValue)
    writer.write(autoOrient)
    writer.write(maxPixels)
  }

  /// - Throws: `WireError` for bytes that `describe` did not write, such as a value that an enumeration does not have.
  init(from reader: inout WireReader, codecs: Codecs) throws(WireError) {
    format = try Self.known(Format(try reader.readString(), in: codecs))
    for _ in 0..<(try reader.read(UInt32.self)) {
      formats.append(try Self.known(Format(try reader.readString(), in: codecs)))
    }
    resize = try reader.readBool() ? try reader.readResizeSpec() : nil
    for _ in 0..<(try reader.read(UInt32.self)) { sizes.append(try reader.readResizeSpec()) }
    fit = try Self.known(Fit(rawValue: try reader.readString()))
    gravity = try Self.known(Gravity(rawValue: try reader.readString()))
    filter = try Self.known(ResampleFilter(rawValue: try reader.readString()))
    linearLight = try reader.readBool()
    sharpen = try reader.readBool() ? try reader.readDouble() : nil
    crop = try reader.readBool() ? try reader.readCropSpec() : nil
    turn = try Self.known(Orientation(rawValue: try reader.read()))
    grayscale = try reader.readBool()
    enlarge = try reader.readBool()
    quality = try reader.readOptional()
    effort = try reader.readOptional()
    let lossless = try reader.readString()
    self.lossless = lossless.isEmpty ? nil : try Self.known(Lossless(rawValue: lossless))
    for _ in 0..<(try reader.read(UInt32.self)) { formatQuality[try reader.readString()] = try reader.read() }
    maxBytes = try reader.readOptional()
    ifLarger = try Self.known(IfLarger(rawValue: try reader.readString()))
    preview = try reader.readOptional()
    progressive = try reader.readBool()
    subsampling =
      if let raw = try reader.readOptional(Int.self) { try Self.known(Subsampling(rawValue: raw)) } else { nil }
    optimizeCoding = try reader.readBool()
    pngLevel = try reader.readOptional()
    // No row filter has an empty name, which stands for none given.
    let filter = try reader.readString()
    pngFilter = filter.isEmpty ? nil : try Self.known(PNGFilter(rawValue: filter))
    pngDepth = try reader.readOptional()
    salvage = try reader.readBool()
    background = RGBColor(red: try reader.read(), green: try reader.read(), blue: try reader.read())
    metadata = try Self.known(Metadata(rawValue: try reader.readString()))
    profile = try Self.known(Profile(rawValue: try reader.readString()))
    intent = try Self.known(Intent(rawValue: try reader.readString()))
    autoOrient = try reader.readBool()
    maxPixels = try reader.read()
  }

  private static func known<Value>(_ value: Value?) throws(WireError) -> Value {
    guard let value else { throw WireError("an unknown option of an image conversion") }
    return value
  }
}
