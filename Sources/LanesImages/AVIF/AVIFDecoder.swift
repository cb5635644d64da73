import CAV1
import LanesCore

/// Decodes an AVIF in memory. Its pictures are held whole, in planes; rows are made of them as they are asked for.
final class AVIFDecoder: ImageDecoder {
  let header: ImageHeader
  private let file: UnsafeRawBufferPointer
  private let layout: AVIFLayout
  private let context: CodecContext
  private let maxPixels: Int
  private var decoded: Decoded?
  private var row = 0

  /// What rows are made of, once decoding has started.
  private final class Decoded {
    let color: AVIFPlanes
    let alpha: AVIFPlanes?
    var conversion: cav1_conversion
    /// What `cav1_to_rows` works in.
    let scratch: PixelMemory
    /// A whole row of an image that is cropped.
    let whole: PixelMemory

    init(_ color: AVIFPlanes, _ alpha: AVIFPlanes?, _ conversion: cav1_conversion, row count: Int) throws(UnitFailure) {
      (self.color, self.alpha, self.conversion) = (color, alpha, conversion)
      scratch = try PixelMemory(count: cav1_scratch_size(color.picture.width))
      whole = try PixelMemory(count: count)
    }

    /// Makes one row of all pixels.
    func makeRow(_ y: Int, into row: UnsafeMutablePointer<UInt8>, count: Int) {
      var color = color.picture
      if var alpha = alpha?.picture {
        cav1_to_rows(&color, &alpha, &conversion, UInt32(y), 1, row, count, scratch.bytes)
      } else {
        cav1_to_rows(&color, nil, &conversion, UInt32(y), 1, row, count, scratch.bytes)
      }
    }
  }

  /// - Parameter bytes: must outlive the decoder.
  init(_ bytes: UnsafeRawBufferPointer, options: ConvertOptions, context: CodecContext) throws(UnitFailure) {
    do throws(AVIFFault) { layout = try AVIFLayout(bytes) } catch { throw UnitFailure(error) }
    let (area, overflows) = layout.size.width.multipliedReportingOverflow(by: layout.size.height)
    guard !overflows, area <= options.maxPixels else {
      throw tooManyPixels("the header says", layout.size, limit: options.maxPixels)
    }
    file = bytes
    maxPixels = options.maxPixels
    self.context = context
    let configuration = layout.configuration
    let channels = configuration.isMonochrome ? (layout.alpha == nil ? 1 : 2) : 4
    header = ImageHeader(
      RowShape(
        size: layout.window.size, channels: channels, depth: configuration.depth == 8 ? 8 : 16,
        hasAlpha: layout.alpha != nil),
      of: layout, in: bytes)
  }

  /// libaom makes up for nothing.
  var damage: String? { nil }

  /// Decodes all pictures of the file, which nothing stops but between two of them.
  func start(at scale: inout DecodeScale) throws(UnitFailure) -> RowShape {
    scale = .full
    let shape = header.shape
    do throws(AVIFFault) {
      let picture = try layout.picture(layout.color, in: file)
      let color = try decode(picture)
      var alpha: AVIFPlanes?
      if let id = layout.alpha { alpha = try decode(try layout.picture(id, in: file)) }
      let coding = layout.codingColor ?? picture.tiles[0].stream.header.color
      let conversion = try coding.conversion(
        depth: Int(color.picture.depth), isMonochrome: color.picture.is_monochrome,
        alpha: alpha.map { (Int($0.picture.depth), $0.picture.is_full_range) }, channels: shape.channels,
        rowDepth: shape.depth, isPremultiplied: layout.isPremultiplied)
      do throws(UnitFailure) {
        decoded = try Decoded(color, alpha, conversion, row: layout.size.width * shape.bytesPerPixel)
      } catch { throw AVIFFault.unit(error) }
    } catch {
      throw UnitFailure(error)
    }
    return shape
  }

  /// All tiles of a picture, in planes of its size.
  private func decode(_ picture: AVIFPicture) throws(AVIFFault) -> AVIFPlanes {
    // What AV1's own headers allow, since decoding goes by these.
    let largest = picture.largest
    let (area, overflows) = largest.width.multipliedReportingOverflow(by: largest.height)
    guard !overflows, area <= maxPixels else {
      throw .unsupported("an AVIF whose pictures have more pixels than it says")
    }
    return try AVIFPlanes(picture, layout.configuration, context: context)
  }

  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws(UnitFailure) {
    try context.deadline.check()
    guard let decoded else { preconditionFailure("rows are read after decoding has started") }
    let window = layout.window
    let (whole, part) = (layout.size.width * header.shape.bytesPerPixel, header.shape.bytesPerRow)
    for index in 0..<count {
      let target = rows + index * part
      // What is cropped is converted too.
      decoded.makeRow(window.y + row, into: whole == part ? target : decoded.whole.bytes, count: whole)
      if whole != part { target.update(from: decoded.whole.bytes + window.x * header.shape.bytesPerPixel, count: part) }
      row += 1
    }
  }

  /// Everything was decoded before the first row.
  func finish() {}
}

extension ImageHeader {
  /// Of an AVIF. Profile and descriptions that cannot be read count as missing.
  fileprivate init(_ shape: RowShape, of layout: AVIFLayout, in file: UnsafeRawBufferPointer) {
    self.init(shape)
    if let bytes = layout.profile { profile = ICCProfile.fault(of: bytes).map(EmbeddedProfile.broken) ?? .whole(bytes) }
    exif = layout.exif.flatMap { try? layout.bytes(of: $0, in: file).copy }.flatMap(Exif.ofItem)
    // Only the file's own properties turn an AVIF (MIAF, 7.3.6.7); what Exif and XMP say is brought into line.
    exif?.resetOrientation()
    statedOrientation = layout.orientation
    texts.xmp = layout.xmp.flatMap { try? layout.bytes(of: $0, in: file).copy }.map(XMP.upright)
    coding = layout.codingColor
    if profile == .none, shape.channels == 4, let made = coding.flatMap(CodedProfile.make) {
      (profile, isProfileMade) = (.whole(made), true)
    }
  }
}

extension Exif {
  /// An item's bytes: four that tell how many stand before the TIFF structure, and that (ISO/IEC 23008-12, A.2.1).
  fileprivate static func ofItem(_ bytes: Bytes) -> Exif? {
    guard bytes.count > 4 else { return nil }
    let skipped = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
    return Exif(Bytes(bytes.dropFirst(4).dropFirst(skipped)))
  }
}
