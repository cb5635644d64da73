import LanesCore

/// Puts an AVIF together: brands, what is said of each item, and the items' bytes.
///
/// Source: AV1 Image File Format (AVIF) 1.1; ISO/IEC 14496-12 and 23008-12. The order is libavif's: small items before the
/// picture, so that a reader which gets the file piece by piece has them first.
struct AVIFWriter {
  /// AV1 of the picture, without delimiters.
  let picture: Bytes
  let alpha: Bytes?
  let size: PixelSize
  let color: CodingColor
  let profile: Bytes?
  /// How readers are to turn the picture.
  let orientation: Orientation
  /// A TIFF structure.
  let exif: Bytes?
  let xmp: Bytes?

  /// What metadata's block of XMP is called; the writer takes the bytes alone.
  static let xmpName = Bytes("XMP ".utf8)

  private struct Item {
    let kind: FourCC
    /// What stands behind the kind: its name, which says nothing, and the kind of a MIME item's contents.
    var words = Bytes([0])
    /// Read before the bytes.
    let bytes: [Bytes]
    var properties: [Property] = []
    /// To the picture.
    var reference: FourCC?

    var count: Int { bytes.reduce(0) { $0 + $1.count } }
  }

  private struct Property: Equatable {
    let box: Bytes
    var isEssential = false
  }

  init(picture: Bytes, alpha: Bytes?, size: PixelSize, color: CodingColor, _ metadata: ImageMetadata) {
    (self.picture, self.alpha, self.size, self.color) = (picture, alpha, size, color)
    profile = metadata.profile
    var exif = metadata.exif.flatMap(Exif.init)
    // Readers of AVIF go by the file's own properties, and some by Exif too: it must not turn the picture twice.
    orientation = exif?.orientation ?? metadata.orientation
    exif?.resetOrientation()
    self.exif = exif?.bytes
    xmp = metadata.blocks.first { $0.name == Self.xmpName }?.bytes
  }

  /// The file. - Throws: `AVIFFault` for AV1 without a header.
  func encoded() throws(AVIFFault) -> Bytes {
    let header = try AV1Stream.header(of: picture)
    // The picture's number is 1 and it comes first in every list but that of the bytes.
    var items = [Item(kind: "av01", bytes: [picture], properties: try pictureProperties(header))]
    if let alpha {
      items.append(Item(kind: "av01", bytes: [alpha], properties: try alphaProperties(alpha), reference: "auxl"))
    }
    // The TIFF header stands right behind the four bytes that tell where it is (ISO/IEC 23008-12, A.2.1).
    if let exif { items.append(Item(kind: "Exif", bytes: [[0, 0, 0, 0], exif], reference: "cdsc")) }
    if let xmp {
      items.append(
        Item(kind: "mime", words: [0] + Bytes("application/rdf+xml".utf8) + [0], bytes: [xmp], reference: "cdsc"))
    }
    let brands = brands(header)
    // Offsets have a fixed width, so that the size of what stands before the bytes does not depend on them.
    let start = brands.count + meta(items, dataAt: 0).count + 8
    let data = items.reversed().flatMap(\.bytes).joined()
    return brands + meta(items, dataAt: start) + Self.box("mdat", Bytes(data))
  }

  /// Readers of AVIF's base line take 4:2:0 and gray, those of its advanced one 4:4:4 (AVIF 1.1, 8).
  private func brands(_ header: AV1Header) -> Bytes {
    let level: [FourCC] = [["MA1B"], ["MA1A"], []][header.profile]
    let brands: [FourCC] = ["avif", "mif1", "miaf"] + level
    return Self.box("ftyp", FourCC("avif").bytes + Self.number(0, 4) + brands.flatMap(\.bytes))
  }

  // MARK: Properties

  private func pictureProperties(_ header: AV1Header) throws(AVIFFault) -> [Property] {
    var properties = try sharedProperties(header, channels: header.isMonochrome ? 1 : 3)
    properties.append(
      Property(
        box: Self.box(
          "colr",
          FourCC("nclx").bytes + Self.number(color.primaries, 2) + Self.number(color.transfer, 2)
            + Self.number(color.matrix, 2) + [color.isFullRange ? 0x80 : 0])))
    if let profile { properties.append(Property(box: Self.box("colr", FourCC("prof").bytes + profile))) }
    let (quarters, isMirrored) = Self.turn(orientation)
    if quarters > 0 { properties.append(Property(box: Self.box("irot", [UInt8(quarters)]), isEssential: true)) }
    if isMirrored { properties.append(Property(box: Self.box("imir", [1]), isEssential: true)) }
    return properties
  }

  private func alphaProperties(_ alpha: Bytes) throws(AVIFFault) -> [Property] {
    var properties = try sharedProperties(try AV1Stream.header(of: alpha), channels: 1)
    let name = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"
    properties.append(Property(box: Self.fullBox("auxC", Bytes(name.utf8) + [0])))
    // Alpha is turned with the picture by its own properties (ISO/IEC 23000-22, 7.3.5.2).
    let (quarters, isMirrored) = Self.turn(orientation)
    if quarters > 0 { properties.append(Property(box: Self.box("irot", [UInt8(quarters)]), isEssential: true)) }
    if isMirrored { properties.append(Property(box: Self.box("imir", [1]), isEssential: true)) }
    return properties
  }

  private func sharedProperties(_ header: AV1Header, channels: Int) throws(AVIFFault) -> [Property] {
    [
      Property(box: Self.fullBox("ispe", Self.number(size.width, 4) + Self.number(size.height, 4))),
      Property(
        box: Self.fullBox("pixi", [UInt8(channels)] + Bytes(repeating: UInt8(header.depth), count: channels))),
      Property(box: Self.box("av1C", AV1Configuration(header).bytes), isEssential: true),
    ]
  }

  /// Quarter turns against the clock, and then left and right changing places, that make up an orientation.
  static func turn(_ orientation: Orientation) -> (quarters: Int, isMirrored: Bool) {
    switch orientation {
    case .upright: (0, false)
    case .mirrored: (0, true)
    case .rotated180: (2, false)
    case .flipped: (2, true)
    case .transposed: (3, true)
    case .rotated90: (3, false)
    case .transversed: (1, true)
    case .rotated270: (1, false)
    }
  }

  // MARK: Boxes

  private func meta(_ items: [Item], dataAt start: Int) -> Bytes {
    let handler = Self.fullBox("hdlr", Self.number(0, 4) + FourCC("pict").bytes + Self.number(0, 12) + [0])
    let infos = items.enumerated().flatMap { index, item in
      Self.fullBox("infe", version: 2, Self.number(index + 1, 2) + Self.number(0, 2) + item.kind.bytes + item.words)
    }
    let references = items.enumerated().flatMap { index, item in
      item.reference.map { Self.box($0, Self.number(index + 1, 2) + Self.number(1, 2) + Self.number(1, 2)) } ?? []
    }
    return Self.fullBox(
      "meta",
      handler + Self.fullBox("pitm", Self.number(1, 2)) + locations(items, from: start)
        + Self.fullBox("iinf", Self.number(items.count, 2) + infos)
        + (references.isEmpty ? [] : Self.fullBox("iref", references)) + properties(items))
  }

  /// Offsets and lengths of four bytes each. The bytes lie in reverse order.
  private func locations(_ items: [Item], from start: Int) -> Bytes {
    var entries: Bytes = []
    for (index, item) in items.enumerated() {
      let offset = start + items[(index + 1)...].reduce(0) { $0 + $1.count }
      entries += Self.number(index + 1, 2) + Self.number(0, 2) + Self.number(1, 2)
      entries += Self.number(offset, 4) + Self.number(item.count, 4)
    }
    return Self.fullBox("iloc", [0x44, 0x00] + Self.number(items.count, 2) + entries)
  }

  /// Each property stands once, whatever number of items it belongs to.
  private func properties(_ items: [Item]) -> Bytes {
    var all: [Property] = []
    var associations: Bytes = []
    let described = items.enumerated().filter { !$0.element.properties.isEmpty }
    for (index, item) in described {
      associations += Self.number(index + 1, 2) + [UInt8(item.properties.count)]
      for property in item.properties {
        if !all.contains(property) { all.append(property) }
        let place = all.firstIndex(of: property)! + 1
        associations.append(UInt8(place) | (property.isEssential ? 0x80 : 0))
      }
    }
    return Self.box(
      "iprp",
      Self.box("ipco", all.flatMap(\.box)) + Self.fullBox("ipma", Self.number(described.count, 4) + associations))
  }

  private static func box(_ kind: FourCC, _ body: Bytes) -> Bytes { number(body.count + 8, 4) + kind.bytes + body }

  private static func fullBox(_ kind: FourCC, version: Int = 0, _ body: Bytes) -> Bytes {
    box(kind, [UInt8(version), 0, 0, 0] + body)
  }

  /// The most significant byte first.
  private static func number(_ value: Int, _ count: Int) -> Bytes {
    (0..<count).map {
      let shift = 8 * (count - 1 - $0); return shift >= 64 ? 0 : UInt8(truncatingIfNeeded: value >> shift)
    }
  }
}

extension AV1Stream {
  /// The header in AV1 that was just made.
  fileprivate static func header(of bytes: Bytes) throws(AVIFFault) -> AV1Header {
    try bytes.span.bytes.withUnsafeBytes { (bytes) throws(AVIFFault) in try AV1Stream(bytes).header }
  }
}
