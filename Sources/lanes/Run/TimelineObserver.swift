import LanesCore
import LanesOS

/// What a run is asked to measure beside what every run does: where the time of each lane went, and how long the
/// machine was short of cores, storage or memory.
///
/// Costs each unit some additions, and so is there only when somebody asks for what it finds.
final class TimelineObserver: Observer {
  private let origin = monotonicNow()
  private let pressureBefore = PressureStall.current()
  private var timelines: [LaneTimeline]

  /// Call it right before the run starts.
  init(lanes: Int) { timelines = Array(repeating: LaneTimeline(), count: lanes) }

  func unitEnded(_ unit: Unit, _ record: UnitRecord) {
    growTimelines(to: record.lane + 1)
    timelines[record.lane].add(record, origin: origin)
  }

  /// A batch may get more lanes while it runs.
  private func growTimelines(to lanes: Int) {
    while timelines.count < lanes { timelines.append(LaneTimeline()) }
  }

  /// Adds the figures to the record of the run.
  func complete(_ record: inout RunRecord) {
    growTimelines(to: record.lanes.count)
    // The pool may have grown beyond what its record counts as lanes; both must match for whoever zips them.
    record.timelines = Array(timelines.prefix(record.lanes.count))
    if let before = pressureBefore, let now = PressureStall.current() { record.pressure = now.since(before) }
  }
}
