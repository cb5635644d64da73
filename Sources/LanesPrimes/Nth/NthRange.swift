import LanesOS

extension PrimeRange {
  /// Where the `nth` prime above `start`, counted from 1, is nearly always found: from `start` to a little after
  /// the number at which the logarithmic integral expects it.
  ///
  /// When the range turns out too short, the caller goes on after it for the primes still missing.
  package init(ofPrime nth: UInt64, after start: UInt64) throws(NthError) {
    guard start < .max, NthError.mayExist(nth, after: start) else { throw NthError(nth: nth, start: start) }
    let expected = LogarithmicIntegral.stop(of: nth, after: start)
    let log = naturalLogarithm(Double(expected) + 2)
    // Eight times the deviation of as many random numbers, and for a few primes more than any gap below 2^64.
    let margin = UInt64(8 * Double(nth).squareRoot() * log + 50 * log * log)
    let (stop, overflow) = expected.addingReportingOverflow(margin)
    // Cannot throw: `start` is below the largest number, and the stop lies above `start`.
    self = try! PrimeRange(start: start + 1, stop: overflow ? .max : stop)
  }
}

/// There is no such prime below 2^64.
package struct NthError: Error, Equatable, CustomStringConvertible {
  package let nth: UInt64
  package let start: UInt64

  package init(nth: UInt64, start: UInt64) {
    self.nth = nth
    self.start = start
  }

  /// False when there are surely fewer than `nth` primes between `start` and 2^64.
  static func mayExist(_ nth: UInt64, after start: UInt64) -> Bool {
    let total = LogarithmicIntegral.value(Double(UInt64.max)) - LogarithmicIntegral.value(Double(max(start, 2)))
    // The integral is off by less than 7.6 · 10^9 at either end, see `LogarithmicIntegral`; in the last 10^12 numbers
    // there are about 2.3 · 10^10 primes, and errors at both ends are nearly the same.
    let slack = start > UInt64.max - 1_000_000_000_000 ? 1_000_000_000 : 20_000_000_000.0
    return Double(nth) <= total + slack
  }

  package var description: String { "fewer than \(nth) primes lie between \(start) and 2^64-1" }
}
