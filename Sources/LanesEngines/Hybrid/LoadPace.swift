/// How far the loop of the hybrid engine loads ahead of its lanes: far enough that no lane waits for an input, and no further, since
/// what is loaded and waits takes memory and leaves the processor's cache.
///
/// By Little's law lanes stay busy while `lanes × load / perform` loads are under way; twice that covers loads that take
/// longer than usual. What a lane needs while the loop wakes up comes on top.
struct LoadPace {
  let lanes: Int
  /// Loads under way at most.
  let depth: Int
  /// Moving averages of nanoseconds; nil before the first unit.
  private var load: Double?
  private var perform: Double?

  /// Expected bytes of inputs ahead of the lanes beside one for each: enough to keep a disk busy.
  static let farthestAhead = 32 << 20
  /// Nanoseconds in which the loop wakes up and gets a core, on a machine all of whose cores compute.
  private static let wakeUp = 1_000_000.0
  /// Units without an input that are queued for each lane, as the threads engine has it.
  private static let queuedPerLane = 64

  init(lanes: Int, depth: Int) {
    self.lanes = lanes
    self.depth = depth
  }

  mutating func loaded(in nanoseconds: Int64) { Self.add(nanoseconds, to: &load) }
  mutating func performed(in nanoseconds: Int64) { Self.add(nanoseconds, to: &perform) }

  private static func add(_ nanoseconds: Int64, to average: inout Double?) {
    let value = Double(max(0, nanoseconds))
    average = average.map { $0 + (value - $0) / 16 } ?? value
  }

  /// Units at most that need no load.
  var mostQueued: Int { lanes * Self.queuedPerLane }

  /// Units at most that are loaded, wait for a lane, or are performed.
  var mostUnderWay: Int {
    guard let perform else { return lanes + 1 }
    let ahead = Double(lanes) * (2 * (load ?? 0) + Self.wakeUp) / max(perform, 1)
    return min(lanes + max(1, Int(min(ahead.rounded(.up), 1e6))), mostQueued + depth)
  }
}
