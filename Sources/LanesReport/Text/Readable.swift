import LanesCore

/// Writes figures for people, rounded to what the eye takes in.
package enum Readable {
  /// `value` with exactly `digits` digits after the decimal point, rounded half away from zero; a dash when it is not
  /// finite or too large to be read digit by digit.
  package static func fixed(_ value: Double, digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
    // The conversion below traps on what does not fit an Int64.
    guard value.isFinite, abs(value) * scale < 9e18 else { return Glyphs.dash }
    let scaled = Int64((abs(value) * scale).rounded())
    // What rounds to zero has no sign: no `-0.00`.
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(scaled) }
    let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
    return sign + "\(whole)." + String(fraction).leftPadded(to: digits, with: "0")
  }

  /// Such as `1,234,567`.
  package static func count(_ value: some BinaryInteger) -> String {
    let digits = String(value.magnitude)
    var text = value < 0 ? "-" : ""
    for (position, digit) in digits.enumerated() {
      if position > 0, (digits.count - position).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// Such as `1.5 GiB`; below 1 KiB whole bytes, above in steps of 1024 with one decimal place below 100.
  package static func bytes(_ bytes: Int) -> String {
    ByteCount.text(bytes)
  }

  /// What became of a number of bytes, such as `66 MiB to 8.1 MiB (88% saved)`.
  package static func change(from before: Int, to after: Int) -> String {
    "\(bytes(before)) to \(bytes(after)) (\(comparison(before, after)))"
  }

  /// Whole percent that do not round a difference away, nor all of it.
  private static func comparison(_ before: Int, _ after: Int) -> String {
    guard before != after, before > 0 else { return before == after ? "nothing saved" : "more" }
    let share = Double(abs(after - before)) / Double(before)
    if after > before, share >= 1 { return "\(fixed(1 + share, digits: share < 9 ? 1 : 0)) times as much" }
    // "100% saved" of something that is still there, and "0% saved" of something smaller, would both be wrong.
    let isNearlyAll = after < before && after > 0 && share > 0.99
    let text = share < 0.01 ? "less than 1%" : isNearlyAll ? "over 99%" : percent(share)
    return text + (after < before ? " saved" : " more")
  }

  /// Such as `850 ns`, `12.3 ms`, `1.24 s`, `2 min 5 s` or `3 h 12 min`: three digits below a minute.
  package static func duration(nanoseconds: Int64) -> String {
    guard nanoseconds >= 1_000 else { return "\(nanoseconds) ns" }
    var value = Double(nanoseconds)
    for unit in [Glyphs.microseconds, "ms", "s"] {
      value /= 1_000
      // From here on one decimal would round to 60.0 s, which is a minute.
      if unit == "s", value >= 59.95 { break }
      if let digits = threeDigits(value) { return "\(digits) \(unit)" }
    }
    let seconds = Int64((Double(nanoseconds) / 1e9).rounded())
    guard seconds >= 3_600 else { return "\(seconds / 60) min \(seconds % 60) s" }
    return "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
  }

  /// Such as `5 s`, `2 min 5 s` and `3 h 12 min`.
  package static func wholeSeconds(_ seconds: Int64) -> String {
    seconds < 60 ? "\(seconds) s" : duration(nanoseconds: seconds * 1_000_000_000)
  }

  /// As `duration(nanoseconds:)`.
  package static func duration(_ duration: Duration) -> String {
    Readable.duration(nanoseconds: duration.nanoseconds)
  }

  /// A figure of a unit; nil where it is not known.
  static func figure(_ value: Int64?, _ unit: Metric.Unit) -> String? {
    guard let value else { return nil }
    return switch unit {
    case .nanoseconds: duration(nanoseconds: value)
    case .bytes: bytes(Int(value))
    case .count: count(value)
    }
  }

  /// A share as whole percent, such as `97%`.
  package static func percent(_ share: Double) -> String {
    // A dash stands alone: `–%` would read as a figure that was lost.
    let text = fixed(share * 100, digits: 0)
    return text == Glyphs.dash ? text : text + "%"
  }

  /// Such as `no faults`, `1 fault` and `1,200 faults`.
  package static func counted(_ number: Int, _ one: String, _ many: String? = nil) -> String {
    let noun = number == 1 ? one : many ?? one + "s"
    return (number == 0 ? "no" : count(number)) + " " + noun
  }

  /// Such as `one`, `one and two` and `one, two and three`.
  package static func list(_ items: [String]) -> String {
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " and " + last
  }

  /// Three digits of a value below 999.5, and nil from there on.
  static func threeDigits(_ value: Double) -> String? {
    // The limits are where rounding would make one digit more, such as 9.996 to 10.00.
    if value < 9.995 { return fixed(value, digits: 2) }
    if value < 99.95 { return fixed(value, digits: 1) }
    return value < 999.5 ? fixed(value, digits: 0) : nil
  }
}

extension String {
  /// At least `width` columns of a terminal; a longer text stays as it is.
  package func leftPadded(to width: Int, with filler: Character = " ") -> String {
    String(repeating: filler, count: max(0, width - displayWidth)) + self
  }

  /// At least `width` columns of a terminal; a longer text stays as it is.
  package func rightPadded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - displayWidth))
  }
}
