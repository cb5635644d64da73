import LanesCore

/// An image's Exif as a TIFF structure, of which only the orientation is understood.
struct Exif {
  private(set) var bytes: Bytes
  private let isLittleEndian: Bool
  /// Offset of the orientation's 16-bit value, when there is one.
  private var orientationOffset: Int?

  /// nil when `bytes` do not start as a TIFF file does. Source: TIFF 6.0, section 2.
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
