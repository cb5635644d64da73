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
    if context.usesLibrary { ccodecs_jpeg_use_library(decoder) }
    self.decoder = decoder
    self.context = context
    var known = ImageHeader(header)
    let segments = JPEGSegments(bytes)
    known.texts = ImageTexts(jpeg: segments)
    known.profile = EmbeddedProfile(jpeg: segments)
    self.header = known
    shape = self.header.shape
  }

  deinit { ccodecs_jpeg_close(decoder) }

  var damage: String? { ccodecs_jpeg_damage(decoder).map { String(cString: $0) } }

  func start(eighths: Int) throws(UnitFailure) -> RowShape {
    var image = ccodecs_image()
    var result = ccodecs_result()
    try check(ccodecs_jpeg_start(decoder, Int32(eighths), &image, &result), result)
    shape = image.shape
    return shape
  }

  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws(UnitFailure) {
    var result = ccodecs_result()
    try check(ccodecs_jpeg_read(decoder, rows, shape.bytesPerRow, Int32(count), &result), result)
  }

  func finish() throws(UnitFailure) {
    var result = ccodecs_result()
    try check(ccodecs_jpeg_finish(decoder, &result), result)
  }

  private func check(_ succeeded: Bool, _ result: ccodecs_result) throws(UnitFailure) {
    if !succeeded { throw context.failure(from: result, format: .jpeg) }
  }

  /// The smallest M of the scale M/8 that leaves at least twice the target in both directions, so that the
  /// resampler still decides what is seen; 8 when none does.
  static func eighths(from size: PixelSize, to target: PixelSize) -> Int {
    // libjpeg rounds scaled sizes up (jdmaster.c); twice the target must be there before rounding.
    (1...7).first { size.width * $0 >= target.width * 16 && size.height * $0 >= target.height * 16 } ?? 8
  }
}
