import CCodecs
import LanesCore

/// A JPEG that is only turned, cropped between its blocks, or given other metadata or another coding: its coefficients are
/// moved, and no pixel is decoded.
struct LosslessJPEG {
  private let options: ConvertOptions
  private let context: CodecContext
  private let header: ImageHeader
  private let geometry: Geometry

  /// True when nothing is asked that needs the pixels of every JPEG; size and colors have still to be looked at.
  static func isAllowed(by options: ConvertOptions) -> Bool {
    options.outputFormat(for: .jpeg) == .jpeg && options.quality == nil && options.subsampling == nil
      && !options.salvage
  }

  /// nil when something is asked that needs pixels, or nothing at all.
  init?(of header: ImageHeader, options: ConvertOptions, context: CodecContext) throws(UnitFailure) {
    guard Self.isAllowed(by: options), !options.grayscale || header.shape.channels == 1,
      !header.colors(options).changesPixels
    else { return nil }
    geometry = try Geometry(of: header, options: options)
    guard !geometry.isResized, !header.meets(options, .jpeg, geometry) else { return nil }
    self.options = options
    self.context = context
    self.header = header
  }

  /// Transforms `input`, the bytes of the image; nil when blocks would be cut, so that pixels have to be encoded anew.
  func run(_ input: UnsafeRawBufferPointer) throws(UnitFailure) -> ConvertedImage? {
    try context.deadline.check()
    var limits = context.limits(maxPixels: options.maxPixels)
    var turn = ccodecs_turn(geometry)
    var sink = context.sink
    var result = ccodecs_result()
    let start = input.baseAddress!.assumingMemoryBound(to: UInt8.self)
    let isDone = metadata(JPEGSegments(input)).withC {
      ccodecs_jpeg_transform(start, input.count, &limits, &turn, options.progressive, $0, &sink, &result)
    }
    // The crop or the turn lies within blocks. Rather than trim the image, as jpegtran does, encode it anew.
    if !isDone && result.status == ccodecs_inexact { return nil }
    guard isDone else { throw context.failure(from: result, format: .jpeg) }
    var report = ConvertedImage(
      moving: header, .jpeg, geometry, options: options, byteCount: context.output.count)
    report.method = .lossless
    return report
  }

  /// All segments that describe the image, in their order.
  ///
  /// Left out are JFIF's and Adobe's, which the encoder writes, with JFIF's thumbnail, and the index of further pictures
  /// after the image (CIPA DC-007), which are left out too; so are the pieces of a broken profile.
  private func metadata(_ jpeg: JPEGSegments) -> ImageMetadata {
    var metadata = ImageMetadata()
    for segment in jpeg.segments {
      let isDescription = JPEGMarkers.app1To15.contains(segment.marker) || segment.marker == JPEGMarkers.comment
      guard isDescription, segment.marker != JPEGMarkers.app14 else { continue }
      guard !segment.isA(.multiPicture, in: JPEGMarkers.app2), !(segment.isProfile && header.profile.isBroken) else {
        continue
      }
      guard options.metadata == .all || options.metadata == .icc && segment.isProfile else { continue }
      metadata.blocks.append(MetadataBlock(name: [segment.marker], bytes: described(segment)))
    }
    return metadata
  }

  /// A segment's bytes as they hold for the result.
  private func described(_ segment: JPEGSegments.Segment) -> Bytes {
    let bytes = Bytes(segment.bytes)
    guard segment.marker == JPEGMarkers.app1 else { return bytes }
    if options.resetsOrientation, JPEGIdentifier.xmp.begins(bytes) { return XMP.upright(bytes) }
    guard var exif = JPEGIdentifier.exif.content(of: bytes).flatMap(Exif.init) else { return bytes }
    if options.resetsOrientation { exif.resetOrientation() }
    if !geometry.keepsPicture(of: header, options) { exif.removeThumbnail() }
    return JPEGIdentifier.exif.bytes + exif.bytes
  }
}

extension ccodecs_turn {
  /// C is told of the crop and the turn of stored pixels as steps along their axes.
  fileprivate init(_ geometry: Geometry) {
    let path = geometry.turn.path(in: PixelSize(1, 1))
    self.init(
      x: UInt32(geometry.crop.x), y: UInt32(geometry.crop.y), width: UInt32(geometry.crop.size.width),
      height: UInt32(geometry.crop.size.height), transpose: path.right.x == 0,
      reverse_x: path.right.x + path.down.x < 0, reverse_y: path.right.y + path.down.y < 0)
  }
}
