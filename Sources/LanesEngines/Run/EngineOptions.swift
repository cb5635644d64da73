import LanesCore
import LanesOS

/// What a user may set about any engine.
package struct EngineOptions: Sendable {
  /// Threads or processes; 1 for serial and eventloop whatever is set.
  package var lanes: Int
  /// Loads in flight at most, where loading does not block a lane.
  package var queueDepth: Int
  /// Bytes of inputs, outputs and working memory that may be in flight. One unit is always let in, unless it takes a file
  /// whole that is larger than this alone: that one fails.
  package var memory: Int
  /// The longest time one unit may be performed.
  package var timeout: Duration?
  /// How often the units of a dead worker are tried again.
  package var retries: Int
  /// What worker processes may reach; engines without them have none of it.
  package var isolation = IsolationLevel.process
  /// False reads without io_uring.
  package var usesRing: Bool

  package init(
    lanes: Int = CPUs.available, queueDepth: Int = Self.defaultQueueDepth, memory: Int = Self.defaultMemory,
    timeout: Duration? = nil, retries: Int = 1, usesRing: Bool = true
  ) {
    self.lanes = max(1, lanes)
    self.queueDepth = max(1, queueDepth)
    self.memory = memory
    self.timeout = timeout
    self.retries = max(0, retries)
    self.usesRing = usesRing
  }

  /// Enough to keep a disk busy with small files (BENCHMARKS.md shows depths side by side).
  package static let defaultQueueDepth = 64

  /// Half of the memory that is free now; 1 GiB where the system does not say.
  package static var defaultMemory: Int { availableMemory().map { $0 / 2 } ?? 1 << 30 }

  /// The queue depth that the descriptor limit allows: a quarter of what is left, since as many results may be stored
  /// meanwhile, each of which holds its folder open too.
  var affordableQueueDepth: Int { max(1, min(queueDepth, (descriptorsLeft() - 12) / 4)) }
}

/// Builds the engine of a kind.
package enum Engines {
  /// - Parameter worker: how to start a worker process of this program; only the processes engine uses it.
  package static func make(
    _ kind: EngineKind, channel: ChannelKind, options: EngineOptions, worker: WorkerCommand
  ) -> any Engine {
    switch kind {
    case .serial: SerialEngine(options)
    case .threads: ThreadsEngine(options)
    case .processes: ProcessesEngine(options, channel: channel, worker: worker)
    case .eventloop: EventLoopEngine(options)
    case .hybrid: HybridEngine(options)
    }
  }
}
