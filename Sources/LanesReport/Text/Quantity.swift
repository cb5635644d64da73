/// Reads the sizes and durations that people type.
package enum Quantity {
  /// Bytes from `64M`, `1.5GiB`, `512k` or `1000`.
  ///
  /// As for GNU `split`: K, M, G, T and P, alone or with `iB`, are powers of 1024; with `B` alone they are powers of
  /// 1000; case does not matter. A fraction of a byte is dropped.
  package static func size(_ text: String) throws(QuantityError) -> Int {
    let (number, unit) = try split(text, expected: "a size such as 64M or 1.5GiB")
    guard let factor = sizeFactor(unit.lowercased()) else {
      throw QuantityError(text, .unknownUnit(unit, known: "K, M, G, T or P, with iB or B behind it if you like"))
    }
    guard let (bytes, _) = number.whole(times: factor), bytes <= UInt128(Int.max) else {
      throw QuantityError(text, .tooLarge(limit: "2^63-1 bytes"))
    }
    return Int(bytes)
  }

  /// A duration from `500ms`, `2s`, `1m`, `1.5h` or `1d`; a number alone is seconds, as for `timeout`.
  ///
  /// Anything below a nanosecond is dropped; the limit is 2^63-1 nanoseconds, about 292 years.
  package static func duration(_ text: String) throws(QuantityError) -> Duration {
    let (number, unit) = try split(text, expected: "a duration such as 500ms, 2s or 1m")
    guard let factor = nanosecondsPerUnit[unit.lowercased()] else {
      throw QuantityError(text, .unknownUnit(unit, known: "ns, us, ms, s, m, h or d"))
    }
    guard let (nanoseconds, _) = number.whole(times: factor), nanoseconds <= UInt128(Int64.max) else {
      throw QuantityError(text, .tooLarge(limit: "292 years"))
    }
    return .nanoseconds(Int64(nanoseconds))
  }

  /// The number at the front of `text` and the unit after it; spaces around either do not count.
  private static func split(
    _ text: String, expected: String
  ) throws(QuantityError) -> (number: QuantityLiteral, unit: String) {
    var rest = text[...].trimmed
    if rest.first == "-" { throw QuantityError(text, .negative) }
    guard let number = QuantityLiteral.take(from: &rest) else {
      throw QuantityError(text, .malformed(expected: expected))
    }
    return (number, String(rest.trimmed))
  }

  /// Bytes of a unit in lower case; nil for one that is unknown. `Ki` is taken for `KiB`.
  private static func sizeFactor(_ unit: String) -> UInt128? {
    guard let letter = unit.first, letter != "b" else { return unit == "" || unit == "b" ? 1 : nil }
    guard let power = Array("kmgtp").firstIndex(of: letter) else { return nil }
    let base: UInt128
    switch unit.dropFirst() {
    case "", "i", "ib": base = 1024
    case "b": base = 1000
    default: return nil
    }
    return (0...power).reduce(1) { product, _ in product * base }
  }

  /// Micro is U+00B5 or the Greek letter U+03BC, which look the same.
  private static let nanosecondsPerUnit: [String: UInt128] = [
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "": 1_000_000_000, "s": 1_000_000_000,
    "m": 60_000_000_000, "min": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000,
  ]
}

extension Substring {
  /// Without the spaces at either end.
  var trimmed: Substring {
    let front = drop { $0 == " " }
    return front.lastIndex { $0 != " " }.map { front[...$0] } ?? ""
  }
}
