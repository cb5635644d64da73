/// An unsigned decimal number as it was typed, kept exactly: digits times a power of ten.
///
/// Doubles round above 2^53, and `1e19+1` must not.
struct QuantityLiteral: Equatable {
  /// `.max` stands for more digits than fit.
  var digits: UInt128
  /// The power of ten that `digits` is to be multiplied by.
  var exponent: Int

  /// Reads `12`, `1_000`, `1.5`, `1e9` or `1.5E+3` from the front of `text` and removes it; nil when no number starts
  /// there, and then `text` is as it was. An `e` that no digit follows is left alone. An underscore must stand
  /// between two digits. More digits than fit give `.max`, which every caller refuses as too large.
  static func take(from text: inout Substring) -> QuantityLiteral? {
    var rest = text
    guard var number = takeDigits(from: &rest, after: QuantityLiteral(digits: 0, exponent: 0), scale: 0) else {
      return nil
    }
    if rest.first == "." {
      rest.removeFirst()
      guard let whole = takeDigits(from: &rest, after: number, scale: -1) else { return nil }
      number = whole
    }
    number.exponent += takeExponent(from: &rest)
    text = rest
    return number
  }

  /// Appends the digits at the front of `rest`; each moves the exponent by `scale`.
  private static func takeDigits(
    from rest: inout Substring, after start: QuantityLiteral, scale: Int
  ) -> QuantityLiteral? {
    var number = start
    var previousIsDigit = false
    while let next = rest.first {
      if let digit = next.asciiDigit {
        number.append(digit, scale: scale)
        previousIsDigit = true
      } else if next == "_", previousIsDigit, rest.dropFirst().first?.asciiDigit != nil {
        previousIsDigit = false
      } else {
        break
      }
      rest.removeFirst()
    }
    return previousIsDigit ? number : nil
  }

  private mutating func append(_ digit: Int, scale: Int) {
    let (product, overflow) = digits.multipliedReportingOverflow(by: 10)
    // Strictly less, so that no number that was typed becomes `.max`.
    guard !overflow, digits < .max / 10 else {
      digits = .max
      return
    }
    digits = product + UInt128(digit)
    exponent += scale
  }

  /// The exponent after an `e`, at most 9,999 either way, or 0 without one. No UInt128 has more than 39 digits, so the
  /// limit changes no result and keeps the loop of `whole` short.
  private static func takeExponent(from rest: inout Substring) -> Int {
    guard rest.first == "e" || rest.first == "E" else { return 0 }
    var tail = rest.dropFirst()
    let isNegative = tail.first == "-"
    if isNegative || tail.first == "+" { tail.removeFirst() }
    guard tail.first?.asciiDigit != nil else { return 0 }
    var exponent = 0
    while let digit = tail.first?.asciiDigit {
      exponent = min(exponent * 10 + digit, 9_999)
      tail.removeFirst()
    }
    rest = tail
    return isNegative ? -exponent : exponent
  }

  /// The value times `factor`, and whether a fraction was dropped; nil when it does not fit.
  func whole(times factor: UInt128 = 1) -> (value: UInt128, isExact: Bool)? {
    guard digits > 0 else { return (0, true) }
    guard digits < .max else { return nil }
    var (value, overflow) = digits.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    var isExact = true
    for _ in 0..<abs(exponent) where value > 0 {
      if exponent < 0 {
        // Each step divides by ten; a remainder anywhere means that a fraction is dropped.
        isExact = isExact && value % 10 == 0
        value /= 10
      } else {
        (value, overflow) = value.multipliedReportingOverflow(by: 10)
        guard !overflow else { return nil }
      }
    }
    return (value, isExact)
  }
}

extension Character {
  /// 0 to 9 for the ASCII digits, and nil for digits of other scripts.
  var asciiDigit: Int? { asciiValue.flatMap { (48...57).contains($0) ? Int($0) - 48 : nil } }
}
