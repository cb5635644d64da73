import LanesCore

/// What a lane has to tell and has not told yet.
struct LaneReport {
  let lane: Int
  /// Units that ended or were dropped.
  private(set) var events: [ThreadPool.Event] = []
  private(set) var isUrgent = false
  var costs = UnitCosts()
  /// Nanoseconds that the last unit took.
  private(set) var lastUnit: Int64 = 0
  /// Moving average of them, to which one unit alone adds little: it may have taken long because another thread had the core.
  private var usualUnit: Int64?
  /// For outputs that are stored by the lane itself.
  let scratch = OutputBuffer()

  init(lane: Int) { self.lane = lane }

  /// Units of one lane that are performed before their results are handed over together take about this long, in nanoseconds: long
  /// beside a waking (5 to 50 µs), short beside what a person or a stop request notices.
  static let shareNanoseconds: Int64 = 100_000

  /// The last unit took so many nanoseconds.
  mutating func took(_ nanoseconds: Int64) {
    lastUnit = nanoseconds
    let counted = min(nanoseconds, 4 * Self.shareNanoseconds)
    usualUnit = usualUnit.map { $0 + (counted - $0) / 8 } ?? counted
  }

  /// The last unit took long, and so do others.
  var isSlow: Bool { lastUnit > Self.shareNanoseconds && usualUnit ?? 0 > Self.shareNanoseconds }

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
