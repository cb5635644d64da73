import LanesCore
import LanesReport
import Testing

@Suite struct LaneTimelineTests {
  /// A unit of one lane, in microseconds.
  static func unit(
    _ perform: ClosedRange<Int64>, load: ClosedRange<Int64>? = nil, queued: Int64 = 0, stalled: Int64 = 0
  ) -> UnitRecord {
    var record = UnitRecord(lane: 0)
    record.perform = .init(start: perform.lowerBound * 1_000, end: perform.upperBound * 1_000)
    if let load { record.load = .init(start: load.lowerBound * 1_000, end: load.upperBound * 1_000) }
    record.queued = queued * 1_000
    record.stalled = stalled * 1_000
    return record
  }

  @Test(arguments: [1, 7, 1_000, 60_000_000]) func `no time is lost and slices stay few, however long a run is`(
    _ length: Int64
  ) {
    var timeline = LaneTimeline()
    for start in 0..<3_000 { timeline.add(Self.unit(Int64(start) * length...Int64(start + 1) * length), origin: 0) }
    #expect(timeline.slices.count <= LaneTimeline.mostSlices)
    #expect(timeline.slices.reduce(0) { $0 + $1.performing } == 3_000 * length * 1_000)
  }

  @Test func `units may end in any order`() {
    let units = (0..<2_000).map { Self.unit($0 * 50...$0 * 50 + 30, queued: $0 % 3) }
    var (one, other) = (LaneTimeline(), LaneTimeline())
    for unit in units { one.add(unit, origin: 0) }
    for unit in units.reversed() { other.add(unit, origin: 0) }
    #expect(one.width == other.width)
    #expect(one.slices.map(\.performing) == other.slices.map(\.performing))
  }

  @Test func `time before the run counts nothing`() {
    var timeline = LaneTimeline()
    timeline.add(Self.unit(0...10), origin: 4_000)
    #expect(timeline.slices.reduce(0) { $0 + $1.performing } == 6_000)
  }

  @Test func `what short units waited for a core reaches back beyond the last of them`() {
    var timeline = LaneTimeline()
    for start in 0..<10 { timeline.add(Self.unit(Int64(start) * 20...Int64(start) * 20 + 20), origin: 0) }
    timeline.add(Self.unit(200...210, queued: 100), origin: 0)
    let activity = LaneActivity(timeline, wall: 210_000)
    #expect(abs(activity[.takingTurns] - 100_000) < 1_000)
    #expect(activity.total == 210_000)
  }

  @Test func `every nanosecond of a lane goes somewhere once`() {
    var timeline = LaneTimeline()
    timeline.add(Self.unit(20...60, load: 0...20, queued: 10, stalled: 5), origin: 0)
    let activity = LaneActivity(timeline, wall: 100_000)
    #expect(activity.total == 100_000)
    #expect(abs(activity[.takingTurns] - 10_000) < 100)
    #expect(abs(activity[.waitingForInput] - 25_000) < 100)
    #expect(abs(activity[.computing] - 25_000) < 200)
    #expect(abs(activity[.waitingForWork] - 40_000) < 100)
  }

  @Test func `loading beside performing is no waiting`() {
    var timeline = LaneTimeline()
    timeline.add(Self.unit(0...1_000, load: 0...1_000), origin: 0)
    #expect(LaneActivity(timeline, wall: 1_000_000).share(.computing) == 1)
  }

  @Test func `without a core nobody waits for input, whatever the stage`() {
    var slice = LaneTimeline.Slice()
    (slice.performing, slice.loading, slice.storing, slice.queued) = (100, 300, 100, 300)
    let activity = LaneActivity(slice, length: 600)
    #expect(activity[.takingTurns] == 300 && activity[.computing] == 0)
    #expect(activity[.waitingForInput] == 150 && activity[.writing] == 50 && activity[.waitingForWork] == 100)
    #expect(activity.total == 600)
  }

  @Test func `sending and receiving is taken from the time without work`() {
    var record = RunRecord(setup: Samples.pipe(1))
    record.wall = 1_000_000
    record.lanes = [LaneUsage()]
    record.lanes[0].transferring = 300_000
    record.timelines = [LaneTimeline()]
    record.timelines[0].add(Self.unit(0...500), origin: 0)
    let lane = LaneActivity.lanes(of: record)[0]
    #expect(lane[.transferring] == 300_000)
    #expect(lane[.waitingForWork] == 200_000)
  }

  @Test func `an impossible timeline is refused`() {
    #expect(LaneTimeline(width: 0, slices: []) == nil)
    #expect(LaneTimeline(width: 1, slices: Array(repeating: .init(), count: LaneTimeline.mostSlices + 1)) == nil)
  }
}

@Suite struct SwimlanesTests {
  /// A run of 1 ms with two lanes: one computes throughout, one waits for input, takes turns and has nothing to do.
  static var run: RunRecord {
    var record = RunRecord(setup: Samples.threads(2))
    record.wall = 1_000_000
    record.lanes = [LaneUsage(), LaneUsage()]
    record.timelines = [LaneTimeline(), LaneTimeline()]
    record.timelines[0].add(LaneTimelineTests.unit(0...1_000), origin: 0)
    record.timelines[1].add(LaneTimelineTests.unit(500...750, load: 0...500, queued: 120), origin: 0)
    return record
  }

  @Test func `lanes are drawn as they ran`() {
    #expect(
      Swimlanes([Self.run], width: 35).lines() == [
        "one line per lane; the full width is 1.00 ms",
        "threads ×2   1 ████████████████████",
        "             2 ▒▒▒▒▒▒▒▒▒▒▞▞▞▞▞·····",
        "█ computed   ▞ waited for a core",
        "▒ waited for input",
        "· waited for work",
      ])
  }

  @Test func `without UTF-8 everything is ASCII`() {
    let lines = Glyphs.with(.ascii) { Swimlanes([Self.run], width: 35).lines() }
    #expect(lines.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } })
    #expect(lines[2] == "             2 :::::::::://///.....")
  }

  @Test func `a run of half the time takes half the width`() {
    var quick = Self.run
    quick.wall = 500_000
    let lines = Swimlanes([Self.run, quick], width: 35).lines()
    #expect(lines[3] == "threads ×2   1 ██████████")
  }

  @Test func `many lanes are cut short, and runs without timelines are left out`() {
    var many = Self.run
    many.timelines = Array(repeating: many.timelines[0], count: 64)
    let lines = Swimlanes([RunRecord(setup: Samples.serial), many], width: 80).lines()
    #expect(lines.contains { $0.hasSuffix("… 56 more lanes") })
    #expect(lines.count == 11)
    #expect(Swimlanes([RunRecord(setup: Samples.serial)], width: 80).lines() == [])
  }
}
