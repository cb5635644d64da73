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
  /// Slices after which the dearer way is tried again.
  static let retrial = 32
  /// Bytes of a slice: below, a mapping of its own costs more than what is to be found out; above, the pages of the mapping
  /// would count as too much memory.
  static let lengths = (1 << 20)...(64 << 20)

  private var tried = [0, 0]
  /// Nanoseconds of processor time a byte.
  private var cost = [Double.infinity, .infinity]
  private var sinceRetrial = 0

  /// How to load the next slice, where either will do.
  mutating func next() -> Way {
    // Reading comes first: the first slice also warms up what is done on all.
    if tried[1] < tried[0], tried[1] < Self.trials { return .mapping }
    if tried[0] < Self.trials { return .reading }
    let cheaper: Way = cost[0] <= cost[1] ? .reading : .mapping
    sinceRetrial += 1
    guard sinceRetrial > Self.retrial else { return cheaper }
    sinceRetrial = 0
    return cheaper == .reading ? .mapping : .reading
  }

  /// A slice of `bytes` bytes took `nanoseconds` of the thread's processor time this way.
  mutating func note(_ way: Way, bytes: Int, nanoseconds: Int64) {
    let latest = Double(nanoseconds) / Double(bytes)
    tried[way.rawValue] += 1
    // The first trial has caches to fill and memory to get; later ones count as much as all that went before.
    let known = cost[way.rawValue]
    cost[way.rawValue] = tried[way.rawValue] <= Self.trials ? min(known, latest) : (known + latest) / 2
  }
}
