import LanesCore

/// The bytes of an ICC profile, or of one of its tags, read with every offset checked: nothing that a profile says of
/// itself is trusted.
///
/// Source: ICC.1:2022, 4 (numbers, the first byte most significant) and 7 (header and tag table).
struct ICCReader {
  private let bytes: ArraySlice<UInt8>

  /// - Parameter profile: a whole profile, in which `ICCProfile.fault` finds nothing.
  init(_ profile: Bytes) { bytes = profile[...] }

  private init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  var count: Int { bytes.count }

  /// A number of `size` bytes; nil when it does not lie inside.
  func number(_ offset: Int, _ size: Int) -> Int? {
    guard offset >= 0, offset <= count - size else { return nil }
    return bytes[(bytes.startIndex + offset)..<(bytes.startIndex + offset + size)].reduce(0) { $0 << 8 | Int($1) }
  }

  /// A signed number with 16 bits behind the point (s15Fixed16Number).
  func fixed(_ offset: Int) -> Double? {
    number(offset, 4).map { Double(Int32(truncatingIfNeeded: $0)) / 65536 }
  }

  /// Four letters; nil when they do not lie inside.
  func word(_ offset: Int) -> String? {
    guard offset >= 0, offset <= count - 4 else { return nil }
    return String(decoding: bytes[(bytes.startIndex + offset)..<(bytes.startIndex + offset + 4)], as: UTF8.self)
  }

  /// `many` whole numbers of 1 or 2 bytes, as 16 bits: 255 becomes 65,535. nil when they do not lie inside.
  func samples(_ offset: Int, _ many: Int, width: Int) -> [UInt16]? {
    let (size, overflows) = many.multipliedReportingOverflow(by: width)
    guard many >= 0, !overflows, offset >= 0, size <= count - offset else { return nil }
    return [UInt16](unsafeUninitializedCapacity: many) { room, filled in
      bytes.withUnsafeBufferPointer { bytes in
        for index in 0..<many {
          room[index] =
            width == 1
            ? UInt16(bytes[offset + index]) * 257
            : UInt16(bytes[offset + 2 * index]) << 8 | UInt16(bytes[offset + 2 * index + 1])
        }
      }
      filled = many
    }
  }

  /// What lies from `offset` to the end; nil when nothing does.
  func from(_ offset: Int) -> ICCReader? {
    guard offset >= 0, offset < count else { return nil }
    return ICCReader(bytes[(bytes.startIndex + offset)...])
  }

  /// The tag `name` of a profile, up to its length; nil when there is none, or it does not lie inside.
  func tag(_ name: String) -> ICCReader? {
    guard let tags = number(128, 4) else { return nil }
    // `ICCProfile.fault` holds their number to what fits.
    for entry in stride(from: 132, to: 132 + 12 * min(tags, count / 12), by: 12) where word(entry) == name {
      guard let offset = number(entry + 4, 4), let size = number(entry + 8, 4), offset <= count - size else {
        return nil
      }
      return ICCReader(bytes[(bytes.startIndex + offset)..<(bytes.startIndex + offset + size)])
    }
    return nil
  }
}
