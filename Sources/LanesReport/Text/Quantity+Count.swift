extension Quantity {
  /// A count or bound from `123`, `10_000`, `1e9`, `1.5e3`, `2^32`, `2^64-1` or `1e12+1e8`, without any rounding.
  ///
  /// Terms are added and taken away from left to right; a term is a number or a power of two whole numbers. Only the
  /// result must lie between 0 and 2^64-1.
  package static func count(_ text: String) throws(QuantityError) -> UInt64 {
    var rest = text[...].trimmed
    if rest.first == "-" { throw QuantityError(text, .negative) }
    var total = try term(&rest, of: text)
    while let sign = rest.first {
      guard sign == "+" || sign == "-" else { throw malformed(text) }
      rest = rest.dropFirst().trimmed
      let next = try term(&rest, of: text)
      total += sign == "+" ? next : -next
    }
    guard total >= 0 else { throw QuantityError(text, .negative) }
    guard let count = UInt64(exactly: total) else { throw tooLarge(text) }
    return count
  }

  /// Takes one term from the front of `rest`. It is at most 2^96, so that no list of terms that fits on a command line
  /// overflows the sum.
  private static func term(_ rest: inout Substring, of text: String) throws(QuantityError) -> Int128 {
    let base = try wholeNumber(&rest, of: text)
    rest = rest.trimmed
    guard rest.first == "^" else { return base }
    rest = rest.dropFirst().trimmed
    let exponent = try wholeNumber(&rest, of: text)
    rest = rest.trimmed
    return try power(base, exponent, of: text)
  }

  private static func wholeNumber(_ rest: inout Substring, of text: String) throws(QuantityError) -> Int128 {
    guard let number = QuantityLiteral.take(from: &rest) else { throw malformed(text) }
    guard let (value, isExact) = number.whole(), value <= termLimit else { throw tooLarge(text) }
    guard isExact else { throw QuantityError(text, .notWhole) }
    return Int128(value)
  }

  private static func power(_ base: Int128, _ exponent: Int128, of text: String) throws(QuantityError) -> Int128 {
    // 0^0 is 1.
    guard base > 1 else { return exponent == 0 ? 1 : base }
    var result: Int128 = 1
    // A base of 2 or more exceeds 2^96 long before 128 steps, whatever the exponent.
    for _ in 0..<min(exponent, 128) {
      let (product, overflow) = result.multipliedReportingOverflow(by: base)
      guard !overflow, product <= termLimit else { throw tooLarge(text) }
      result = product
    }
    return result
  }

  private static let termLimit: UInt128 = 1 << 96

  private static func tooLarge(_ text: String) -> QuantityError { QuantityError(text, .tooLarge(limit: "2^64-1")) }

  private static func malformed(_ text: String) -> QuantityError {
    QuantityError(text, .malformed(expected: "a whole number such as 10_000, 1e9, 2^32 or 1e12+1e8"))
  }
}
