import CCodecs
import LanesCore

/// Decodes a PNG in memory; palettes, few bits and tRNS become plain lanes. An interlaced image is held whole.
final class PNGDecoder: ImageDecoder {
  let header: ImageHeader
  private let decoder: OpaquePointer
  private let context: CodecContext

  /// - Parameter bytes: must outlive the decoder.
  init(_ bytes: UnsafeRawBufferPointer, maxPixels: Int, context: CodecContext) throws(UnitFailure) {
    var limits = context.limits(maxPixels: maxPixels)
    var header = ccodecs_header()
    var result = ccodecs_result()
    let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
    guard let decoder = ccodecs_png_open(start, bytes.count, &limits, &header, &result) else {
      if result.status == ccodecs_too_large {
        throw tooManyPixels("the header says", header.image.shape.size, limit: maxPixels)
      }
      throw context.failure(from: result, format: .png)
    }
    self.decoder = decoder
    self.context = context
    self.header = ImageHeader(header)
  }

  deinit { ccodecs_png_close(decoder) }

  func start(eighths: Int) -> RowShape { header.shape }

  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws(UnitFailure) {
    var result = ccodecs_result()
    let succeeded = ccodecs_png_read(decoder, rows, header.shape.bytesPerRow, Int32(count), &result)
    if !succeeded { throw context.failure(from: result, format: .png) }
  }

  func finish() throws(UnitFailure) {
    var result = ccodecs_result()
    if !ccodecs_png_finish(decoder, &result) { throw context.failure(from: result, format: .png) }
  }
}
