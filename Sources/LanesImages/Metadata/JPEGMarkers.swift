import LanesCore

/// Goes from segment to segment of a JPEG, up to its first scan: the one place in Swift that knows how markers lie.
///
/// It reads four bytes for each through a closure, so that a file need not be in memory. Nothing is checked: that is the
/// decoder's part. The scaled decoder walks markers once more in C, since it must read what this passes over.
///
/// Source: ITU-T T.81, B.1.1.
struct JPEGMarkers {
  struct Segment {
    /// The marker's second byte.
    let marker: UInt8
    /// Offsets of what follows the length. The file may end before.
    let body: Range<Int>
  }

  static let startOfScan: UInt8 = 0xDA
  static let comment: UInt8 = 0xFE
  /// APP1 holds Exif and XMP.
  static let app1: UInt8 = 0xE1
  /// APP2 holds pieces of a color profile and the index of further pictures.
  static let app2: UInt8 = 0xE2
  /// APP13 holds IPTC and what else Photoshop writes.
  static let app13: UInt8 = 0xED
  /// APP14 holds Adobe's word on inks and color transforms, which the encoder writes itself.
  static let app14: UInt8 = 0xEE
  /// All application segments but APP0, which is JFIF's.
  static let app1To15: ClosedRange<UInt8> = 0xE1...0xEF
  /// Bytes that may follow a segment's length.
  static let mostInSegment = 65_533

  private let word: (Int) -> Int?
  private let passesGarbage: Bool
  private var at = 2
  private var isAtScan = false

  /// - Parameters:
  ///   - passesGarbage: goes on after bytes that are no marker, as decoders do; else the walk ends there, so that looking
  ///     at a file while a batch is planned never reads all of it.
  ///   - word: the four bytes at an offset, the first of them most significant; nil where the file does not reach so far.
  init(passesGarbage: Bool, word: @escaping (Int) -> Int?) {
    self.passesGarbage = passesGarbage
    self.word = word
  }

  /// The next segment with a length; the last is that of the first scan's header.
  mutating func next() -> Segment? {
    while !isAtScan, let word = word(at) {
      let (marker, length) = (UInt8(word >> 16 & 0xFF), word & 0xFFFF)
      guard word >> 24 == 0xFF else {
        guard passesGarbage else { return nil }
        at += 1
        continue
      }
      guard marker != 0xFF else {
        at += 1  // a fill byte (B.1.1.2)
        continue
      }
      guard !Self.standsAlone(marker) else {
        at += 2
        continue
      }
      guard length >= 2 else { return nil }
      defer { at += 2 + length }
      isAtScan = marker == Self.startOfScan
      return Segment(marker: marker, body: at + 4..<at + 2 + length)
    }
    return nil
  }

  /// TEM and RST0…RST7, which have no length (B.1.1.3).
  private static func standsAlone(_ marker: UInt8) -> Bool { marker == 0x01 || (0xD0...0xD7).contains(marker) }
}

/// The words at the start of application segments that say what they hold.
enum JPEGIdentifier: String, CaseIterable {
  /// A TIFF structure follows (Exif 2.32, CIPA DC-008, 4.7.2.1).
  case exif = "Exif\0\0"
  /// A packet follows (XMP Specification Part 3 (2020), 1.1.3).
  case xmp = "http://ns.adobe.com/xap/1.0/\0"
  /// A part of what did not fit into the packet follows (same, 1.1.3.1).
  case extendedXMP = "http://ns.adobe.com/xmp/extension/\0"
  /// A piece of a color profile follows, after its number and the pieces' count (ICC.1:2022, B.4).
  case profile = "ICC_PROFILE\0"
  /// An index of further pictures after the image follows (CIPA DC-007).
  case multiPicture = "MPF\0"

  var bytes: Bytes { Bytes(rawValue.utf8) }

  func begins(_ body: some Sequence<UInt8>) -> Bool { body.starts(with: rawValue.utf8) }

  /// What follows the word; nil when `body` does not begin with it, or nothing follows.
  func content(of body: some Collection<UInt8>) -> Bytes? {
    begins(body) && body.count > rawValue.utf8.count ? Bytes(body.dropFirst(rawValue.utf8.count)) : nil
  }
}

/// What a frame header says (ITU-T T.81, B.2.2).
struct JPEGFrame {
  let size: PixelSize
  /// Sampling factors by component, across and down.
  let sampling: [(h: Int, v: Int)]
  let isProgressive: Bool

  /// SOF0…SOF15; three markers in between mean something else (B.1.1.3).
  static func isFrame(_ marker: UInt8) -> Bool {
    (0xC0...0xCF).contains(marker) && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
  }

  /// nil for a header that is too short, or has no components or factors of 0.
  init?(_ marker: UInt8, _ body: UnsafeRawBufferPointer) {
    guard body.count >= 6, body[5] > 0, body.count >= 6 + 3 * Int(body[5]) else { return nil }
    // Precision, height, width, and for each component its number, factors and table.
    let (height, width) = (Int(body[1]) << 8 | Int(body[2]), Int(body[3]) << 8 | Int(body[4]))
    size = PixelSize(width, height)
    var sampling: [(h: Int, v: Int)] = []
    for component in 0..<Int(body[5]) {
      let factors = Int(body[7 + 3 * component])
      sampling.append((factors >> 4, factors & 15))
    }
    self.sampling = sampling
    isProgressive = marker & 3 == 2
    guard sampling.contains(where: { $0.h > 0 }), sampling.contains(where: { $0.v > 0 }) else { return nil }
  }

  /// Bytes of all coefficients, 16 bits each, in whole MCUs (A.2.4).
  var coefficientBytes: Int {
    let (across, down) = (8 * sampling.map(\.h).max()!, 8 * sampling.map(\.v).max()!)
    let mcusAcross = (size.width + across - 1) / across
    let mcusDown = (size.height + down - 1) / down
    let blocksPerMCU = sampling.reduce(0) { sum, factors in sum + factors.h * factors.v }
    return mcusAcross * mcusDown * blocksPerMCU * 64 * MemoryLayout<Int16>.size
  }

  /// Such as "4:2:0", in the notation of ITU-R BT.601 where it has a name, else the factors, such as "3x1,1x1,1x1"; empty
  /// where there are no color planes.
  var subsampling: String {
    guard sampling.count >= 3 else { return "" }
    let (luma, rest) = (sampling[0], sampling[1...2])
    if rest.allSatisfy({ $0 == (1, 1) }) {
      switch (luma.h, luma.v) {
      case (1, 1): return "4:4:4"
      case (2, 1): return "4:2:2"
      case (2, 2): return "4:2:0"
      case (4, 1): return "4:1:1"
      case (1, 2): return "4:4:0"
      case (4, 2): return "4:1:0"
      default: break
      }
    }
    if rest.allSatisfy({ $0 == luma }) { return "4:4:4" }
    return sampling.map { "\($0.h)x\($0.v)" }.joined(separator: ",")
  }
}

/// The segments of a JPEG in memory, up to its first scan.
struct JPEGSegments {
  struct Segment {
    /// The marker's second byte.
    let marker: UInt8
    /// What follows the length.
    let bytes: UnsafeRawBufferPointer

    /// True for a segment of `marker` that `identifier` begins.
    func isA(_ identifier: JPEGIdentifier, in marker: UInt8) -> Bool {
      self.marker == marker && identifier.begins(bytes)
    }

    /// True for a piece of a color profile.
    var isProfile: Bool { isA(.profile, in: JPEGMarkers.app2) }
  }

  /// Valid as long as the file's bytes.
  private(set) var segments: [Segment] = []

  init(_ file: UnsafeRawBufferPointer) {
    var markers = JPEGMarkers(passesGarbage: true) { at in
      at + 4 <= file.count ? Int(UInt32(bigEndian: file.loadUnaligned(fromByteOffset: at, as: UInt32.self))) : nil
    }
    while let segment = markers.next() {
      guard segment.body.upperBound <= file.count, segment.marker != JPEGMarkers.startOfScan else { return }
      segments.append(Segment(marker: segment.marker, bytes: UnsafeRawBufferPointer(rebasing: file[segment.body])))
    }
  }

  /// The first one that makes sense; nil when there is none.
  var frame: JPEGFrame? {
    segments.first { JPEGFrame.isFrame($0.marker) }.flatMap { JPEGFrame($0.marker, $0.bytes) }
  }

  /// What the first Exif segment holds.
  var exif: Exif? {
    segments.lazy.filter { $0.marker == JPEGMarkers.app1 }.compactMap { JPEGIdentifier.exif.content(of: $0.bytes) }
      .first
      .flatMap(Exif.init)
  }
}
