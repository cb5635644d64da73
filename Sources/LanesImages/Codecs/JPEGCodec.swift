import CCodecs
import LanesCore

/// JPEG: lossy, 8 bits, no alpha. Read and written by libjpeg-turbo, and read smaller by a decoder of our own.
///
/// Source: ITU-T T.81; JFIF (ITU-T T.871).
struct JPEGCodec: Codec {
  let id = "jpeg"
  let name = "JPEG"
  let suffixes = ["jpg", "jpeg", "jpe", "jfif"]
  let traits = CodecTraits(alpha: false, deepest: 8, profile: true, exif: true)

  var libraries: [(name: String, version: String)] { [("libjpeg-turbo", String(cString: ccodecs_jpeg_version()))] }

  let signatureLength = 3

  /// SOI and the first byte of the next marker (T.81, B.1.1.3).
  func recognizes(_ start: UnsafeRawBufferPointer) -> Bool { start.starts(with: [0xFF, 0xD8, 0xFF]) }

  /// Goes from segment to segment up to the first scan.
  func probe(_ head: FileHead) -> ImageProbe? {
    var frame: JPEGFrame?
    var orientation: Orientation?
    var markers = JPEGMarkers(passesGarbage: false) { head.number(at: $0, count: 4) }
    while let segment = markers.next() {
      let start = segment.body.lowerBound
      switch segment.marker {
      case JPEGMarkers.app1 where orientation == nil:
        // The first directory stands at the start; what follows it need not be read.
        guard let body = head.bytes(at: start, count: min(segment.body.count, 4096)) else { continue }
        orientation = JPEGIdentifier.exif.content(of: body).flatMap(Exif.init)?.orientation
      case JPEGMarkers.startOfScan:
        guard let frame, let inScan = head.number(at: start, count: 1) else { return nil }
        return ImageProbe(
          format: .jpeg, size: frame.size, orientation: orientation ?? .upright,
          bytesPerPixel: frame.sampling.count == 1 ? 1 : 4, coefficients: frame.coefficientBytes,
          isHeldWhole: frame.isProgressive || inScan < frame.sampling.count)
      case let marker where JPEGFrame.isFrame(marker):
        guard let body = head.bytes(at: start, count: segment.body.count),
          let found = body.withUnsafeBytes({ JPEGFrame(marker, $0) })
        else { return nil }
        frame = found
      default: break
      }
    }
    return nil
  }

  func openDecoder(
    _ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any ImageDecoder { try JPEGDecoder(bytes, options: options, context: context) }

  /// Only JPEGs of 8 bits are read.
  func storage(of bytes: UnsafeRawBufferPointer, _ header: ImageHeader) -> StoredForm {
    StoredForm(bits: header.shape.depth, subsampling: JPEGSegments(bytes).frame?.subsampling ?? "")
  }

  func settings(in options: ConvertOptions) -> [EncoderSetting] {
    [
      EncoderSetting("--quality", options.quality, in: 1...100),
      EncoderSetting("--progressive", isGiven: options.progressive),
      EncoderSetting("--subsampling", isGiven: options.subsampling != nil),
      EncoderSetting("--optimize-coding", isGiven: options.optimizeCoding),
    ]
  }

  /// XMP and comments of any image, and of a JPEG what stands in other segments.
  func blocks(for texts: ImageTexts, from input: ImageFormat) -> [MetadataBlock] {
    var blocks: [MetadataBlock] = []
    if let xmp = texts.xmp, xmp.count <= XMP.mostInJPEG {
      blocks.append(MetadataBlock(name: [JPEGMarkers.app1], bytes: JPEGIdentifier.xmp.bytes + xmp))
    }
    for comment in texts.comments where comment.count <= JPEGMarkers.mostInSegment {
      blocks.append(MetadataBlock(name: [JPEGMarkers.comment], bytes: comment))
    }
    return input == .jpeg ? blocks + texts.blocks : blocks
  }

  func makeEncoder(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> any RowSink {
    try JPEGEncoder(shape, metadata: metadata, options: options, context: context)
  }

  func move(
    _ input: UnsafeRawBufferPointer, _ header: ImageHeader, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) -> ConvertedImage? {
    try LosslessJPEG(of: header, options: options, context: context)?.run(input)
  }

  /// Coefficients are held twice, before and after they are moved.
  func movingMemory(_ probe: ImageProbe, options: ConvertOptions) -> Int {
    LosslessJPEG.isAllowed(by: options) ? 2 * probe.coefficients : 0
  }

  /// A byte a pixel at most likely for the result. Optimized and progressive files are encoded in two passes, between which
  /// the 16-bit coefficients of one to three planes are held.
  func encodingMemory(pixels: Int, bytesPerPixel: Int, options: ConvertOptions) -> Int {
    (options.progressive || options.optimizeCoding ? 7 : 1) * pixels
  }
}
