import CCodecs
import CWebP
import LanesCore

/// Decodes a WebP in memory; all its pixels are held, since libwebp gives them whole.
final class WebPDecoder: ImageDecoder {
  let header: ImageHeader
  private let decoder: OpaquePointer
  private let context: CodecContext
  /// The file says that it has more bytes than there are.
  private let isCutOff: Bool
  private let salvages: Bool

  /// - Parameter bytes: must outlive the decoder.
  /// - Throws: `.rejected` for an animation, which is told how to become a still image.
  init(_ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext) throws(UnitFailure) {
    let layout = WebPLayout(bytes)
    if let layout, layout.isAnimated { throw Self.refusal(ofAnimation: layout) }
    var limits = context.limits(options)
    var found = cwebp_header()
    var result = ccodecs_result()
    let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
    guard let decoder = cwebp_open(start, bytes.count, &limits, &found, &result) else {
      if result.status == ccodecs_too_large {
        throw tooManyPixels("the header says", found.image.shape.size, limit: options.maxPixels)
      }
      throw context.failure(from: result, format: .webp)
    }
    self.decoder = decoder
    self.context = context
    salvages = options.salvage
    isCutOff = layout.map { $0.end > bytes.count } ?? true
    var known = ImageHeader(found.image.shape)
    known.isLossless = found.lossless
    if let layout {
      func chunk(_ range: Range<Int>?) -> Bytes? {
        range.flatMap { $0.upperBound <= bytes.count ? Bytes(bytes[$0]) : nil }
      }
      if let profile = chunk(layout.profile) {
        known.profile = ICCProfile.fault(of: profile).map(EmbeddedProfile.broken) ?? .whole(profile)
      }
      known.exif = chunk(layout.exif).flatMap(WebPLayout.exif)
      known.texts.xmp = chunk(layout.xmp)
    }
    header = known
  }

  deinit { cwebp_close(decoder) }

  var damage: String? { cwebp_damage(decoder).map { String(cString: $0) } ?? (isCutOff ? Self.cutOff : nil) }

  private static let cutOff = "it ends too early"

  /// A WebP is always decoded whole: libwebp's scaled decoding averages samples, and the resampler does better.
  func start(at scale: inout DecodeScale) throws(UnitFailure) -> RowShape {
    scale = .full
    var result = ccodecs_result()
    try check(cwebp_start(decoder, &result), result)
    return header.shape
  }

  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws(UnitFailure) {
    var result = ccodecs_result()
    try check(cwebp_read(decoder, rows, header.shape.bytesPerRow, Int32(count), &result), result)
  }

  /// Decodes to the end; a file that lacks what follows the image is damaged, too.
  func finish() throws(UnitFailure) {
    var result = ccodecs_result()
    try check(cwebp_finish(decoder, &result), result)
    if isCutOff, !salvages { throw UnitFailure(.rejected, Self.cutOff) }
  }

  private func check(_ succeeded: Bool, _ result: ccodecs_result) throws(UnitFailure) {
    if !succeeded { throw context.failure(from: result, format: .webp) }
  }

  private static func refusal(ofAnimation layout: WebPLayout) -> UnitFailure {
    // None where a damaged file says that it is one.
    let frames = layout.frames == 0 ? "" : layout.frames == 1 ? " of 1 frame" : " of \(layout.frames) frames"
    return UnitFailure(
      .rejected,
      "it is an animated WebP\(frames), and lanes reads still images: take one out with webpmux -get frame 1 IN -o OUT"
    )
  }
}
