import CCodecs
import LanesCore

/// Encodes rows of any shape as a PNG of the same depth, or rows of stored samples as `storage` says; not interlaced.
final class PNGEncoder: RowSink {
  private let encoder: OpaquePointer
  private let context: CodecContext

  init(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, storage: ccodecs_png_storage? = nil,
    context: CodecContext
  ) throws(UnitFailure) {
    var metadata = metadata
    metadata.profile = metadata.profile.map(ICCProfile.trimmed)
    var image = ccodecs_image(shape)
    let filter = options.pngFilter.flatMap(ConvertOptions.PNGFilter.allCases.firstIndex) ?? -1
    var settings = ccodecs_png_settings(
      level: Int32(options.pngLevel ?? ConvertOptions.defaultPNGLevel), filter: Int32(filter), storage: nil)
    var sink = context.sink
    var result = ccodecs_result()
    let create = { [metadata] (settings: inout ccodecs_png_settings) in
      metadata.withC { ccodecs_png_create(&image, &settings, $0, &sink, &result) }
    }
    var encoder: OpaquePointer?
    if let storage {
      encoder = withUnsafePointer(to: storage) {
        settings.storage = $0
        return create(&settings)
      }
    } else {
      encoder = create(&settings)
    }
    guard let encoder else { throw context.failure(from: result, format: .png) }
    self.encoder = encoder
    self.context = context
  }

  deinit { ccodecs_png_destroy(encoder) }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    try context.deadline.check()
    var result = ccodecs_result()
    if !ccodecs_png_write(encoder, row, &result) { throw context.failure(from: result, format: .png) }
  }

  func finish() throws(UnitFailure) {
    var result = ccodecs_result()
    if !ccodecs_png_complete(encoder, &result) { throw context.failure(from: result, format: .png) }
  }
}
