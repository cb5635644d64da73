import CCodecs
import CWebP
import LanesCore

/// Encodes rows of 1, 2 or 4 channels of 8 bits as a WebP, which has colors whatever the rows have.
final class WebPEncoder: RowSink {
  /// The most pixels in each direction (RFC 9649, 2.5).
  static let maxSide = Int(cwebp_max_side)

  private let encoder: OpaquePointer
  private let context: CodecContext
  private let metadata: ImageMetadata

  /// - Parameter shape: of the rows, as `WebPCodec.outputShape` makes it.
  /// - Throws: `.rejected` for an image with a side above `maxSide`.
  init(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) {
    guard max(shape.size.width, shape.size.height) <= Self.maxSide else {
      let size = "\(shape.size.width) \(Glyphs.times) \(shape.size.height)"
      throw UnitFailure(
        .rejected, "its result has \(size) pixels, and a WebP holds at most \(Self.maxSide) in each direction")
    }
    var image = ccodecs_image(shape)
    var settings = cwebp_settings(
      quality: Int32(options.quality ?? ConvertOptions.defaultQuality),
      effort: Int32(min(options.effort ?? WebPCodec.defaultEffort, WebPCodec.efforts.upperBound)),
      lossless: options.lossless == .all)
    var limits = context.limits(maxPixels: options.maxPixels)
    var result = ccodecs_result()
    guard let encoder = cwebp_create(&image, &settings, &limits, &result) else {
      throw context.failure(ofEncoding: result)
    }
    self.encoder = encoder
    self.context = context
    self.metadata = metadata
  }

  deinit { cwebp_destroy(encoder) }

  /// Keeps the next row. It asks for the deadline, since a stage before it may hand on a whole image at its end.
  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    try context.deadline.check()
    var result = ccodecs_result()
    if !cwebp_write(encoder, row, &result) { throw context.failure(ofEncoding: result) }
  }

  /// Encodes all rows, and writes the file with what describes it.
  func finish() throws(UnitFailure) {
    var result = ccodecs_result()
    var start: UnsafePointer<UInt8>?
    var count = 0
    guard cwebp_complete(encoder, &start, &count, &result) else { throw context.failure(ofEncoding: result) }
    let file = UnsafeRawBufferPointer(start: start, count: count)
    guard let layout = WebPLayout(file) else { throw UnitFailure(.rejected, "libwebp made no WebP of it") }
    try context.output.append(webp: file, layout, metadata)
  }
}
