/// Everything measured about one run. `Metric.all` tells what of it is shown, and where.
package struct RunRecord: Sendable, Equatable {
  package var setup: EngineSetup
  /// The number of the coordinating process (PID); nil until the run began.
  package var process: Int32?
  package var ending: Ending = .complete
  package var unitsDone = 0
  package var unitsFailed = 0
  /// Units that were under way at the same time, at most: one where each needs the result of the one before it, or all
  /// the memory there is.
  package var mostInFlight = 0
  /// Wall time in nanoseconds, from the call of `run` to its return.
  package var wall: Int64 = 0
  /// The coordinating process.
  package var coordinator = ProcessUsage()
  /// Worker processes in order of their end; empty for engines inside one process.
  package var workers: [ProcessUsage] = []
  /// Bytes of all sources loaded and all outputs stored.
  package var bytesIn = 0
  package var bytesOut = 0
  /// Bytes that crossed from one process to another, through pipes or shared memory.
  package var bytesBetween = 0
  package var lanes: [LaneUsage] = []
  /// Where the time of each lane went; empty where nobody asked for it.
  package var timelines: [LaneTimeline] = []
  /// What went through io_uring.
  package var ring = RingTraffic()
  /// How long some task of the machine had to wait, for what.
  package var pressure = PressureStall()
  /// The largest sum of proportional set sizes (PSS) of all processes of the run that was seen while it ran, in bytes:
  /// memory that processes share counts once. Nil where it could not be read, or the run was too short to be looked at.
  package var proportionalPeak: Int?
  /// Worker processes that died before they were told to end.
  package var workersLost = 0
  /// True when the trace that was asked for could not be written to its end; results are not touched by that.
  package var isTraceIncomplete = false
  /// Sentences about how the run was done, such as which kind of asynchronous reading was used.
  package var notes: [String] = []

  package init(setup: EngineSetup) { self.setup = setup }
}

/// Why a run ended.
package enum Ending: Sendable, Equatable {
  /// The plan was worked off, whether or not units failed.
  case complete
  /// A signal asked for it; nothing new was started after it.
  case signalled(Int32)
  /// What was asked is answered; the rest of the plan was left alone.
  case satisfied
  /// Whoever read standard output went away.
  case outputClosed
  /// Carrying on made no sense, such as on a full disk.
  case halted(String)
}

/// What the kernel counted for one process. A figure that could not be read is nil, never 0.
package struct ProcessUsage: Sendable, Equatable {
  /// Nanoseconds of processor time.
  package var user: Int64 = 0
  package var system: Int64 = 0
  package var voluntarySwitches = 0
  package var involuntarySwitches = 0
  package var minorFaults = 0
  package var majorFaults = 0
  /// Peak resident memory in bytes (VmHWM).
  package var peakMemory: Int?
  /// Bytes fetched from and sent to storage (read_bytes and write_bytes of /proc/PID/io).
  package var storageRead: Int?
  package var storageWritten: Int?

  package init() {}

  /// The sum of both, nil where one of them is; peaks add up, since the processes live at the same time.
  package static func + (one: ProcessUsage, other: ProcessUsage) -> ProcessUsage {
    var total = ProcessUsage()
    for (_, field) in Metric.ofProcesses {
      guard let a = field.value(of: one), let b = field.value(of: other) else { continue }
      field.set(a + b, in: &total)
    }
    return total
  }

  /// What was used since `earlier`; peaks stay what they are now.
  package func since(_ earlier: ProcessUsage) -> ProcessUsage {
    var usage = ProcessUsage()
    for (metric, field) in Metric.ofProcesses {
      guard let now = field.value(of: self) else { continue }
      switch metric.course {
      case .counter: if let before = field.value(of: earlier) { field.set(now - before, in: &usage) }
      case .peak: field.set(now, in: &usage)
      }
    }
    return usage
  }

  /// Takes over what only the process itself could read: what need not be there.
  package mutating func takeOwnFigures(from report: ProcessUsage) {
    for (_, field) in Metric.ofProcesses where field.isOptional {
      if let value = field.value(of: report) { field.set(value, in: &self) }
    }
  }
}

/// Nanoseconds in which some task of the whole machine waited for a core, for storage or for memory ("some" of
/// /proc/pressure, kernel documentation "PSI - Pressure Stall Information"); nil where the kernel does not say.
package struct PressureStall: Sendable, Equatable {
  package var cpu: Int64?
  package var io: Int64?
  package var memory: Int64?

  package init(cpu: Int64? = nil, io: Int64? = nil, memory: Int64? = nil) {
    self.cpu = cpu
    self.io = io
    self.memory = memory
  }
}

/// What the coordinating process asked of io_uring (io_uring(7)); nil where it had none.
package struct RingTraffic: Sendable, Equatable {
  /// Requests that the kernel took, such as to open a file or to read a piece of it.
  package var submitted: Int?
  /// Results that were taken; opening, reading and closing a file at one go has one.
  package var completed: Int?
  /// Calls of io_uring_enter(2) by which requests were handed over, each of which carries as many as are queued.
  package var calls: Int?

  package init(submitted: Int? = nil, completed: Int? = nil, calls: Int? = nil) {
    self.submitted = submitted
    self.completed = completed
    self.calls = calls
  }
}

/// What one lane did, in nanoseconds of wall time.
package struct LaneUsage: Sendable, Equatable {
  package var units = 0
  package var loading: Int64 = 0
  package var performing: Int64 = 0
  package var storing: Int64 = 0
  /// The part of `performing` in which the lane could have run but had no core; 0 where the kernel does not say.
  package var queued: Int64 = 0
  /// The part of `performing` in which the lane waited for pages of mapped inputs.
  package var stalled: Int64 = 0
  /// What the lane's worker process spent on receiving inputs and sending outputs.
  package var transferring: Int64 = 0
  /// From the start of the lane's first worker process until it was ready; nil for lanes without a process.
  package var startUp: Int64?
  /// The thread that performed the lane's units (TID), or the last of the worker processes that did (PID): a name below
  /// /proc, where a process's first thread goes by the number of the process. Nil where it is not known.
  package var task: Int32?

  package init() {}

  /// Adds one unit's stages.
  package mutating func add(_ record: UnitRecord) {
    units += 1
    loading += record.load.nanoseconds
    performing += record.perform.nanoseconds
    storing += record.store.nanoseconds
    queued += record.queued
    stalled += record.stalled
  }
}

extension RunRecord {
  /// Coordinator and workers together.
  package var usage: ProcessUsage { workers.reduce(coordinator, +) }
}
