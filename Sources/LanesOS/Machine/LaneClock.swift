import Glibc

/// Tells how long a lane was off its core while it performed a unit, and why.
///
/// /proc/thread-self/schedstat (proc(5), kernel documentation "Scheduler Statistics") says how long the calling thread
/// could have run but had no core. Reading it takes some microseconds, so it is looked at every four milliseconds at
/// most, which is about a thousandth of the time; what short units waited is booked on the one that ends then. Units
/// whose input is mapped may also wait for the disk in the middle of computing: for them the thread's processor time is
/// taken as well, and what is neither that nor waiting for a core is waiting for input.
///
/// Belongs to one thread. Where the kernel keeps no such figures, nothing was waited for, as far as anyone can tell.
package struct LaneClock {
  private static let interval: Int64 = 4_000_000
  private var lastLook: Int64
  private var lastDelay: Int64?
  private var start: Int64 = 0
  private var processorTime: Int64?
  /// Nil where the kernel keeps no such figures.
  private let statistics = ScheduleStatistics()

  /// Call it on the thread that performs.
  package init() {
    lastLook = monotonicNow()
    lastDelay = statistics?.delay
  }

  /// A unit is about to be performed, at `now`.
  package mutating func begin(mapped: Bool, at now: Int64) {
    start = now
    processorTime = nil
    guard mapped else { return }
    _ = look(now)
    processorTime = threadTime()
  }

  /// The unit ended at `now`: nanoseconds without a core, and nanoseconds stalled by pages that were not there.
  package mutating func end(at now: Int64) -> (queued: Int64, stalled: Int64) {
    guard let before = processorTime else { return (now - lastLook < Self.interval ? 0 : look(now), 0) }
    let off = max(0, now - start - (threadTime() - before))
    let queued = min(off, look(now))
    return (queued, off - queued)
  }

  /// Nanoseconds without a core since the last look.
  private mutating func look(_ now: Int64) -> Int64 {
    guard let lastDelay, let delay = statistics?.delay else { return 0 }
    self.lastDelay = delay
    lastLook = now
    return max(0, delay - lastDelay)
  }
}

/// Nanoseconds of processor time that the calling thread has taken, user and system.
package func threadTime() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// /proc/thread-self/schedstat of the thread that opened it; kept open, since a sandboxed worker cannot open it again.
private final class ScheduleStatistics {
  private let file: Descriptor

  init?() {
    let number = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    file = Descriptor(owning: number)
  }

  /// The second number: nanoseconds spent waiting for a core; nil where it is not kept.
  var delay: Int64? {
    withUnsafeTemporaryAllocation(byteCount: 96, alignment: 1) { buffer in
      let count = pread(file.number, buffer.baseAddress, buffer.count, 0)
      guard count > 0 else { return nil }
      let number = buffer[..<count].drop { $0 != 0x20 }.dropFirst().prefix { (0x30...0x39).contains($0) }
      return number.isEmpty ? nil : number.reduce(0) { $0 &* 10 &+ Int64($1 - 0x30) }
    }
  }
}
