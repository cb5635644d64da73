import CCodecs
import LanesCore

/// Decodes a PNG in memory, by libpng alone or with a decoder of our own for the pixels; palettes, few bits and tRNS become plain channels. An interlaced image is held whole.
final class PNGDecoder: ImageDecoder {
  let header: ImageHeader
  private let decoder: OpaquePointer
  private let context: CodecContext

  /// - Parameters:
  ///   - bytes: must outlive the decoder.
  ///   - stored: hands out samples as they are stored, indices into a palette too, one to a byte where they are smaller.
  init(
    _ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext, stored: Bool = false
  ) throws(UnitFailure) {
    var limits = context.limits(options)
    limits.stored = stored
    var header = ccodecs_header()
    var result = ccodecs_result()
    let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
    guard let decoder = ccodecs_png_open(start, bytes.count, &limits, &header, &result) else {
      if result.status == ccodecs_too_large {
        throw tooManyPixels("the header says", header.image.shape.size, limit: options.maxPixels)
      }
      throw context.failure(from: result, format: .png)
    }
    self.decoder = decoder
    self.context = context
    var known = ImageHeader(header)
    known.isLossless = true
    let chunks = PNGChunks(bytes)
    known.texts = ImageTexts(png: chunks)
    // libpng leaves out a profile that it objects to without a word to the caller; the chunk is still there.
    if !known.profile.isThere { known.profile = EmbeddedProfile(refusedIn: chunks) }
    // libpng hands out only what stands before the pixels.
    known.exif = known.exif ?? chunks.chunks.first { $0.name == "eXIf" }.flatMap { Exif(Bytes($0.bytes)) }
    self.header = known
  }

  deinit { ccodecs_png_close(decoder) }

  var damage: String? { ccodecs_png_damage(decoder).map { String(cString: $0) } }

  /// How the file holds its samples.
  var storage: ccodecs_png_storage {
    var storage = ccodecs_png_storage()
    ccodecs_png_storage(decoder, &storage)
    return storage
  }

  /// A PNG is always decoded whole: every row is predicted from the one above it (PNG specification, 9).
  func start(at scale: inout DecodeScale) -> RowShape {
    scale = .full
    return header.shape
  }

  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws(UnitFailure) {
    var result = ccodecs_result()
    let succeeded = ccodecs_png_read(decoder, rows, header.shape.bytesPerRow, Int32(count), &result)
    if !succeeded { throw context.failure(from: result, format: .png) }
  }

  /// Reads up to IEND, checksums of the chunks after the pixels included.
  func finish() throws(UnitFailure) {
    var result = ccodecs_result()
    if !ccodecs_png_finish(decoder, &result) { throw context.failure(from: result, format: .png) }
  }
}
