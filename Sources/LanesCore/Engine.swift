/// Who performs what, where and when, and nothing of what is computed.
package protocol Engine {
  /// How the engine is set up, for reports.
  var setup: EngineSetup { get }

  /// Runs the batch to its end, or until it is stopped.
  ///
  /// Blocks; call it from the main thread. `fold` hears of every unit that was started and of every unit that could
  /// not start, in unit order and on the calling thread; so does `observer`, in order of completion.
  func run(_ batch: Batch, observer: any Observer) throws(EngineError) -> RunRecord
}

/// What an engine is given to run.
package struct Batch {
  package let workload: any Workload
  package let plan: any UnitPlan
  package let fold: any Fold

  package init(workload: any Workload, plan: any UnitPlan, fold: any Fold) {
    self.workload = workload
    self.plan = plan
    self.fold = fold
  }
}

/// The run could not start or had to be given up.
package enum EngineError: Error, Equatable {
  /// Something that the engine needs is not there, such as a worker that starts.
  case missing(String)
  /// The system refused a call that cannot be done without.
  case system(String)
}

/// Hears of units as they start and end; called on the coordinating thread only.
package protocol Observer: AnyObject {
  func batchStarted(totalUnits: Int?)
  func unitStarted(_ unit: Unit, lane: Int)
  func unitEnded(_ unit: Unit, _ record: UnitRecord)
  /// Comes after `unitEnded` with all that is known of the unit; `output` is what goes to standard output if that is its
  /// sink, valid during the call.
  func unitSettled(_ unit: Unit, _ record: UnitRecord, _ outcome: Outcome, output: UnsafeRawBufferPointer)
  func planGrew(totalUnits: Int?)
  /// Comes once, where units are performed in worker processes, as soon as these were started.
  func workersStarted(_ processes: [Int32])
}

extension Observer {
  package func batchStarted(totalUnits: Int?) {}
  package func unitStarted(_ unit: Unit, lane: Int) {}
  package func unitEnded(_ unit: Unit, _ record: UnitRecord) {}
  package func unitSettled(_ unit: Unit, _ record: UnitRecord, _ outcome: Outcome, output: UnsafeRawBufferPointer) {}
  package func planGrew(totalUnits: Int?) {}
  package func workersStarted(_ processes: [Int32]) {}
}

/// An observer that does nothing.
package final class SilentObserver: Observer {
  package init() {}
}

/// When and where one unit was loaded, performed and stored. Times are nanoseconds of the monotonic clock, which all
/// processes of a machine share; 0 where a stage did not happen.
package struct UnitRecord: Sendable, Equatable {
  package struct Stage: Sendable, Equatable {
    package var start: Int64 = 0
    package var end: Int64 = 0
    package init(start: Int64 = 0, end: Int64 = 0) {
      self.start = start
      self.end = end
    }
    package var nanoseconds: Int64 { end - start }
  }

  package var lane: Int
  package var load = Stage()
  package var perform = Stage()
  package var store = Stage()
  /// Nanoseconds of `perform` in which the lane could have run but had no core, as far as the kernel tells.
  package var queued: Int64 = 0
  /// Nanoseconds of `perform` in which the lane waited for pages of a mapped input.
  package var stalled: Int64 = 0
  package var bytesIn = 0
  package var bytesOut = 0
  package var failed = false
  /// Positions of the sink's files that the unit chose not to make; empty for nearly all units.
  package var omitted: [Int] = []

  package init(lane: Int) { self.lane = lane }

  /// Nanoseconds from the first stage's start to the last one's end.
  package var duration: Int64 { max(load.end, perform.end, store.end) - load.start }

  /// Notes how large an output is whose parts end at `ends`, and which of them make no file.
  package mutating func noteOutput(_ count: Int, ends: [Int]) {
    bytesOut = count
    omitted = ends.indices.filter { ends[$0] == OutputBuffer.omitted }
  }

  /// Takes over what another process measured while it performed the unit.
  package mutating func takePerforming(from other: UnitRecord) {
    perform = other.perform
    queued = other.queued
    stalled = other.stalled
    bytesIn = other.bytesIn
  }
}
