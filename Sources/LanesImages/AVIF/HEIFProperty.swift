import LanesCore

/// What is said of items of an image file: a property, which any number of them may share (ISO/IEC 23008-12, 6.5).
enum HEIFProperty: Equatable {
  /// Width and height of the item's pixels.
  case extent(PixelSize)
  /// How its AV1 is configured.
  case av1(AV1Configuration)
  case profile(Bytes)
  case color(CodingColor)
  /// What an auxiliary item holds, such as alpha.
  case auxiliary(String)
  /// Quarter turns against the clock.
  case rotation(Int)
  /// True where left and right change places, false for top and bottom.
  case mirror(swapsSides: Bool)
  case crop(HEIFCrop)
  /// Which of several layers' points an AV1 decoder works at.
  case operatingPoint(Int)
  /// Which of several layers is shown; nil for the last.
  case layer(Int?)
  /// Something that changes nothing here, such as the proportions of a pixel or the bits of a channel.
  case other(FourCC)

  /// True for what says how pixels are moved before they are shown.
  var isTransformation: Bool {
    switch self {
    case .rotation, .mirror, .crop: true
    default: false
    }
  }
}

/// Colors as numbers of ITU-T H.273.
struct CodingColor: Equatable {
  /// 2 is "unspecified".
  var primaries = 2
  var transfer = 2
  var matrix = 2
  /// Samples use all values, and not only those of television.
  var isFullRange = false
}

/// A clean aperture: a part of the picture by its sides and the place of its center, all of them quotients (ISO/IEC 14496-12,
/// 12.1.4).
struct HEIFCrop: Equatable {
  /// Numerators and denominators of width, height, and of the center's distance from the picture's to the right and down.
  let numbers: [Int]

  /// The part that is shown; nil where it is not made of whole pixels or lies outside.
  func rect(in size: PixelSize) -> PixelRect? {
    guard let width = Self.whole(numbers[0], numbers[1]), let height = Self.whole(numbers[2], numbers[3]),
      (1...size.width).contains(width), (1...size.height).contains(height),
      // The left edge is (whole width - width) / 2 + offset.
      let x = Self.whole((size.width - width) * numbers[5] + 2 * numbers[4], 2 * numbers[5]),
      let y = Self.whole((size.height - height) * numbers[7] + 2 * numbers[6], 2 * numbers[7]),
      (0...size.width - width).contains(x), (0...size.height - height).contains(y)
    else { return nil }
    return PixelRect(x: x, y: y, size: PixelSize(width, height))
  }

  private static func whole(_ numerator: Int, _ denominator: Int) -> Int? {
    denominator > 0 && numerator.isMultiple(of: denominator) ? numerator / denominator : nil
  }
}

extension HEIFProperty {
  /// Reads one box of the list of properties.
  init(_ box: Box) throws(AVIFFault) {
    var reader = box.reader
    switch box.kind {
    case "ispe":
      reader = try box.fullReader().reader
      self = .extent(PixelSize(try reader.number(4), try reader.number(4)))
    case "av1C": self = .av1(try AV1Configuration(&reader))
    case "colr": self = try Self.color(&reader)
    case "auxC":
      reader = try box.fullReader().reader
      self = .auxiliary(try reader.text())
    case "irot": self = .rotation(try reader.number(1) & 3)
    case "imir": self = .mirror(swapsSides: try reader.number(1) & 1 == 1)
    case "clap":
      var numbers: [Int] = []
      // Offsets may be negative.
      for _ in 0..<8 { numbers.append(Int(Int32(truncatingIfNeeded: try reader.number(4)))) }
      self = .crop(HEIFCrop(numbers: numbers))
    case "a1op": self = .operatingPoint(try reader.number(1))
    case "lsel":
      let layer = try reader.number(2)
      self = .layer(layer == 0xFFFF ? nil : layer)
    default: self = .other(box.kind)
    }
  }

  private static func color(_ reader: inout BoxReader) throws(AVIFFault) -> HEIFProperty {
    let kind = try reader.fourCC()
    switch kind {
    case "nclx":
      var color = CodingColor()
      color.primaries = try reader.number(2)
      color.transfer = try reader.number(2)
      color.matrix = try reader.number(2)
      color.isFullRange = try reader.number(1) & 0x80 != 0
      return .color(color)
    case "prof", "rICC": return .profile(Bytes(reader.rest))
    default: return .other("colr")
    }
  }

  /// Properties that a reader may know without doing anything about them, even where they are marked as essential.
  private static let harmless: Set<FourCC> = ["pixi", "pasp", "colr", "a1lx", "clli", "mdcv", "cclv", "amve", "rloc"]

  /// True for one that a reader must not pass over when it is marked as essential (ISO/IEC 23008-12, 9.3.1).
  var isUnknown: Bool {
    if case .other(let kind) = self { !Self.harmless.contains(kind) } else { false }
  }
}
