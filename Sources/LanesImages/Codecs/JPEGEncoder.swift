import CCodecs
import LanesCore

/// Encodes rows of 1 or 4 channels of 8 bits without alpha as a JPEG.
final class JPEGEncoder: RowSink {
  /// The format's own limit is 65,535; libjpeg's is a little lower (JPEG_MAX_DIMENSION).
  static let maxSide = 65_500

  private let encoder: OpaquePointer
  private let context: CodecContext

  /// Writes everything that stands before the first scan.
  ///
  /// - Parameter shape: of the rows, as `JPEGCodec.outputShape` makes it. A fourth channel is ignored.
  /// - Throws: `.rejected` for an image with a side above `maxSide`.
  init(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) {
    guard max(shape.size.width, shape.size.height) <= Self.maxSide else {
      let size = "\(shape.size.width) \(Glyphs.times) \(shape.size.height)"
      throw UnitFailure(.rejected, "its result has \(size) pixels, and a JPEG holds at most 65500 in each direction")
    }
    var image = ccodecs_image(shape)
    var settings = ccodecs_jpeg_settings(
      quality: Int32(options.quality ?? ConvertOptions.defaultQuality),
      subsampling: Int32((options.subsampling ?? .quarter).rawValue), progressive: options.progressive,
      optimize: options.optimizeCoding)
    var sink = context.sink
    var result = ccodecs_result()
    guard let encoder = metadata.withC({ ccodecs_jpeg_create(&image, &settings, $0, &sink, &result) }) else {
      throw context.failure(from: result, format: .jpeg)
    }
    self.encoder = encoder
    self.context = context
  }

  deinit { ccodecs_jpeg_destroy(encoder) }

  /// Encodes the next row, or keeps its coefficients where a second pass is to follow. It asks for the deadline, since a stage
  /// before it may hand on a whole image at its end.
  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    try context.deadline.check()
    var result = ccodecs_result()
    if !ccodecs_jpeg_write(encoder, row, &result) { throw context.failure(from: result, format: .jpeg) }
  }

  /// Encodes what is left, in the second pass all of the image, and ends the file.
  func finish() throws(UnitFailure) {
    var result = ccodecs_result()
    if !ccodecs_jpeg_complete(encoder, &result) { throw context.failure(from: result, format: .jpeg) }
  }
}
