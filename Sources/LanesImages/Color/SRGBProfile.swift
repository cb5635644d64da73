import LanesCore

extension SRGB {
  /// A small ICC profile of sRGB, of version 4.3: matrix and parametric curve. Readers that know version 2 alone
  /// take an image for sRGB where they cannot read its profile.
  ///
  /// Source: ICC.1:2010, 7 (header, tags), 8.4.3 (tags of a display), 10.13 (mluc), 10.15 (para), 10.20 (XYZ), 10.14 (sf32).
  static let profile: Bytes = {
    let curve = Bytes("para".utf8) + [0, 0, 0, 0, 0, 3, 0, 0] + numbers.flatMap(fixed)
    func xyz(_ color: [Double]) -> Bytes { Bytes("XYZ ".utf8) + [0, 0, 0, 0] + color.flatMap(fixed) }
    let columns = (0..<3).map { column in xyz((0..<3).map { matrix.rows[3 * $0 + column] }) }
    let white = ConnectionSpace.white
    let tags: [(String, Bytes)] = [
      ("desc", text("sRGB")), ("cprt", text("CC0")), ("wtpt", xyz([white[0], white[1], white[2]])),
      // Bradford's adaptation of D65 (IEC 61966-2-1, as in the profile of the ICC).
      (
        "chad",
        Bytes("sf32".utf8) + [0, 0, 0, 0]
          + [1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168].flatMap(fixed)
      ), ("rXYZ", columns[0]), ("gXYZ", columns[1]), ("bXYZ", columns[2]), ("rTRC", curve), ("gTRC", curve),
      ("bTRC", curve),
    ]
    var table = big(tags.count)
    var content: Bytes = []
    var places: [Bytes: Int] = [:]
    for (name, bytes) in tags {
      // Tags with the same content share it; all begin at a multiple of four.
      let offset = places[bytes] ?? 132 + 12 * tags.count + content.count
      if places.updateValue(offset, forKey: bytes) == nil {
        content += bytes + Bytes(repeating: 0, count: (4 - bytes.count % 4) % 4)
      }
      table += Bytes(name.utf8) + big(offset) + big(bytes.count)
    }
    return header(size: 128 + table.count + content.count) + table + content
  }()

  /// No maker, no date of today: the same bytes always.
  private static func header(size: Int) -> Bytes {
    var header = big(size) + [0, 0, 0, 0, 4, 0x30, 0, 0] + Bytes("mntrRGB XYZ ".utf8)
    header += [0x07, 0xE4, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0] + Bytes("acsp".utf8)
    header += Bytes(repeating: 0, count: 28)
    let white = ConnectionSpace.white
    header += [white[0], white[1], white[2]].flatMap(fixed)
    return header + Bytes(repeating: 0, count: 128 - header.count)
  }

  /// One text, in American English.
  private static func text(_ text: String) -> Bytes {
    let letters = text.utf16.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    return Bytes("mluc".utf8) + [0, 0, 0, 0] + big(1) + big(12) + Bytes("enUS".utf8) + big(letters.count) + big(28)
      + letters
  }

  private static func fixed(_ number: Double) -> Bytes { big(Int((number * 65536).rounded())) }

  private static func big(_ number: Int) -> Bytes {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}
