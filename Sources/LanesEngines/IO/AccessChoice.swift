import LanesCore
import LanesOS

/// Chooses between reading a slice of a file and mapping it: what has taken the calling thread less processor time a byte,
/// with all that was done on the slice.
///
/// What mapping costs depends on how the page cache holds the file, in folios of 4 KiB or of megabytes, which no system call
/// tells; what reading costs depends on how fast the kernel copies. So the first slices are loaded both ways, then all the
/// cheaper way, and the other is looked at again now and then, for the next file may lie in the cache otherwise. Belongs to
/// one thread.
struct AccessChoice {
  enum Way: Int { case reading, mapping }

  /// Slices loaded each way before one is preferred.
  static let trials = 2
  /// Slices after which the dearer way is tried again; twice as many each time that it stays the dearer one.
  static let retrial = 32
  private static let longestInterval = 16 * retrial
  /// Bytes of a slice: below, a mapping of its own costs more than what is to be found out; above, the pages of the mapping
  /// would count as too much memory.
  static let lengths = (1 << 20)...(64 << 20)

  private var tried = [0, 0]
  /// Nanoseconds of processor time a byte.
  private var cost = [Double.infinity, .infinity]
  private var interval = Self.retrial
  private var sinceRetrial = 0

  /// How to load the next slice, where either will do.
  mutating func next() -> Way {
    // Reading comes first: the first slice also warms up what is done on all.
    if tried[1] < min(tried[0], isDecided ? 1 : Self.trials) { return .mapping }
    if tried[0] < (isDecided ? 1 : Self.trials) { return .reading }
    sinceRetrial += 1
    guard sinceRetrial > interval else { return cheaper }
    sinceRetrial = 0
    return cheaper == .reading ? .mapping : .reading
  }

  private var cheaper: Way { cost[0] <= cost[1] ? .reading : .mapping }

  /// Whether mapping took more than twice as long: more trials would only cost more. Not the other way round, since the first
  /// slice is read.
  private var isDecided: Bool { cost[1] < .infinity && cost[1] > 2 * cost[0] }

  /// A slice of `bytes` bytes took `nanoseconds` of the thread's processor time this way.
  mutating func note(_ way: Way, bytes: Int, nanoseconds: Int64) {
    let latest = Double(nanoseconds) / Double(bytes)
    tried[way.rawValue] += 1
    let known = cost[way.rawValue]
    if tried[way.rawValue] <= Self.trials, !isDecided {
      // The first trial has caches to fill and memory to get.
      cost[way.rawValue] = min(known, latest)
    } else if way == cheaper {
      // A slice is seldom cheaper than it has to be, and often dearer: interrupts and neighbors on the processor count too.
      cost[way.rawValue] = min(latest, known + (latest - known) / 8)
    } else {
      // What is known of the dearer way is old.
      cost[way.rawValue] = latest
      interval = cheaper == way ? Self.retrial : min(interval * 2, Self.longestInterval)
    }
  }
}
