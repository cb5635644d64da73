import LanesCore

/// The segments of a JPEG up to its first scan. Nothing is checked: that is the decoder's part.
///
/// Source: ITU-T T.81, B.1.1 and B.2.2.
struct JPEGSegments {
  struct Segment {
    /// The marker's second byte.
    let marker: UInt8
    /// What follows the length.
    let bytes: UnsafeRawBufferPointer

    /// True for a piece of a color profile (ICC.1:2022, B.4).
    var isProfile: Bool { marker == JPEGSegments.app2 && bytes.starts(with: "ICC_PROFILE\0".utf8) }
  }

  static let app1: UInt8 = 0xE1
  static let app2: UInt8 = 0xE2
  static let comment: UInt8 = 0xFE
  private static let startOfScan: UInt8 = 0xDA

  /// Valid as long as the file's bytes.
  private(set) var segments: [Segment] = []

  init(_ file: UnsafeRawBufferPointer) {
    var at = 2
    while at + 4 <= file.count {
      guard file[at] == 0xFF, file[at + 1] != 0xFF else {
        at += 1
        continue
      }
      guard !Self.standsAlone(file[at + 1]) else {
        at += 2
        continue
      }
      let length = Int(file[at + 2]) << 8 | Int(file[at + 3])
      guard length >= 2, at + 2 + length <= file.count, file[at + 1] != Self.startOfScan else { return }
      let bytes = UnsafeRawBufferPointer(rebasing: file[(at + 4)..<(at + 2 + length)])
      segments.append(Segment(marker: file[at + 1], bytes: bytes))
      at += 2 + length
    }
  }

  /// TEM and RST0…RST7, which have no length.
  private static func standsAlone(_ marker: UInt8) -> Bool { marker == 0x01 || (0xD0...0xD7).contains(marker) }

  /// Horizontal and vertical sampling factors by component, as the frame header says.
  var samplingFactors: [(h: Int, v: Int)] {
    guard let frame = segments.first(where: { Self.isFrame($0.marker) })?.bytes, frame.count >= 6 else { return [] }
    let count = min(Int(frame[5]), (frame.count - 6) / 3)
    var factors: [(h: Int, v: Int)] = []
    for index in 0..<count {
      let packed = Int(frame[7 + 3 * index])
      factors.append((packed >> 4, packed & 15))
    }
    return factors
  }

  /// Such as "4:2:0", in the notation of ITU-R BT.601 where it has a name, else the factors, such as "3x1,1x1,1x1"; empty
  /// where there are no color planes.
  var subsampling: String {
    let factors = samplingFactors
    guard factors.count >= 3 else { return "" }
    let (luma, rest) = (factors[0], factors[1...2])
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
    return factors.map { "\($0.h)x\($0.v)" }.joined(separator: ",")
  }

  /// SOF0…SOF15; three markers in between mean something else.
  private static func isFrame(_ marker: UInt8) -> Bool {
    (0xC0...0xCF).contains(marker) && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
  }
}
