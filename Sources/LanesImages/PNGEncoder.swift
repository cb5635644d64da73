import CCodecs
import LanesCore

/// Encodes rows of any shape as a PNG of the same depth, not interlaced.
final class PNGEncoder: RowSink {
  private let encoder: OpaquePointer
  private let context: CodecContext

  init(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) {
    var image = ccodecs_image(shape)
    let level = Int32(options.pngLevel ?? ConvertOptions.defaultPNGLevel)
    var sink = context.sink
    var result = ccodecs_result()
    guard let encoder = metadata.withC({ ccodecs_png_create(&image, level, $0, &sink, &result) }) else {
      throw context.failure(from: result, format: .png)
    }
    self.encoder = encoder
    self.context = context
  }

  deinit { ccodecs_png_destroy(encoder) }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    try context.checkpoint.pass()
    var result = ccodecs_result()
    if !ccodecs_png_write(encoder, row, &result) { throw context.failure(from: result, format: .png) }
  }

  func finish() throws(UnitFailure) {
    var result = ccodecs_result()
    if !ccodecs_png_complete(encoder, &result) { throw context.failure(from: result, format: .png) }
  }
}
