import LanesCore

extension Readable {
  /// A count in at most four characters up to 999 trillion, such as `999`, `1.2k`, `34k` and `3.4M`; steps of 1000.
  package static func shortCount(_ value: Int) -> String {
    short(Double(value), step: 1_000, units: ["k", "M", "G", "T"])
  }

  /// Bytes in at most five characters, such as `812`, `1.5K`, `640M` and `1.5G`; steps of 1024.
  package static func shortBytes(_ value: Int) -> String {
    short(Double(value), step: 1_024, units: ["K", "M", "G", "T"])
  }

  /// A duration in at most six characters, such as `850ns`, `12.3ms`, `1.24s`, `123s` and `17m05s`.
  package static func shortDuration(nanoseconds: Int64) -> String {
    guard nanoseconds > 0 else { return "0s" }
    guard nanoseconds >= 1_000 else { return "\(nanoseconds)ns" }
    var value = Double(nanoseconds)
    for unit in [Glyphs.microseconds, "ms", "s"] {
      value /= 1_000
      if let digits = threeDigits(value) { return digits + unit }
    }
    // Beyond 999 s minutes and seconds are shorter than four digits, and hours from 100 minutes on.
    let seconds = Int64(value.rounded())
    if seconds < 6_000 { return "\(seconds / 60)m" + String(seconds % 60).leftPadded(to: 2, with: "0") + "s" }
    return "\(seconds / 3_600)h" + String(seconds % 3_600 / 60).leftPadded(to: 2, with: "0") + "m"
  }

  /// A figure of a unit in few characters; nil where it is not known.
  static func shortFigure(_ value: Int64?, _ unit: Metric.Unit) -> String? {
    guard let value else { return nil }
    return switch unit {
    case .nanoseconds: shortDuration(nanoseconds: value)
    case .bytes: shortBytes(Int(value))
    case .count: shortCount(Int(value))
    }
  }

  /// Steps of 1024 leave no gap: 1000 to 1023 bytes are 0.98 K and more, and are written as 1.0K.
  private static func short(_ value: Double, step: Double, units: [String]) -> String {
    var value = value
    // The limits are where rounding would make one digit more, such as 999.7 to 1000.
    guard value >= 999.5 else { return fixed(value, digits: 0) }
    for unit in units {
      value /= step
      if value < 9.95 { return fixed(value, digits: 1) + unit }
      if value < 999.5 { return fixed(value, digits: 0) + unit }
    }
    return fixed(value, digits: 0) + (units.last ?? "")
  }
}
