import LanesCore
import LanesOS

/// What some units cost the lanes that performed them, measured inside the units: hand-over and idling do not count.
package struct UnitCosts: Sendable, Equatable {
  package var units = 0
  /// Nanoseconds from the start of loading to the end of storing.
  package var wall: Int64 = 0
  /// Nanoseconds of processor time.
  package var processor: Int64 = 0
  /// Nanoseconds in which units that gave up the processor by themselves did not run.
  package var off: Int64 = 0
  /// Nanoseconds in which lanes could have run and others had the processor, which is no waiting for storage.
  package var queued: Int64 = 0
  /// Nanoseconds of loading, and of storing until results are on stable storage.
  package var loading: Int64 = 0
  package var storing: Int64 = 0
  /// Bytes of inputs and outputs.
  package var bytes = 0
  /// Bytes that came from storage while the units ran, and pages of mapped files, as the kernel counts them for the whole
  /// process: nothing that was in the page cache.
  package var fetched = 0
  package var majorFaults = 0

  package init() {}

  package mutating func add(_ times: UnitRecord, from before: ThreadUsage, to after: ThreadUsage) {
    let used = after.processor - before.processor
    units += 1
    wall += times.duration
    processor += used
    if after.waits > before.waits { off += max(0, times.duration - used) }
    queued += times.queued
    loading += times.load.nanoseconds
    storing += times.store.nanoseconds
    bytes += times.bytesIn + times.bytesOut
  }

  package mutating func add(_ other: UnitCosts) {
    units += other.units
    wall += other.wall
    processor += other.processor
    off += other.off
    queued += other.queued
    loading += other.loading
    storing += other.storing
    bytes += other.bytes
    fetched += other.fetched
    majorFaults += other.majorFaults
  }

  /// Nanoseconds in which units waited for something other than a core.
  private var waited: Int64 { max(0, off - queued) }

  /// The part of the units' time that they waited for something other than a core, 0 … 1. Time in which other programs
  /// had the core is left out: it says nothing of the units.
  package var waitingShare: Double { waited > 0 ? Double(waited) / Double(waited + max(0, processor)) : 0 }

  /// Whether a fair part of the input came from storage; a few pages may be the program's own.
  private var hasFetched: Bool { fetched > 0 && fetched >= bytes / 10 || majorFaults > 0 && majorFaults >= units / 4 }

  /// What units wait for.
  package enum Wait: String, Sendable {
    case storage
    case writing
    /// Input that comes from no storage of this machine, such as a pipe or a network.
    case input
  }

  /// What the waiting is for, as far as there is evidence; nil when there is none: the input was in the page cache and
  /// nothing waited for its output.
  package var wait: Wait? {
    let half = waited / 2
    if storing > half, storing > loading { return .writing }
    if hasFetched { return .storage }
    return loading > half ? .input : nil
  }

  /// Nanoseconds of processor time a unit, at least 1.
  package var processorPerUnit: Double { max(1, Double(processor) / Double(max(1, units))) }
  package var bytesPerUnit: Int { bytes / max(1, units) }
}
