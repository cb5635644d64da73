import LanesReport
import Testing

@Suite struct RatioIntervalTests {
  @Test func `three rounds give the interval that a table of Student's t gives`() throws {
    // Logarithms 0.1, 0.2 and 0.3: mean 0.2, standard error 0.1 / sqrt 3, t with two degrees of freedom 4.303.
    let values = [1.105_170_918_1, 1.221_402_758_2, 1.349_858_807_6]
    let interval = try #require(RatioInterval(of: values, to: [1, 1, 1]))
    #expect(interval.method == .student)
    #expect(abs(interval.low - 0.952_720) < 1e-5)
    #expect(abs(interval.high - 1.565_858) < 1e-5)
    #expect(abs(interval.ratio - 1.221_402_758_2) < 1e-9 && !interval.excludesOne)
  }

  @Test(arguments: [3, 5, 9, 10, 11, 40]) func `what is twice as much in every round is twice as much for certain`(
    _ rounds: Int
  ) throws {
    let others = (0..<rounds).map { 1 + Double($0 * 7 % 5) }
    let interval = try #require(RatioInterval(of: others.map { $0 * 2 }, to: others))
    #expect(abs(interval.low - 2) < 1e-9 && abs(interval.high - 2) < 1e-9 && interval.excludesOne)
    #expect(interval.method == (rounds < 10 ? .student : .bootstrap))
    #expect(RatioInterval(of: others, to: others)?.excludesOne == false)
  }

  @Test(arguments: [5, 12]) func `a machine that slows down for all does not hide a difference`(_ rounds: Int) throws {
    // Round for round 5% apart, while rounds take up to twice as long as the first.
    let others = (0..<rounds).map { 100 * (1 + Double($0) / Double(rounds)) }
    let values = others.enumerated().map { $1 * 1.05 * ($0.isMultiple(of: 2) ? 1.002 : 0.998) }
    let interval = try #require(RatioInterval(of: values, to: others))
    #expect(interval.low > 1.03 && interval.high < 1.07)
    // Rounds of different days are no pairs.
    #expect(RatioInterval(of: values, toEarlier: others)?.excludesOne == false)
  }

  @Test(arguments: [4, 25]) func `the other way round it is the inverse, and the unit does not matter`(
    _ rounds: Int
  ) throws {
    var random = Noise(seed: 3)
    let (a, b) = ((0..<rounds).map { _ in random.time(3) }, (0..<rounds).map { _ in random.time(2) })
    let (there, back) = (try #require(RatioInterval(of: a, to: b)), try #require(RatioInterval(of: b, to: a)).inverse)
    #expect(abs(there.low / back.low - 1) < 0.002 && abs(there.high / back.high - 1) < 0.002)
    #expect(abs(there.ratio - back.ratio) < 1e-12)
    let scaled = try #require(RatioInterval(of: a.map { $0 * 1e9 }, to: b.map { $0 * 1e9 }))
    #expect(abs(scaled.low - there.low) < 1e-9 && abs(scaled.high - there.high) < 1e-9)
    #expect(RatioInterval(of: a, to: b) == there, "the same rounds, the same interval")
    #expect(there.low <= there.ratio && there.ratio <= there.high)
  }

  @Test func `too few rounds have no interval, nor has a ratio to nothing`() {
    #expect(RatioInterval(of: [1, 2], to: [1, 2]) == nil)
    #expect(RatioInterval(of: [1, 2, 3], to: [1, 2]) == nil)
    #expect(RatioInterval(of: [1, 2, 3], to: [1, 2, 0]) == nil)
    #expect(RatioInterval(of: [], toEarlier: [1, 2, 3]) == nil)
    #expect(
      RatioInterval(of: [1, 2, 3, 9], to: [1, 2, 3])?.excludesOne == false, "a round that has no partner is left out")
  }

  @Test func `none and much differ, although they have no ratio`() {
    let none = RoundSamples([.bytes: [0, 0, 0, 0]])
    let much = RoundSamples([.bytes: [4e9, 4e9, 4.1e9, 4e9]])
    #expect(much.ratio(of: .bytes, to: none) == nil)
    #expect(none.differs(in: .bytes, from: much) == true)
    #expect(none.differs(in: .bytes, from: none) == false)
    #expect(none.differs(in: .wall, from: much) == nil)
  }

  /// How often the interval of two contenders that are equally fast holds 1, over many made-up comparisons.
  private static func coverage(rounds: Int, comparisons: Int, tails: Bool) -> Double {
    var random = Noise(seed: UInt64(rounds))
    let held = (0..<comparisons).count { _ in
      // What the machine does in a round falls on both.
      let shared = (0..<rounds).map { _ in random.time(1, spread: 0.1, tails: false) }
      let (a, b) = (shared.map { random.time($0, tails: tails) }, shared.map { random.time($0, tails: tails) })
      return RatioInterval(of: a, to: b)?.excludesOne == false
    }
    return Double(held) / Double(comparisons)
  }

  @Test(arguments: [(3, 2_000), (5, 1_000), (9, 1_000), (10, 100), (15, 60)])
  func `of contenders that are equally fast, few intervals of 95% name a winner`(_ rounds: Int, _ comparisons: Int) {
    // Less than three standard errors of a share of 95% below it: 2 points for 1,000 comparisons, 8 for 60.
    let least = comparisons < 1_000 ? 0.87 : 0.93
    #expect(Self.coverage(rounds: rounds, comparisons: comparisons, tails: false) >= least)
    #expect(Self.coverage(rounds: rounds, comparisons: comparisons, tails: true) >= least)
  }

  @Test func `a difference of three standard deviations is found in five rounds, mostly`() {
    var random = Noise(seed: 9)
    let found = (0..<1_000).count { _ in
      let (a, b) = ((0..<5).map { _ in random.time(1.1) }, (0..<5).map { _ in random.time(1) })
      return RatioInterval(of: a, to: b)?.excludesOne == true
    }
    #expect(found > 850)
  }
}

/// Times with a spread of 3%, the same ones for the same seed.
private struct Noise {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A number from 0 to 1: Steele, Lea and Flood's SplitMix64.
  private mutating func share() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((value ^ (value >> 31)) >> 11) / Double(1 << 53)
  }

  /// `typical`, spread like a bell (a sum of twelve even numbers has a deviation of 1); with `tails` one in ten takes up to
  /// half as long again.
  mutating func time(_ typical: Double, spread: Double = 0.03, tails: Bool = false) -> Double {
    let bell = (0..<12).reduce(-6.0) { sum, _ in sum + share() }
    let isLate = tails && share() < 0.1
    return typical * max(0.5, 1 + spread * bell) * (isLate ? 1 + share() / 2 : 1)
  }
}
