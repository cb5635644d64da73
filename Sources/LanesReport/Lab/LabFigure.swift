/// What one variant of an experiment cost, as its batches tell.
package struct LabFigure: Sendable, Equatable {
  /// What a value counts; the raw value travels between processes.
  package enum Unit: UInt8, Sendable, CaseIterable {
    case nanoseconds, bytes, bytesPerSecond, count, perSecond

    /// The name in JSON.
    package var name: String {
      switch self {
      case .nanoseconds: "ns"
      case .bytes: "bytes"
      case .bytesPerSecond: "bytes_per_second"
      case .count: "count"
      case .perSecond: "per_second"
      }
    }

    /// True where a larger value is the better one, as with speeds.
    package var growsWithQuality: Bool { self == .bytesPerSecond || self == .perSecond }
  }

  /// A number that proves what a batch did, such as `minor faults`.
  package struct Counter: Sendable, Equatable {
    package let name: String
    package let value: Double

    package init(_ name: String, _ value: Double) {
      self.name = name
      self.value = value
    }
  }

  package let name: String
  package let unit: Unit
  /// The value that the best tenth of the batches reach, which interruptions hardly touch: the headline.
  package let p10: Double
  package let p50: Double
  package let p90: Double
  package let batches: Int
  /// The share of batches more than half as dear again as `p10`.
  package let disturbed: Double
  /// Nanoseconds of a typical batch; 0 where no clock was read.
  package var batch: Double
  /// Fewest batches that are enough to tell anything.
  package var needed: Int
  /// Processor time over wall time; nil where values are processor time already or nobody measured it.
  package var cpuPerWall: Double?
  /// The share of the time that the thread waited for a core; nil where the kernel does not say.
  package var delay: Double?
  package var counters: [Counter]

  /// A figure of at least one sample.
  package init(
    _ name: String, _ unit: Unit = .nanoseconds, samples: [Double], batch: Double = 0, needed: Int = 5,
    cpuPerWall: Double? = nil, delay: Double? = nil, counters: [Counter] = []
  ) {
    let statistics = Statistics(samples)
    let good = unit.growsWithQuality ? statistics.quantile(0.9) : statistics.quantile(0.1)
    self.name = name
    self.unit = unit
    p10 = good
    p50 = statistics.median
    p90 = unit.growsWithQuality ? statistics.quantile(0.1) : statistics.quantile(0.9)
    batches = samples.count
    let isDisturbed = { (value: Double) in unit.growsWithQuality ? value < good / 1.5 : value > good * 1.5 }
    disturbed = Double(samples.count(where: isDisturbed)) / Double(samples.count)
    self.batch = batch
    self.needed = needed
    self.cpuPerWall = cpuPerWall
    self.delay = delay
    self.counters = counters
  }

  /// The same batches in another unit: all values `factor` times as large.
  package init(_ name: String, _ unit: Unit, converting other: LabFigure, times factor: Double) {
    self.init(
      name: name, unit: unit, quantiles: [other.p10 * factor, other.p50 * factor, other.p90 * factor],
      batches: other.batches, disturbed: other.disturbed, batch: other.batch, needed: other.needed,
      cpuPerWall: other.cpuPerWall, delay: other.delay, counters: other.counters)
  }

  /// How much of a unit for a second can be had when `amount` takes as long as `other`, in nanoseconds, says.
  package init(_ name: String, _ unit: Unit, each amount: Double, in other: LabFigure) {
    self.init(
      name: name, unit: unit,
      quantiles: [other.p10, other.p50, other.p90].map { amount * 1e9 / max($0, 1e-3) }, batches: other.batches,
      disturbed: other.disturbed, batch: other.batch, needed: other.needed, cpuPerWall: other.cpuPerWall,
      delay: other.delay, counters: other.counters)
  }

  /// What figures come to when `minus` are taken from `plus`, quantile by quantile, times `factor`; below 0 is 0. The ninth
  /// decile is the worst that they allow. As disturbed as the most disturbed of them.
  package init(_ name: String, _ unit: Unit, sumOf plus: [LabFigure], less minus: [LabFigure], times factor: Double) {
    func total(_ value: (LabFigure) -> Double, less other: (LabFigure) -> Double) -> Double {
      max(0, (plus.map(value).reduce(0, +) - minus.map(other).reduce(0, +)) * factor)
    }
    let low = total(\.p10, less: \.p10)
    let middle = max(low, total(\.p50, less: \.p50))
    let all = plus + minus
    self.init(
      name: name, unit: unit, quantiles: [low, middle, max(middle, total(\.p90, less: \.p10))],
      batches: all.map(\.batches).min() ?? 0, disturbed: all.map(\.disturbed).max() ?? 1, batch: 0,
      needed: all.map(\.needed).max() ?? 5, cpuPerWall: nil, delay: nil, counters: [])
  }

  /// A figure read back; see `LabMeasurements`.
  init(
    name: String, unit: Unit, quantiles: [Double], batches: Int, disturbed: Double, batch: Double, needed: Int,
    cpuPerWall: Double?, delay: Double?, counters: [Counter]
  ) {
    self.name = name
    self.unit = unit
    (p10, p50, p90) = (quantiles[0], quantiles[1], quantiles[2])
    self.batches = batches
    self.disturbed = disturbed
    self.batch = batch
    self.needed = needed
    self.cpuPerWall = cpuPerWall
    self.delay = delay
    self.counters = counters
  }

  /// How far the median lies from the headline, as a share of it.
  package var spread: Double { p10 == 0 ? 0 : abs(p50 - p10) / abs(p10) }

  package func counter(_ name: String) -> Double? { counters.first { $0.name == name }?.value }

  /// `value` of this unit for people, such as `2.48 µs`.
  package func text(_ value: Double) -> String { unit.text(value) }
}

extension LabFigure.Unit {
  /// A value for people: three digits and a unit.
  package func text(_ value: Double) -> String {
    switch self {
    // Below 100 ns, tenths are what experiments are about.
    case .nanoseconds where abs(value) < 99.95: Readable.fixed(value, digits: abs(value) < 9.995 ? 2 : 1) + " ns"
    case .nanoseconds where value < 0: "-" + Readable.duration(nanoseconds: Int64(-value))
    case .nanoseconds: Readable.duration(nanoseconds: Int64(min(value, 9e18).rounded()))
    case .bytes: Readable.bytes(Int(max(-9e18, min(value, 9e18)).rounded()))
    case .bytesPerSecond: Readable.bytes(Int(max(-9e18, min(value, 9e18)).rounded())) + "/s"
    case .perSecond: Readable.count(Int(max(0, min(value, 9e18)).rounded())) + "/s"
    case .count:
      // Grouped from 1,000 on.
      value == value.rounded() || abs(value) >= 999.5
        ? Readable.count(Int(max(-9e18, min(value, 9e18)).rounded()))
        : Readable.threeDigits(value) ?? Readable.fixed(value, digits: 0)
    }
  }
}
