import LanesCore
import LanesOS

/// What some units cost the lanes that performed them, measured inside the units: hand-over and idling do not count.
package struct UnitCosts: Sendable, Equatable {
  package var units = 0
  /// Nanoseconds from the start of loading to the end of storing.
  package var wall: Int64 = 0
  /// Nanoseconds of processor time.
  package var processor: Int64 = 0
  /// Nanoseconds in which units had given up the processor by themselves, to wait for storage. Time in which a lane
  /// wanted the processor and others had it is not waiting.
  package var waited: Int64 = 0
  /// Bytes of inputs and outputs.
  package var bytes = 0

  package init() {}

  package mutating func add(_ times: UnitRecord, from before: ThreadUsage, to after: ThreadUsage) {
    let used = after.processor - before.processor
    units += 1
    wall += times.duration
    processor += used
    if after.waits > before.waits { waited += max(0, times.duration - used) }
    bytes += times.bytesIn + times.bytesOut
  }

  package mutating func add(_ other: UnitCosts) {
    units += other.units
    wall += other.wall
    processor += other.processor
    waited += other.waited
    bytes += other.bytes
  }

  /// The part of the units' time that they waited, 0 … 1.
  package var waitingShare: Double { wall > 0 ? min(1, Double(waited) / Double(wall)) : 0 }
  /// Nanoseconds of processor time a unit, at least 1.
  package var processorPerUnit: Double { max(1, Double(processor) / Double(max(1, units))) }
  package var bytesPerUnit: Int { bytes / max(1, units) }
}
