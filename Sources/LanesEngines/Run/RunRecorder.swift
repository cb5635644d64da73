import LanesCore
import LanesOS

/// Records one run: what units and lanes did, what it used, and why it ends.
///
/// Engines tell it of every unit; it tells the observer, and hands results to `results`. Belongs to the coordinating
/// thread.
final class RunRecorder {
  let results: ReorderBuffer
  var record: RunRecord
  private let observer: any Observer
  private let began = monotonicNow()
  private let usageBefore = ProcessUsage.current(withPeak: false)

  init(_ batch: Batch, _ observer: any Observer, _ setup: EngineSetup) {
    results = ReorderBuffer(batch.fold)
    self.observer = observer
    record = RunRecord(setup: setup)
    record.process = WorkerProcess.currentID
    record.lanes = Array(repeating: LaneUsage(), count: setup.lanes)
    observer.batchStarted(totalUnits: batch.plan.totalUnits)
  }

  /// Why the run must end early, if it must; the first reason counts.
  var ending: Ending? {
    if record.ending == .complete, let signal = StopSignals.received { record.ending = .signalled(signal) }
    return record.ending == .complete ? nil : record.ending
  }

  /// The run goes on in another way, from now on with these lanes; what lanes did so far is kept.
  func change(_ setup: EngineSetup) {
    record.setup = setup
    while record.lanes.count < setup.lanes { record.lanes.append(LaneUsage()) }
  }

  func planGrew(_ total: Int?) { observer.planGrew(totalUnits: total) }
  func started(_ unit: Unit, lane: Int) { observer.unitStarted(unit, lane: lane) }

  /// A thread (TID) or a worker process (PID) performs the units of `lane`; of several the last one counts.
  func serves(_ lane: Int, task: Int32) {
    if record.lanes.indices.contains(lane) { record.lanes[lane].task = task }
  }

  func workersStarted(_ processes: [Int32]) { observer.workersStarted(processes) }

  /// The worker of `lane` was ready `nanoseconds` after it was asked for; only a lane's first worker counts.
  func workerStarted(_ lane: Int, after nanoseconds: Int64) {
    if record.lanes[lane].startUp == nil { record.lanes[lane].startUp = nanoseconds }
  }

  /// A unit ended; `output` is what goes to standard output if that is the unit's sink.
  func ended(_ unit: Unit, _ times: UnitRecord, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    var times = times
    if case .failed(let failure) = outcome {
      times.failed = true
      if endsRun(unit, failure) { return drop(unit) }
    }
    record.bytesIn += times.bytesIn
    record.bytesOut += times.bytesOut
    record.lanes[times.lane].add(times)
    deliver(unit, times, outcome, unit.isDelivered ? output : Self.nothing)
  }

  /// A unit that could not start.
  func refused(_ unit: Unit, _ failure: UnitFailure) {
    var times = UnitRecord(lane: 0)
    times.failed = true
    if endsRun(unit, failure) { return drop(unit) }
    deliver(unit, times, .failed(failure), Self.nothing)
  }

  /// A unit that was taken but never done because the run ends early; nothing is delivered for it.
  func drop(_ unit: Unit) {
    results.skip(unit)
    if let reason = results.ending { end(reason) }
  }

  /// The finished record; `workers` adds what other processes used.
  func close(workers: [ProcessUsage] = []) -> RunRecord {
    _ = ending
    record.unitsDone = results.unitsDone
    record.unitsFailed = results.unitsFailed
    // Lanes that were there before a change and had nothing to do.
    while record.lanes.count > record.setup.lanes, record.lanes.last?.units == 0 { record.lanes.removeLast() }
    record.wall = monotonicNow() - began
    record.coordinator = ProcessUsage.current().since(usageBefore)
    record.workers = workers
    return record
  }

  private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

  /// Ends the run where every other unit would fail in the same way. True when the unit did not fail but was let down by the
  /// machine, which had no memory or descriptors: it is left to be done another time.
  private func endsRun(_ unit: Unit, _ failure: UnitFailure) -> Bool {
    guard failure.haltsBatch else { return false }
    end(.halted("\(unit.label): \(failure.reason)"))
    return failure.kind == .resources
  }

  private func deliver(_ unit: Unit, _ times: UnitRecord, _ outcome: Outcome, _ output: UnsafeRawBufferPointer) {
    observer.unitEnded(unit, times)
    observer.unitSettled(unit, times, outcome, output: output)
    results.add(unit, outcome, output: output)
    if let reason = results.ending { end(reason) }
  }

  /// The first reason stays, but for a reader that went away, which tells how the program ends whatever came before.
  private func end(_ reason: Ending) {
    if record.ending == .complete || reason == .outputClosed { record.ending = reason }
  }
}
