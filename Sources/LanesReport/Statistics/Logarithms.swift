/// Natural logarithms and their inverse in plain Swift, since figures are worked out without the C library here.
enum Logarithms {
  private static let two = 0.693_147_180_559_945_3

  /// ln x for a finite x above 0, to about 15 digits.
  ///
  /// x is 2^e · m with m between √½ and √2, and ln m = 2 artanh s for s = (m − 1) / (m + 1) (Abramowitz and Stegun,
  /// "Handbook of Mathematical Functions", 1964, 4.1.27); |s| stays below 0.172, so that eleven terms are enough.
  static func natural(_ x: Double) -> Double {
    var exponent = Double(x.exponent)
    var mantissa = x.significand
    if mantissa > 2.squareRoot() {
      mantissa /= 2
      exponent += 1
    }
    let s = (mantissa - 1) / (mantissa + 1)
    var sum = 0.0
    for power in stride(from: 21.0, through: 1, by: -2) { sum = sum * s * s + 1 / power }
    return exponent * two + 2 * s * sum
  }

  /// e^x, to about 15 digits; infinite and 0 where a `Double` ends.
  ///
  /// x is k ln 2 + r with |r| below 0.35, where seventeen terms of the series of e^r are enough.
  static func exponential(_ x: Double) -> Double {
    guard x < 709 else { return .infinity }
    guard x > -708 else { return 0 }
    let power = (x / two).rounded()
    let rest = x - power * two
    var sum = 1.0
    for term in stride(from: 17.0, through: 1, by: -1) { sum = 1 + sum * rest / term }
    return Double(sign: .plus, exponent: Int(power), significand: 1) * sum
  }
}
