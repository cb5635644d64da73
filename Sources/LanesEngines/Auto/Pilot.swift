/// When to measure: the first units, and again from time to time, since a batch may change its nature on the way.
package struct Pilot {
  /// Nanoseconds of a measurement at least, and units in that time for it to be enough.
  private static let shortWindow: Int64 = 5_000_000
  private static let manyUnits = 64
  /// Nanoseconds after which fewer units do.
  private static let window: Int64 = 20_000_000
  /// Nanoseconds between measurements; reading a thread's usage twice costs a unit about 0.6 µs while one goes on.
  private static let rest: Int64 = 200_000_000
  /// Units at least, however long they take: two may wait by chance.
  private static let fewestUnits = 8

  package private(set) var isMeasuring = true
  /// When the measurement or the rest began.
  private var since: Int64
  private var costs = UnitCosts()

  package init(now: Int64) { since = now }

  /// Takes what was measured since the last look; gives the sum when a measurement is complete.
  package mutating func look(now: Int64, _ more: UnitCosts) -> UnitCosts? {
    guard isMeasuring else {
      if now - since >= Self.rest { begin(now) }
      return nil
    }
    costs.add(more)
    guard isComplete(now) else { return nil }
    isMeasuring = false
    since = now
    return costs
  }

  private func isComplete(_ now: Int64) -> Bool {
    let elapsed = now - since
    return elapsed >= Self.window && costs.units >= Self.fewestUnits
      || elapsed >= Self.shortWindow && costs.units >= Self.manyUnits
  }

  private mutating func begin(_ now: Int64) {
    isMeasuring = true
    since = now
    costs = UnitCosts()
  }
}
