import LanesCore

extension Comparison.Entry {
  /// What `contender` needed; `baseline` is the serial wall time in nanoseconds.
  init(_ contender: Contender, baseline: Double?) {
    let records = contender.records
    let record = records[contender.medianRound]
    let usage = record.usage
    setup = contender.setup
    wall = Statistics(records.map { Double($0.wall) })
    round = contender.medianRound + 1
    roundWall = record.wall
    let own = wall.median
    speedUp = baseline.flatMap { own > 0 ? $0 / own : nil }
    units = record.unitsDone + record.unitsFailed
    mostInFlight = record.mostInFlight
    user = usage.user
    system = usage.system
    voluntarySwitches = usage.voluntarySwitches
    involuntarySwitches = usage.involuntarySwitches
    minorFaults = usage.minorFaults
    majorFaults = usage.majorFaults
    peakMemory = usage.peakMemory
    storageRead = usage.storageRead
    storageWritten = usage.storageWritten
    proportionalPeak = record.proportionalPeak
    startUp = record.lanes.compactMap(\.startUp).max()
    pressure = record.pressure ?? PressureStall()
    queuedShare = Self.queuedShare(of: record)
    activity = LaneActivity.all(of: record)
    bytesIn = record.bytesIn
    bytesOut = record.bytesOut
    bytesBetween = record.bytesBetween
    loading = Self.stageShare(of: record, \.loading)
    stalled = min(Self.stageShare(of: record, \.stalled), 1 - loading)
    storing = Self.stageShare(of: record, \.storing)
    unitsFailed = records.map(\.unitsFailed).max() ?? 0
    workersLost = records.reduce(0) { $0 + $1.workersLost }
  }

  private static func stageShare(of record: RunRecord, _ stage: KeyPath<LaneUsage, Int64>) -> Double {
    let all = record.lanes.reduce(0) { $0 + $1.loading + $1.performing + $1.storing }
    let one = record.lanes.reduce(0) { $0 + $1[keyPath: stage] }
    return all > 0 ? Double(one) / Double(all) : 0
  }

  private static func queuedShare(of record: RunRecord) -> Double {
    // What short units wait is booked on the unit that ends when a lane looks, so it belongs to their loading as well.
    let working = record.lanes.reduce(0) { $0 + $1.loading + $1.performing + $1.storing }
    let queued = record.lanes.reduce(0) { $0 + $1.queued }
    // Between units a lane may want a core as well: what it had and what it lacked is the least that it wanted.
    let wanted = max(working, queued + record.usage.user + record.usage.system)
    return wanted > 0 ? Double(queued) / Double(wanted) : 0
  }
}
