import CCodecs
import CWebP
import LanesCore

/// WebP: lossy or without loss, 8 bits, alpha. Read and written by libwebp, where that was there when the program was built;
/// the chunks around the pixels are read and written here.
///
/// Source: RFC 9649 (container and lossless coding), RFC 6386 (lossy coding).
struct WebPCodec: Codec {
  static let defaultEffort = 4
  /// What libwebp calls methods.
  static let efforts = 0...6

  let id = "webp"
  let name = "WebP"
  let suffixes = ["webp"]
  let traits = CodecTraits(alpha: true, deepest: 8, profile: true, exif: true, gray: false)
  let library = "libwebp"

  var isBuilt: Bool { cwebp_is_built() }

  var libraries: [(name: String, version: String)] {
    let version = cwebp_version()
    return [("libwebp", "\(version >> 16 & 255).\(version >> 8 & 255).\(version & 255)")]
  }

  let signatureLength = 12

  /// RFC 9649, 2.4.
  func recognizes(_ start: UnsafeRawBufferPointer) -> Bool { WebPLayout.begins(start) }

  /// libwebp holds all pixels in four channels, those of a lossless file once more while it decodes them, and those of alpha
  /// that stands apart.
  func probe(_ head: FileHead) -> ImageProbe? {
    guard let layout = WebPLayout({ head.bytes(at: $0, count: $1) }) else { return nil }
    let area = layout.size.area
    let isDouble = layout.coding == .lossless
    var probe = ImageProbe(format: .webp, size: layout.size, bytesPerPixel: 4, isHeldWhole: true)
    probe.isLossless = layout.coding == .lossless
    probe.decoderExtra = isDouble ? 4 * area : layout.hasAlpha ? 5 * area : 0
    if let exif = layout.exif, let body = head.bytes(at: exif.lowerBound, count: min(exif.count, 4096)) {
      probe.orientation = WebPLayout.exif(body)?.orientation ?? .upright
    }
    return probe
  }

  func openDecoder(
    _ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any ImageDecoder { try WebPDecoder(bytes, options: options, context: context) }

  /// Lossy files have color planes of half the width and height, always.
  func storage(of bytes: UnsafeRawBufferPointer, _ header: ImageHeader) -> StoredForm {
    StoredForm(
      bits: 8, subsampling: header.isLossless ? "" : "4:2:0", coding: header.isLossless ? "lossless" : "lossy")
  }

  func settings(in options: ConvertOptions) -> [EncoderSetting] {
    [
      EncoderSetting("--quality", options.quality, in: 1...100),
      EncoderSetting("--effort", options.effort, in: Self.efforts),
      EncoderSetting(options.lossless?.option ?? "--lossless", isGiven: options.lossless != nil),
    ]
  }

  /// XMP. Comments have no place in a WebP.
  func blocks(for texts: ImageTexts, from input: ImageFormat) -> [MetadataBlock] {
    texts.xmp.map { [MetadataBlock(name: WebPWriter.xmpName, bytes: $0)] } ?? []
  }

  func makeEncoder(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any RowSink {
    try WebPEncoder(shape, metadata: metadata, options: options, context: context)
  }

  func move(
    _ input: UnsafeRawBufferPointer, _ header: ImageHeader, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> ConvertedImage? {
    try StoredWebP(of: input, header, options: options, context: context)?.run(input)
  }

  /// Planes of 1.5 or 2.5 bytes a pixel, what is known of blocks, coded numbers, and the result; without loss, what libwebp
  /// keeps to find repetitions. Of a photograph of 3 megapixels these were 7 bytes a pixel, 14 at quality 98, and 28 without loss.
  func encodingMemory(pixels: Int, bytesPerPixel: Int, options: ConvertOptions) -> Int {
    let quality = options.quality ?? ConvertOptions.defaultQuality
    return pixels * (options.lossless == .all ? 32 : quality > 95 ? 16 : 8)
  }
}

extension CodecContext {
  /// What a failed call of an encoder means for the unit.
  func failure(ofEncoding result: ccodecs_result) -> UnitFailure {
    switch result.status {
    case ccodecs_no_memory: return UnitFailure(.resources, "there is not enough memory for it")
    case ccodecs_stopped: return failure ?? UnitFailure(.timedOut, "it was stopped")
    default: return UnitFailure(.rejected, result.text)
    }
  }
}
