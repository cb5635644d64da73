import LanesCore

/// The items of an image file, what is said of them, and how they belong together: the meta box.
///
/// Source: ISO/IEC 14496-12, 8.11 (meta, pitm, iloc, iinf, iref, idat) and ISO/IEC 23008-12, 9.3 (iprp). Counts that files of
/// people never reach are refused, so that neither time nor memory depends on what a box claims.
struct HEIFMeta {
  /// Items, pieces of them, references and properties beyond which a file is refused. A picture of 256 tiles has a few hundred.
  static let most = 4096

  /// Where a piece of an item lies.
  struct Piece: Equatable {
    /// From the beginning of the file, or of the meta box's own data.
    var offset: Int
    /// nil for up to the end.
    var count: Int?
  }

  struct Item {
    var kind: FourCC
    /// Of an item of kind "mime".
    var contentType = ""
    /// It is coded in a way, such as compressed or encrypted, that only some readers know.
    var isProtected = false
    var pieces: [Piece] = []
    /// The pieces lie in `HEIFMeta.data`.
    var isInMeta = false
    /// They lie in another file, or are made of other items' bytes.
    var isElsewhere = false
    /// In the order of the file.
    var properties: [HEIFProperty] = []
    /// A property that is needed to show it, and that nobody here knows.
    var obstacle: FourCC?
  }

  /// A relation between items, such as "auxl" from one that holds alpha to the picture that it belongs to.
  struct Reference {
    let kind: FourCC
    let from: Int
    let to: [Int]
  }

  private(set) var primary: Int?
  private(set) var items: [Int: Item] = [:]
  private(set) var references: [Reference] = []
  /// Items' bytes that stand in the meta box.
  private(set) var data: UnsafeRawBufferPointer?
  private var properties: [HEIFProperty] = []
  private var pieceCount = 0

  /// - Parameter box: of kind "meta"; its bytes must outlive this.
  init(_ box: Box) throws(AVIFFault) {
    var boxes: [Box] = []
    var reader = try box.fullReader().reader
    while let box = try reader.box() { boxes.append(box) }
    guard let handler = boxes.first(where: { $0.kind == "hdlr" }) else {
      throw .damaged("it does not say what it holds")
    }
    var words = try handler.fullReader().reader
    _ = try words.number(4)
    guard try words.fourCC() == "pict" else { throw .unsupported("a file of something else than pictures") }
    // Items come first: what other boxes say of unknown ones has no meaning.
    for box in boxes where box.kind == "iinf" { try readItems(box) }
    for box in boxes {
      switch box.kind {
      case "pitm":
        var (version, _, reader) = try box.fullReader()
        primary = try reader.number(version == 0 ? 2 : 4)
      case "iloc": try readLocations(box)
      case "iref": try readReferences(box)
      case "iprp": try readProperties(box)
      case "idat": data = box.body
      default: break
      }
    }
  }

  /// The same for those who do not hold the file any longer.
  var withoutData: HEIFMeta {
    var meta = self
    meta.data = nil
    return meta
  }

  /// Items that refer to `item` by `kind`, in the order of the file.
  func referring(to item: Int, by kind: FourCC) -> [Int] {
    references.filter { $0.kind == kind && $0.to.contains(item) }.map(\.from)
  }

  // MARK: Items

  private mutating func readItems(_ box: Box) throws(AVIFFault) {
    var (version, _, reader) = try box.fullReader()
    let count = try reader.number(version == 0 ? 2 : 4)
    guard count <= Self.most else { throw Self.tooMany("items") }
    for _ in 0..<count {
      guard let entry = try reader.box() else { throw .damaged("items are missing in it") }
      guard entry.kind == "infe" else { continue }
      try readItem(entry)
    }
  }

  private mutating func readItem(_ box: Box) throws(AVIFFault) {
    var (version, _, reader) = try box.fullReader()
    // Versions 0 and 1 hold no kind; nothing in a picture is described by them.
    guard version >= 2 else { return }
    let id = try reader.number(version == 2 ? 2 : 4)
    let protection = try reader.number(2)
    var item = Item(kind: try reader.fourCC())
    item.isProtected = protection != 0
    // The item's name, and of a MIME item what it holds and how that is coded.
    _ = try? reader.text()
    if item.kind == "mime" {
      item.contentType = try reader.text()
      if let coding = try? reader.text(), !coding.isEmpty { item.isProtected = true }
    }
    guard items.updateValue(item, forKey: id) == nil else { throw .damaged("two items have one number") }
  }

  private mutating func readLocations(_ box: Box) throws(AVIFFault) {
    var (version, _, reader) = try box.fullReader()
    guard version <= 2 else { throw .unsupported("an AVIF of a later version") }
    let sizes = try reader.number(2)
    let (offsetSize, countSize, baseSize) = (sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15)
    let indexSize = version == 0 ? 0 : sizes & 15
    guard [offsetSize, countSize, baseSize, indexSize].allSatisfy([0, 4, 8].contains) else {
      throw .damaged("numbers in it have odd sizes")
    }
    let count = try reader.number(version < 2 ? 2 : 4)
    guard count <= Self.most else { throw Self.tooMany("items") }
    for _ in 0..<count {
      let id = try reader.number(version < 2 ? 2 : 4)
      let method = version == 0 ? 0 : try reader.number(2) & 15
      let file = try reader.number(2)
      let base = try reader.number(baseSize)
      let pieces = try reader.number(2)
      pieceCount += pieces
      guard pieceCount <= Self.most else { throw Self.tooMany("pieces") }
      var found: [Piece] = []
      for _ in 0..<pieces {
        _ = try reader.number(indexSize)
        let (offset, overflows) = base.addingReportingOverflow(try reader.number(offsetSize))
        let count = try reader.number(countSize)
        guard !overflows else { throw .damaged("a number in it is too large") }
        found.append(Piece(offset: offset, count: count == 0 ? nil : count))
      }
      items[id]?.pieces = found
      items[id]?.isInMeta = method == 1
      items[id]?.isElsewhere = file != 0 || method > 1
    }
  }

  private mutating func readReferences(_ box: Box) throws(AVIFFault) {
    var (version, _, reader) = try box.fullReader()
    let width = version == 0 ? 2 : 4
    var targets = 0
    while let entry = try reader.box() {
      var reader = entry.reader
      let from = try reader.number(width)
      let count = try reader.number(2)
      targets += count
      guard references.count < Self.most, targets <= Self.most else { throw Self.tooMany("references") }
      var to: [Int] = []
      for _ in 0..<count { to.append(try reader.number(width)) }
      references.append(Reference(kind: entry.kind, from: from, to: to))
    }
  }

  // MARK: Properties

  private mutating func readProperties(_ box: Box) throws(AVIFFault) {
    var reader = box.reader
    while let box = try reader.box() {
      switch box.kind {
      case "ipco":
        var reader = box.reader
        while let box = try reader.box() {
          guard properties.count < Self.most else { throw Self.tooMany("properties") }
          properties.append(try HEIFProperty(box))
        }
      case "ipma": try readAssociations(box)
      default: break
      }
    }
  }

  private mutating func readAssociations(_ box: Box) throws(AVIFFault) {
    var (version, flags, reader) = try box.fullReader()
    let count = try reader.number(4)
    var total = 0
    guard count <= Self.most else { throw Self.tooMany("items") }
    for _ in 0..<count {
      let id = try reader.number(version == 0 ? 2 : 4)
      let entries = try reader.number(1)
      total += entries
      guard total <= 4 * Self.most else { throw Self.tooMany("properties") }
      for _ in 0..<entries {
        let wide = flags & 1 == 1
        let entry = try reader.number(wide ? 2 : 1)
        let index = entry & (wide ? 0x7FFF : 0x7F)
        let isEssential = entry >> (wide ? 15 : 7) == 1
        // 0 says that there is none.
        guard index > 0 else { continue }
        guard index <= properties.count else { throw .damaged("it names a property that is not there") }
        let property = properties[index - 1]
        items[id]?.properties.append(property)
        if isEssential, property.isUnknown, case .other(let kind) = property { items[id]?.obstacle = kind }
      }
    }
  }

  private static func tooMany(_ what: String) -> AVIFFault { .unsupported("an AVIF of more than \(most) \(what)") }
}
