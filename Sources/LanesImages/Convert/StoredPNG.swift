import CCodecs
import LanesCore

/// A PNG that becomes a PNG with the samples that it stores: palette, few bits and transparent color stay, since nothing
/// is asked that mixes pixels.
struct StoredPNG {
  private let options: ConvertOptions
  private let context: CodecContext
  private let decoder: PNGDecoder
  private let storage: ccodecs_png_storage
  private let geometry: Geometry

  /// nil when pixels are mixed or changed, nothing is asked at all, or the image has plain samples anyway.
  init?(of input: UnsafeRawBufferPointer, _ header: ImageHeader, options: ConvertOptions, context: CodecContext)
    throws(UnitFailure)
  {
    guard options.outputFormat(for: .png) == .png, options.pngDepth == nil, !options.salvage,
      !header.colors(options).changesPixels
    else { return nil }
    geometry = try Geometry(of: header, options: options)
    guard !geometry.isResized, !header.meets(options, .png, geometry) else { return nil }
    // A second decoder: the first hands out plain channels, which cannot be changed once it is open.
    decoder = try PNGDecoder(input, options: options, context: context, stored: true)
    storage = decoder.storage
    // Plain samples are no different when they are stored; the usual way takes them.
    let isPlain = storage.depth >= 8 && storage.colors == 0 && !storage.has_key
    guard !isPlain, !options.grayscale || storage.kind == 0 else { return nil }
    self.options = options
    self.context = context
  }

  func run() throws(UnitFailure) -> ConvertedImage {
    let rows = decoder.header.shape
    var cropped = rows
    cropped.size = geometry.crop.size
    var turned = cropped
    turned.size = geometry.result
    let metadata = ImageMetadata(
      of: decoder.header, .png, options: options, output: describedShape(turned), .png,
      keepsThumbnail: geometry.keepsPicture(of: decoder.header, options))
    var stage: any RowSink = try PNGEncoder(
      turned, metadata: metadata, options: options, storage: storage, context: context)
    if geometry.turn != .upright { stage = try OrientStage(geometry.turn, shape: cropped, next: stage) }
    // Rows are cropped before they are turned, as in `Conversion`.
    if cropped != rows { stage = CropStage(geometry.crop, of: rows, next: stage) }
    try decodeRows(of: decoder, as: rows, into: stage)
    return ConvertedImage(
      moving: decoder.header, .png, geometry, options: options, byteCount: context.output.count)
  }

  /// Indices are one channel, but what they mean has colors, which decides whether a profile fits.
  private func describedShape(_ shape: RowShape) -> RowShape {
    var described = shape
    if storage.colors > 0 { described.channels = 4 }
    return described
  }
}
