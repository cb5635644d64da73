import LanesCore

/// Values on a logarithmic scale, one line each, for a terminal.
struct LogAxis {
  struct Entry {
    let name: String
    let range: ClosedRange<Double>
    /// The point that stands out; nil for a range that somebody else published.
    let point: Double?
  }

  private let entries: [Entry]
  private let unit: LabFigure.Unit
  private let nameWidth: Int
  private let columns: Int
  private let scaling: LogScale
  private let unicode = Glyphs.current == .unicode

  /// Nil where nothing can be drawn: no positive value, or too few columns.
  init?(_ entries: [Entry], unit: LabFigure.Unit, width: Int) {
    let entries = entries.filter { $0.range.lowerBound > 0 && $0.range.upperBound.isFinite }
    let values = entries.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
    guard let least = values.min(), let most = values.max() else { return nil }
    nameWidth = entries.map(\.name.count).max() ?? 0
    columns = width - nameWidth - 4
    guard columns >= 24 else { return nil }
    self.entries = entries
    self.unit = unit
    scaling = LogScale(around: least...most, unit)
  }

  /// The scale first, without line ends.
  var lines: [String] { [scale] + entries.map(line) }

  private func column(_ value: Double) -> Int {
    min(columns - 1, max(0, Int((scaling.share(value) * Double(columns - 1)).rounded())))
  }

  /// Labels of as many ticks as have room.
  private var scale: String {
    var cells = Array(repeating: Character(" "), count: columns)
    var free = 0
    for tick in scaling.ticks {
      let label = "|" + unit.tick(tick)
      let start = column(tick)
      guard start >= free, start + label.count <= columns || start == columns - 1 else { continue }
      for (index, character) in label.enumerated() where start + index < columns { cells[start + index] = character }
      free = start + label.count + 1
    }
    return (String(repeating: " ", count: nameWidth + 4) + String(cells)).withoutTrailingSpaces
  }

  private func line(_ entry: Entry) -> String {
    var cells = Array(repeating: Character(" "), count: columns)
    let (first, last) = (column(entry.range.lowerBound), column(entry.range.upperBound))
    for index in first...last { cells[index] = unicode ? "─" : "-" }
    if let point = entry.point {
      cells[column(point)] = unicode ? "●" : "o"
    } else {
      cells[first] = unicode ? "○" : "*"
      cells[last] = cells[first]
    }
    return ("  " + entry.name.rightPadded(to: nameWidth) + "  " + String(cells)).withoutTrailingSpaces
  }
}

/// A logarithmic scale whose ends are round values.
struct LogScale {
  /// The ends included; 1 or 3 times a power of ten, or powers of four for bytes.
  let ticks: [Double]

  /// A scale from below `range`, whose ends are above 0, to above it.
  init(around range: ClosedRange<Double>, _ unit: LabFigure.Unit) {
    let isBinary = unit == .bytes || unit == .bytesPerSecond
    let (factors, base): ([Double], Double) = isBinary ? ([1, 4, 16, 64, 256], 1024) : ([1, 3], 10)
    var ticks: [Double] = []
    var decade = isBinary ? 1.0 : 1e-3
    while ticks.count < 2 || ticks.last! < range.upperBound {
      for factor in factors where ticks.count < 2 || ticks.last! < range.upperBound {
        let tick = decade * factor
        ticks = tick <= range.lowerBound ? [tick] : ticks + [tick]
      }
      decade *= base
    }
    self.ticks = ticks
  }

  /// How far from the lower end to the upper one a value lies: 0 to 1.
  func share(_ value: Double) -> Double {
    let (low, high) = (logarithm(ticks.first!), logarithm(ticks.last!))
    return min(1, max(0, (logarithm(value) - low) / (high - low)))
  }
}

extension LabFigure.Unit {
  /// A round value, short: `3 µs`, `64 KiB`.
  func tick(_ value: Double) -> String {
    switch self {
    case .nanoseconds:
      for (size, name) in [(1e9, "s"), (1e6, "ms"), (1e3, Glyphs.microseconds), (1.0, "ns")] where value >= size * 0.999
      {
        return Readable.fixed(value / size, digits: 0) + " " + name
      }
      return Readable.fixed(value, digits: 2) + " ns"
    case .bytes, .bytesPerSecond:
      for (size, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] where value >= Double(size) {
        return "\(Int(value) / size) \(name)"
      }
      return "\(Int(value)) B"
    case .perSecond: return Readable.count(Int(value.rounded())) + "/s"
    case .count: return value < 1 ? Readable.fixed(value, digits: 2) : Readable.count(Int(value.rounded()))
    }
  }
}

/// Natural logarithm of a positive number; this module may not import the C library. The argument is brought near 1,
/// where the series of the inverse hyperbolic tangent converges fast; exact to 12 digits, and a column needs three.
func logarithm(_ value: Double) -> Double {
  let fraction = value.significand
  let ratio = (fraction - 1) / (fraction + 1)
  var (sum, term) = (0.0, ratio)
  for index in stride(from: 1, through: 41, by: 2) {
    sum += term / Double(index)
    term *= ratio * ratio
  }
  return 2 * sum + Double(value.exponent) * 0.693147180559945309
}
