/// A number as it was written: digits · 10^−places, exactly.
struct DecimalNumber: Equatable {
  var isNegative = false
  /// All digits without the point.
  var digits: UInt64 = 0
  /// Digits after the point; negative where zeros follow the digits.
  var places = 0

  /// Exponents of ten that a number may have; a double reaches 308. The limit also bounds the memory of exact sums.
  static let exponents = -400...400

  /// `value` · 10^−`places`.
  init(_ value: Int64, places: Int) {
    isNegative = value < 0
    digits = value.magnitude
    self.places = places
  }

  /// Reads a number: blanks around it, a sign, digits with at most one point among, before or after them, an exponent.
  ///
  /// Up to 19 digits are taken as they are, and so is every whole number below 2^64; of more digits the first 19 count,
  /// rounded half up. Nil when `text` is no such number or its exponent is out of range.
  init?(_ text: UnsafeRawBufferPointer) {
    var cursor = NumberCursor(text)
    cursor.skipBlanks()
    isNegative = cursor.skipSign()
    guard readDigits(&cursor) else { return nil }
    if cursor.skip(0x65) || cursor.skip(0x45) {
      guard let exponent = cursor.exponent() else { return nil }
      places -= exponent
    }
    cursor.skipBlanks()
    guard cursor.isAtEnd else { return nil }
    // One zero only: without a sign, and equal however many places were written.
    if digits == 0 {
      isNegative = false
      places = 0
    }
    guard Self.exponents.contains(-places) else { return nil }
  }

  /// Reads digits with at most one point; false where there is no digit.
  private mutating func readDigits(_ cursor: inout NumberCursor) -> Bool {
    var count = 0
    var hasPoint = false
    /// True once a digit did not fit; the first of those decides on rounding.
    var isFull = false
    while true {
      if let digit = cursor.digit() {
        count += 1
        if isFull {
          if !hasPoint { places -= 1 }
          continue
        }
        let (product, isOver) = digits.multipliedReportingOverflow(by: 10)
        let (next, isOverToo) = product.addingReportingOverflow(UInt64(digit))
        if !isOver && !isOverToo {
          digits = next
          if hasPoint { places += 1 }
        } else {
          isFull = true
          if digit >= 5 && digits < .max { digits += 1 }
          if !hasPoint { places -= 1 }
        }
      } else if !hasPoint && cursor.skip(0x2E) {
        hasPoint = true
      } else {
        return count > 0
      }
    }
  }

  /// True when this is less than `other`, whatever places they have.
  func isLess(than other: DecimalNumber) -> Bool {
    if digits == 0 || other.digits == 0 || isNegative != other.isNegative {
      return signum < other.signum
    }
    return isNegative ? other.isMagnitudeLess(than: self) : isMagnitudeLess(than: other)
  }

  private var signum: Int { digits == 0 ? 0 : isNegative ? -1 : 1 }

  private func isMagnitudeLess(than other: DecimalNumber) -> Bool {
    if places == other.places { return digits < other.digits }
    // Digits before the point decide, where they differ; 10^order is the smallest power of ten above the number.
    let order = String(digits).utf8.count - places
    let otherOrder = String(other.digits).utf8.count - other.places
    guard order == otherOrder else { return order < otherOrder }
    // At most 20 digits each and of equal order: aligned they fit 128 bits.
    let (left, right) = (UInt128(digits), UInt128(other.digits))
    return places < other.places
      ? left * PowersOfTen.wide[other.places - places] < right
      : left < right * PowersOfTen.wide[places - other.places]
  }

  /// The number with a fixed number of decimals.
  func text(_ rounding: Rounding) -> String {
    rounding.text(isNegative: isNegative, BigUInt(UInt128(digits)), unit: places)
  }

  /// The shortest text for the number.
  var text: String { DecimalText.text(isNegative: isNegative, digits: String(digits), places: places) }
}

/// Walks over the bytes of a number. Each method moves on only past what it found.
private struct NumberCursor {
  private let text: UnsafeRawBufferPointer
  private var at = 0

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  var isAtEnd: Bool { at == text.count }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard at < text.count, text[at] == byte else { return false }
    at += 1
    return true
  }

  mutating func skipBlanks() { while skip(0x20) || skip(0x09) {} }

  /// True when there was a minus.
  mutating func skipSign() -> Bool {
    if skip(0x2D) { return true }
    _ = skip(0x2B)
    return false
  }

  mutating func digit() -> UInt8? {
    guard at < text.count, (0x30...0x39).contains(text[at]) else { return nil }
    defer { at += 1 }
    return text[at] - 0x30
  }

  /// The number after an "e"; nil without digits. Values above 100,000 are taken for that.
  mutating func exponent() -> Int? {
    let isNegative = skipSign()
    var value = 0
    var count = 0
    while let digit = digit() {
      value = min(value * 10 + Int(digit), 100_000)
      count += 1
    }
    return count == 0 ? nil : isNegative ? -value : value
  }
}

enum PowersOfTen {
  /// 10^0 … 10^38, all powers that 128 bits hold.
  static let wide: [UInt128] = (1..<39).reduce(into: [1]) { powers, _ in powers.append(powers.last! * 10) }
}

/// Writes numbers that are known exactly.
enum DecimalText {
  /// Most digits that are written out, zeros included; numbers with more get an exponent.
  private static let longest = 40

  /// `digits` · 10^−`places` without zeros that say nothing.
  static func text(isNegative: Bool, digits: String, places: Int) -> String {
    var digits = Substring(digits)
    var places = places
    while digits.count > 1 && digits.last == "0" {
      digits.removeLast()
      places -= 1
    }
    if digits == "0" { return "0" }
    let sign = isNegative ? "-" : ""
    if places <= 0 {
      guard digits.count - places <= longest else { return sign + scientific(digits, places) }
      return sign + digits + String(repeating: "0", count: -places)
    }
    guard max(digits.count, places) <= longest else { return sign + scientific(digits, places) }
    let padded = String(repeating: "0", count: max(places + 1 - digits.count, 0)) + digits
    return sign + padded.dropLast(places) + "." + padded.suffix(places)
  }

  /// One digit before the point and all others after it.
  private static func scientific(_ digits: Substring, _ places: Int) -> String {
    let exponent = digits.count - 1 - places
    let rest = digits.dropFirst()
    return "\(digits.prefix(1))\(rest.isEmpty ? "" : ".")\(rest)e\(exponent < 0 ? "-" : "+")\(abs(exponent))"
  }
}
