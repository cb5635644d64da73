import CCodecs
import LanesCore

/// What is known of an image before its pixels are decoded.
struct ImageHeader {
  var shape: RowShape
  var profile = EmbeddedProfile.none
  var exif: Exif?
  /// What a PNG says of its colors without a profile.
  var color: ccodecs_color
  /// A coarse image comes first, as in a progressive JPEG or an interlaced PNG.
  var isProgressive: Bool
  /// How a file says by itself, and not by Exif, that it is to be turned; nil for formats that leave that to Exif.
  var statedOrientation: Orientation?
  /// What an AVIF says of its colors beside or without a profile.
  var coding: CodingColor?
  /// The profile says what `coding` says; it is not in the file.
  var isProfileMade = false
  /// XMP, comments and the like.
  var texts = ImageTexts()
  /// Every pixel is what it was when the file was made, as far as its coding goes.
  var isLossless = false
  /// Four inks, which become red, green and blue when they are decoded.
  var isCMYK: Bool

  /// Of an image that says nothing but its shape.
  init(_ shape: RowShape) {
    self.shape = shape
    color = ccodecs_color()
    isProgressive = false
    isCMYK = false
  }

  init(_ header: ccodecs_header) {
    shape = header.image.shape
    color = header.color
    isProgressive = header.progressive
    isCMYK = header.cmyk
    if let start = header.icc { profile = .whole(Bytes(UnsafeBufferPointer(start: start, count: header.icc_size))) }
    exif = header.exif.flatMap { Exif(Bytes(UnsafeBufferPointer(start: $0, count: header.exif_size))) }
  }
}

extension ImageHeader {
  /// How the pixels are to be turned for display.
  var orientation: Orientation { statedOrientation ?? exif?.orientation ?? .upright }

  /// True when the file is what `options` make of it, so that it may be copied.
  ///
  /// - Parameter geometry: of this image, by the same options.
  func meets(_ options: ConvertOptions, _ format: ImageFormat, _ geometry: Geometry) -> Bool {
    standsFor(options, format, geometry) && options.leavesAlone(format)
  }

  /// True when the file shows and says what `options` ask for, however it is encoded: nothing moves its pixels, it is of the
  /// right kind and depth, and what it says of itself holds and is wanted.
  func standsFor(_ options: ConvertOptions, _ format: ImageFormat, _ geometry: Geometry) -> Bool {
    geometry.keepsPicture(of: self, options) && options.outputFormat(for: format) == format && options.metadata == .all
      && format.codec.outputShape(of: shape, options: options).depth == shape.depth
      && !(options.resetsOrientation && saysTurned) && !profile.isBroken && !colors(options).changesPixels
  }

  /// An Exif that says nothing but how an image is turned whose file says so in another way; nil where it need not be said.
  func exifOfTurn(_ options: ConvertOptions) -> Exif? {
    guard !options.resetsOrientation, let statedOrientation, statedOrientation != .upright else { return nil }
    return .upright
  }

  /// True when Exif or XMP says that the pixels are to be turned. Turned back by a turn that was asked for, pixels may stay
  /// where they are although this has to change.
  private var saysTurned: Bool { orientation != .upright || texts.xmp.map(XMP.saysTurned) == true }

  /// What is to be told of the image though its result is sound; nil for nothing.
  func remark(_ options: ConvertOptions) -> String? {
    guard options.metadata != .none, case .broken(let fault) = profile else { return nil }
    return "its ICC profile is broken (\(fault)) and was left out"
  }

  /// The same of an image whose rows, decoded or as `format` stores them, are not what its profile is for. Those of four inks
  /// are never.
  func remarkOnDecoding(_ options: ConvertOptions, to format: ImageFormat) -> String? {
    if format != .avif, profile == .none, let name = coding.flatMap({ CodedProfile.brightName($0.transfer) }) {
      return "its colors are for screens of high dynamic range (\(name)), which a \(format.name) does not say"
    }
    guard options.metadata != .none, !isCMYK, case .whole(let bytes) = profile, !colors(options).changesPixels else {
      return nil
    }
    guard ImageMetadata.describes(bytes, shape) else {
      return "its ICC profile is for another color space and was left out"
    }
    guard format.codec.traits.gray || shape.channels == 4 else {
      return "its ICC profile is for gray, which a \(format.name) stores as colors, and was left out"
    }
    return nil
  }
}

/// Hands out an image's rows from top to bottom.
protocol ImageDecoder: AnyObject {
  var header: ImageHeader { get }
  /// Prepares decoding at `scale`, or at a larger one where the file or its format asks for that, which `scale` then is;
  /// returns the shape of the rows.
  func start(at scale: inout DecodeScale) throws(UnitFailure) -> RowShape
  /// Reads the next `count` rows into memory that has room for them.
  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws(UnitFailure)
  /// Checks what follows the last row.
  func finish() throws(UnitFailure)
  /// The first damage that was made up for.
  var damage: String? { get }
}

/// Decodes all rows of `shape` and what follows them, and finishes `stage`; without one they are only checked.
func decodeRows(of decoder: any ImageDecoder, as shape: RowShape, into stage: (any RowSink)?) throws(UnitFailure) {
  /// Rows that are decoded at a time.
  let band = 16
  let rows = try PixelMemory(count: band * shape.bytesPerRow)
  var row = 0
  while row < shape.size.height {
    let count = min(band, shape.size.height - row)
    try decoder.read(count, into: rows.bytes)
    if let stage {
      for index in 0..<count { try stage.take(rows.bytes + index * shape.bytesPerRow) }
    }
    row += count
  }
  try decoder.finish()
  try stage?.finish()
}

/// The refusal of an image or a result of too many pixels; `subject` such as "the header says".
func tooManyPixels(_ subject: String, _ size: PixelSize, limit: Int) -> UnitFailure {
  let text = "\(subject) \(size.width) \(Glyphs.times) \(size.height) pixels; the limit is \(grouped(limit))"
  return UnitFailure(.rejected, text + " (raise it with --max-pixels)")
}

extension ConvertOptions {
  /// The refusal of an input of `bytes` bytes when they are more than `mostBytes`.
  ///
  /// - Parameter isFixed: there is no option that raises the limit.
  package func objection(toBytes bytes: Int, isFixed: Bool = false) -> UnitFailure? {
    guard bytes > mostBytes else { return nil }
    let limit = "the limit is \(grouped(mostBytes)) for an image of \(grouped(maxPixels)) pixels"
    let remedy = isFixed ? "" : " (raise it with --max-pixels)"
    return UnitFailure(.rejected, "it has \(grouped(bytes)) bytes; \(limit)\(remedy)")
  }
}

/// A number with a comma between groups of three digits.
func grouped(_ number: Int) -> String {
  var text = ""
  for (index, digit) in String(number).reversed().enumerated() {
    if index > 0 && index % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return String(text.reversed())
}
