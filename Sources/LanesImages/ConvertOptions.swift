import LanesCore

/// What is to happen to each image of a batch.
package struct ConvertOptions: Sendable, Equatable {
  package enum Format: String, Sendable, CaseIterable {
    /// The format of the input's contents.
    case same
    case jpeg, png
  }

  /// Which descriptions of an image go along with it.
  package enum Metadata: String, Sendable, CaseIterable {
    /// Colour description and Exif.
    case all
    /// The colour description only: the profile, or what a PNG says without one.
    case icc
    case none
  }

  /// How much smaller a JPEG's colour planes are than its brightness plane.
  package enum Subsampling: Int, Sendable, CaseIterable {
    /// Colour planes of full size.
    case full = 444
    /// Half the width.
    case half = 422
    /// Half the width and half the height.
    case quarter = 420
  }

  package static let defaultQuality = 85
  package static let defaultPNGLevel = 6
  package static let defaultMaxPixels = 1 << 28

  package var format = Format.same
  package var resize: ResizeSpec?
  /// Lets `resize` make images larger.
  package var enlarge = false
  /// JPEG quality 1…100; nil for the default, which also allows copying images that need no change.
  package var quality: Int?
  package var progressive = false
  /// nil for 4:2:0.
  package var subsampling: Subsampling?
  /// Smaller JPEGs, by a second pass that fits the Huffman codes to the image; progressive ones always have it.
  package var optimizeCoding = false
  /// zlib's level 0…9; nil for 6.
  package var pngLevel: Int?
  /// What shows through alpha where the output has none.
  package var background = RGBColor.white
  package var metadata = Metadata.all
  /// Turns the pixels as the Exif orientation says, and resets it.
  package var autoOrient = true
  /// Inputs and outputs of more pixels are refused.
  package var maxPixels = Self.defaultMaxPixels

  package init() {}

  func outputFormat(for input: ImageFormat) -> ImageFormat {
    switch format {
    case .same: input
    case .jpeg: .jpeg
    case .png: .png
    }
  }

  /// True when nothing is asked that would change an upright image of `format` whose size stays.
  func leavesAlone(_ format: ImageFormat) -> Bool {
    guard metadata == .all else { return false }
    return switch format {
    case .jpeg: quality == nil && subsampling == nil && !progressive && !optimizeCoding
    case .png: pngLevel == nil
    }
  }
}

extension ConvertOptions {
  func describe(to writer: inout WireWriter) {
    writer.write(format.rawValue)
    writer.write(resize != nil)
    if let resize { writer.write(resize) }
    writer.write(enlarge)
    writer.write(optional: quality)
    writer.write(progressive)
    writer.write(optional: subsampling?.rawValue)
    writer.write(optimizeCoding)
    writer.write(optional: pngLevel)
    for channel in [background.red, background.green, background.blue] { writer.write(channel) }
    writer.write(metadata.rawValue)
    writer.write(autoOrient)
    writer.write(maxPixels)
  }

  init(from reader: inout WireReader) throws(WireError) {
    format = try Self.known(Format(rawValue: try reader.readString()))
    resize = try reader.readBool() ? try reader.readResizeSpec() : nil
    enlarge = try reader.readBool()
    quality = try reader.readOptional()
    progressive = try reader.readBool()
    subsampling =
      if let raw = try reader.readOptional(Int.self) { try Self.known(Subsampling(rawValue: raw)) } else { nil }
    optimizeCoding = try reader.readBool()
    pngLevel = try reader.readOptional()
    background = RGBColor(red: try reader.read(), green: try reader.read(), blue: try reader.read())
    metadata = try Self.known(Metadata(rawValue: try reader.readString()))
    autoOrient = try reader.readBool()
    maxPixels = try reader.read()
  }

  private static func known<Value>(_ value: Value?) throws(WireError) -> Value {
    guard let value else { throw WireError("an unknown option of an image conversion") }
    return value
  }
}
