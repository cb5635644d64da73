import LanesCore

/// What contenders are ranked by; the raw value is what `--by` calls it. Of all of them less is better.
package enum RankedFigure: String, Sendable, CaseIterable {
  case wall, cpu, user, memory, faults, bytes

  /// The figure of a run; nil where it could not be read.
  package func value(wall: Int64, usage: ProcessUsage) -> Int64? {
    switch self {
    case .wall: wall
    case .cpu: usage.user + usage.system
    case .user: usage.user
    case .memory: usage.peakMemory.map { Int64($0) }
    case .faults: Int64(usage.minorFaults + usage.majorFaults)
    // Without one of the two the sum would make a contender look modest.
    case .bytes: usage.storageRead.flatMap { read in usage.storageWritten.map { Int64(read + $0) } }
    }
  }

  package var unit: Metric.Unit {
    switch self {
    case .wall, .cpu, .user: .nanoseconds
    case .memory, .bytes: .bytes
    case .faults: .count
    }
  }

  /// What sentences call it.
  package var words: String {
    switch self {
    case .wall: "wall time"
    case .cpu: "processor time"
    case .user: "user time"
    case .memory: "peak memory"
    case .faults: "page faults"
    case .bytes: "bytes from and to storage"
    }
  }

  /// True for what is counted by pieces.
  var isPlural: Bool { self == .faults || self == .bytes }

  /// Such as `least user time` and `fewest page faults`.
  var least: String { (isPlural ? "fewest " : "least ") + words }

  /// Its key in JSON, with the unit.
  package var key: String {
    switch self {
    case .wall: "wall_ns"
    case .cpu: "cpu_ns"
    case .user: "user_ns"
    case .memory: "peak_memory_bytes"
    case .faults: "faults"
    case .bytes: "storage_bytes"
    }
  }

  /// A heading of a column.
  var heading: String {
    switch self {
    case .wall, .cpu, .user, .faults: rawValue
    case .memory: "peak mem"
    case .bytes: "storage"
    }
  }

  /// A value for a table.
  func shortText(_ value: Double) -> String { Readable.shortFigure(Int64(value), unit) ?? Glyphs.dash }

  /// A value for people.
  package func text(_ value: Double) -> String { Readable.figure(Int64(value), unit) ?? Glyphs.dash }
}

/// The figures that contenders can be ranked by, of every measured round in order.
package struct RoundSamples: Sendable, Equatable {
  private var values: [RankedFigure: [Double]] = [:]

  /// One wall time, in nanoseconds, and one usage for each round.
  package init(_ rounds: [(wall: Int64, usage: ProcessUsage)]) {
    for figure in RankedFigure.allCases {
      let values = rounds.compactMap { figure.value(wall: $0.wall, usage: $0.usage).map { Double($0) } }
      // Rounds are compared in pairs: where one is missing, the others would stand at wrong places.
      if values.count == rounds.count { self.values[figure] = values }
    }
  }

  /// What an earlier report holds.
  package init(_ values: [RankedFigure: [Double]]) { self.values = values }

  /// One value for each round; nil where a round's could not be read.
  package subscript(_ figure: RankedFigure) -> [Double]? { values[figure] }

  /// The median of all rounds; nil where it is not known.
  package func median(_ figure: RankedFigure) -> Double? {
    values[figure].flatMap { $0.isEmpty ? nil : Statistics($0).median }
  }

  /// How many times as much this contender needed as the other one, and within what bounds; see `RatioInterval`.
  package func ratio(of figure: RankedFigure, to other: RoundSamples) -> RatioInterval? {
    guard let own = values[figure], let others = other.values[figure] else { return nil }
    return RatioInterval(of: own, to: others)
  }

  /// Whether the two differ in more than chance would explain; nil where the rounds are too few to tell.
  package func differs(in figure: RankedFigure, from other: RoundSamples) -> Bool? {
    interval(of: figure, to: other)?.excludesOne
  }

  /// As `ratio`, where it can be told. None and many do differ, although no ratio can be told beside nothing at all: one
  /// more of each makes it a ratio.
  private func interval(of figure: RankedFigure, to other: RoundSamples) -> RatioInterval? {
    if let ratio = ratio(of: figure, to: other) { return ratio }
    guard let own = values[figure], let others = other.values[figure] else { return nil }
    return RatioInterval(of: own.map { $0 + 1 }, to: others.map { $0 + 1 })
  }

  /// How wide the widest interval is of what contenders needed, as a share: of the ratio of each to the first, or of the
  /// median itself where there is one contender alone. Nil where one is not known.
  package static func widest(_ contenders: [RoundSamples], in figure: RankedFigure) -> Double? {
    guard let first = contenders.first, let values = first[figure] else { return nil }
    let even = RoundSamples([figure: values.map { _ in 1 }])
    let intervals =
      contenders.count == 1
      ? [first.interval(of: figure, to: even)]
      : contenders.dropFirst().map { $0.interval(of: figure, to: first) }
    return intervals.contains(nil) ? nil : intervals.compactMap { $0?.width }.max()
  }
}
