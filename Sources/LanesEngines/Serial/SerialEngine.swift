import LanesCore
import LanesOS

/// One unit after the other in the calling thread: the baseline that every speed-up is measured against.
package struct SerialEngine: Engine {
  private let options: EngineOptions

  package init(_ options: EngineOptions) { self.options = options }

  package var setup: EngineSetup { EngineSetup(kind: .serial, lanes: 1) }

  /// Runs the whole batch on the calling thread.
  package func run(_ batch: Batch, observer: any Observer) throws(EngineError) -> RunRecord {
    let recorder = RunRecorder(batch, observer, setup)
    let lane = SerialLane(batch.workload, recorder, Admission(batch.plan, recorder, memory: options.memory), options)
    defer { lane.close() }
    // Each step is a whole unit, so a stop takes effect between two.
    while try lane.step() {}
    return recorder.close()
  }
}

/// The calling thread as the only lane. What it has written reaches the disk beside it.
final class SerialLane {
  /// A unit whose files have no names yet.
  private struct Unnamed: Sendable {
    let unit: Unit
    let times: UnitRecord
    let outcome: Outcome
  }

  /// Set while the lane finds out what its units cost.
  var measures = false
  private var costs = UnitCosts()
  private let executor: BlockingExecutor
  private let recorder: RunRecorder
  private let admission: Admission
  /// Used for one unit after the other, so its pages are touched for the first time only once.
  private let output = OutputBuffer()
  /// Units whose files wait for the disk.
  private var unnamed = 0
  private let committed: Monitor<[GroupCommit<Unnamed>.Committed]>
  private let commits: GroupCommit<Unnamed>

  init(_ workload: any Workload, _ recorder: RunRecorder, _ admission: Admission, _ options: EngineOptions) {
    executor = BlockingExecutor(workload, options)
    self.recorder = recorder
    self.admission = admission
    let committed = Monitor<[GroupCommit<Unnamed>.Committed]>([])
    commits = GroupCommit(mostFiles: GroupCommit<Unnamed>.affordableFiles, stopLane: StopSignals.lastLane) { done in
      committed.withLock { $0 += done }
      committed.wakeOne()
    }
    self.committed = committed
    recorder.serves(0, task: WorkerProcess.currentThreadID)
  }

  /// Ends the lane; every step must have ended.
  func close() { commits.finish() }

  /// Does one unit, or waits for input or for the disk; false at the end of the plan, when every unit has ended.
  func step() throws(EngineError) -> Bool {
    settle(committed.withLock { take(&$0) })
    switch admission.step() {
    case .start(let unit):
      recorder.started(unit, lane: 0)
      let before = measures ? ThreadUsage.current() : nil
      // Loads, performs and stores with blocking calls.
      let done = executor.run(unit, lane: 0, output: output)
      var times = done.times
      if done.files.isEmpty {
        admission.release(unit)
        output.withBytes { recorder.ended(unit, done.times, done.outcome, output: $0) }
      } else {
        unnamed += 1
        times.store.end += commits.add(
          done.files, bytes: times.bytesOut, Unnamed(unit: unit, times: times, outcome: done.outcome))
      }
      if let before { costs.add(times, from: before, to: ThreadUsage.current()) }
      return true
    case .waiting(let descriptor):
      waitForNames()
      try waitForInput(descriptor)
      return true
    // Full only while files wait: one unit is always let in.
    case .full, .end:
      let waits = unnamed > 0
      waitForNames()
      return waits
    }
  }

  /// Waits until every file has its name.
  func waitForNames() {
    commits.hurry()
    while unnamed > 0 { settle(committed.wait { $0.isEmpty ? nil : take(&$0) }) }
  }

  private func take(
    _ committed: inout [GroupCommit<Unnamed>.Committed]
  ) -> [GroupCommit<Unnamed>.Committed] {
    defer { committed = [] }
    return committed
  }

  private func settle(_ done: [GroupCommit<Unnamed>.Committed]) {
    unnamed -= done.count
    for committed in done {
      let (unit, outcome) = (committed.tag.unit, committed.finalOutcome(committed.tag.outcome))
      var times = committed.tag.times
      times.store.end += committed.waited
      admission.release(unit)
      recorder.ended(unit, times, outcome, output: UnsafeRawBufferPointer(start: nil, count: 0))
    }
  }

  /// What was measured since the last call.
  func takeCosts() -> UnitCosts {
    defer { costs = UnitCosts() }
    return costs
  }
}

/// Blocks until `descriptor` is readable or a stop is asked for.
///
/// - Parameter other: a further descriptor that ends the wait when it is readable.
func waitForInput(_ descriptor: Int32, also other: Int32? = nil) throws(EngineError) {
  // The event descriptor of stop signals ends the wait as well.
  let descriptors = [descriptor, StopSignals.wakeDescriptor] + (other.map { [$0] } ?? [])
  do {
    try DescriptorIO.wait(for: descriptors.map { ($0, .readable) })
  } catch {
    throw .system("waiting for input failed: \(error.reason)")
  }
}
