/// Exact quotients rounded to a number of decimals: to the nearest one, and halves towards positive infinity, as
/// `Math.round` of Java and so the One Billion Row Challenge do: 17.95 becomes 18.0 and -17.95 becomes -17.9.
struct Rounding {
  let decimals: Int

  /// ±`dividend` · 10^−`unit` / `divisor`.
  func text(isNegative: Bool, _ dividend: BigUInt, by divisor: BigUInt = BigUInt(1), unit: Int) -> String {
    let (dividend, divisor) = aligned(dividend, divisor, unit: unit - decimals)
    var (quotient, rest) = dividend.divided(by: divisor)
    // Twice the rest is compared with the divisor. A half rounds up, which for a negative number means towards zero.
    rest += rest
    if isNegative ? divisor < rest : !(rest < divisor) { quotient += BigUInt(1) }
    return text(isNegative: isNegative && !quotient.isZero, quotient)
  }

  /// The square root of `dividend` · 10^−2·`unit` / `divisor`, rounded from the exact root.
  func root(_ dividend: BigUInt, by divisor: BigUInt, unit: Int) -> String {
    // Of x the result is k = ⌊√x + ½⌋ = ⌊(⌊√(4x)⌋ + 1) / 2⌋, which needs whole numbers only.
    let (dividend, divisor) = aligned(dividend * BigUInt(4), divisor, unit: 2 * (unit - decimals))
    var doubled = dividend.divided(by: divisor).quotient.squareRoot()
    doubled += BigUInt(1)
    return text(isNegative: false, doubled.divided(by: BigUInt(2)).quotient)
  }

  /// The quotient times 10^−`unit`, as a quotient of whole numbers.
  private func aligned(_ dividend: BigUInt, _ divisor: BigUInt, unit: Int) -> (BigUInt, BigUInt) {
    if unit == 0 { return (dividend, divisor) }
    return unit < 0
      ? (dividend * BigUInt(powerOfTen: -unit), divisor) : (dividend, divisor * BigUInt(powerOfTen: unit))
  }

  /// A whole number of units of the last decimal.
  private func text(isNegative: Bool, _ units: BigUInt) -> String {
    let digits = units.digits
    let padded = String(repeating: "0", count: max(decimals + 1 - digits.utf8.count, 0)) + digits
    let sign = isNegative ? "-" : ""
    return decimals == 0 ? sign + padded : sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }
}
