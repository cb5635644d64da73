import LanesCore

/// One engine set-up and what its rounds recorded.
package struct Contender: Sendable {
  package let setup: EngineSetup
  /// One per round, in order.
  package let records: [RunRecord]

  /// A contender that finished at least one round.
  package init(setup: EngineSetup, records: [RunRecord]) {
    precondition(!records.isEmpty, "a contender needs at least one round")
    self.setup = setup
    self.records = records
  }

  /// Position of the round whose wall time is nearest to the median, of those whose timelines were kept; of all where
  /// none were. For an odd number of rounds it is the median itself.
  package var medianRound: Int {
    let drawn = records.indices.filter { !records[$0].timelines.isEmpty }
    let median = Statistics(records.map { Double($0.wall) }).median
    func distance(_ round: Int) -> Double { abs(Double(records[round].wall) - median) }
    return (drawn.isEmpty ? Array(records.indices) : drawn).min { distance($0) < distance($1) } ?? 0
  }

  /// Rounds of which timelines are kept, so that a thousand rounds of many lanes do not fill the memory.
  private static let drawnRounds = 5

  /// Forgets the timelines of the round that is farthest from the median when there are too many.
  package static func keepTimelines(_ records: inout [RunRecord]) {
    let drawn = records.indices.filter { !records[$0].timelines.isEmpty }
    guard drawn.count > drawnRounds else { return }
    let median = Statistics(records.map { Double($0.wall) }).median
    let farthest = drawn.max { abs(Double(records[$0].wall) - median) < abs(Double(records[$1].wall) - median) }
    if let farthest { records[farthest].timelines = [] }
  }
}

/// What several engines needed for the same batch: wall times of all rounds, and the other figures of one round each.
package struct Comparison: Sendable {
  /// In the order in which the contenders were given.
  package let entries: [Entry]
  /// Position of the first serial contender, against which the others are measured.
  package let baselineIndex: Int?
  /// The run of each contender that its figures are from; see `Contender.medianRound`.
  package let typicalRuns: [RunRecord]
  /// CPUs that the runs could use; nil where that is not known.
  package let cpus: Int?
  /// True when it was stopped before all rounds that were asked for.
  package let isInterrupted: Bool
  /// What contenders are ranked by.
  package let ranked: RankedFigure
  /// What the same contenders needed another time; nil where nobody asked.
  package let earlier: EarlierReport?

  /// Compares contenders that ran the same batch; none at all is no mistake.
  package init(
    _ contenders: [Contender], cpus: Int? = nil, by ranked: RankedFigure = .wall, earlier: EarlierReport? = nil,
    isInterrupted: Bool = false
  ) {
    self.isInterrupted = isInterrupted
    self.earlier = earlier
    self.ranked = ranked
    self.cpus = cpus
    typicalRuns = contenders.map { $0.records[$0.medianRound] }
    let baselineIndex = contenders.firstIndex { $0.setup.kind.isBaseline }
    self.baselineIndex = baselineIndex
    let baseline = baselineIndex.map { Statistics(contenders[$0].records.map { Double($0.wall) }).median }
    let entries = contenders.map { Entry($0, baseline: baseline) }
    let scaling = baselineIndex.map { Scaling(serial: entries[$0], cpus: cpus) }
    self.entries = entries.enumerated().map { index, entry in
      var entry = entry
      entry.efficiency = scaling?.efficiency(of: entry)
      entry.serialFraction = scaling?.serialFraction(of: entry)
      entry.speedUpInterval = baselineIndex.flatMap {
        index == $0 ? nil : entries[$0].samples.ratio(of: .wall, to: entry.samples)
      }
      entry.earlier = earlier?.ratio(of: entry.setup.name, entry.samples, by: ranked)
      return entry
    }
  }

  /// How contenders compare with what they needed then; no sentence where nobody asked.
  package var earlierSentences: [String] {
    earlier?.sentences(entries.map { ($0.setup.title, $0.setup.name, $0.earlier) }, by: ranked) ?? []
  }

  /// The first serial entry.
  package var baseline: Entry? { baselineIndex.map { entries[$0] } }

  /// The entry with the least median of wall time; nil without entries.
  package var fastest: Entry? { entries.min { $0.wall.median < $1.wall.median } }

  /// The entry with the least median of what is ranked; nil where nobody's is known.
  package var best: Entry? {
    entries.compactMap { entry in entry.samples.median(ranked).map { (entry, $0) } }.min { $0.1 < $1.1 }?.0
  }

  /// Entries that the best cannot be told apart from, itself first, the others by what is ranked.
  package var leaders: [Entry] {
    guard let best else { return [] }
    func median(_ entry: Entry) -> Double { entry.samples.median(ranked) ?? .infinity }
    return entries.filter { $0 == best || best.samples.differs(in: ranked, from: $0.samples) != true }
      .sorted { median($0) < median($1) }
  }

  /// Rounds of the contender that has fewest.
  package var rounds: Int { entries.map(\.wall.count).min() ?? 0 }
}

extension Comparison {
  /// One contender's figures: wall time over all rounds, everything else of its median round.
  ///
  /// What a record holds is read as if it were a property of the entry.
  @dynamicMemberLookup package struct Entry: Sendable, Equatable {
    package let setup: EngineSetup
    /// Nanoseconds, of all rounds.
    package let wall: Statistics
    /// What can be ranked, of every round in order.
    package let samples: RoundSamples
    /// The round that the figures below are of, from 1, and its wall time in nanoseconds.
    package let round: Int
    package let roundWall: Int64
    /// Median wall time of the serial contender over this one's; nil without a serial contender.
    package let speedUp: Double?
    /// Between what bounds the speed-up lies; nil for serial itself, without it, and for fewer than three
    /// rounds.
    package fileprivate(set) var speedUpInterval: RatioInterval?
    /// How many times as much it needed as in an earlier report, of what is ranked; nil where there is none.
    package fileprivate(set) var earlier: RatioInterval?
    /// Speed-up divided by lanes, 1 when every lane did its full share; nil where that says nothing (`Scaling`).
    package fileprivate(set) var efficiency: Double?
    /// The part of the work that cannot be shared out (`Scaling`), 0…1; nil where that says nothing.
    package fileprivate(set) var serialFraction: Double?
    /// Units that were done or failed.
    package let units: Int
    /// What all processes of the round used together.
    package let usage: ProcessUsage
    /// The round's record, without its timelines; figures that `Metric.rounds` says so are of all rounds.
    package let figures: RunRecord
    /// Nanoseconds until the last lane's worker process was ready; nil inside one process.
    package let startUp: Int64?
    /// The part of the time in which lanes had work and no core, 0…1.
    package let queuedShare: Double
    /// What all lanes did; nil where nobody kept account.
    package let activity: LaneActivity?
    /// Shares of all stages' time that went into loading, into waiting for pages of mapped inputs, and into storing,
    /// 0…1.
    package let loading: Double
    package let stalled: Double
    package let storing: Double
    /// A figure of all processes together, such as `entry.majorFaults`.
    package subscript<Value>(dynamicMember path: KeyPath<ProcessUsage, Value>) -> Value { usage[keyPath: path] }

    /// A figure of the run as a whole, such as `entry.bytesBetween`.
    package subscript<Value>(dynamicMember path: KeyPath<RunRecord, Value>) -> Value { figures[keyPath: path] }

    /// The figure that `metric` names; nil where it could not be read.
    package func value(of metric: Metric) -> Int64? { metric.value(of: figures) }

    /// Whether wall times differ in more than chance would explain; nil for fewer than three rounds.
    package func differs(from other: Entry) -> Bool? { samples.differs(in: .wall, from: other.samples) }

    /// Nanoseconds of processor time.
    package var processor: Double { Double(usage.user) + Double(usage.system) }
    /// Processor time over wall time: how many cores were busy on average.
    package var busyCores: Double { roundWall > 0 ? processor / Double(roundWall) : 0 }
  }
}
