import CCodecs

/// Steps by which a profile's table turns colors of a device into those of the connection space, or the other way.
///
/// Source: ICC.1:2022, 10.10 (lut16Type), 10.11 (lut8Type), 10.12 (lutAToBType) and 10.13 (lutBToAType).
struct ICCPipeline: Sendable {
  enum Step: Sendable {
    /// One for each channel.
    case curves([ICCCurve])
    /// Three rows of three factors and a summand.
    case matrix([Double])
    case table(ICCTable)
  }

  let inputs: Int
  let outputs: Int
  private(set) var steps: [Step] = []
  /// Lab is encoded as version 2 did, where 100 is 0xFF00.
  let hasOldLab: Bool

  /// Reads a tag of any of the four types; nil for others, and for what does not lie inside it or makes no sense.
  init?(_ tag: ICCReader) {
    guard let inputs = tag.number(8, 1), let outputs = tag.number(9, 1), (1...4).contains(inputs),
      (1...4).contains(outputs)
    else { return nil }
    (self.inputs, self.outputs) = (inputs, outputs)
    hasOldLab = tag.word(0) == "mft2"
    switch tag.word(0) {
    case "mft1": guard readTables(tag, width: 1) else { return nil }
    case "mft2": guard readTables(tag, width: 2) else { return nil }
    case "mAB ": guard readSteps(tag, ["A", "C", "M", "m", "B"]) else { return nil }
    case "mBA ": guard readSteps(tag, ["B", "m", "M", "C", "A"]) else { return nil }
    default: return nil
    }
  }

  /// Matrix, input tables, table and output tables of the two older types.
  private mutating func readTables(_ tag: ICCReader, width: Int) -> Bool {
    var factors: [Double] = []
    for index in 0..<9 {
      guard let factor = tag.fixed(12 + 4 * index) else { return false }
      factors.append(factor)
      if index % 3 == 2 { factors.append(0) }
    }
    // It is to be one for XYZ only (10.10); what others write there counts as with lcms.
    if inputs == 3, factors != [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] { steps.append(.matrix(factors)) }
    let entries = width == 1 ? (256, 256) : (tag.number(48, 2) ?? 0, tag.number(50, 2) ?? 0)
    guard let side = tag.number(10, 1), entries.0 >= 2, entries.1 >= 2 else { return false }
    var at = width == 1 ? 48 : 52
    func curves(_ count: Int, _ entries: Int) -> [ICCCurve]? {
      var curves: [ICCCurve] = []
      for _ in 0..<count {
        guard let values = tag.samples(at, entries, width: width) else { return nil }
        curves.append(.table(values))
        at += entries * width
      }
      return curves
    }
    guard let first = curves(inputs, entries.0),
      let table = ICCTable(tag, at, sides: Array(repeating: side, count: inputs), outputs: outputs, width: width)
    else { return false }
    at += table.count * outputs * width
    guard let last = curves(outputs, entries.1) else { return false }
    add(first)
    steps.append(.table(table))
    add(last)
    return true
  }

  /// The steps of the two newer types in `order`: curves A, table C, curves M, matrix m, curves B. All but B may be missing.
  private mutating func readSteps(_ tag: ICCReader, _ order: [String]) -> Bool {
    let places = ["B": 12, "m": 16, "M": 20, "C": 24, "A": 28]
    // How many channels there are now.
    var channels = inputs
    for name in order {
      guard let offset = tag.number(places[name]!, 4) else { return false }
      guard offset > 0 else { continue }
      guard let part = tag.from(offset) else { return false }
      switch name {
      case "C":
        guard let sides = Self.sides(part, channels), let width = part.number(16, 1), width == 1 || width == 2,
          let table = ICCTable(part, 20, sides: sides, outputs: outputs, width: width)
        else { return false }
        steps.append(.table(table))
        channels = outputs
      case "m":
        let factors = (0..<12).compactMap { part.fixed(4 * $0) }
        guard channels == 3, factors.count == 12 else { return false }
        // Nine factors come first, then three summands.
        var rows: [Double] = []
        for row in 0..<3 { rows += factors[(3 * row)..<(3 * row + 3)] + [factors[9 + row]] }
        steps.append(.matrix(rows))
      default:
        guard let curves = Self.curves(part, channels) else { return false }
        add(curves)
      }
    }
    return channels == outputs
  }

  private static func sides(_ part: ICCReader, _ channels: Int) -> [Int]? {
    let sides = (0..<channels).compactMap { part.number($0, 1) }
    return sides.count == channels ? sides : nil
  }

  /// One curve after the other, each at a multiple of four bytes.
  private static func curves(_ part: ICCReader, _ channels: Int) -> [ICCCurve]? {
    var curves: [ICCCurve] = []
    var at = 0
    for _ in 0..<channels {
      guard let reader = part.from(at), let (curve, size) = ICCCurve.read(reader) else { return nil }
      curves.append(curve)
      at += (size + 3) / 4 * 4
    }
    return curves
  }

  private mutating func add(_ curves: [ICCCurve]) {
    if !curves.allSatisfy(\.isIdentity) { steps.append(.curves(curves)) }
  }

  /// The pipeline without its first step, and that, when it is curves.
  var splitAfterCurves: (curves: [ICCCurve], rest: ICCPipeline)? {
    guard case .curves(let curves) = steps.first else { return nil }
    var rest = self
    rest.steps.removeFirst()
    return (curves, rest)
  }

  /// Nodes along the axes of the table; empty without one.
  var sides: [Int] {
    for case .table(let table) in steps { return table.sides }
    return []
  }

  /// Turns a color of `inputs` channels, each 0…1, into one of `outputs`; what is left of the four is 0.
  func callAsFunction(_ color: Color) -> Color {
    var color = color
    for step in steps {
      switch step {
      case .curves(let curves): for index in curves.indices { color[index] = curves[index](color[index]) }
      case .table(let table): color = table(color)
      case .matrix(let m):
        let (x, y, z) = (color[0], color[1], color[2])
        for row in 0..<3 {
          let at = 4 * row
          let sum: Double = m[at] * x + m[at + 1] * y + m[at + 2] * z
          color[row] = finite(sum + m[at + 3])
        }
      }
    }
    return color
  }
}

/// Up to four numbers: channels of a device, or a color of the connection space.
typealias Color = SIMD4<Double>
