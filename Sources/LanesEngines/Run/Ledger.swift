import LanesCore
import LanesOS

/// Keeps the books of one run: what is started, what ended, results in unit order, and why the run ends.
///
/// Belongs to the coordinating thread.
final class Ledger {
  /// What came before its turn.
  private enum Held {
    case ended(Unit, Outcome, output: Bytes)
    /// Taken from the plan and then dropped because the run was stopped.
    case dropped

    /// Bytes that it holds.
    var bytes: Int {
      guard case .ended(_, let outcome, let output) = self else { return 0 }
      guard case .done(let partial) = outcome else { return output.count }
      return partial.count + output.count
    }
  }

  private let fold: any Fold
  private let observer: any Observer
  private let began = monotonicNow()
  private let usageBefore = ProcessUsage.current()
  private var nextToDeliver = 0
  /// Its front is the unit whose turn it is.
  private var held = Ring<Held>()
  /// Bytes of results that wait for an earlier unit.
  private(set) var heldBytes = 0
  var record: RunRecord

  /// Bytes of results that may wait for an earlier unit before nothing new is started.
  private static let heldLimit = 64 << 20

  init(_ batch: Batch, _ observer: any Observer, _ setup: EngineSetup) {
    fold = batch.fold
    self.observer = observer
    record = RunRecord(setup: setup)
    record.lanes = Array(repeating: LaneUsage(), count: setup.lanes)
    observer.batchStarted(totalUnits: batch.plan.totalUnits)
  }

  /// Why the run must end early, if it must.
  var ending: Ending? {
    if record.ending == .complete, let signal = StopSignals.received { record.ending = .signalled(signal) }
    return record.ending == .complete ? nil : record.ending
  }

  /// The run goes on in another way, from now on with these lanes; what lanes did so far is kept.
  func change(_ setup: EngineSetup) {
    record.setup = setup
    while record.lanes.count < setup.lanes { record.lanes.append(LaneUsage()) }
  }

  /// False while too much waits for an earlier unit; that one is on its way, so room comes.
  var hasRoom: Bool { heldBytes < Self.heldLimit }

  func planGrew(_ total: Int?) { observer.planGrew(totalUnits: total) }
  func started(_ unit: Unit, lane: Int) { observer.unitStarted(unit, lane: lane) }

  /// The worker of `lane` was ready `nanoseconds` after it was asked for; only a lane's first worker counts.
  func workerStarted(_ lane: Int, after nanoseconds: Int64) {
    if record.lanes[lane].startUp == nil { record.lanes[lane].startUp = nanoseconds }
  }

  /// A unit ended; `output` is what goes to standard output if that is the unit's sink.
  func ended(_ unit: Unit, _ times: UnitRecord, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    var times = times
    if case .failed(let failure) = outcome {
      times.failed = true
      if failure.haltsBatch, record.ending == .complete { record.ending = .halted("\(unit.label): \(failure.reason)") }
    }
    record.bytesIn += times.bytesIn
    record.bytesOut += times.bytesOut
    record.lanes[times.lane].add(times)
    observer.unitEnded(unit, times)
    deliver(unit, outcome, output)
  }

  /// A unit that could not start.
  func refused(_ unit: Unit, _ failure: UnitFailure) {
    var times = UnitRecord(lane: 0)
    times.failed = true
    observer.unitEnded(unit, times)
    deliver(unit, .failed(failure), UnsafeRawBufferPointer(start: nil, count: 0))
  }

  /// A unit that was taken but never done because the run ends early; nothing is delivered for it.
  func drop(_ unit: Unit) {
    held.put(.dropped, at: unit.number - nextToDeliver)
    deliverHeld()
  }

  /// The finished record; `workers` adds what other processes used.
  func close(workers: [ProcessUsage] = []) -> RunRecord {
    _ = ending
    // Lanes that were there before a change and had nothing to do.
    while record.lanes.count > record.setup.lanes, record.lanes.last?.units == 0 { record.lanes.removeLast() }
    record.wall = monotonicNow() - began
    record.coordinator = ProcessUsage.current().since(usageBefore)
    record.workers = workers
    return record
  }

  private func deliver(_ unit: Unit, _ outcome: Outcome, _ output: UnsafeRawBufferPointer) {
    let bytes = unit.sink == .standardOutput ? output : UnsafeRawBufferPointer(start: nil, count: 0)
    if unit.number == nextToDeliver {
      advance()
      hand(unit, outcome, bytes)
      deliverHeld()
    } else {
      var unit = unit
      // The input is done with, and would wait along without being counted.
      if case .bytes = unit.source { unit.source = .none }
      let early = Held.ended(unit, outcome, output: Bytes(bytes))
      held.put(early, at: unit.number - nextToDeliver)
      heldBytes += early.bytes
    }
  }

  private func deliverHeld() {
    while let next = held.first {
      advance()
      heldBytes -= next.bytes
      guard case .ended(let unit, let outcome, let output) = next else { continue }
      output.span.bytes.withUnsafeBytes { hand(unit, outcome, $0) }
    }
  }

  private func advance() {
    nextToDeliver += 1
    held.removeFirst()
  }

  private func hand(_ unit: Unit, _ outcome: Outcome, _ output: UnsafeRawBufferPointer) {
    switch outcome {
    case .done: record.unitsDone += 1
    case .failed: record.unitsFailed += 1
    }
    if case .done = outcome { print(output) }
    fold.absorb(unit, outcome)
    if record.ending == .complete, let ending = fold.ending { record.ending = ending }
  }

  private func print(_ output: UnsafeRawBufferPointer) {
    guard output.count > 0, record.ending != .outputClosed else { return }
    do {
      try StandardOutput.write(output)
    } catch {
      switch error {
      case .closed: record.ending = .outputClosed
      case .stopped: _ = ending
      case .failed(let error) where record.ending == .complete:
        record.ending = .halted("standard output: \(error.reason)")
      case .failed: break
      }
    }
  }
}
