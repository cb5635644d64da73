/// Numbers of bytes for people.
package enum ByteCount {
  /// Such as `1.5 GiB`; below 1 KiB whole bytes, above in steps of 1024 with one digit behind the point below 100.
  package static func text(_ bytes: Int) -> String {
    var value = Double(bytes)
    guard value >= 1024 else { return "\(bytes) B" }
    for unit in ["KiB", "MiB", "GiB", "TiB"] {
      value /= 1024
      if value < 1023.5 { return rounded(value) + " " + unit }
    }
    return rounded(value / 1024) + " PiB"
  }

  private static func rounded(_ value: Double) -> String {
    guard value < 99.95 else { return String(Int(value.rounded())) }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
