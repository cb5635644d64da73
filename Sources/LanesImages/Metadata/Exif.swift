import LanesCore

/// An image's Exif as a TIFF structure, of which only the orientation and the thumbnail are understood.
///
/// Nothing that it says is trusted: offsets may lie anywhere, overlap or go round in circles. Source: TIFF 6.0, section 2;
/// Exif 2.32 (CIPA DC-008), 4.6.
struct Exif {
  private(set) var bytes: Bytes
  private let isLittleEndian: Bool
  /// Offset of the orientation's 16-bit value, when there is one.
  private var orientationOffset: Int?

  /// nil when `bytes` do not start as a TIFF file does.
  init?(_ bytes: Bytes) {
    guard bytes.count >= 8 else { return nil }
    switch (bytes[0], bytes[1]) {
    case (0x49, 0x49): isLittleEndian = true
    case (0x4D, 0x4D): isLittleEndian = false
    default: return nil
    }
    self.bytes = bytes
    guard number(at: 2, size: 2) == 42 else { return nil }
    orientationOffset = findOrientation()
  }

  /// What the file says, or upright when it says nothing that makes sense.
  var orientation: Orientation {
    orientationOffset.flatMap { number(at: $0, size: 2) }.flatMap { Orientation(rawValue: UInt16($0)) } ?? .upright
  }

  /// Says that the pixels need no turning.
  mutating func resetOrientation() {
    guard let orientationOffset else { return }
    bytes[orientationOffset] = isLittleEndian ? 1 : 0
    bytes[orientationOffset + 1] = isLittleEndian ? 0 : 1
  }

  /// Says that colors are sRGB's, where it says of what they are: in ColorSpace, and in the index of the rules for
  /// exchange, whose R03 stands for Adobe RGB (Exif 2.32, 4.6.6; DCF 2.0, 3.1).
  mutating func saySRGB() {
    guard let first = number(at: 4, size: 4).flatMap(directory) else { return }
    for pointer in first.entries where pointer.tag == 0x8769 {
      guard let exif = numbers(pointer).first.flatMap(directory) else { continue }
      for entry in exif.entries {
        switch entry.tag {
        case 0xA001 where entry.width == 2 && entry.values.count == 2:
          bytes[entry.values.lowerBound] = isLittleEndian ? 1 : 0
          bytes[entry.values.lowerBound + 1] = isLittleEndian ? 0 : 1
        case 0xA005:
          let index = numbers(entry).first.flatMap(directory)?.entries.first { $0.tag == 1 }
          guard let values = index?.values, bytes[values].elementsEqual("R03\0".utf8) else { continue }
          bytes.replaceSubrange(values, with: Bytes("R98\0".utf8))
        default: break
        }
      }
    }
  }

  /// One that says nothing but that the pixels need no turning.
  static var upright: Exif? {
    Exif([0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
  }

  /// Says how the pixels are to be turned, where nothing did too.
  mutating func setOrientation(_ orientation: Orientation) {
    if orientationOffset == nil, orientation != .upright { addOrientation() }
    guard let orientationOffset else { return }
    let low = UInt8(orientation.rawValue)
    bytes.replaceSubrange(orientationOffset..<orientationOffset + 2, with: isLittleEndian ? [low, 0] : [0, low])
  }

  /// Writes the first directory once more, behind everything else, with an orientation among its entries, which are sorted by
  /// tag. What they point to stays where it is.
  private mutating func addOrientation() {
    guard let start = number(at: 4, size: 4), let count = number(at: start, size: 2), count < 0xFFFF,
      start + 2 + 12 * count + 4 <= bytes.count
    else { return }
    let entries = start + 2
    let place = (0..<count).first { number(at: entries + 12 * $0, size: 2)! > 0x0112 } ?? count
    let (head, tail) = (bytes[entries..<entries + 12 * place], bytes[entries + 12 * place..<entries + 12 * count + 4])
    let directory =
      number(count + 1, size: 2) + head + number(0x0112, size: 2) + number(3, size: 2) + number(1, size: 4)
      + number(1, size: 2) + [0, 0] + tail
    // Directories begin at even offsets.
    if !bytes.count.isMultiple(of: 2) { bytes.append(0) }
    bytes.replaceSubrange(4..<8, with: number(bytes.count, size: 4))
    bytes += directory
    orientationOffset = findOrientation()
  }

  private func number(_ value: Int, size: Int) -> Bytes {
    let digits = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    return isLittleEndian ? digits : digits.reversed()
  }

  /// Looks through the first directory for tag 0x0112 of type SHORT (3) and count 1.
  private func findOrientation() -> Int? {
    guard let directory = number(at: 4, size: 4), let count = number(at: directory, size: 2) else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard let tag = number(at: entry, size: 2), number(at: entry + 8, size: 2) != nil else { return nil }
      if tag == 0x0112 { return number(at: entry + 2, size: 2) == 3 ? entry + 8 : nil }
    }
    return nil
  }

  private func number(at offset: Int, size: Int) -> Int? {
    guard offset >= 0, offset + size <= bytes.count else { return nil }
    let digits = bytes[offset..<offset + size]
    return isLittleEndian
      ? digits.reversed().reduce(0) { $0 << 8 | Int($1) }
      : digits.reduce(0) { $0 << 8 | Int($1) }
  }
}

extension Exif {
  /// An image file directory: its entries, and the offset at which that of the next one stands.
  private struct Directory {
    var entries: [(tag: Int, values: Range<Int>, width: Int)] = []
    var own: Range<Int>
    var next: Int

    /// What it takes: itself, and the values that do not fit into their entries.
    var regions: [Range<Int>] { [own] + entries.map(\.values).filter { !own.contains($0.lowerBound) } }
  }

  /// Bytes of one value by its type, from BYTE (1) to DOUBLE (12); 0 for types that do not exist.
  private static let widths = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]

  /// Directories, entries and strips beyond which a file is not looked into: so many take no time whatever a file says.
  private static let most = 256

  /// Removes the thumbnail, which lies in the second directory (Exif 2.32, 4.5.8), from pixels that it no longer shows: a
  /// stale one is seen in its former orientation, and may show what was cropped away. libvips drops it too when it resizes;
  /// jpegtran keeps it.
  ///
  /// Its bytes become zeros where no other directory uses them, and are cut off where they end the structure. Offsets of all
  /// else stay, since a maker's note may hold some that nobody else understands.
  mutating func removeThumbnail() {
    guard let first = number(at: 4, size: 4).flatMap(directory), let start = number(at: first.next, size: 4),
      start != 0
    else { return }
    for at in first.next..<first.next + 4 { bytes[at] = 0 }
    guard let second = directory(at: start), let used = regions(from: first) else { return }
    let stale = (second.regions + thumbnails(in: second)).filter { region in !used.contains { $0.overlaps(region) } }
    for region in stale { for at in region { bytes[at] = 0 } }
    var end = bytes.count
    // An odd byte may follow, since what TIFF points to starts at even offsets.
    for region in stale.sorted(by: { $0.upperBound > $1.upperBound }) where region.upperBound >= end - 1 {
      end = min(end, region.lowerBound)
    }
    bytes.removeLast(bytes.count - max(end, used.map(\.upperBound).max()!))
  }

  /// nil when it does not lie inside. Values that do not are left out.
  private func directory(at offset: Int) -> Directory? {
    guard let count = number(at: offset, size: 2), count <= Self.most else { return nil }
    let next = offset + 2 + 12 * count
    guard next + 4 <= bytes.count else { return nil }
    var directory = Directory(own: offset..<next + 4, next: next)
    for entry in stride(from: offset + 2, to: next, by: 12) {
      guard let tag = number(at: entry, size: 2), let type = number(at: entry + 2, size: 2),
        let count = number(at: entry + 4, size: 4), type < Self.widths.count
      else { continue }
      let size = count * Self.widths[type]
      guard let start = size > 4 ? number(at: entry + 8, size: 4) : entry + 8, start + size <= bytes.count else {
        continue
      }
      directory.entries.append((tag, start..<start + size, Self.widths[type]))
    }
    return directory
  }

  /// What the header, `first` and the directories below it take: Exif, GPS, interoperability, and TIFF's SubIFDs. nil when
  /// there are more than anybody writes, which may go round in circles.
  private func regions(from first: Directory) -> [Range<Int>]? {
    var regions = [0..<8]
    var waiting = [first]
    var count = 0
    while let directory = waiting.popLast() {
      count += 1
      guard count <= Self.most else { return nil }
      regions += directory.regions
      for entry in directory.entries where [0x8769, 0x8825, 0xA005, 0x014A].contains(entry.tag) {
        waiting += numbers(entry).compactMap(self.directory)
      }
    }
    return regions
  }

  /// Where the pixels of a thumbnail lie: a JPEG's at 0x0201, as many as 0x0202 says, others in TIFF's strips.
  private func thumbnails(in directory: Directory) -> [Range<Int>] {
    [(0x0201, 0x0202), (0x0111, 0x0117)].flatMap { offsetTag, countTag in
      zip(numbers(offsetTag, in: directory), numbers(countTag, in: directory)).compactMap { start, count in
        start + count <= bytes.count ? start..<start + count : nil
      }
    }
  }

  private func numbers(_ tag: Int, in directory: Directory) -> [Int] {
    directory.entries.first { $0.tag == tag }.map(numbers) ?? []
  }

  private func numbers(_ entry: (tag: Int, values: Range<Int>, width: Int)) -> [Int] {
    guard entry.width == 2 || entry.width == 4 else { return [] }
    return stride(from: entry.values.lowerBound, to: entry.values.upperBound, by: entry.width).prefix(Self.most)
      .compactMap { number(at: $0, size: entry.width) }
  }
}
