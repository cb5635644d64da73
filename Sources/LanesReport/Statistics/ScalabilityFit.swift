import LanesCore

/// How speed grows with lanes, as the Universal Scalability Law has it: N / (1 + σ(N − 1) + κN(N − 1)).
///
/// σ is contention, the part of the work done one after the other; κ is coherency, what lanes lose to keeping each
/// other informed, which makes speed fall again when there are too many. Source: Gunther, "Guerrilla Capacity
/// Planning", 2007, chapter 4. Two unknowns from two or three noisy points would be a guess, so a fit needs six numbers
/// of lanes.
package struct ScalabilityFit: Sendable, Equatable {
  /// Numbers of lanes, one among them, from which on a fit is made.
  package static let fewestPoints = 6

  package let kind: EngineKind
  package let channel: ChannelKind?
  /// σ of the law, and κ below it.
  package let contention: Double
  package let coherency: Double
  /// The part of the variance of speed that the law explains; 1 is all of it.
  package let determination: Double
  /// The largest number of lanes that was measured.
  private let mostLanes: Int

  /// Lanes at which speed is greatest; nil when it never falls.
  package var bestLanes: Double? { coherency > 0 ? (max(0, 1 - contention) / coherency).squareRoot() : nil }

  /// Speed with `lanes` lanes in units of that with one.
  package func speedUp(lanes: Double) -> Double {
    lanes / (1 + contention * (lanes - 1) + coherency * lanes * (lanes - 1))
  }

  /// Least squares of N / C(N) − 1 = σ(N − 1) + κN(N − 1) through the points (lanes, speed); nil with fewer than
  /// `fewestPoints` different numbers of lanes or without one lane. Neither coefficient is let below 0.
  package init?(kind: EngineKind, channel: ChannelKind?, speeds: [Int: Double]) {
    guard speeds.count >= Self.fewestPoints, let one = speeds[1], one > 0 else { return nil }
    // Dividing N by the relative speed C(N) makes the law linear in both coefficients, with no constant: at one lane
    // both sides are 0, which is why that point fixes the scale and is none of the points.
    let points = speeds.filter { $0.key > 1 && $0.value > 0 }.map { lanes, speed in
      let n = Double(lanes)
      return (x: n - 1, z: n * (n - 1), y: n * one / speed - 1)
    }
    func sum(_ term: ((x: Double, z: Double, y: Double)) -> Double) -> Double { points.reduce(0) { $0 + term($1) } }
    let (xx, xz, zz) = (sum { $0.x * $0.x }, sum { $0.x * $0.z }, sum { $0.z * $0.z })
    let (xy, zy) = (sum { $0.x * $0.y }, sum { $0.z * $0.y })
    // Normal equations of two unknowns, solved by Cramer's rule; 0 when all points lie at one number of lanes.
    let determinant = xx * zz - xz * xz
    guard determinant > 0 else { return nil }
    var sigma = (xy * zz - zy * xz) / determinant
    var kappa = (zy * xx - xy * xz) / determinant
    // A negative coefficient has no meaning in the law. It is set to 0 and the other one fitted alone, which is the
    // constrained minimum, since the sum of squares is convex.
    if kappa < 0 { (sigma, kappa) = (xy / xx, 0) }
    if sigma < 0 { (sigma, kappa) = (0, max(0, zy / zz)) }
    self.kind = kind
    self.channel = channel
    mostLanes = speeds.keys.max() ?? 1
    contention = max(0, sigma)
    coherency = kappa
    determination = Self.determination(speeds, one) { n in n / (1 + max(0, sigma) * (n - 1) + kappa * n * (n - 1)) }
  }

  private static func determination(_ speeds: [Int: Double], _ one: Double, _ law: (Double) -> Double) -> Double {
    // R² of the speeds themselves and not of the transformed points, in which many lanes weigh far more than few.
    let mean = speeds.values.reduce(0, +) / Double(speeds.count)
    let all = speeds.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let left = speeds.reduce(0) { sum, point in
      let distance = point.value - one * law(Double(point.key))
      return sum + distance * distance
    }
    return all > 0 ? 1 - left / all : 1
  }

  /// The law in words, or that the speeds do not follow it.
  package var sentence: String {
    let title = channel.map { "\(kind.rawValue)/\($0.rawValue)" } ?? kind.rawValue
    let quality = "Universal Scalability Law, R\(Glyphs.squared) \(Readable.fixed(determination, digits: 3))"
    guard determination >= Self.leastDetermination else {
      return "\(title): speeds do not follow a law of scaling (\(quality))."
    }
    // A peak beyond what was measured is an extrapolation, and is not told.
    let peak = bestLanes.flatMap { lanes in
      lanes <= Double(mostLanes) ? "; speed peaks at about \(Readable.fixed(lanes, digits: 0)) lanes" : nil
    }
    return "\(title) scales with contention \(Readable.fixed(contention * 100, digits: 1))% and coherency "
      + "\(Readable.fixed(coherency * 100, digits: 3))%\(peak ?? "") (\(quality))."
  }

  /// A law that explains less than this part of the variance is not that of these speeds: what it says of other
  /// numbers of lanes would be worth less than a look at the table.
  private static let leastDetermination = 0.8
}

extension Comparison {
  /// A series of entries that differ in the number of lanes only.
  package struct Series: Sendable {
    package let kind: EngineKind
    package let channel: ChannelKind?
    /// By number of lanes.
    package let entries: [Entry]

    /// The title without lanes.
    package var title: String { channel.map { "\(kind.rawValue)/\($0.rawValue)" } ?? kind.rawValue }
  }

  /// Threads and processes by way of reaching them, those that took part.
  package var series: [Series] {
    let ways = EngineKind.allCases.filter(\.takesLanes).flatMap { $0.setups(lanes: [1]) }
    return ways.compactMap { way in
      let found = entries.filter { $0.setup.kind == way.kind && $0.setup.channel == way.channel }
      guard !found.isEmpty else { return nil }
      return Series(kind: way.kind, channel: way.channel, entries: found.sorted { $0.setup.lanes < $1.setup.lanes })
    }
  }

  /// A fit for every series with enough points.
  package var fits: [ScalabilityFit] {
    series.compactMap { series in
      let speeds = series.entries.filter { $0.wall.median > 0 }.map { ($0.setup.lanes, 1e9 / $0.wall.median) }
      return ScalabilityFit(
        kind: series.kind, channel: series.channel, speeds: Dictionary(speeds, uniquingKeysWith: { one, _ in one }))
    }
  }
}
