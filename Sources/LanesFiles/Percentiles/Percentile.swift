/// A percentile as it was asked for: `digits` · 10^−`places` percent.
///
/// Of n numbers in ascending order, x₀ to xₙ₋₁, the percentile p is at the place h = (n − 1)·p/100: the number there, or
/// where h is no whole number, the two around it in proportion. This is definition 7 of Hyndman and Fan 1996, "Sample
/// quantiles in statistical packages", which R, NumPy, Excel's PERCENTILE.INC and DuckDB's quantile_cont take as well.
package struct Percentile: Sendable, Equatable {
  /// As it was typed.
  package let text: String
  private let digits: UInt64
  private let places: Int

  /// Digits that a percentile may have behind the point.
  package static let mostPlaces = 9

  /// Nil for what is no number from 0 to 100 with at most nine digits behind the point.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      parts[0].count <= 3, parts.count == 1 || parts[1].count <= Self.mostPlaces, let digits = UInt64(parts.joined())
    else { return nil }
    places = parts.count == 1 ? 0 : parts[1].count
    self.digits = digits
    self.text = text
    guard UInt128(digits) <= 100 * PowersOfTen.wide[places] else { return nil }
  }

  /// From 0 to 1.
  var share: Double { Double(digits) / Double(PowersOfTen.wide[places + 2]) }

  /// Where it lies among `count` numbers, of which there is one at least.
  func position(among count: UInt64) -> Position {
    let unit = PowersOfTen.wide[places + 2]
    // Below 2^64 · 10^11.
    let (whole, rest) = (UInt128(count - 1) * UInt128(digits)).quotientAndRemainder(dividingBy: unit)
    return Position(lower: UInt64(whole), rest: UInt64(rest), places: places + 2)
  }

  /// A place between two numbers: `rest` · 10^−`places` of the way from the one of rank `lower`, from 0, to the next.
  struct Position: Equatable {
    var lower: UInt64
    var rest: UInt64
    var places: Int

    /// The ranks of the numbers that count.
    var ranks: [UInt64] { rest == 0 ? [lower] : [lower, lower + 1] }

    /// The number at this place, exactly.
    func between(_ low: ExactValue, _ high: ExactValue) -> ExactValue {
      let unit = BigUInt(powerOfTen: places)
      var weight = unit
      weight -= BigUInt(UInt128(rest))
      let finest = max(low.places, high.places)
      var (positive, negative) = (BigUInt(), BigUInt())
      for (value, factor) in [(low, weight), (high, BigUInt(UInt128(rest)))] {
        let part = value.magnitude * BigUInt(powerOfTen: finest - value.places) * factor
        if value.isNegative { negative += part } else { positive += part }
      }
      let isNegative = positive < negative
      var magnitude = isNegative ? negative : positive
      magnitude -= isNegative ? positive : negative
      return ExactValue(isNegative: isNegative, magnitude: magnitude, places: finest + places)
    }
  }
}

/// A number of any size: `magnitude` · 10^−`places` and a sign.
struct ExactValue {
  var isNegative: Bool
  var magnitude: BigUInt
  var places: Int

  /// The shortest text, or one with so many decimals.
  func text(_ rounding: Rounding?) -> String {
    guard let rounding else {
      return DecimalText.text(isNegative: isNegative, digits: magnitude.digits, places: places)
    }
    return rounding.text(isNegative: isNegative, magnitude, unit: places)
  }
}
