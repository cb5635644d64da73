import CCodecs
import LanesCore

/// A WebP of which only the metadata changes: its coded pixels are the result's.
struct StoredWebP {
  private let options: ConvertOptions
  private let context: CodecContext
  private let decoder: WebPDecoder
  private let layout: WebPLayout
  private let geometry: Geometry

  /// nil when pixels move or change, an encoder's option is given, or nothing is asked at all.
  init?(of input: UnsafeRawBufferPointer, _ header: ImageHeader, options: ConvertOptions, context: CodecContext)
    throws(UnitFailure)
  {
    let isEncoded = ImageFormat.webp.codec.settings(in: options).contains(where: \.isGiven)
    guard options.outputFormat(for: .webp) == .webp, !isEncoded, !options.salvage else { return nil }
    geometry = try Geometry(of: header, options: options)
    guard geometry.keepsPicture(of: header, options), !header.meets(options, .webp, geometry),
      let layout = WebPLayout(input), layout.pictures.allSatisfy({ $0.upperBound <= input.count })
    else { return nil }
    decoder = try WebPDecoder(input, options: options, context: context)
    self.layout = layout
    self.options = options
    self.context = context
  }

  /// Writes `input`, the bytes of the image, with its new metadata, once it is decoded to its end: damage must not pass.
  func run(_ input: UnsafeRawBufferPointer) throws(UnitFailure) -> ConvertedImage {
    let header = decoder.header
    var scale = DecodeScale.full
    try decodeRows(of: decoder, as: try decoder.start(at: &scale), into: nil)
    let metadata = ImageMetadata(
      of: header, .webp, options: options, output: header.shape, .webp, keepsThumbnail: true)
    try context.output.append(webp: input, layout, metadata)
    var report = ConvertedImage(
      inputSize: header.shape.size, outputSize: header.shape.size, formats: (.webp, .webp), orientation: geometry.turn)
    report.method = .lossless
    report.note(header.colors(options))
    report.remark = header.remark(options)
    report.byteCount = context.output.count
    return report
  }
}
