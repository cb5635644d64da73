import LanesCore

/// How the AV1 of an item is configured: its av1C box (AV1 in ISO Base Media File Format, 2.3.3).
struct AV1Configuration: Equatable {
  var profile: Int
  var level: Int
  var isHighTier = false
  var depth: Int
  var isMonochrome: Bool
  var shiftX: Int
  var shiftY: Int
  var position = 0

  /// Of the picture that `header` begins.
  init(_ header: AV1Header) {
    (profile, level, isHighTier, depth) = (header.profile, header.level, header.isHighTier, header.depth)
    (isMonochrome, shiftX, shiftY, position) = (header.isMonochrome, header.shiftX, header.shiftY, header.position)
  }

  init(_ reader: inout BoxReader) throws(AVIFFault) {
    guard try reader.number(1) == 0x81 else { throw .unsupported("an AVIF of a later version") }
    let first = try reader.number(1)
    let second = try reader.number(1)
    _ = try reader.number(1)
    (profile, level) = (first >> 5, first & 31)
    isHighTier = second & 0x80 != 0
    depth = second & 0x40 == 0 ? 8 : second & 0x20 == 0 ? 10 : 12
    isMonochrome = second & 0x10 != 0
    (shiftX, shiftY, position) = (second >> 3 & 1, second >> 2 & 1, second & 3)
  }

  /// The body of the box.
  var bytes: Bytes {
    let flags: [(Bool, Int)] = [(isHighTier, 7), (depth > 8, 6), (depth == 12, 5), (isMonochrome, 4)]
    let second = flags.reduce(0) { $0 | ($1.0 ? 1 << $1.1 : 0) } | shiftX << 3 | shiftY << 2 | position
    return [0x81, UInt8(profile << 5 | level), UInt8(second), 0]
  }
}

/// What the header of an AV1 sequence says of its pictures (AV1 specification, 5.5).
struct AV1Header: Equatable {
  var profile = 0
  var level = 0
  var isHighTier = false
  /// Of the largest picture.
  var size = PixelSize(0, 0)
  var depth = 8
  var isMonochrome = false
  var shiftX = 1
  var shiftY = 1
  var color = CodingColor()
  /// Where color samples lie between pixels.
  var position = 0

  /// - Parameter bytes: of the unit that holds the header, without that unit's own.
  init(_ bytes: UnsafeRawBufferPointer) throws(AVIFFault) {
    var bits = BitReader(bytes)
    profile = try bits.take(3)
    guard profile <= 2 else { throw .damaged("AV1 has no profile \(profile)") }
    _ = try bits.take(1)
    let isReduced = try bits.flag()
    if isReduced { level = try bits.take(5) } else { try readOperatingPoints(&bits) }
    let widths = (try bits.take(4) + 1, try bits.take(4) + 1)
    size = PixelSize(try bits.take(widths.0) + 1, try bits.take(widths.1) + 1)
    try Self.passTools(&bits, isReduced: isReduced)
    try readColor(&bits)
  }

  /// Timing, and points at which a scalable picture may be decoded; the first one counts.
  private mutating func readOperatingPoints(_ bits: inout BitReader) throws(AVIFFault) {
    var delayBits: Int?
    if try bits.flag() {
      try bits.pass(64)
      if try bits.flag() { try bits.passExponential() }
      if try bits.flag() {
        delayBits = try bits.take(5) + 1
        try bits.pass(32 + 5 + 5)
      }
    }
    let showsDelay = try bits.flag()
    for point in 0...(try bits.take(5)) {
      try bits.pass(12)
      let level = try bits.take(5)
      let isHigh = level > 7 ? try bits.flag() : false
      if point == 0 { (self.level, isHighTier) = (level, isHigh) }
      if let delayBits, try bits.flag() { try bits.pass(2 * delayBits + 1) }
      if showsDelay, try bits.flag() { try bits.pass(4) }
    }
  }

  private static func passTools(_ bits: inout BitReader, isReduced: Bool) throws(AVIFFault) {
    if !isReduced, try bits.flag() { try bits.pass(4 + 3) }  // numbers of frames
    try bits.pass(3)  // size of blocks, filtering
    if !isReduced {
      try bits.pass(4)
      let hasOrder = try bits.flag()
      if hasOrder { try bits.pass(2) }
      // Tools for screens: left to each picture, or switched for all.
      let forcesScreen = try bits.flag() ? true : try bits.flag()
      if forcesScreen, !(try bits.flag()) { try bits.pass(1) }
      if hasOrder { try bits.pass(3) }
    }
    try bits.pass(3)  // scaling, two filters
  }

  /// AV1 specification, 5.5.2.
  private mutating func readColor(_ bits: inout BitReader) throws(AVIFFault) {
    let isHigh = try bits.flag()
    depth = !isHigh ? 8 : profile == 2 ? (try bits.flag() ? 12 : 10) : 10
    isMonochrome = profile == 1 ? false : try bits.flag()
    if try bits.flag() {
      color.primaries = try bits.take(8)
      color.transfer = try bits.take(8)
      color.matrix = try bits.take(8)
    }
    if isMonochrome {
      color.isFullRange = try bits.flag()
      return
    }
    if color.primaries == 1, color.transfer == 13, color.matrix == 0 {
      color.isFullRange = true
      (shiftX, shiftY) = (0, 0)
      return
    }
    color.isFullRange = try bits.flag()
    switch profile {
    case 0: (shiftX, shiftY) = (1, 1)
    case 1: (shiftX, shiftY) = (0, 0)
    default:
      shiftX = depth == 12 ? try bits.take(1) : 1
      shiftY = depth == 12 && shiftX == 1 ? try bits.take(1) : 0
    }
    if shiftX == 1, shiftY == 1 { position = try bits.take(2) }
  }
}

/// Reads bits, the most significant of each byte first.
private struct BitReader {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next `count` bits, at most 32, as a number.
  mutating func take(_ count: Int) throws(AVIFFault) -> Int {
    guard at + count <= bytes.count * 8 else { throw .damaged("the header of its AV1 ends too early") }
    var value = 0
    for _ in 0..<count {
      value = value << 1 | Int(bytes[at >> 3] >> (7 - UInt8(at & 7)) & 1)
      at += 1
    }
    return value
  }

  mutating func flag() throws(AVIFFault) -> Bool { try take(1) == 1 }

  mutating func pass(_ count: Int) throws(AVIFFault) {
    guard at + count <= bytes.count * 8 else { throw .damaged("the header of its AV1 ends too early") }
    at += count
  }

  /// Passes a number that is written with as many leading zeros as it has bits (AV1 specification, 4.10.3).
  mutating func passExponential() throws(AVIFFault) {
    var zeros = 0
    while !(try flag()) { zeros += 1 }
    if zeros < 32 { try pass(zeros) }
  }
}

/// What an item's AV1 consists of, found without decoding it (AV1 specification, 5.3).
struct AV1Stream {
  /// Pictures beyond which an item is refused: one of four layers has four, and each takes as long to decode as the largest.
  static let mostFrames = 16

  /// The first; all of them are checked.
  let header: AV1Header
  /// The largest that any header in it allows.
  let largest: PixelSize

  private enum Kind {
    static let header = 1
    static let delimiter = 2
    static let frameHeader = 3
    static let frame = 6
  }

  init(_ bytes: UnsafeRawBufferPointer) throws(AVIFFault) {
    var found: AV1Header?
    var largest = PixelSize(0, 0)
    var frames = 0
    try Self.walk(bytes) { (kind, body, _) throws(AVIFFault) in
      if kind == Kind.header {
        let header = try AV1Header(body)
        found = found ?? header
        largest = PixelSize(max(largest.width, header.size.width), max(largest.height, header.size.height))
      }
      if kind == Kind.frame || kind == Kind.frameHeader { frames += 1 }
    }
    guard let found else { throw .damaged("its AV1 has no header") }
    guard frames <= Self.mostFrames else {
      throw .unsupported("an AVIF of more than \(Self.mostFrames) pictures in one")
    }
    (header, self.largest) = (found, largest)
  }

  /// The bytes without what only separates pictures of a sequence, which still images do not hold (AVIF specification, 2.1).
  static func withoutDelimiters(_ bytes: Bytes) throws(AVIFFault) -> Bytes {
    var kept: Bytes = []
    try bytes.span.bytes.withUnsafeBytes { (bytes) throws(AVIFFault) in
      try walk(bytes) { (kind, _, whole) throws(AVIFFault) in
        if kind != Kind.delimiter { kept += whole }
      }
    }
    return kept
  }

  /// Hands out each unit: its kind, what it holds, and all of it.
  private static func walk(
    _ bytes: UnsafeRawBufferPointer,
    _ visit: (Int, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(AVIFFault) -> Void
  ) throws(AVIFFault) {
    var at = 0
    while at < bytes.count {
      let (start, head) = (at, bytes[at])
      at += head & 4 == 0 ? 1 : 2
      var size = bytes.count - at
      if head & 2 != 0 {
        size = 0
        // Seven bits a byte, the least significant first, in at most eight bytes (4.10.5).
        for index in 0..<8 {
          guard at < bytes.count else { throw .damaged("its AV1 ends too early") }
          let byte = bytes[at]
          at += 1
          size |= Int(byte & 0x7F) << (7 * index)
          if byte & 0x80 == 0 { break }
        }
      }
      guard size >= 0, at <= bytes.count, size <= bytes.count - at else { throw .damaged("its AV1 ends too early") }
      let body = UnsafeRawBufferPointer(rebasing: bytes[at..<at + size])
      at += size
      try visit(Int(head >> 3 & 15), body, UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
    }
  }
}
