import CCodecs
import LanesCore

/// What is written beside the pixels.
struct ImageMetadata {
  var profile: Bytes?
  /// A TIFF structure, as PNG's eXIf holds it.
  var exif: Bytes?
  /// Goes into a PNG when there is no profile.
  var colour = ccodecs_colour()

  /// Nothing.
  init() {}

  /// Keeps of `header` what `options` ask for and what fits rows of `shape`; a turned image is said to be upright.
  init(of header: ImageHeader, options: ConvertOptions, output shape: RowShape) {
    if options.metadata != .none, let profile = header.profile, Self.describes(profile, shape) {
      self.profile = profile
    }
    if options.metadata != .none { colour = header.colour }
    if options.metadata == .all, var exif = header.exif {
      if options.autoOrient { exif.resetOrientation() }
      self.exif = exif.bytes
    }
  }

  /// A profile names its colour space in bytes 16…19 (ICC.1:2022, 7.2.8).
  private static func describes(_ profile: Bytes, _ shape: RowShape) -> Bool {
    guard profile.count >= 128 else { return false }
    return profile[16..<20].elementsEqual((shape.lanes == 4 ? "RGB " : "GRAY").utf8)
  }

  /// Lends the bytes to C for the length of a call.
  func withC<Result>(_ body: (UnsafePointer<ccodecs_metadata>) -> Result) -> Result {
    (profile ?? []).withUnsafeBufferPointer { profileBytes in
      (exif ?? []).withUnsafeBufferPointer { exifBytes in
        var metadata = ccodecs_metadata(
          icc: profile == nil ? nil : profileBytes.baseAddress, exif: exif == nil ? nil : exifBytes.baseAddress,
          icc_size: profileBytes.count, exif_size: exifBytes.count, colour: colour)
        return body(&metadata)
      }
    }
  }
}
