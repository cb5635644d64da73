import LanesCore
import LanesReport

/// Records made up for tests, in milliseconds and with every figure set.
enum Samples {
  /// What a made-up run needed; times in milliseconds.
  struct Figures {
    var wall: Double
    var user: Double
    var system = 0.0
    var voluntary = 20
    var involuntary = 3
    var minor = 900
    var major = 0
    var between = 0
    var storageRead: Int? = 0
    var units = 100
    /// Nil for as many as there are lanes.
    var inFlight: Int?
    /// Milliseconds until the last worker was ready.
    var startUp: Double?
    /// The part of the lanes' time that workers sent and received.
    var transferring = 0.0
    /// Shares of the stages' time.
    var loading = 0.02
    var storing = 0.0
    /// The part of performing without a core.
    var queued = 0.0
  }

  static let circumstances = ComparisonCircumstances(
    words: "primes 1e9", isCold: false, machine: [.init(name: "CPUs", value: "2"), .init(name: "Time", value: "then")])
  static let serial = EngineSetup(kind: .serial, lanes: 1)
  static let eventLoop = EngineSetup(kind: .eventloop, lanes: 1)
  static func hybrid(_ lanes: Int) -> EngineSetup { EngineSetup(kind: .hybrid, lanes: lanes) }
  static func threads(_ lanes: Int) -> EngineSetup { EngineSetup(kind: .threads, lanes: lanes) }
  static func pipe(_ lanes: Int) -> EngineSetup { EngineSetup(kind: .processes, lanes: lanes, channel: .pipe) }
  static func socket(_ lanes: Int) -> EngineSetup { EngineSetup(kind: .processes, lanes: lanes, channel: .socket) }
  static func shm(_ lanes: Int) -> EngineSetup { EngineSetup(kind: .processes, lanes: lanes, channel: .shm) }

  static func record(_ setup: EngineSetup, _ figures: Figures) -> RunRecord {
    var record = RunRecord(setup: setup)
    record.unitsDone = figures.units
    record.mostInFlight = figures.inFlight ?? min(figures.units, setup.lanes)
    record.wall = Int64((figures.wall * 1e6).rounded())
    record.coordinator.user = Int64((figures.user * 1e6).rounded())
    record.coordinator.system = Int64((figures.system * 1e6).rounded())
    record.coordinator.voluntarySwitches = figures.voluntary
    record.coordinator.involuntarySwitches = figures.involuntary
    record.coordinator.minorFaults = figures.minor
    record.coordinator.majorFaults = figures.major
    record.coordinator.peakMemory = 24 << 20
    record.coordinator.storageRead = figures.storageRead
    record.coordinator.storageWritten = 0
    record.bytesIn = 400 << 20
    record.bytesOut = 10 << 20
    record.bytesBetween = figures.between
    record.lanes = (0..<setup.lanes).map { _ in lane(figures, of: setup) }
    return record
  }

  private static func lane(_ figures: Figures, of setup: EngineSetup) -> LaneUsage {
    var lane = LaneUsage()
    let busy = figures.wall * 1e6 * 0.9
    lane.units = figures.units / setup.lanes
    lane.startUp = figures.startUp.map { Int64($0 * 1e6) }
    lane.transferring = Int64(figures.wall * 1e6 * figures.transferring)
    lane.loading = Int64(busy * figures.loading)
    lane.storing = Int64(busy * figures.storing)
    lane.performing = Int64(busy * (1 - figures.loading - figures.storing))
    lane.queued = Int64(Double(lane.performing) * figures.queued)
    return lane
  }

  /// A contender of five rounds that lie 1 % apart; contenders of other kinds or sizes have them in another order, as if
  /// nothing but chance decided.
  static func contender(_ setup: EngineSetup, _ figures: Figures, rounds: Int = 5) -> Contender {
    let factors = [1, 1.01, 0.99, 1.02, 0.98]
    let kind = EngineKind.allCases.firstIndex(of: setup.kind)!
    let channel = setup.channel.map { ChannelKind.allCases.firstIndex(of: $0)! } ?? 0
    let shift = setup == serial ? 0 : 1 + (kind + setup.lanes + channel) % 4
    let records = (0..<rounds).map { round in
      var varied = figures
      varied.wall *= factors[(round + shift) % rounds % factors.count]
      return record(setup, varied)
    }
    return Contender(setup: setup, records: records)
  }

  /// As `contender`, with timelines in which every lane is busy as long as its usage says.
  static func drawn(_ setup: EngineSetup, _ figures: Figures, rounds: Int = 5) -> Contender {
    let plain = contender(setup, figures, rounds: rounds)
    let records = plain.records.map { record in
      var record = record
      record.timelines = record.lanes.map { lane in
        var unit = UnitRecord(lane: 0)
        unit.load = .init(start: 0, end: lane.loading)
        unit.perform = .init(start: lane.loading, end: lane.loading + lane.performing)
        unit.store = .init(start: unit.perform.end, end: unit.perform.end + lane.storing)
        unit.queued = lane.queued
        var timeline = LaneTimeline()
        timeline.add(unit, origin: 0)
        return timeline
      }
      return record
    }
    return Contender(setup: setup, records: records)
  }

  /// A batch that computes: two lanes take half the time.
  static var computing: [Contender] {
    [
      contender(serial, Figures(wall: 4_000, user: 3_900, system: 60)),
      contender(threads(2), Figures(wall: 2_060, user: 3_950, system: 70)),
      contender(pipe(2), Figures(wall: 2_300, user: 3_990, system: 160, between: 100 << 20)),
      contender(shm(2), Figures(wall: 2_080, user: 3_960, system: 90, between: 100 << 20)),
      contender(eventLoop, Figures(wall: 4_040, user: 3_910, system: 70)),
    ]
  }
}
