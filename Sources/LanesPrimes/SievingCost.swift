import LanesOS

/// What sieving an interval costs on one core, in nanoseconds, nearly, where there are large sieving primes; by it these are divided
/// into shares of one cost.
///
/// Fitted to an EPYC (Zen 5) with AVX-512 near 10^18, 2^62 and 2^64, for 10^8 and 10^9 numbers: shares of one cost took 0.9 to 1.1 of
/// their average. Without AVX-512 the first share is the longest, by up to a quarter.
struct SievingCost {
  /// Numbers of the interval.
  let numbers: UInt64
  /// The largest sieving prime.
  let root: UInt64

  /// Making the primes that are kept from segment to segment.
  private static let keptPrimes = 8e6
  /// For each number of the interval: everything that is done with these primes, and counting.
  private static let perNumber = 0.16
  /// For each number up to the largest prime: making large primes and dividing them into the interval's start.
  private static let perMade = 0.118
  /// For each number and each unit of ln ln p, of which it has a multiple.
  private static let perMultiple = 1.55

  /// Fewer nanoseconds than this make no share.
  private static let leastShare = 10e6
  /// The same for each number of the interval: ten times what it costs to hand over its bitmap and to put it together with others.
  private static let leastSharePerNumber = 0.25
  /// Shares of one interval, and of a range, at the most.
  private static let mostShares = 8
  private static let mostUnits = 16

  /// Of all primes up to `prime`, a large one.
  private func through(_ prime: UInt64) -> Double {
    let largestKept = SieveSizes.largestResident
    let multiples = Self.logOfLog(prime) - Self.logOfLog(largestKept)
    return Self.keptPrimes + Self.perMade * Double(prime - largestKept)
      + (Self.perNumber + Self.perMultiple * multiples) * Double(numbers)
  }

  /// By Mertens' theorem the sum of 1 / p over the primes between two bounds is the difference of these, nearly.
  private static func logOfLog(_ prime: UInt64) -> Double { naturalLogarithm(naturalLogarithm(Double(prime))) }

  /// All primes together.
  var total: Double { through(root) }

  /// How many shares of one cost there may be where `intervals` of this kind make up a range: a power of two, so that two and four lanes
  /// end together.
  func shareCount(intervals: UInt64) -> Int {
    // No share is smaller than what the first one does with primes that are not divided.
    let least = max(
      through(SieveSizes.largestResident + 1), Self.leastShare, Self.leastSharePerNumber * Double(numbers))
    let most = min(Int(total / least), Self.mostShares, Self.mostUnits / Int(min(intervals, 1 << 30)))
    return most < 2 ? 1 : 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount)
  }

  /// The primes divided into `count` shares.
  func shares(_ count: Int) -> [SievingShare] {
    var first: UInt64 = 0
    return (0..<count).map { number in
      let last = number == count - 1 ? root : bound(total * Double(number + 1) / Double(count), after: first)
      defer { first = last + 1 }
      return SievingShare(number: number, count: count, primes: first...last)
    }
  }

  /// The number, nearly, up to which primes cost `cost`, above `first` and below the root.
  private func bound(_ cost: Double, after first: UInt64) -> UInt64 {
    // In steps that no rounding of logarithms, which machines may do otherwise, comes near.
    let step: UInt64 = 1 << 16
    var (low, high) = (max(first, SieveSizes.largestResident) / step + 1, root / step)
    while low < high {
      let middle = low + (high - low) / 2
      if through(middle * step) < cost { low = middle + 1 } else { high = middle }
    }
    return min(low * step, root - 1)
  }
}
