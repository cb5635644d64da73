/// One of the numbers that tell about a column.
package enum Statistic: UInt8, CaseIterable, Sendable {
  case count, sum, least, greatest, mean, deviation, percentiles

  /// Those that are made of the sums, and with them the percentiles where values are kept.
  static func all(_ keeping: ValueKeeping) -> [Statistic] {
    allCases.filter { $0 != .percentiles || keeping != .none }
  }
}

/// What is shown of one group.
///
/// Count, sum, least and greatest are exact. The mean and the variance are quotients of exact whole numbers, rounded
/// once; the standard deviation is the variance's root, rounded once more. So none of them depends on how the lines
/// were cut.
package struct Summary: Sendable, Equatable {
  package var count: UInt64
  package var sum: String
  /// Nil without a number.
  package var least: String?
  package var greatest: String?
  package var mean: Double?
  /// Of a sample: divided by one less than the count; nil below two numbers.
  package var deviation: Double?
  /// Mean and deviation rounded to the decimals that were asked for, which the doubles above are not exact enough for.
  package var roundedMean: String?
  package var roundedDeviation: String?
  /// As many as were asked for, in that order; nil where there is no number.
  package var percentiles: [String?] = []

  /// - Parameter decimals: digits after the point of every number; nil for as many as it takes.
  init(_ moments: Moments, decimals: Int? = nil) {
    let exact = ExactSums(moments)
    count = moments.count
    mean = exact.mean
    deviation = exact.variance?.squareRoot()
    guard let rounding = decimals.map(Rounding.init) else {
      sum = exact.sumText
      least = moments.least?.text
      greatest = moments.greatest?.text
      return
    }
    sum = exact.roundedSum(rounding)
    least = moments.least?.text(rounding)
    greatest = moments.greatest?.text(rounding)
    roundedMean = exact.roundedMean(rounding)
    roundedDeviation = exact.roundedDeviation(rounding)
  }
}

/// A group's sums as whole numbers of one unit, 10^−`places`.
private struct ExactSums {
  private let count: UInt64
  private let places: Int
  private var positive = BigUInt()
  private var negative = BigUInt()
  private var squares = BigUInt()
  /// The one sum there is, where 128 bits are likely to be enough; the three above are then not set.
  private var narrow: DecimalSum?

  init(_ moments: Moments) {
    count = moments.count
    let sums = moments.sums
    places = sums.map(\.places).max() ?? 0
    if sums.count == 1, sums[0].squaresHigh == 0, sums[0].places >= 0, sums[0].places <= 9 {
      narrow = sums[0]
      return
    }
    for sum in sums {
      let scale = BigUInt(powerOfTen: places - sum.places)
      let part = BigUInt(sum.total.magnitude) * scale
      if sum.total < 0 { negative += part } else { positive += part }
      var high = BigUInt(UInt128(sum.squaresHigh))
      high.shiftLeft(128)
      high += BigUInt(sum.squares)
      // Squares are in units of 10^−2·places, so they are scaled twice.
      squares += high * scale * scale
    }
  }

  private var isNegative: Bool { narrow.map { $0.total < 0 } ?? (positive < negative) }

  /// The sum without its sign.
  private var magnitude: BigUInt {
    if let narrow { return BigUInt(narrow.total.magnitude) }
    // Only differences that are not negative can be held.
    var larger = isNegative ? negative : positive
    larger -= isNegative ? positive : negative
    return larger
  }

  var sumText: String {
    let digits = narrow.map { String($0.total.magnitude) } ?? magnitude.digits
    return DecimalText.text(isNegative: isNegative, digits: digits, places: places)
  }

  /// Sum / count: the size is rounded, and the sign put on afterwards.
  var mean: Double? {
    guard count > 0 else { return nil }
    let size: Double
    if let narrow {
      size = Quotient.double(narrow.total.magnitude, by: UInt128(count) * PowersOfTen.wide[places])
    } else {
      size = quotient(magnitude, BigUInt(UInt128(count)), unit: places)
    }
    return isNegative ? -size : size
  }

  /// (count · Σx² − (Σx)²) / (count · (count − 1)).
  var variance: Double? {
    guard count > 1 else { return nil }
    if let variance = narrowVariance { return variance }
    return quotient(wideVariance.dividend, wideVariance.divisor, unit: 2 * places)
  }

  /// The same as a quotient of whole numbers of squared units. Never negative: the sums are exact (Cauchy–Schwarz).
  private var wideVariance: (dividend: BigUInt, divisor: BigUInt) {
    let squares = narrow.map { BigUInt($0.squares) } ?? squares
    var dividend = squares * BigUInt(UInt128(count))
    dividend -= magnitude * magnitude
    return (dividend, BigUInt(UInt128(count) * UInt128(count - 1)))
  }

  /// Sums and quotients with the decimals that were asked for, from the exact values and not from doubles.
  func roundedSum(_ rounding: Rounding) -> String {
    rounding.text(isNegative: isNegative, magnitude, unit: places)
  }

  func roundedMean(_ rounding: Rounding) -> String? {
    guard count > 0 else { return nil }
    return rounding.text(isNegative: isNegative, magnitude, by: BigUInt(UInt128(count)), unit: places)
  }

  func roundedDeviation(_ rounding: Rounding) -> String? {
    guard count > 1 else { return nil }
    return rounding.root(wideVariance.dividend, by: wideVariance.divisor, unit: places)
  }

  /// The same where nothing goes beyond 128 bits; the same value to the last bit, since both are rounded once.
  private var narrowVariance: Double? {
    guard let narrow else { return nil }
    let (first, isOver) = narrow.squares.multipliedReportingOverflow(by: UInt128(count))
    let size = narrow.total.magnitude
    let (second, isOverToo) = size.multipliedReportingOverflow(by: size)
    let unit = PowersOfTen.wide[2 * places]
    let (divisor, isOverThree) = (UInt128(count) * UInt128(count - 1)).multipliedReportingOverflow(by: unit)
    guard !isOver, !isOverToo, !isOverThree else { return nil }
    return Quotient.double(first - second, by: divisor)
  }

  /// `dividend` · 10^−`unit` / `divisor`.
  private func quotient(_ dividend: BigUInt, _ divisor: BigUInt, unit: Int) -> Double {
    unit < 0
      ? Quotient.double(dividend * BigUInt(powerOfTen: -unit), by: divisor)
      : Quotient.double(dividend, by: divisor * BigUInt(powerOfTen: unit))
  }
}
