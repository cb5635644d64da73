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
    guard let geometry = try header.geometryOfCodedPicture(.webp, options), let layout = WebPLayout(input),
      layout.pictures.allSatisfy({ $0.upperBound <= input.count })
    else { return nil }
    self.geometry = geometry
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
      moving: header, .webp, geometry, options: options, byteCount: context.output.count)
    report.method = .lossless
    return report
  }
}

extension ImageHeader {
  /// The geometry of a result of the same format that holds the coded picture as it is, under new metadata; nil when pixels
  /// move or change, an encoder's option is given, or nothing is asked at all.
  func geometryOfCodedPicture(_ format: ImageFormat, _ options: ConvertOptions) throws(UnitFailure) -> Geometry? {
    let isEncoded = format.codec.settings(in: options).contains(where: \.isGiven)
    guard options.outputFormat(for: format) == format, !isEncoded, !options.salvage else { return nil }
    let geometry = try Geometry(of: self, options: options)
    return geometry.keepsPicture(of: self, options) && !meets(options, format, geometry) ? geometry : nil
  }
}
