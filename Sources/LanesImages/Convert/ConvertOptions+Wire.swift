import LanesCore

/// How options travel to a worker process: one field after the other, in the same order both ways. Both ends are the same
/// program, so that there is neither a version nor a field to skip.
extension ConvertOptions {
  /// Writes all fields; `init(from:codecs:)` reads them back.
  func describe(to writer: inout WireWriter) {
    writer.write(format.name)
    // A flag says whether a value follows.
    writer.write(resize != nil)
    if let resize { writer.write(resize) }
    writer.write(UInt32(sizes.count))
    for size in sizes { writer.write(size) }
    writer.write(fit.rawValue)
    writer.write(gravity.rawValue)
    writer.write(filter.rawValue)
    writer.write(linearLight)
    writer.write(crop != nil)
    if let crop { writer.write(crop) }
    writer.write(turn.rawValue)
    writer.write(grayscale)
    writer.write(enlarge)
    writer.write(optional: quality)
    writer.write(optional: effort)
    writer.write(lossless?.rawValue ?? "")
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
    resize = try reader.readBool() ? try reader.readResizeSpec() : nil
    for _ in 0..<(try reader.read(UInt32.self)) { sizes.append(try reader.readResizeSpec()) }
    fit = try Self.known(Fit(rawValue: try reader.readString()))
    gravity = try Self.known(Gravity(rawValue: try reader.readString()))
    filter = try Self.known(ResampleFilter(rawValue: try reader.readString()))
    linearLight = try reader.readBool()
    crop = try reader.readBool() ? try reader.readCropSpec() : nil
    turn = try Self.known(Orientation(rawValue: try reader.read()))
    grayscale = try reader.readBool()
    enlarge = try reader.readBool()
    quality = try reader.readOptional()
    effort = try reader.readOptional()
    let lossless = try reader.readString()
    self.lossless = lossless.isEmpty ? nil : try Self.known(Lossless(rawValue: lossless))
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
