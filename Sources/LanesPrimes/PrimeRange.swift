/// A closed interval of integers, anywhere in 0 … 2^64 − 1.
package struct PrimeRange: Sendable, Equatable {
  package let start: UInt64
  package let stop: UInt64

  /// The integers from `start` through `stop`, both included.
  package init(start: UInt64, stop: UInt64) throws(PrimeRangeError) {
    guard start <= stop else { throw .backwards(start: start, stop: stop) }
    self.start = start
    self.stop = stop
  }

  package func contains(_ number: UInt64) -> Bool { start <= number && number <= stop }
}

/// Bounds that make no interval.
package enum PrimeRangeError: Error, Equatable, CustomStringConvertible {
  case backwards(start: UInt64, stop: UInt64)

  package var description: String {
    switch self {
    case .backwards(let start, let stop):
      "the range starts at \(start) and ends at \(stop): write the smaller bound first"
    }
  }
}
