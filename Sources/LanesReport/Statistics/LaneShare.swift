import LanesCore

/// How a lane spent the wall time of a run.
package struct LaneShare: Sendable, Equatable {
  /// What was recorded of the lane.
  package let usage: LaneUsage
  /// Nanoseconds of the run in which the lane had nothing to do.
  package let idle: Int64
  private let wall: Int64

  /// The shares of every lane of `record`, in order.
  ///
  /// Serial and threads load and store in the lane itself, so those stages are busy time. The other engines load and
  /// store beside the lane while it performs another unit: only performing is busy time there, and shares may add up
  /// to more than 100 %.
  package static func all(of record: RunRecord) -> [LaneShare] {
    return record.lanes.map { lane in
      let busy = lane.performing + (record.setup.kind.overlapsStages ? 0 : lane.loading + lane.storing)
      return LaneShare(usage: lane, idle: max(0, record.wall - busy), wall: record.wall)
    }
  }

  /// Shares of the run's wall time; 0 where that is not known.
  package var loading: Double { share(usage.loading) }
  package var performing: Double { share(usage.performing) }
  package var storing: Double { share(usage.storing) }
  package var idling: Double { share(idle) }

  private func share(_ nanoseconds: Int64) -> Double { wall > 0 ? Double(nanoseconds) / Double(wall) : 0 }
}
