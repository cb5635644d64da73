import CAV1
import LanesCore

/// Encodes rows of 1, 2 or 4 channels of 8 bits as an AVIF.
///
/// Rows become planes as they arrive, which are encoded after the last one: colors by the quality that is asked for, alpha
/// without loss, as avifenc does it.
final class AVIFEncoder: RowSink {
  /// The most pixels in each direction that libaom takes.
  static let maxSide = 65_535

  private let shape: RowShape
  private let settings: cav1_settings
  private let metadata: ImageMetadata
  private let context: CodecContext
  private var picture = cav1_picture()
  /// The planes of the picture one after the other, and then that of alpha.
  private let planes: PixelMemory
  private let alphaStart: Int
  /// A row that waits for the one below it, with which it shares colors.
  private let waiting: PixelMemory
  private var row = 0

  /// - Parameter shape: of the rows, as `AVIFCodec.outputShape` makes it.
  /// - Throws: `.rejected` for an image with a side above `maxSide`.
  init(
    _ shape: RowShape, metadata: ImageMetadata, options: ConvertOptions, context: CodecContext
  ) throws(UnitFailure) {
    let size = shape.size
    guard max(size.width, size.height) <= Self.maxSide else {
      throw UnitFailure(
        .rejected,
        "its result has \(size.width) \(Glyphs.times) \(size.height) pixels, and an AVIF holds at most \(Self.maxSide) in each direction"
      )
    }
    (self.shape, self.metadata, self.context) = (shape, metadata, context)
    let isLossless = options.lossless == .all
    settings = cav1_settings(
      quantizer: isLossless ? 0 : Self.quantizer(quality: options.quality ?? AVIFCodec.defaultQuality),
      speed: Int32(9 - min(options.effort ?? AVIFCodec.defaultEffort, AVIFCodec.efforts.upperBound)),
      is_lossless: isLossless)
    picture.width = UInt32(size.width)
    picture.height = UInt32(size.height)
    picture.depth = 8
    picture.is_monochrome = shape.channels < 4
    picture.is_full_range = true
    // Without loss, colors are stored as they are.
    let subsampling = isLossless ? .full : options.subsampling ?? .quarter
    picture.shift_x = subsampling == .full ? 0 : 1
    picture.shift_y = subsampling == .quarter ? 1 : 0
    let color = Self.color(metadata, isLossless: isLossless && shape.channels == 4)
    (picture.primaries, picture.transfer) = (Int32(color.primaries), Int32(color.transfer))
    picture.matrix = Int32(color.matrix)

    let (width, height) = (size.width, size.height)
    let (across, down) = (Int(picture.shift_x), Int(picture.shift_y))
    let part = picture.is_monochrome ? 0 : (width + across) >> across
    let colors = part * ((height + down) >> down)
    alphaStart = width * height + 2 * colors
    planes = try PixelMemory(count: alphaStart + (shape.hasAlpha ? width * height : 0))
    waiting = try PixelMemory(count: down == 1 && !picture.is_monochrome ? shape.bytesPerRow : 0)
    picture.strides = (width, part, part)
    let first = planes.bytes + width * height
    picture.planes = (UnsafePointer(planes.bytes), UnsafePointer(first), UnsafePointer(first + colors))
  }

  /// libaom's quantizer for a quality of 0 to 100, as libavif 1.0 has it (src/write.c, avifQualityToQuantizer).
  static func quantizer(quality: Int) -> Int32 { Int32(((100 - quality) * 63 + 50) / 100) }

  /// What the file says of its colors: sRGB, or whatever the profile says, in BT.601's luma and colors.
  private static func color(_ metadata: ImageMetadata, isLossless: Bool) -> CodingColor {
    let matrix = isLossless ? 0 : 6
    if metadata.profile != nil { return CodingColor(primaries: 2, transfer: 2, matrix: matrix, isFullRange: true) }
    let kept = metadata.coding
    return CodingColor(
      primaries: kept?.primaries ?? 1, transfer: kept?.transfer ?? 13, matrix: matrix, isFullRange: true)
  }

  /// Takes the next row. It asks for the deadline, since a stage before it may hand on a whole image at its end.
  func take(_ bytes: UnsafePointer<UInt8>) throws(UnitFailure) {
    try context.deadline.check()
    let width = shape.size.width
    if shape.hasAlpha {
      let target = planes.bytes + alphaStart + row * width
      cav1_take_channel(bytes, UInt32(width), Int32(shape.channels), Int32(shape.channels - 1), target)
    }
    if picture.is_monochrome {
      cav1_take_channel(bytes, UInt32(width), Int32(shape.channels), 0, planes.bytes + row * width)
    } else if settings.is_lossless {
      // Green, blue and red (ITU-T H.273, equations 41 to 43).
      for (plane, channel) in [1, 2, 0].enumerated() {
        cav1_take_channel(
          bytes, UInt32(width), 4, Int32(channel), planes.bytes + (plane * shape.size.height + row) * width)
      }
    } else if picture.shift_y == 0 {
      convert(bytes, nil, at: row)
    } else if row & 1 == 1 {
      convert(waiting.bytes, bytes, at: row - 1)
    } else if row == shape.size.height - 1 {
      convert(bytes, nil, at: row)
    } else {
      waiting.bytes.update(from: bytes, count: shape.bytesPerRow)
    }
    row += 1
  }

  /// Nothing is transparent, so that the file need not say so.
  private var isOpaque: Bool {
    UnsafeBufferPointer(start: planes.bytes + alphaStart, count: shape.size.width * shape.size.height).allSatisfy {
      $0 == 255
    }
  }

  private func convert(_ first: UnsafePointer<UInt8>, _ second: UnsafePointer<UInt8>?, at row: Int) {
    let luma = planes.bytes + row * shape.size.width
    let place = (row >> Int(picture.shift_y)) * picture.strides.1
    var target = cav1_row_target(
      luma: luma, luma_second: second == nil ? nil : luma + shape.size.width,
      blue: UnsafeMutablePointer(mutating: picture.planes.1! + place),
      red: UnsafeMutablePointer(mutating: picture.planes.2! + place), shift_x: picture.shift_x, shift_y: picture.shift_y
    )
    cav1_from_rows(first, second, picture.width, &target)
  }

  /// Encodes the picture and its alpha, and writes the file.
  func finish() throws(UnitFailure) {
    let color = try encode(picture, settings)
    var alpha: Bytes?
    if shape.hasAlpha, !isOpaque {
      try context.deadline.check()
      var plane = picture
      plane.is_monochrome = true
      plane.planes = (UnsafePointer(planes.bytes + alphaStart), nil, nil)
      (plane.primaries, plane.transfer, plane.matrix) = (2, 2, 2)
      alpha = try encode(plane, cav1_settings(quantizer: 0, speed: settings.speed, is_lossless: true))
    }
    try context.output.append(try file(color, alpha))
  }

  private func file(_ color: Bytes, _ alpha: Bytes?) throws(UnitFailure) -> Bytes {
    let coding = CodingColor(
      primaries: Int(picture.primaries), transfer: Int(picture.transfer), matrix: Int(picture.matrix), isFullRange: true
    )
    let writer = AVIFWriter(picture: color, alpha: alpha, size: shape.size, color: coding, metadata)
    do throws(AVIFFault) { return try writer.encoded() } catch { throw UnitFailure(error) }
  }

  private func encode(_ picture: cav1_picture, _ settings: cav1_settings) throws(UnitFailure) -> Bytes {
    let gathered = Gathered()
    var (picture, settings) = (picture, settings)
    var result = cav1_result()
    // The object outlives the call, which is all that C holds it for.
    var sink = cav1_sink(
      take: { context, bytes, count in
        let gathered = Unmanaged<Gathered>.fromOpaque(context!).takeUnretainedValue()
        gathered.bytes += UnsafeBufferPointer(start: bytes, count: count)
        return true
      },
      context: Unmanaged.passUnretained(gathered).toOpaque())
    let isEncoded = withExtendedLifetime(gathered) { cav1_encode(&picture, &settings, &sink, &result) }
    guard isEncoded else {
      if result.status == cav1_no_memory { throw UnitFailure(.resources, "there is not enough memory for it") }
      throw UnitFailure(.rejected, "libaom cannot encode it (\(result.text))")
    }
    do throws(AVIFFault) { return try AV1Stream.withoutDelimiters(gathered.bytes) } catch { throw UnitFailure(error) }
  }

  /// Where C puts what it encodes.
  private final class Gathered {
    var bytes: Bytes = []
  }
}
