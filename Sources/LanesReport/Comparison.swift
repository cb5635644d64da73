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
}

/// What several engines needed for the same batch, each figure the median of the rounds.
package struct Comparison: Sendable {
  /// In the order in which the contenders were given.
  package let entries: [Entry]
  /// Position of the first serial contender, against which the others are measured.
  package let baselineIndex: Int?

  /// Compares contenders that ran the same batch; none at all is no mistake.
  package init(_ contenders: [Contender]) {
    baselineIndex = contenders.firstIndex { $0.setup.kind == .serial }
    let baseline = baselineIndex.map { Statistics(contenders[$0].records.map { Double($0.wall) }).median }
    entries = contenders.map { Entry($0, baseline: baseline) }
  }

  /// The first serial entry.
  package var baseline: Entry? { baselineIndex.map { entries[$0] } }

  /// The entry with the least median of wall time; nil without entries.
  package var fastest: Entry? { entries.min { $0.wall.median < $1.wall.median } }

  /// Entries that the fastest does not beat beyond the spread, itself first, the others by wall time.
  package var leaders: [Entry] {
    guard let fastest else { return [] }
    return entries.filter { $0 == fastest || fastest.wall.differs(from: $0.wall) != true }
      .sorted { $0.wall.median < $1.wall.median }
  }

  /// Rounds of the contender that has fewest.
  package var rounds: Int { entries.map(\.wall.count).min() ?? 0 }
}

extension Comparison {
  /// One contender's figures.
  package struct Entry: Sendable, Equatable {
    package let setup: EngineSetup
    /// Nanoseconds.
    package let wall: Statistics
    /// Wall time of the serial contender over this one's; nil without a serial contender.
    package let speedUp: Double?
    /// Nanoseconds of processor time of all processes.
    package let user: Double
    package let system: Double
    package let voluntarySwitches: Int
    package let involuntarySwitches: Int
    package let minorFaults: Int
    package let majorFaults: Int
    /// Bytes; the peaks of all processes added up, so that memory they share counts once for each.
    package let peakMemory: Int?
    /// Bytes fetched from storage by all processes.
    package let storageRead: Int?
    package let bytesIn: Int
    package let bytesOut: Int
    package let bytesBetween: Int
    /// Shares of all stages' time that went into loading and into storing.
    package let loading: Double
    package let storing: Double
    /// Units that failed in the worst round.
    package let unitsFailed: Int
    /// Worker processes that died, in all rounds together.
    package let workersLost: Int

    /// Speed-up divided by lanes: 1 when every lane did its full share.
    package var efficiency: Double? { speedUp.map { $0 / Double(max(setup.lanes, 1)) } }
    /// Processor time over wall time: how many cores were busy on average.
    package var busyCores: Double { wall.median > 0 ? (user + system) / wall.median : 0 }
  }
}

extension Comparison.Entry {
  init(_ contender: Contender, baseline: Double?) {
    let records = contender.records
    let usages = records.map(\.usage)
    func median(_ samples: [Double]) -> Double { Statistics(samples).median }
    func middle(_ samples: [Int]) -> Int { Int(median(samples.map(Double.init)).rounded()) }
    func known(_ samples: [Int?]) -> Int? { samples.contains(nil) ? nil : middle(samples.compactMap { $0 }) }
    setup = contender.setup
    wall = Statistics(records.map { Double($0.wall) })
    let own = wall.median
    speedUp = baseline.flatMap { own > 0 ? $0 / own : nil }
    user = median(usages.map { Double($0.user) })
    system = median(usages.map { Double($0.system) })
    voluntarySwitches = middle(usages.map(\.voluntarySwitches))
    involuntarySwitches = middle(usages.map(\.involuntarySwitches))
    minorFaults = middle(usages.map(\.minorFaults))
    majorFaults = middle(usages.map(\.majorFaults))
    peakMemory = known(usages.map(\.peakMemory))
    storageRead = known(usages.map(\.storageRead))
    bytesIn = middle(records.map(\.bytesIn))
    bytesOut = middle(records.map(\.bytesOut))
    bytesBetween = middle(records.map(\.bytesBetween))
    loading = median(records.map { Self.stageShare(of: $0, \.loading) })
    storing = median(records.map { Self.stageShare(of: $0, \.storing) })
    unitsFailed = records.map(\.unitsFailed).max() ?? 0
    workersLost = records.reduce(0) { $0 + $1.workersLost }
  }

  private static func stageShare(of record: RunRecord, _ stage: KeyPath<LaneUsage, Int64>) -> Double {
    let all = record.lanes.reduce(0) { $0 + $1.loading + $1.performing + $1.storing }
    let one = record.lanes.reduce(0) { $0 + $1[keyPath: stage] }
    return all > 0 ? Double(one) / Double(all) : 0
  }
}
