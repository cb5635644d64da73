import LanesCore

extension Comparison.Entry {
  /// Medians of the rounds of `contender`; `baseline` is the serial wall time in nanoseconds.
  init(_ contender: Contender, baseline: Double?, typical: RunRecord) {
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
    storageWritten = known(usages.map(\.storageWritten))
    // Memory is looked at now and then, so a short round may have none: those that have it speak for all.
    let seen = records.compactMap(\.proportionalPeak)
    proportionalPeak = seen.isEmpty ? nil : middle(seen)
    let started = records.compactMap { $0.lanes.compactMap(\.startUp).max() }
    startUp = started.isEmpty ? nil : median(started.map(Double.init))
    pressure = Self.pressure(of: records)
    queuedShare = median(records.map(Self.queuedShare))
    activity = LaneActivity.all(of: typical)
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

  private static func queuedShare(of record: RunRecord) -> Double {
    // What short units wait is booked on the unit that ends when a lane looks, so it belongs to their loading as well.
    let working = record.lanes.reduce(0) { $0 + $1.loading + $1.performing + $1.storing }
    let queued = record.lanes.reduce(0) { $0 + $1.queued }
    return working > 0 ? min(1, Double(queued) / Double(working)) : 0
  }

  private static func pressure(of records: [RunRecord]) -> PressureStall {
    func median(_ kind: KeyPath<PressureStall, Int64?>) -> Int64? {
      let known = records.compactMap { $0.pressure?[keyPath: kind] }
      return known.isEmpty ? nil : Int64(Statistics(known.map(Double.init)).median)
    }
    return PressureStall(cpu: median(\.cpu), io: median(\.io), memory: median(\.memory))
  }
}
