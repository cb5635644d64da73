import Testing

@testable import LanesEngines

/// How many units the feeder of threads keeps ahead, and which of them it hears of at once.
@Suite struct FeedPaceTests {
  private func pace(_ nanoseconds: Int64) -> FeedPace {
    var pace = FeedPace()
    pace.performed(in: nanoseconds)
    return pace
  }

  @Test func `before the first unit has ended few are ahead`() {
    #expect(FeedPace().unitsPerLane == 64)
  }

  @Test func `few units wait that hold memory meanwhile`() {
    var pace = FeedPace()
    for _ in 0..<200 { pace.performed(in: 7_000, holdingBytes: true) }
    #expect(pace.unitsPerLane == 64)
  }

  @Test(arguments: [
    (Int64(0), 256), (1, 256), (7_000, 256), (10_000, 200), (25_000, 80), (31_250, 64), (31_251, 64), (1_000_000, 64),
    (.max, 64),
  ]) func `units ahead last two milliseconds within bounds`(_ unit: Int64, _ expected: Int) {
    #expect(pace(unit).unitsPerLane == expected)
  }

  @Test func `the pace follows a batch that changes`() {
    var pace = pace(7_000)
    for _ in 0..<200 { pace.performed(in: 40_000_000) }
    #expect(pace.unitsPerLane == 64)
    for _ in 0..<200 { pace.performed(in: 7_000) }
    #expect(pace.unitsPerLane == 256)
  }

  @Test func `a long unit is told of at once where it is the first or one of many`() {
    var report = LaneReport(lane: 0)
    report.took(100_001)
    #expect(report.isSlow)
    report.took(1_000)
    #expect(!report.isSlow)
    for _ in 0..<20 { report.took(.max) }
    #expect(report.isSlow)
  }

  @Test func `a long unit among short ones is not told of at once, however long`() {
    var report = LaneReport(lane: 0)
    for _ in 0..<20 { report.took(7_000) }
    report.took(.max)
    #expect(!report.isSlow)
    report.took(7_000)
    #expect(!report.isSlow)
    for _ in 0..<3 { report.took(.max) }
    #expect(report.isSlow)
  }
}
