import CCodecs

/// A function of one channel, from 0…1 to nearly the same.
///
/// Source: ICC.1:2022, 10.6 (curveType) and 10.18 (parametricCurveType).
enum ICCCurve: Sendable, Equatable {
  case identity
  case gamma(Double)
  /// Values at equal distances from 0 to 1, at least two, and straight lines between them.
  case table([UInt16])
  /// The function type, 1…4, and a to g in the order of the format.
  case parametric(type: Int, [Double])

  /// Reads a curve of either type; nil for anything else. Returns how many bytes it takes.
  static func read(_ reader: ICCReader) -> (curve: ICCCurve, size: Int)? {
    switch reader.word(0) {
    case "curv":
      guard let count = reader.number(8, 4) else { return nil }
      switch count {
      case 0: return (.identity, 12)
      case 1: return reader.number(12, 2).map { (.gamma(Double($0) / 256), 14) }
      default: return reader.samples(12, count, width: 2).map { (.table($0), 12 + 2 * count) }
      }
    case "para":
      // How many numbers each type has.
      let counts = [1, 3, 4, 5, 7]
      guard let type = reader.number(8, 2), type < counts.count else { return nil }
      var numbers: [Double] = []
      for index in 0..<counts[type] {
        guard let number = reader.fixed(12 + 4 * index) else { return nil }
        numbers.append(number)
      }
      let size = 12 + 4 * numbers.count
      return (type == 0 ? .gamma(numbers[0]) : .parametric(type: type, numbers), size)
    default: return nil
    }
  }

  var isIdentity: Bool {
    switch self {
    case .identity: true
    case .gamma(let exponent): exponent == 1
    case .table(let values): values == [0, 65535]
    case .parametric: false
    }
  }

  /// The value at `x`, which is limited to 0…1 first; finite whatever a profile says.
  func callAsFunction(_ x: Double) -> Double {
    let x = limited(x)
    switch self {
    case .identity: return x
    case .gamma(let exponent): return finite(ccodecs_power(x, exponent))
    case .table(let values):
      let place = x * Double(values.count - 1)
      let below = min(Int(place), values.count - 2)
      let part = place - Double(below)
      return (Double(values[below]) * (1 - part) + Double(values[below + 1]) * part) / 65535
    case .parametric(let type, let numbers): return finite(Self.value(type, numbers, x))
    }
  }

  /// Table 68 of the format. A power of what is negative is 0.
  private static func value(_ type: Int, _ numbers: [Double], _ x: Double) -> Double {
    let (g, a, b) = (numbers[0], numbers[1], numbers[2])
    let curved = ccodecs_power(max(a * x + b, 0), g)
    switch type {
    case 1: return a * x + b >= 0 ? curved : 0
    case 2: return (a * x + b >= 0 ? curved : 0) + numbers[3]
    case 3: return x >= numbers[4] ? curved : numbers[3] * x
    default: return x >= numbers[4] ? curved + numbers[5] : numbers[3] * x + numbers[6]
    }
  }
}

/// `x` within 0…1; 0 for what is no number.
func limited(_ x: Double) -> Double { x > 0 ? min(x, 1) : 0 }

/// `x`, or 0 for what is no number, within bounds that leave room for sums.
func finite(_ x: Double) -> Double { x.isNaN ? 0 : max(-1e6, min(x, 1e6)) }
