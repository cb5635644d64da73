import LanesCore

/// Contenders of any kind in the order of what they are ranked by, and the sentence that tells who won.
package struct Ranking {
  /// One contender, as far as the sentence needs it.
  package struct Contestant {
    package let title: String
    package let samples: RoundSamples
    /// True for the one whose lead others are told by, such as serial.
    package let isReference: Bool

    package init(title: String, samples: RoundSamples, isReference: Bool) {
      self.title = title
      self.samples = samples
      self.isReference = isReference
    }
  }

  private let figure: RankedFigure
  private let contestants: [Contestant]
  private let rounds: Int

  /// - Parameter rounds: of the contender that has fewest.
  package init(_ contestants: [Contestant], by figure: RankedFigure, rounds: Int) {
    self.contestants = contestants
    self.figure = figure
    self.rounds = rounds
  }

  init(_ comparison: Comparison) {
    let contestants = comparison.entries.enumerated().map { index, entry in
      Contestant(title: entry.setup.title, samples: entry.samples, isReference: index == comparison.baselineIndex)
    }
    self.init(contestants, by: comparison.ranked, rounds: comparison.rounds)
  }

  /// Who won and by how much, or that nobody did; a winner only where its lead over everyone is more than chance explains.
  ///
  /// - Parameter isDisturbed: true where times say nothing of what contenders are worth, so that no winner is named by time.
  package func sentence(isDisturbed: Bool = false) -> String {
    guard !contestants.isEmpty else { return "Nothing was compared." }
    let known = contestants.filter { $0.samples.median(figure) != nil }
    guard let best = known.min(by: { median($0) < median($1) }) else {
      return "Nobody's \(figure.words) could be read, so no winner is named."
    }
    let value = figure.text(median(best))
    let others = contestants.filter { $0.title != best.title }
    guard !others.isEmpty else { return "Only \(best.title) ran, \(isTime ? "in \(value)" : "with \(value)")." }
    if isDisturbed, figure == .wall {
      return "No winner is named; the least time was \(value), by \(best.title)."
    }
    guard rounds >= RatioInterval.fewestRounds else {
      return "\(best.title) needed \(least), \(value), but fewer than three rounds do not show how far figures "
        + "spread, so no winner is named."
    }
    let rivals = others.filter { best.samples.differs(in: figure, from: $0.samples) != true }
    // Equality is a result of its own; naming a first among equals would make chance look like one.
    if rivals.count == others.count {
      return "No difference that these rounds can tell: the \(least) \(figure.isPlural ? "were" : "was") \(value), by "
        + "\(best.title)."
    }
    let lead = lead(of: best, over: others)
    if rivals.isEmpty { return "\(best.title) won\(isWall ? "" : " by \(figure.words)"): \(value)\(lead)." }
    return "No single winner: \(best.title) needed \(least), too close to "
      + "\(Readable.list(rivals.sorted { median($0) < median($1) }.map(\.title))) to tell apart: \(value)\(lead)."
  }

  private var isWall: Bool { figure == .wall }
  private var isTime: Bool { figure.unit == .nanoseconds }
  /// Such as `least time` and `fewest page faults`.
  private var least: String { isWall ? "least time" : figure.least }

  private func median(_ contestant: Contestant) -> Double { contestant.samples.median(figure) ?? .infinity }

  /// How far `best` leads the reference, or, when it is that itself, the next that is truly behind.
  private func lead(of best: Contestant, over others: [Contestant]) -> String {
    let behind = others.filter { best.samples.differs(in: figure, from: $0.samples) == true }
    // The reference is what people know, so the lead is told beside it wherever it is truly behind.
    let told = behind.first { $0.isReference } ?? behind.min { median($0) < median($1) }
    guard let told else { return "" }
    guard let ratio = told.samples.ratio(of: figure, to: best.samples) else {
      return ", where \(told.title) needed \(figure.text(median(told)))"
    }
    let times = Readable.ratio(ratio.ratio)
    return
      (isWall ? ", \(times) times as fast as \(told.title)" : ", where \(told.title) needed \(times) times as much")
      + " (95% interval \(Readable.bounds(ratio)))"
  }
}

extension Readable {
  /// A ratio with two digits after the point, three where two would make it look even, and none from a hundred on.
  package static func ratio(_ ratio: Double) -> String {
    let isNearlyEven = ratio != 1 && abs(ratio - 1) < 0.01
    return fixed(ratio, digits: isNearlyEven ? 3 : ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0)
  }

  /// Such as `1.92 to 1.96`.
  package static func bounds(_ interval: RatioInterval) -> String {
    "\(ratio(interval.low)) to \(ratio(interval.high))"
  }

  /// Such as `1.92–1.96`, for a table.
  package static func shortBounds(_ interval: RatioInterval) -> String {
    ratio(interval.low) + Glyphs.dash + ratio(interval.high)
  }
}
