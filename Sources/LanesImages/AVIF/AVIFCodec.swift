import CAV1
import LanesCore

/// AVIF: lossy or without loss, alpha; 8, 10 and 12 bits are read and 8 written. Pictures are decoded and encoded by libaom, where
/// that was there when the program was built; everything around them is read and written here.
///
/// Source: AV1 Image File Format (AVIF) 1.1.
struct AVIFCodec: Codec {
  /// libaom's speed is 9 less the effort. avifenc's default is speed 6.
  static let defaultEffort = 3
  static let efforts = 0...9
  /// What avifenc 1.0 and later take. Over seven photographs at 1024 pixels the SSIM is 0.986 then, with a third of the bytes of
  /// JPEGs of quality 80, whose SSIM is 0.988.
  static let defaultQuality = 60

  let id = "avif"
  let name = "AVIF"
  let suffixes = ["avif"]
  let traits = CodecTraits(alpha: true, deepest: 8, profile: true, exif: true)
  let library = "libaom"

  var isBuilt: Bool { cav1_version() != nil }

  var libraries: [(name: String, version: String)] { [("libaom", cav1_version().map { String(cString: $0) } ?? "")] }

  let signatureLength = AVIFLayout.signatureLength

  func recognizes(_ start: UnsafeRawBufferPointer) -> Bool { AVIFLayout.recognizes(start) }

  func probe(_ head: FileHead) -> ImageProbe? {
    guard let layout = AVIFLayout.probe(head) else { return nil }
    let isWide = layout.configuration.depth > 8
    let channels = layout.configuration.isMonochrome ? (layout.alpha == nil ? 1 : 2) : 4
    var probe = ImageProbe(
      format: .avif, size: layout.window.size, orientation: layout.orientation,
      bytesPerPixel: channels * (isWide ? 2 : 1),
      isHeldWhole: true)
    // Measured with 4:4:4: planes with their margins, and what libaom keeps of each block of 4 × 4; a grid is copied from its tiles.
    let samples = layout.color == layout.firstTile ? 16 : 8
    let pictures = layout.alpha == nil ? 1 : 2
    probe.decoderExtra = layout.size.area &* (pictures * (isWide ? 2 * samples : samples))
    return probe
  }

  func openDecoder(
    _ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any ImageDecoder { try AVIFDecoder(bytes, options: options, context: context) }

  func storage(of bytes: UnsafeRawBufferPointer, _ header: ImageHeader) -> StoredForm {
    guard let configuration = (try? AVIFLayout(bytes))?.configuration else {
      return StoredForm(bits: header.shape.depth)
    }
    let sampling =
      configuration.isMonochrome
      ? "" : configuration.shiftY == 1 ? "4:2:0" : configuration.shiftX == 1 ? "4:2:2" : "4:4:4"
    return StoredForm(bits: configuration.depth, subsampling: sampling, coding: "AV1")
  }

  func settings(in options: ConvertOptions) -> [EncoderSetting] {
    [
      EncoderSetting("--quality", options.quality, in: 1...100),
      EncoderSetting("--effort", options.effort, in: Self.efforts),
      EncoderSetting("--subsampling", isGiven: options.subsampling != nil),
      EncoderSetting(options.lossless?.option ?? "--lossless", isGiven: options.lossless != nil),
    ]
  }

  func smallerSteps(than options: ConvertOptions) -> [EncoderStep] {
    options.lossless == .all ? [] : EncoderStep.qualities(below: options.quality ?? Self.defaultQuality)
  }

  /// XMP. Comments have no place in an AVIF.
  func blocks(for texts: ImageTexts, from input: ImageFormat) -> [MetadataBlock] {
    texts.xmp.map { [MetadataBlock(name: AVIFWriter.xmpName, bytes: $0)] } ?? []
  }

  func makeEncoder(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any RowSink {
    try AVIFEncoder(shape, metadata: metadata, options: options, context: context)
  }

  func move(
    _ input: UnsafeRawBufferPointer, _ header: ImageHeader, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> ConvertedImage? {
    try StoredAVIF(of: input, header, options: options, context: context)?.run(input)
  }

  /// Planes of 1.5 to 4 bytes a pixel, and what libaom holds beside them, as measured; see `cav1_most_repeating`.
  func encodingMemory(pixels: Int, bytesPerPixel: Int, options: ConvertOptions) -> Int {
    pixels * (pixels <= Int(cav1_most_repeating) ? 84 : 24)
  }
}

extension UnitFailure {
  /// What a fault of a file means for its unit.
  init(_ fault: AVIFFault) {
    switch fault {
    case .damaged(let clause): self.init(.rejected, "its AVIF data is damaged (\(clause))")
    case .unsupported(let kind): self.init(.rejected, "it is \(kind), which lanes cannot read")
    case .truncated: self.init(.rejected, "it ends inside the image data")
    case .unit(let failure): self = failure
    }
  }
}

extension cav1_result {
  var text: String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
