import LanesCore

extension Comparison.Entry {
  /// What `contender` needed; `baseline` is the serial wall time in nanoseconds.
  init(_ contender: Contender, baseline: Double?) {
    let records = contender.records
    let record = records[contender.medianRound]
    setup = contender.setup
    // Wall time is of all rounds. Everything else is of one round, since medians of several figures taken one by one
    // belong to no run that ever was: user time could then exceed what its wall time allows.
    wall = Statistics(records.map { Double($0.wall) })
    samples = RoundSamples(records.map { ($0.wall, $0.usage) })
    round = contender.medianRound + 1
    roundWall = record.wall
    let own = wall.median
    speedUp = baseline.flatMap { own > 0 ? $0 / own : nil }
    units = record.unitsDone + record.unitsFailed
    usage = record.usage
    figures = Self.figures(of: records, at: contender.medianRound)
    startUp = record.lanes.compactMap(\.startUp).max()
    queuedShare = Self.queuedShare(of: record)
    activity = LaneActivity.all(of: record)
    loading = Self.stageShare(of: record, \.loading)
    // Performing holds the stalls, so that both shares together cannot exceed 1 but for rounding of the clock.
    stalled = min(Self.stageShare(of: record, \.stalled), 1 - loading)
    storing = Self.stageShare(of: record, \.storing)
  }

  /// The median round's record with the figures of all rounds that `Metric.rounds` asks for.
  private static func figures(of records: [RunRecord], at medianRound: Int) -> RunRecord {
    var figures = records[medianRound]
    // Entries are compared often, and `Comparison.typicalRuns` has them.
    figures.timelines = []
    for (metric, field) in Metric.ofRuns {
      let values = records.compactMap { field.value(of: $0) }
      switch metric.rounds {
      case .median: break
      case .sum: field.set(values.reduce(0, +), in: &figures)
      case .most: field.set(values.max() ?? 0, in: &figures)
      }
    }
    return figures
  }

  /// The part of all lanes' stages that went into one of them, 0…1; 0 where nothing was recorded.
  private static func stageShare(of record: RunRecord, _ stage: KeyPath<LaneUsage, Int64>) -> Double {
    let all = record.lanes.reduce(0) { $0 + $1.loading + $1.performing + $1.storing }
    let one = record.lanes.reduce(0) { $0 + $1[keyPath: stage] }
    return all > 0 ? Double(one) / Double(all) : 0
  }

  /// The part of the time in which lanes had work, or wanted a core, that they spent without one.
  private static func queuedShare(of record: RunRecord) -> Double {
    // What short units wait is booked on the unit that ends when a lane looks, so it belongs to their loading as well.
    let working = record.lanes.reduce(0) { $0 + $1.loading + $1.performing + $1.storing }
    let queued = record.lanes.reduce(0) { $0 + $1.queued }
    // Between units a lane may want a core as well: what it had and what it lacked is the least that it wanted.
    let wanted = max(working, queued + record.usage.user + record.usage.system)
    return wanted > 0 ? Double(queued) / Double(wanted) : 0
  }
}
