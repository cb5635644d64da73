import CCodecs
import LanesCore

/// PNG: lossless, 8 or 16 bits, alpha. libpng reads and writes what stands around the pixels, and reads
/// interlaced ones; other pixels are inflated here and deflated by libdeflate.
///
/// Source: PNG specification, third edition.
struct PNGCodec: Codec {
  let id = "png"
  let name = "PNG"
  let suffixes = ["png"]
  let traits = CodecTraits(
    alpha: true, deepest: 16, profile: true, exif: true, namesSRGB: true, progressiveWord: "interlaced")

  var libraries: [(name: String, version: String)] {
    [("libpng", String(cString: ccodecs_png_version())), ("zlib", String(cString: ccodecs_zlib_version()))]
  }

  let signatureLength = 8

  /// PNG, 5.2.
  func recognizes(_ start: UnsafeRawBufferPointer) -> Bool {
    start.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
  }

  /// IHDR stands at a fixed place; its last byte tells of interlacing (PNG, 11.2.1).
  func probe(_ head: FileHead) -> ImageProbe? {
    guard let width = head.number(at: 16, count: 4), let height = head.number(at: 20, count: 4),
      let depth = head.number(at: 24, count: 1), let kind = head.number(at: 25, count: 1),
      let interlacing = head.number(at: 28, count: 1)
    else { return nil }
    let channels = kind == 0 ? 1 : kind == 4 ? 2 : 4
    var probe = ImageProbe(
      format: .png, size: PixelSize(width, height), bytesPerPixel: channels * (depth == 16 ? 2 : 1),
      isHeldWhole: interlacing != 0)
    probe.isLossless = true
    return probe
  }

  func openDecoder(
    _ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any ImageDecoder { try PNGDecoder(bytes, options: options, context: context) }

  /// The depth follows width and height (PNG, 11.2.1).
  func storage(of bytes: UnsafeRawBufferPointer, _ header: ImageHeader) -> StoredForm {
    StoredForm(bits: Int(bytes[24]), paletteSize: PNGChunks(bytes).palettes)
  }

  func settings(in options: ConvertOptions) -> [EncoderSetting] {
    [
      EncoderSetting("--png-level", options.pngLevel, in: 0...12),
      EncoderSetting("--png-filter", isGiven: options.pngFilter != nil),
      EncoderSetting("--png-depth", isGiven: options.pngDepth != nil),
    ]
  }

  /// The strongest compression alone: levels between differ by a few hundredths.
  func smallerSteps(than options: ConvertOptions) -> [EncoderStep] {
    options.pngLevel == 12 ? [] : [.level(12)]
  }

  func outputShape(of rows: RowShape, options: ConvertOptions) -> RowShape {
    var shape = rows
    if let depth = options.pngDepth { shape.depth = depth }
    return shape
  }

  /// XMP of any image; comments of another one, since a PNG's are among its other texts, which are kept as they are.
  func blocks(for texts: ImageTexts, from input: ImageFormat) -> [MetadataBlock] {
    var blocks: [MetadataBlock] = []
    if let xmp = texts.xmp { blocks.append(PNGText.block(PNGText.xmpKeyword, xmp)) }
    guard input != .png else { return blocks + texts.blocks }
    for comment in texts.comments {
      if let text = Self.readable(comment) { blocks.append(PNGText.block(PNGText.commentKeyword, text)) }
    }
    return blocks
  }

  /// A comment in UTF-8, which most are; the others are taken for Latin-1. Up to the first NUL, which PNG forbids (11.3.3).
  private static func readable(_ comment: Bytes) -> Bytes? {
    let text = Bytes(comment.prefix { $0 != 0 })
    guard !text.isEmpty else { return nil }
    return String(validating: text, as: UTF8.self) != nil ? text : Bytes(PNGText.fromLatin1(text).utf8)
  }

  func makeEncoder(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any RowSink {
    if options.pngLevel == 12, shape.bytesPerRow * shape.size.height <= ReducedPNGEncoder.mostBytes {
      return try ReducedPNGEncoder(shape, metadata: metadata, options: options, context: context)
    }
    return try PNGEncoder(shape, metadata: metadata, options: options, context: context)
  }

  func move(
    _ input: UnsafeRawBufferPointer, _ header: ImageHeader, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> ConvertedImage? {
    try StoredPNG(of: input, header, options: options, context: context)?.run()
  }

  /// A byte for each byte of rows at most likely for the result, and what the encoder holds of rows at a time, twice or at
  /// level 12 five times: up to 2 MiB, or a row. From 9 on libdeflate looks for the best among many ways, for which it takes 9 MiB.
  /// Before an image is reduced it is held whole, then also as indices, and so are two files of which one is the result.
  func encodingMemory(pixels: Int, bytesPerPixel: Int, options: ConvertOptions) -> Int {
    let level = options.pngLevel ?? ConvertOptions.defaultPNGLevel
    let held = min(pixels * bytesPerPixel, 2 << 20) * (level == 12 ? 5 : 2)
    let isReduced = level == 12 && pixels * bytesPerPixel <= ReducedPNGEncoder.mostBytes
    return pixels * bytesPerPixel * (isReduced ? 5 : 1) + held + (level >= 9 ? 9 << 20 : 0)
  }
}
