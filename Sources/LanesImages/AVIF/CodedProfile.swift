import LanesCore

/// An ICC profile that says what an AVIF says of its colors in numbers, for formats that have no such numbers.
///
/// Source: ICC.1:2022 (matrix and curves, 8.3.3); ITU-T H.273, tables 2 and 3.
enum CodedProfile {
  private typealias Row = [Double]

  /// nil where the colors are sRGB's, or nearly, which is what everybody takes a file without a profile for, and where a
  /// curve does not describe them.
  static func make(_ color: CodingColor) -> Bytes? {
    let isCommon = [1, 2].contains(color.primaries) || color.chromaticities == nil
    guard let curve = curve(color.transfer), !(isCommon && isNearSRGB(color.transfer)),
      let points = color.chromaticities ?? CodingColor(primaries: 1).chromaticities
    else { return nil }
    return profile(columns: columns(points), curve: curve)
  }

  /// What screens of high dynamic range are told; nil for others.
  static func brightName(_ transfer: Int) -> String? { transfer == 16 ? "PQ" : transfer == 18 ? "HLG" : nil }

  /// sRGB's curve, what is unspecified, and those of television, which are shown by the same screens.
  private static func isNearSRGB(_ transfer: Int) -> Bool { [1, 2, 6, 13, 14, 15].contains(transfer) }

  /// A `para` or `curv` tag.
  private static func curve(_ transfer: Int) -> Bytes? {
    switch transfer {
    case _ where isNearSRGB(transfer):
      tag("para", [0, 3, 0, 0] + [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045].flatMap(fixed))
    case 4: tag("para", [0, 0, 0, 0] + fixed(2.2))
    case 5: tag("para", [0, 0, 0, 0] + fixed(2.8))
    case 8: tag("para", [0, 0, 0, 0] + fixed(1))
    default: nil
    }
  }

  // MARK: Colors

  /// D50, which profiles connect through (ICC.1:2022, 7.2.16).
  private static let white: Row = [0.9642, 1, 0.8249]
  /// Bradford's cone responses (ICC.1:2022, E.3).
  private static let bradford: [Row] = [
    [0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296],
  ]

  /// XYZ under D50 of red, green and blue, and the adaptation that they went through.
  private static func columns(_ points: [(x: Double, y: Double)]) -> (colors: [Row], adaptation: [Row]) {
    func xyz(_ point: (x: Double, y: Double)) -> Row { [point.x / point.y, 1, (1 - point.x - point.y) / point.y] }
    let from = xyz(points[3])
    let primaries = points[..<3].map(xyz)
    // How much of each makes white.
    let parts = apply(inverse(transposed(primaries)), from)
    let (one, other) = (apply(bradford, from), apply(bradford, white))
    let scaled = (0..<3).map { row in bradford[row].map { $0 * other[row] / one[row] } }
    let adaptation = product(inverse(bradford), scaled)
    let colors = zip(primaries, parts).map { color, part in apply(adaptation, color.map { $0 * part }) }
    return (colors, adaptation)
  }

  private static func apply(_ matrix: [Row], _ vector: Row) -> Row {
    matrix.map { zip($0, vector).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  private static func product(_ one: [Row], _ other: [Row]) -> [Row] {
    transposed(transposed(other).map { apply(one, $0) })
  }

  private static func transposed(_ matrix: [Row]) -> [Row] { (0..<3).map { column in matrix.map { $0[column] } } }

  private static func inverse(_ m: [Row]) -> [Row] {
    func cofactor(_ row: Int, _ column: Int) -> Double {
      let (a, b, c, d) = ((row + 1) % 3, (row + 2) % 3, (column + 1) % 3, (column + 2) % 3)
      return m[a][c] * m[b][d] - m[a][d] * m[b][c]
    }
    let determinant = (0..<3).reduce(0) { $0 + m[0][$1] * cofactor(0, $1) }
    return (0..<3).map { row in (0..<3).map { cofactor($0, row) / determinant } }
  }

  // MARK: Bytes

  private static func profile(columns: (colors: [Row], adaptation: [Row]), curve: Bytes) -> Bytes {
    let text = tag("mluc", number(1) + number(12) + Bytes("enUS".utf8) + number(10) + number(28) + utf16("lanes"))
    var tags: [(name: String, bytes: Bytes)] = [
      ("desc", text), ("cprt", text), ("wtpt", xyz(white)),
      ("chad", tag("sf32", columns.adaptation.flatMap { $0 }.flatMap(fixed))),
    ]
    tags += zip(["rXYZ", "gXYZ", "bXYZ"], columns.colors).map { ($0, xyz($1)) }
    tags += ["rTRC", "gTRC", "bTRC"].map { ($0, curve) }
    // Tags that are the same share their bytes.
    var (table, data) = (number(tags.count), Bytes())
    var places: [Bytes: Int] = [:]
    let start = 128 + 4 + 12 * tags.count
    for (name, bytes) in tags {
      let place = places[bytes] ?? data.count
      if places.updateValue(place, forKey: bytes) == nil {
        data += bytes + Bytes(repeating: 0, count: -bytes.count & 3)
      }
      table += Bytes(name.utf8) + number(start + place) + number(bytes.count)
    }
    return header(size: start + data.count) + table + data
  }

  /// ICC.1:2022, 7.2. The date is that of the specification, since the same image has to become the same bytes.
  private static func header(size: Int) -> Bytes {
    var header = number(size) + number(0) + [4, 0x40, 0, 0] + Bytes("mntrRGB XYZ ".utf8)
    header += [7, 0xE6, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0] + Bytes("acsp".utf8)
    header += Bytes(repeating: 0, count: 28) + white.flatMap(fixed)
    return header + Bytes(repeating: 0, count: 128 - header.count)
  }

  private static func tag(_ kind: String, _ body: Bytes) -> Bytes { Bytes(kind.utf8) + number(0) + body }

  private static func xyz(_ values: Row) -> Bytes { tag("XYZ ", values.flatMap(fixed)) }

  private static func utf16(_ text: String) -> Bytes { text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }

  /// Sixteen bits before the point and sixteen behind it.
  private static func fixed(_ value: Double) -> Bytes { number(Int((value * 65536).rounded())) }

  private static func number(_ value: Int) -> Bytes {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }
}
