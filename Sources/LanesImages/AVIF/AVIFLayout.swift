import LanesCore

/// How an AVIF is made up, as far as its first boxes tell: which item is the picture, its size, and how it is to be shown.
///
/// Source: AV1 Image File Format (AVIF) 1.1; ISO/IEC 23008-12 (HEIF); ISO/IEC 23000-22 (MIAF).
struct AVIFLayout {
  let meta: HEIFMeta
  /// The numbers of the items that hold the picture and its alpha.
  let color: Int
  let alpha: Int?
  /// Colors were multiplied by alpha.
  let isPremultiplied: Bool
  /// As stored.
  let size: PixelSize
  /// What is shown of it; all, unless the file says otherwise.
  let window: PixelRect
  /// How what is shown is to be turned.
  let orientation: Orientation
  /// Of the picture, or of its first tile.
  let configuration: AV1Configuration

  /// What an alpha item says of itself, in AVIF and, from older programs, in HEIF.
  private static let alphaNames = [
    "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1",
  ]

  /// - Parameter meta: of a file that begins as an AVIF does.
  init(_ meta: HEIFMeta) throws(AVIFFault) {
    self.meta = meta
    guard let color = meta.primary, let item = meta.items[color] else {
      throw .damaged("it does not say which item it shows")
    }
    self.color = color
    try Self.check(item)
    guard let size = item.size else { throw .damaged("it does not say how large it is") }
    self.size = size
    (window, orientation) = try Self.view(of: item, size)
    let alphas = meta.referring(to: color, by: "auxl").filter { Self.isAlpha(meta.items[$0]) }
    alpha = alphas.first
    isPremultiplied = alphas.first.map { !Set(meta.referring(to: $0, by: "prem")).isDisjoint(with: [color]) } ?? false
    let tiles = Self.tiles(of: color, in: meta)
    guard let configuration = meta.items[tiles.first ?? color]?.configuration else {
      throw .damaged("it does not say how its AV1 is configured")
    }
    self.configuration = configuration
    if let alpha, let item = meta.items[alpha] {
      try Self.check(item)
      guard item.size == size else { throw .damaged("its alpha has another size") }
    } else if tiles.contains(where: { tile in
      meta.referring(to: tile, by: "auxl").contains { Self.isAlpha(meta.items[$0]) }
    }) {
      throw .unsupported("an AVIF whose tiles have alpha of their own")
    }
  }

  /// The items that a grid is put together from, from left to right and from top to bottom.
  static func tiles(of item: Int, in meta: HEIFMeta) -> [Int] {
    guard meta.items[item]?.kind == "grid" else { return [] }
    return meta.references.first { $0.kind == "dimg" && $0.from == item }?.to ?? []
  }

  /// The item that is decoded first: the picture itself where it has no tiles.
  var firstTile: Int { Self.tiles(of: color, in: meta).first ?? color }

  /// The first color profile of the picture, and what it says of its colors in numbers.
  var profile: Bytes? {
    for case .profile(let bytes) in meta.items[color]?.properties ?? [] { return bytes }
    return nil
  }

  var codingColor: CodingColor? {
    for case .color(let color) in meta.items[color]?.properties ?? [] { return color }
    return nil
  }

  /// The item of Exif that describes the picture.
  var exif: Int? { descriptions { $0.kind == "Exif" } }
  /// The item of XMP that describes the picture.
  var xmp: Int? { descriptions { $0.kind == "mime" && $0.contentType == "application/rdf+xml" } }

  private func descriptions(_ isWanted: (HEIFMeta.Item) -> Bool) -> Int? {
    meta.referring(to: color, by: "cdsc").first { id in meta.items[id].map { isWanted($0) && !$0.isProtected } ?? false
    }
  }

  private static func isAlpha(_ item: HEIFMeta.Item?) -> Bool {
    item?.properties.contains { if case .auxiliary(let name) = $0 { alphaNames.contains(name) } else { false } }
      ?? false
  }

  /// Refuses what would be shown wrong.
  private static func check(_ item: HEIFMeta.Item) throws(AVIFFault) {
    switch item.kind {
    case "av01", "grid": break
    case "hvc1", "hev1": throw .unsupported("an HEIC image")
    default: throw .unsupported("an AVIF whose picture is of the kind \"\(item.kind.text)\"")
    }
    if item.isProtected { throw .unsupported("an encrypted AVIF") }
    if item.isElsewhere { throw .unsupported("an AVIF whose picture lies in another file") }
    if let obstacle = item.obstacle {
      throw .unsupported("an AVIF that needs the property \"\(obstacle.text)\" to be shown")
    }
    for case .layer(.some) in item.properties { throw .unsupported("an AVIF of which one layer is to be shown") }
  }

  /// Crop and turn, in the order in which they are said to be done.
  private static func view(
    of item: HEIFMeta.Item, _ size: PixelSize
  ) throws(AVIFFault) -> (PixelRect, Orientation) {
    var window = PixelRect(x: 0, y: 0, size: size)
    var turn = Orientation.upright
    for property in item.properties {
      switch property {
      case .crop(let crop):
        guard turn == .upright, window.size == size else {
          throw .unsupported("an AVIF that is cropped after it is turned")
        }
        guard let rect = crop.rect(in: size) else { throw .damaged("its crop is not inside the picture") }
        window = rect
      case .rotation(let quarters):
        // Against the clock.
        turn = turn.then([.upright, .rotated270, .rotated180, .rotated90][quarters])
      case .mirror(let swapsSides): turn = turn.then(swapsSides ? .mirrored : .flipped)
      default: break
      }
    }
    return (window, turn)
  }
}

extension HEIFMeta.Item {
  /// Its ispe; nil without one, or where it has no pixels.
  var size: PixelSize? {
    for case .extent(let size) in properties where size.width > 0 && size.height > 0 { return size }
    return nil
  }

  var configuration: AV1Configuration? {
    for case .av1(let configuration) in properties { return configuration }
    return nil
  }

  var operatingPoint: Int {
    for case .operatingPoint(let point) in properties { return point }
    return 0
  }
}

extension AVIFLayout {
  /// Bytes at the start of a file that tell an AVIF; the brand may be the eighth in the list.
  static let signatureLength = 48

  /// True where a file begins with a list of brands (ftyp) that names AVIF, still or moving.
  static func recognizes(_ start: UnsafeRawBufferPointer) -> Bool {
    brands(in: start).map { !$0.isDisjoint(with: ["avif", "avis"]) } ?? false
  }

  /// What kinds of files a file says that it is; nil when it does not begin so. `start` may end before they do.
  private static func brands(in start: UnsafeRawBufferPointer) -> Set<FourCC>? {
    var reader = BoxReader(start)
    guard let header = try? reader.boxHeader(), header.kind == "ftyp", let major = try? reader.fourCC() else {
      return nil
    }
    var brands: Set = [major]
    _ = try? reader.bytes(4)
    let most = min((header.bodySize ?? .max), 4096)
    while brands.count < most / 4, let brand = try? reader.fourCC() { brands.insert(brand) }
    return brands
  }

  /// Looks at the boxes of a file.
  ///
  /// - Parameter size: bytes of the file.
  /// - Parameter read: `count` bytes of it from an offset; nil where it does not reach so far.
  /// - Returns: offset and size of the meta box.
  private static func find(size: Int?, _ read: (Int, Int) -> Bytes?) throws(AVIFFault) -> (offset: Int, size: Int) {
    var at = 0
    var isMoving = false
    var found: (Int, Int)?
    // A moving picture is told by a later box; nobody else has to look beyond the first ones.
    for _ in 0..<HEIFMeta.most {
      guard let header = read(at, 8) else { break }
      let long = read(at, 16) ?? header
      let next: (kind: FourCC, bodySize: Int?, headerSize: Int) = try long.span.bytes.withUnsafeBytes {
        (bytes) throws(AVIFFault) in
        var reader = BoxReader(bytes)
        let (kind, size) = try reader.boxHeader()
        return (kind, size, bytes.count - reader.rest.count)
      }
      let body = next.bodySize ?? size.map { $0 - at - next.headerSize } ?? 0
      if next.kind == "ftyp" {
        let start = read(at, next.headerSize + min(body, 4096)) ?? []
        isMoving = start.withUnsafeBytes { brands(in: $0)?.contains("avis") ?? false }
      }
      if next.kind == "meta", found == nil {
        found = (at, next.headerSize + body)
        if !isMoving { break }
      }
      if next.kind == "moov", isMoving { throw .unsupported("an animated AVIF") }
      let (end, overflows) = at.addingReportingOverflow(next.headerSize + body)
      guard !overflows, next.bodySize != nil else { break }
      at = end
    }
    guard let found else {
      throw at > 0 && read(at, 1) == nil && size.map({ at > $0 }) ?? false
        ? .truncated : .damaged("it holds no pictures")
    }
    return found
  }

  /// Of a file that is only looked into; nil where that is of no use. Of its bytes only the boxes that describe it are read.
  static func probe(_ head: FileHead) -> AVIFLayout? {
    /// Far beyond what describes a picture and its profile.
    let most = 4 << 20
    guard let place = try? find(size: nil, { head.bytes(at: $0, count: $1) }), place.size <= most,
      let bytes = head.bytes(at: place.offset, count: place.size)
    else { return nil }
    // What is kept of the layout holds no bytes of the file but those that are copied.
    return bytes.withUnsafeBytes { bytes in
      var reader = BoxReader(bytes)
      guard let box = try? reader.box(), let meta = try? HEIFMeta(box) else { return nil }
      return try? AVIFLayout(meta.withoutData)
    }
  }

  /// Of a whole file, which must outlive this.
  init(_ file: UnsafeRawBufferPointer) throws(AVIFFault) {
    let place = try Self.find(size: file.count) { at, count in
      at >= 0 && count <= file.count - at ? Bytes(file[at..<at + count]) : nil
    }
    guard place.size <= file.count - place.offset else { throw .truncated }
    var reader = BoxReader(UnsafeRawBufferPointer(rebasing: file[place.offset..<place.offset + place.size]))
    guard let box = try reader.box() else { throw .truncated }
    try self.init(try HEIFMeta(box))
  }
}
