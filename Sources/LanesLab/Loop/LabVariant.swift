import LanesReport

/// One of the things that an experiment compares: how to do it `n` times.
package struct LabVariant {
  /// What the nanoseconds that a batch returns are.
  enum Clock {
    /// Wall time of the calling thread, whose share of a core is told beside it.
    case wall
    /// Wall time in which other threads or processes work as well; the calling thread's share would mean nothing.
    case wallOfSeveral
    /// Wall time of this process and children that it waits for, whose processor time tells how many cores they kept busy.
    case wallOfFamily
    /// Processor time: right under any load.
    case processor
  }

  let name: String
  /// Operations of a batch, at most.
  var most = 1 << 20
  /// What the time of an operation is divided by, such as the KiB that it moves.
  var per = 1.0
  var clock = Clock.wall
  /// Batches without which nothing is decided.
  var needed = 5
  /// Does `n` operations and returns their nanoseconds; below zero when the batch cannot be used.
  let run: (Int) -> Int64

  init(
    _ name: String, most: Int = 1 << 20, per: Double = 1, clock: Clock = .wall, needed: Int = 5,
    _ run: @escaping (Int) -> Int64
  ) {
    self.name = name
    self.most = most
    self.per = per
    self.clock = clock
    self.needed = needed
    self.run = run
  }
}

/// Where threads and processes of an experiment run.
package enum LabPin: String, CaseIterable, Sendable {
  /// Wherever the kernel puts them.
  case free
  /// All on one CPU.
  case same
  /// On two CPUs, one each.
  case two
}
