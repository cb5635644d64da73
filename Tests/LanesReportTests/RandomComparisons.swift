import LanesCore
import LanesReport

/// Comparisons made up at random, the same ones in every run: batches of all kinds, sizes, machines and amounts of noise.
struct RandomComparisons {
  /// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
  private struct Source: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }
  }

  private var source: Source

  init(seed: UInt64) { source = Source(state: seed) }

  private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &source) < share }
  private mutating func pick<Value>(_ values: [Value]) -> Value { values.randomElement(using: &source)! }
  /// A number whose logarithm is even between those of the bounds.
  private mutating func wide(_ low: Double, _ high: Double) -> Double {
    low * exponential(Double.random(in: 0...1, using: &source) * logarithm(high / low))
  }

  /// Base 2, exact enough for made-up figures.
  private func logarithm(_ value: Double) -> Double { Double(value.exponent) + value.significand - 1 }
  private func exponential(_ power: Double) -> Double {
    Double(sign: .plus, exponent: Int(power), significand: 1 + power - Double(Int(power)))
  }

  mutating func next() -> Comparison {
    let cpus = pick([1, 2, 2, 4, 16])
    let wall = wide(2, 60_000)
    let noise = pick([0.001, 0.01, 0.05, 0.4])
    let rounds = pick([1, 2, 3, 4, 5, 9])
    let batch = base(wall)
    var setups = chance(0.1) ? [] : [Samples.serial]
    for lanes in [1, cpus, pick([2, 4, 64])] {
      if chance(0.7) { setups.append(Samples.threads(lanes)) }
      if chance(0.6) { setups.append(Samples.pipe(lanes)) }
      if chance(0.3) { setups.append(Samples.hybrid(lanes)) }
      if chance(0.3) { setups.append(Samples.socket(lanes)) }
      if chance(0.6) { setups.append(Samples.shm(lanes)) }
    }
    if chance(0.5) || setups.isEmpty { setups.append(Samples.eventLoop) }
    var unique: [EngineSetup] = []
    for setup in setups where !unique.contains(setup) { unique.append(setup) }
    let contenders = unique.map { setup -> Contender in
      let figures = contender(setup, batch, cpus)
      let records = (0..<rounds).map { _ -> RunRecord in
        var varied = figures
        varied.wall *= 1 + Double.random(in: 0...noise, using: &source)
        return Samples.drawn(setup, varied, rounds: 1).records[0]
      }
      return Contender(setup: setup, records: records)
    }
    return Comparison(contenders, cpus: chance(0.9) ? cpus : nil)
  }

  /// What one lane needs.
  private mutating func base(_ wall: Double) -> Samples.Figures {
    let busy = pick([0.1, 0.5, 0.72, 0.8, 0.9, 0.99])
    var figures = Samples.Figures(wall: wall, user: wall * busy)
    figures.system = chance(0.3) ? figures.user * 0.5 : 0
    figures.user -= figures.system
    figures.minor = pick([0, 900, Int(wall * 400)])
    figures.major = pick([0, 0, 30])
    figures.storageRead = pick([0, 0, 1 << 20, 1 << 31, nil])
    figures.loading = pick([0, 0.02, 0.4, 0.8])
    figures.storing = pick([0, 0, 0.1, (1 - figures.loading) * 0.9])
    figures.queued = pick([0, 0, 0.1, 0.6])
    figures.units = pick([1, 2, 100, 20_000])
    figures.inFlight = chance(0.1) ? 1 : nil
    return figures
  }

  private mutating func contender(_ setup: EngineSetup, _ batch: Samples.Figures, _ cpus: Int) -> Samples.Figures {
    var figures = batch
    guard setup.kind != .serial else { return figures }
    let gain = pick([0.3, 1, Double(min(setup.lanes, cpus)), Double(setup.lanes) * 1.4])
    figures.wall = batch.wall / gain
    figures.user *= pick([0.5, 1, 1.05, 1.4, 2])
    figures.involuntary = pick([3, 4_000])
    figures.queued = pick([batch.queued, 0, 0.5])
    if setup.kind == .processes {
      figures.startUp = wide(1, 40)
      figures.wall += figures.startUp ?? 0
      figures.between = pick([0, 4_000, 20 << 20, 2 << 30])
      figures.transferring = figures.between > 0 ? pick([0, 0.1, 0.7]) : 0
    }
    return figures
  }
}
