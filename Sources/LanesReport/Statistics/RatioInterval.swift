/// How many times as much one contender needed as another, and between what bounds that lies with 95% confidence.
///
/// Rounds are interleaved, so that what the machine does in one of them falls on all contenders: values of one round belong
/// together and are compared in pairs. The ratio is that of the medians. Its interval comes
///
/// - from ten rounds on, from a bootstrap: whole rounds are drawn anew, 2,000 times, and the middle 95% of the ratios of
///   medians are kept (percentile method; Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13;
///   pairs are drawn together as in its section 8.3);
/// - from three to nine rounds from Student's t-distribution of the logarithms of each round's ratio, widened where needed
///   to hold the ratio of medians. A median of so few rounds takes a handful of values only, so that drawing them anew says
///   little. Logarithms make twice and half as much lie equally far from even.
///
/// Fewer than three rounds have no interval. The same rounds give the same interval, since what is drawn depends on
/// nothing but their number.
package struct RatioInterval: Sendable, Equatable {
  /// Where the bounds come from; the raw value is what JSON calls it.
  package enum Method: String, Sendable, CaseIterable { case bootstrap, student }

  /// Median over median.
  package let ratio: Double
  package let low: Double
  package let high: Double
  package let method: Method

  /// Rounds that an interval takes at least.
  package static let fewestRounds = 3
  /// Rounds from which on medians of drawn rounds take enough values.
  package static let bootstrapRounds = 10

  /// True where even is outside the interval: then the two differ.
  package var excludesOne: Bool { low > 1 || high < 1 }

  /// How far apart the bounds are, as a share of the lower one.
  package var width: Double { high / low - 1 }

  /// The interval of the inverse ratio.
  package var inverse: RatioInterval { RatioInterval(ratio: 1 / ratio, low: 1 / high, high: 1 / low, method: method) }

  private init(ratio: Double, low: Double, high: Double, method: Method) {
    self.ratio = ratio
    // Rounding of the last digit must not put the ratio itself outside.
    self.low = min(low, ratio)
    self.high = max(high, ratio)
    self.method = method
  }

  /// How many times as much `values` are as `others`, round for round; rounds that only one of them has are left out. Nil
  /// with fewer than three rounds, and where a value is 0 or less, of which no ratio can be told.
  package init?(of values: [Double], to others: [Double]) {
    let count = min(values.count, others.count)
    guard count >= Self.fewestRounds else { return nil }
    let (values, others) = (Array(values.prefix(count)), Array(others.prefix(count)))
    guard values.allSatisfy({ $0 > 0 && $0.isFinite }), others.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
    let ratio = Statistics(values).median / Statistics(others).median
    if count < Self.bootstrapRounds {
      let logarithms = zip(values, others).map { Logarithms.natural($0 / $1) }
      let mean = logarithms.reduce(0, +) / Double(count)
      let reach = StudentT.reach(degrees: count - 1) * Self.standardError(logarithms, mean)
      self.init(mean: mean, reach: reach, around: ratio)
    } else {
      self.init(Self.drawn(Resampling(values), Resampling(others), isPaired: true), around: ratio)
    }
  }

  /// How many times as much `values` are as `earlier`, which were measured at another time: each side's rounds vary by
  /// themselves. The t-distribution is that of Welch ("The generalization of 'Student's' problem", Biometrika 34, 1947) where
  /// either side has fewer than ten rounds, and a bootstrap draws both sides apart otherwise. Nil as for pairs.
  package init?(of values: [Double], toEarlier earlier: [Double]) {
    guard min(values.count, earlier.count) >= Self.fewestRounds else { return nil }
    guard values.allSatisfy({ $0 > 0 && $0.isFinite }), earlier.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      return nil
    }
    let ratio = Statistics(values).median / Statistics(earlier).median
    guard min(values.count, earlier.count) < Self.bootstrapRounds else {
      self.init(Self.drawn(Resampling(values), Resampling(earlier), isPaired: false), around: ratio)
      return
    }
    let (now, then) = (values.map(Logarithms.natural), earlier.map(Logarithms.natural))
    let (nowMean, thenMean) = (now.reduce(0, +) / Double(now.count), then.reduce(0, +) / Double(then.count))
    let (nowError, thenError) = (Self.standardError(now, nowMean), Self.standardError(then, thenMean))
    let (a, b) = (nowError * nowError, thenError * thenError)
    let degrees = a + b > 0 ? (a + b) * (a + b) / (a * a / Double(now.count - 1) + b * b / Double(then.count - 1)) : 1
    let reach = StudentT.reach(degrees: max(1, Int(degrees))) * (a + b).squareRoot()
    self.init(mean: nowMean - thenMean, reach: reach, around: ratio)
  }

  private init(mean: Double, reach: Double, around ratio: Double) {
    self.init(
      ratio: ratio, low: Logarithms.exponential(mean - reach), high: Logarithms.exponential(mean + reach),
      method: .student)
  }

  private init(_ drawn: Statistics, around ratio: Double) {
    self.init(ratio: ratio, low: drawn.quantile(0.025), high: drawn.quantile(0.975), method: .bootstrap)
  }

  /// Of the mean: the sample's standard deviation over the root of its size.
  private static func standardError(_ samples: [Double], _ mean: Double) -> Double {
    let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(samples.count - 1) / Double(samples.count)).squareRoot()
  }
}

extension RatioInterval {
  /// Draws of which the middle 95% are kept: fifty lie outside at each end.
  private static let draws = 2_000

  /// Ratios of the medians of rounds drawn anew, the same rounds for both sides where they are pairs.
  private static func drawn(_ values: Resampling, _ others: Resampling, isPaired: Bool) -> Statistics {
    var source = SplitMix(state: 0x6C61_6E65)
    var (times, otherTimes) = (values.none, others.none)
    return Statistics(
      (0..<draws).map { _ in
        values.draw(into: &times, from: &source)
        if isPaired { return values.median(times) / others.median(times) }
        others.draw(into: &otherTimes, from: &source)
        return values.median(times) / others.median(otherTimes)
      })
  }

  /// Rounds of which as many are drawn as there are, each any number of times.
  private struct Resampling {
    let values: [Double]
    /// Rounds in ascending order of their values, so that a drawn median is found without sorting.
    let ascending: [Int]

    init(_ values: [Double]) {
      self.values = values
      ascending = values.indices.sorted { values[$0] < values[$1] }
    }

    /// How often each round was drawn, before any was.
    var none: [Int] { Array(repeating: 0, count: values.count) }

    func draw(into times: inout [Int], from source: inout SplitMix) {
      for index in times.indices { times[index] = 0 }
      for _ in times.indices { times[source.below(times.count)] += 1 }
    }

    func median(_ times: [Int]) -> Double {
      // Positions of the middle value, or of both values around the middle.
      let (first, second) = ((values.count - 1) / 2, values.count / 2)
      var passed = 0
      var low: Double?
      for index in ascending {
        passed += times[index]
        if low == nil, passed > first { low = values[index] }
        if passed > second { return ((low ?? values[index]) + values[index]) / 2 }
      }
      return values[ascending[values.count - 1]]
    }
  }

  /// Numbers that look random and are the same each time: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
  /// number generators", 2014).
  private struct SplitMix {
    var state: UInt64

    private mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }

    /// From 0 to `bound` - 1; of rounds there are too few for the bias of this to be seen.
    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }
  }
}

/// Student's t-distribution, as far as two-sided intervals of 95% need it.
private enum StudentT {
  /// Quantiles at 0.975 for 1, 2, 3 … degrees of freedom (Fisher and Yates, "Statistical Tables", 1963, table III).
  private static let quantiles = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
  ]

  /// How many standard errors the interval reaches to either side; beyond 30 degrees that of 30, which is a little too far.
  static func reach(degrees: Int) -> Double { quantiles[min(max(degrees, 1), quantiles.count) - 1] }
}
