import Testing

@testable import LanesEngines

/// How far the loop of the hybrid engine loads ahead.
@Suite struct LoadPaceTests {
  private func pace(lanes: Int, depth: Int = 64, load: Int64, perform: Int64) -> LoadPace {
    var pace = LoadPace(lanes: lanes, depth: depth)
    pace.loaded(in: load)
    pace.performed(in: perform)
    return pace
  }

  @Test(arguments: [1, 2, 8]) func `before the first unit has ended each lane has one and one is ahead`(_ lanes: Int) {
    var pace = LoadPace(lanes: lanes, depth: 64)
    #expect(pace.mostUnderWay == lanes + 1)
    pace.loaded(in: 1_000_000_000)
    #expect(pace.mostUnderWay == lanes + 1)
  }

  @Test func `long units are loaded one ahead, however large`() {
    #expect(pace(lanes: 2, load: 1_000_000, perform: 40_000_000).mostUnderWay == 3)
    #expect(pace(lanes: 2, load: 0, perform: .max).mostUnderWay == 3)
  }

  @Test func `loads that take as long as units need two for each lane ahead`() {
    #expect(pace(lanes: 4, load: 40_000_000, perform: 40_000_000).mostUnderWay == 4 + 9)
  }

  @Test func `short units fill the depth, and no more than lanes may have queued comes on top`() {
    #expect(pace(lanes: 2, load: 1_000_000, perform: 10_000).mostUnderWay == 2 * 64 + 64)
    #expect(pace(lanes: 2, depth: 4, load: 1_000_000, perform: 0).mostUnderWay == 2 * 64 + 4)
    #expect(pace(lanes: 2, load: .max, perform: 1).mostUnderWay == 2 * 64 + 64)
  }

  @Test func `the pace follows a batch that changes`() {
    var pace = pace(lanes: 2, load: 1_000_000, perform: 10_000)
    for _ in 0..<200 { pace.performed(in: 40_000_000) }
    #expect(pace.mostUnderWay == 3)
    for _ in 0..<200 { pace.performed(in: 10_000) }
    #expect(pace.mostUnderWay == 2 * 64 + 64)
  }
}
