import LanesCore
import LanesOS

/// What a run is asked to measure beside what every run does: where the time of each lane went, and how long the machine
/// was short of cores, storage or memory.
final class Measures: Observer {
  private let origin = monotonicNow()
  private let pressureBefore = PressureStall.current()
  private var timelines: [LaneTimeline]

  /// Call it right before the run starts.
  init(lanes: Int) { timelines = Array(repeating: LaneTimeline(), count: lanes) }

  func unitEnded(_ unit: Unit, _ record: UnitRecord) { timelines[record.lane].add(record, origin: origin) }

  /// Adds the figures to the record of the run.
  func complete(_ record: inout RunRecord) {
    record.timelines = timelines
    record.pressure = pressureBefore.flatMap { before in PressureStall.current()?.since(before) }
  }
}
