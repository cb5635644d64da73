import CCodecs
import LanesCore

/// Decodes a JPEG in memory. CMYK becomes RGB; warnings of the library are errors.
final class JPEGDecoder: ImageDecoder {
  let header: ImageHeader
  private let decoder: OpaquePointer
  private let context: CodecContext
  private var shape: RowShape

  /// - Parameter bytes: must outlive the decoder.
  init(_ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext) throws(UnitFailure) {
    // `header` is C's memory until `ImageHeader` has copied what it needs.
    var limits = context.limits(options)
    var header = ccodecs_header()
    var result = ccodecs_result()
    let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
    guard let decoder = ccodecs_jpeg_open(start, bytes.count, &limits, &header, &result) else {
      if result.status == ccodecs_too_large {
        throw tooManyPixels("the header says", header.image.shape.size, limit: options.maxPixels)
      }
      throw context.failure(from: result, format: .jpeg)
    }
    // Before anything is decoded: a decoder cannot be changed in the middle of an image.
    if context.usesLibrary { ccodecs_jpeg_use_library(decoder) }
    self.decoder = decoder
    self.context = context
    var known = ImageHeader(header)
    // libjpeg would save only the kinds of segments that it was told of, and takes a broken profile for damage of the image.
    // The file is in memory, so that one walk finds them all.
    let segments = JPEGSegments(bytes)
    known.texts = ImageTexts(jpeg: segments)
    known.profile = EmbeddedProfile(jpeg: segments)
    known.exif = segments.exif
    if case .converted = known.colors(options), known.isCMYK { ccodecs_jpeg_use_inks(decoder) }
    self.header = known
    shape = self.header.shape
  }

  deinit { ccodecs_jpeg_close(decoder) }

  var damage: String? { ccodecs_jpeg_damage(decoder).map { String(cString: $0) } }

  /// libjpeg has one scale for both directions and takes the larger; the scaled decoder has one for each.
  func start(at scale: inout DecodeScale) throws(UnitFailure) -> RowShape {
    var image = ccodecs_image()
    var result = ccodecs_result()
    var found = scale.asC
    try check(ccodecs_jpeg_start(decoder, &found, &image, &result), result)
    scale = DecodeScale(found)
    shape = image.shape
    return shape
  }

  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws(UnitFailure) {
    var result = ccodecs_result()
    try check(ccodecs_jpeg_read(decoder, rows, shape.bytesPerRow, Int32(count), &result), result)
  }

  /// Reads up to EOI: what a truncated file lacks shows here at the latest.
  func finish() throws(UnitFailure) {
    var result = ccodecs_result()
    try check(ccodecs_jpeg_finish(decoder, &result), result)
  }

  private func check(_ succeeded: Bool, _ result: ccodecs_result) throws(UnitFailure) {
    if !succeeded { throw context.failure(from: result, format: .jpeg) }
  }
}
