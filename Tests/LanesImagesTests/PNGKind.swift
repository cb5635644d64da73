import LanesCore
import Testing

/// A way to store pixels in a PNG, and a small picture that is stored so, written without any library.
struct PNGKind: Sendable, CustomTestStringConvertible {
  static let width = 13
  static let height = 11

  let color: Int
  let depth: Int
  let isInterlaced: Bool
  let hasTransparency: Bool

  var testDescription: String {
    "type \(color), \(depth) bits" + (isInterlaced ? ", interlaced" : "") + (hasTransparency ? ", tRNS" : "")
  }

  static let all: [PNGKind] = {
    let depths: [(color: Int, depths: [Int])] = [
      (0, [1, 2, 4, 8, 16]), (2, [8, 16]), (3, [1, 2, 4, 8]), (4, [8, 16]), (6, [8, 16]),
    ]
    var kinds: [PNGKind] = []
    for (color, depths) in depths {
      for depth in depths {
        for isInterlaced in [false, true] {
          for hasTransparency in color < 4 ? [false, true] : [false] {
            kinds.append(
              PNGKind(color: color, depth: depth, isInterlaced: isInterlaced, hasTransparency: hasTransparency))
          }
        }
      }
    }
    return kinds
  }()

  private var channels: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][color]! }
  private var top: Int { (1 << depth) - 1 }

  /// A stored sample.
  private func sample(_ x: Int, _ y: Int, _ channel: Int) -> Int {
    (x * 5 + y * 3 + channel * 7 + x * y * (depth == 16 ? 397 : 1)) % (top + 1)
  }

  /// Color and alpha of an index into the palette.
  private static func entry(_ index: Int) -> [Int] {
    [(index * 37 + 11) % 256, (index * 91 + 5) % 256, (index * 53) % 256, index < 2 ? 60 + 100 * index : 255]
  }

  /// The color that is transparent: that of the pixel at 2, 1.
  private var key: [Int] { (0..<channels).map { sample(2, 1, $0) } }

  /// Lanes of 8 or 16 bits as a decoder is to give them.
  func expanded(_ x: Int, _ y: Int) -> [Int] {
    let stored = (0..<channels).map { sample(x, y, $0) }
    if color == 3 {
      let entry = Self.entry(stored[0])
      return hasTransparency ? entry : Array(entry[..<3]) + [255]
    }
    let most = depth == 16 ? 65535 : 255
    let levels = stored.map { depth < 8 ? $0 * 255 / top : $0 }
    if color & 4 != 0 { return levels }
    let alpha = hasTransparency && stored == key ? 0 : most
    return color == 0 ? (hasTransparency ? levels + [alpha] : levels) : levels + [alpha]
  }

  var file: Bytes {
    let header = bigEndian(UInt32(Self.width)) + bigEndian(UInt32(Self.height))
    var file: Bytes = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file += chunk("IHDR", header + [UInt8(depth), UInt8(color), 0, 0, isInterlaced ? 1 : 0])
    if color == 3 {
      let entries = (0...top).map(Self.entry)
      file += chunk("PLTE", entries.flatMap { $0[..<3].map { UInt8($0) } })
      if hasTransparency { file += chunk("tRNS", entries.prefix(2).map { UInt8($0[3]) }) }
    } else if hasTransparency {
      file += chunk("tRNS", key.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
    }
    return file + chunk("IDAT", zlib(rows)) + chunk("IEND", [])
  }

  /// All rows, each behind filter 0; the seven passes of an interlaced image one after the other (PNG specification, 8.2).
  private var rows: Bytes {
    let passes: [(x: Int, y: Int, right: Int, down: Int)] =
      isInterlaced
      ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
      : [(0, 0, 1, 1)]
    var bytes: Bytes = []
    for pass in passes {
      for y in stride(from: pass.y, to: Self.height, by: pass.down) {
        var samples: [Int] = []
        for x in stride(from: pass.x, to: Self.width, by: pass.right) {
          for channel in 0..<channels { samples.append(sample(x, y, channel)) }
        }
        if !samples.isEmpty { bytes += [0] + packed(samples) }
      }
    }
    return bytes
  }

  private func packed(_ samples: [Int]) -> Bytes {
    var bytes: Bytes = []
    if depth == 16 {
      for sample in samples { bytes += [UInt8(sample >> 8), UInt8(sample & 255)] }
      return bytes
    }
    let perByte = 8 / depth
    for start in stride(from: 0, to: samples.count, by: perByte) {
      var byte = 0
      for index in start..<start + perByte { byte = byte << depth | (index < samples.count ? samples[index] : 0) }
      bytes.append(UInt8(byte))
    }
    return bytes
  }
}

/// zlib's form without compression: one stored block (RFC 1950, RFC 1951, 3.2.4).
func zlib(_ bytes: Bytes) -> Bytes {
  let count = UInt16(bytes.count)
  var lengths: Bytes = []
  for number in [count, ~count] { lengths += [UInt8(number & 255), UInt8(number >> 8)] }
  var (a, b): (UInt32, UInt32) = (1, 0)
  for byte in bytes {
    a = (a + UInt32(byte)) % 65521
    b = (b + a) % 65521
  }
  return [0x78, 0x01, 0x01] + lengths + bytes + bigEndian(b << 16 | a)
}
