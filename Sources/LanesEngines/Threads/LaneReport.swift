import LanesCore

/// What a lane has to tell and has not told yet.
struct LaneReport {
  let lane: Int
  /// Units that ended or were dropped.
  private(set) var events: [ThreadPool.Event] = []
  private(set) var isUrgent = false
  var costs = UnitCosts()
  /// Nanoseconds that the last unit took.
  var lastUnit: Int64 = 0
  /// For outputs that are stored by the lane itself.
  let scratch = OutputBuffer()

  init(lane: Int) { self.lane = lane }

  mutating func expect(_ units: Int) { events.reserveCapacity(units) }

  mutating func add(_ event: ThreadPool.Event, isUrgent: Bool) {
    events.append(event)
    if isUrgent { self.isUrgent = true }
  }

  /// The list went to the feeder; another one, empty, takes its place.
  mutating func clear(for another: [ThreadPool.Event]) {
    events = another
    isUrgent = false
    costs = UnitCosts()
  }
}
