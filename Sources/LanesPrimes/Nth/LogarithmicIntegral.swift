import LanesOS

/// How many primes there are, nearly, and where the n-th one is, nearly.
enum LogarithmicIntegral {
  /// π(x) ≈ li(x), for x ≥ 2.
  ///
  /// Off by less than √x · ln x / 8π for 2657 ≤ x < 2^64 (Büthe 2016).
  static func value(_ x: Double) -> Double {
    // li(x) = γ + ln ln x + Σ (ln x)^k / (k · k!); all terms but the second are positive, so nothing cancels.
    let log = naturalLogarithm(x)
    var sum = 0.5772156649015329 + naturalLogarithm(log)
    var power = 1.0
    for k in 1...200 {
      power *= log / Double(k)
      sum += power / Double(k)
    }
    return sum
  }

  /// The number up to which about `count` primes come after `start`; 2^64 − 1 when there are not so many.
  static func stop(of count: UInt64, after start: UInt64) -> UInt64 {
    let wanted = value(Double(max(start, 2))) + Double(count)
    var (low, high) = (start, UInt64.max)
    while low < high {
      let middle = low + (high - low) / 2
      if middle < 2 || value(Double(middle)) < wanted { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
