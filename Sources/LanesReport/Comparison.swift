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
  /// One run of each contender, all of the same round: the round whose wall times are nearest to the medians, of those
  /// for which timelines were kept. Where there is none, the first round.
  package let typicalRuns: [RunRecord]
  /// That round, from 0.
  package let typicalRound: Int
  /// True when it was stopped before all rounds that were asked for.
  package let isInterrupted: Bool

  /// Compares contenders that ran the same batch; none at all is no mistake.
  package init(_ contenders: [Contender], isInterrupted: Bool = false) {
    self.isInterrupted = isInterrupted
    typicalRound = Comparison.typicalRound(of: contenders)
    typicalRuns = contenders.map { [typicalRound] in $0.records[typicalRound] }
    baselineIndex = contenders.firstIndex { $0.setup.kind == .serial }
    let baseline = baselineIndex.map { Statistics(contenders[$0].records.map { Double($0.wall) }).median }
    entries = zip(contenders, typicalRuns).map { Entry($0, baseline: baseline, typical: $1) }
  }

  private static func typicalRound(of contenders: [Contender]) -> Int {
    let rounds = contenders.map(\.records.count).min() ?? 0
    let medians = contenders.map { Statistics($0.records.map { Double($0.wall) }).median }
    func distance(_ round: Int) -> Double {
      zip(contenders, medians).reduce(0) { sum, pair in
        sum + abs(Double(pair.0.records[round].wall) - pair.1) / max(pair.1, 1)
      }
    }
    let drawn = (0..<rounds).filter { round in contenders.allSatisfy { !$0.records[round].timelines.isEmpty } }
    return drawn.min { distance($0) < distance($1) } ?? 0
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
    /// Bytes sent to storage by all processes.
    package let storageWritten: Int?
    /// Bytes; the largest proportional set size of all processes together, so that memory they share counts once.
    package let proportionalPeak: Int?
    /// Nanoseconds until the last lane's worker process was ready; nil inside one process.
    package let startUp: Double?
    /// Nanoseconds in which some task of the machine was short of something, medians.
    package let pressure: PressureStall
    /// The part of the time of loading, performing and storing in which lanes had no core.
    package let queuedShare: Double
    /// What all lanes did in the typical run; nil where nobody kept account.
    package let activity: LaneActivity?
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
    /// The part of the work that cannot be shared out, as measured: (1/S − 1/p) / (1 − 1/p) for a speed-up of S on p
    /// lanes (Karp and Flatt, "Measuring parallel processor performance", 1990); nil for one lane. Below 0 when the
    /// speed-up exceeds the lanes.
    package var serialFraction: Double? {
      guard let speedUp, speedUp > 0, setup.lanes > 1 else { return nil }
      let lanes = Double(setup.lanes)
      return (1 / speedUp - 1 / lanes) / (1 - 1 / lanes)
    }
  }
}
