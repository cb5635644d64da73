import CCodecs
import LanesCore

/// Encodes rows of any shape as a PNG of the same depth, or rows of stored samples as `storage` says; not interlaced.
final class PNGEncoder: RowSink {
  private let encoder: OpaquePointer
  private let context: CodecContext

  /// Writes everything that stands before the pixels.
  ///
  /// - Parameters:
  ///   - shape: of the rows; with `storage`, as a decoder of stored samples has it.
  ///   - storage: the palette, depth and transparent color that rows of stored samples belong to; nil for plain samples.
  init(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, storage: ccodecs_png_storage? = nil,
    context: CodecContext
  ) throws(UnitFailure) {
    // libpng refuses a profile that is longer than it says of itself.
    var metadata = metadata
    metadata.profile = metadata.profile.map(ICCProfile.trimmed)
    var image = ccodecs_image(shape)
    // -1 leaves the choice to C: adaptive, or none for a palette or few bits (PNG specification, 12.7).
    let filter = options.pngFilter.flatMap(ConvertOptions.PNGFilter.allCases.firstIndex) ?? -1
    var settings = ccodecs_png_settings(
      level: Int32(options.pngLevel ?? ConvertOptions.defaultPNGLevel), filter: Int32(filter), storage: nil)
    var sink = context.sink
    var result = ccodecs_result()
    let create = { [metadata] (settings: inout ccodecs_png_settings) in
      metadata.withC { ccodecs_png_create(&image, &settings, $0, &sink, &result) }
    }
    var encoder: OpaquePointer?
    // The settings hold a pointer to the storage, which C reads while it creates the encoder only.
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

  /// Compresses the next row. It asks for the deadline, since a stage before it may hand on a whole image at its end.
  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    try context.deadline.check()
    var result = ccodecs_result()
    if !ccodecs_png_write(encoder, row, &result) { throw context.failure(from: result, format: .png) }
  }

  /// Ends the file; the pixels are compressed with the last row.
  func finish() throws(UnitFailure) {
    var result = ccodecs_result()
    if !ccodecs_png_complete(encoder, &result) { throw context.failure(from: result, format: .png) }
  }
}
