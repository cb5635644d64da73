import Testing

@testable import LanesEngines

/// Whether slices are read or mapped, by what either costs.
@Suite struct AccessChoiceTests {
  /// The ways that a loader goes for `slices` slices whose costs a byte are those of `costs`, by way.
  private func ways(_ slices: Int, _ choice: inout AccessChoice, costs: (reading: Int64, mapping: Int64))
    -> [AccessChoice.Way]
  {
    (0..<slices).map { _ in
      let way = choice.next()
      choice.note(way, bytes: 1 << 20, nanoseconds: (way == .reading ? costs.reading : costs.mapping) << 20)
      return way
    }
  }

  @Test func `both ways are tried, then the cheaper one is taken and the other looked at now and then`() {
    for cheaper in [AccessChoice.Way.reading, .mapping] {
      let dearer: AccessChoice.Way = cheaper == .reading ? .mapping : .reading
      let costs: (Int64, Int64) = cheaper == .reading ? (1, 2) : (2, 1)
      var choice = AccessChoice()
      let trials = ways(2 * AccessChoice.trials, &choice, costs: costs)
      #expect(trials == [.reading, .mapping, .reading, .mapping])
      for interval in [AccessChoice.retrial, 2 * AccessChoice.retrial, 4 * AccessChoice.retrial] {
        let usual = ways(interval + 1, &choice, costs: costs)
        #expect(usual.dropLast().allSatisfy { $0 == cheaper } && usual.last == dearer)
      }
    }
  }

  @Test func `a file that lies in the cache otherwise is noticed`() {
    var choice = AccessChoice()
    _ = ways(10, &choice, costs: (1, 2))
    // What was cheap has become dear: some slices tell.
    #expect(ways(10, &choice, costs: (8, 2)).suffix(7).allSatisfy { $0 == .mapping })
    // What was dear has become cheap: the next trials tell.
    _ = ways(4 * AccessChoice.retrial, &choice, costs: (1, 2))
    #expect(ways(10, &choice, costs: (1, 2)).filter { $0 == .reading }.count >= 9)
  }

  @Test func `a mapping that costs more than twice as much is tried once`() {
    var choice = AccessChoice()
    #expect(ways(4, &choice, costs: (1, 3)) == [.reading, .mapping, .reading, .reading])
    choice = AccessChoice()
    #expect(ways(5, &choice, costs: (3, 1)) == [.reading, .mapping, .reading, .mapping, .mapping])
  }

  @Test func `single slow slices change nothing`() {
    var choice = AccessChoice()
    _ = ways(10, &choice, costs: (10, 15))
    for _ in 0..<4 {
      #expect(choice.next() == .reading)
      choice.note(.reading, bytes: 1 << 20, nanoseconds: 30 << 20)
      #expect(ways(3, &choice, costs: (10, 15)).allSatisfy { $0 == .reading })
    }
  }

  @Test func `one slow first slice decides nothing`() {
    var choice = AccessChoice()
    choice.note(choice.next(), bytes: 1 << 20, nanoseconds: 100 << 20)
    #expect(ways(20, &choice, costs: (1, 2)).suffix(10).allSatisfy { $0 == .reading })
  }
}
