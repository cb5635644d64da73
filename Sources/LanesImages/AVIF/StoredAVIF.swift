import LanesCore

/// An AVIF of which only the metadata changes: its AV1 is the result's.
struct StoredAVIF {
  private let options: ConvertOptions
  private let context: CodecContext
  private let layout: AVIFLayout
  private let geometry: Geometry
  private let header: ImageHeader

  /// nil when pixels move or change, an encoder's option is given, nothing is asked at all, or the file says something that
  /// is not written here, such as tiles or the brightness of a screen.
  init?(of input: UnsafeRawBufferPointer, _ header: ImageHeader, options: ConvertOptions, context: CodecContext)
    throws(UnitFailure)
  {
    guard let geometry = try header.geometryOfCodedPicture(.avif, options), let layout = try? AVIFLayout(input),
      layout.isPlain
    else { return nil }
    (self.layout, self.geometry, self.options, self.context, self.header) = (layout, geometry, options, context, header)
  }

  /// Writes `input`, the bytes of the image, with its new metadata, once it is decoded to its end: damage must not pass.
  func run(_ input: UnsafeRawBufferPointer) throws(UnitFailure) -> ConvertedImage {
    let decoder = try AVIFDecoder(input, options: options, context: context)
    var scale = DecodeScale.full
    try decodeRows(of: decoder, as: try decoder.start(at: &scale), into: nil)
    let metadata = ImageMetadata(
      of: header, .avif, options: options, output: header.shape, .avif, keepsThumbnail: true)
    do throws(AVIFFault) {
      let picture = try layout.picture(layout.color, in: input).tiles[0]
      var alpha: Bytes?
      if let id = layout.alpha { alpha = try layout.bytes(of: id, in: input).copy }
      let writer = AVIFWriter(
        picture: picture.bytes.copy, alpha: alpha, size: layout.size,
        color: layout.codingColor ?? picture.stream.header.color, metadata)
      try Self.append(writer, to: context.output)
    } catch {
      throw UnitFailure(error)
    }
    var report = ConvertedImage(
      moving: header, .avif, geometry, options: options, byteCount: context.output.count)
    report.method = .lossless
    return report
  }

  private static func append(_ writer: AVIFWriter, to output: OutputBuffer) throws(AVIFFault) {
    let bytes = try writer.encoded()
    do throws(UnitFailure) { try output.append(bytes) } catch { throw .unit(error) }
  }
}

extension AVIFLayout {
  /// True where nothing but what a writer here knows is said of the picture.
  fileprivate var isPlain: Bool {
    guard window.size == size, !isPremultiplied, firstTile == color else { return false }
    return meta.items[color]?.properties.allSatisfy { property in
      switch property {
      case .extent, .av1, .profile, .color, .rotation, .mirror: true
      case .other(let kind): ["pixi", "colr"].contains(kind)
      case .auxiliary, .crop, .operatingPoint, .layer: false
      }
    } ?? false
  }
}
