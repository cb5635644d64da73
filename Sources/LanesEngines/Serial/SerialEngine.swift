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
    // Each step is a whole unit, so a stop takes effect between two.
    while try lane.step() {}
    return recorder.close()
  }
}

/// The calling thread as the only lane.
final class SerialLane {
  /// Set while the lane finds out what its units cost.
  var measures = false
  private var costs = UnitCosts()
  private let executor: BlockingExecutor
  private let recorder: RunRecorder
  private let admission: Admission
  /// Used for one unit after the other, so its pages are touched for the first time only once.
  private let output = OutputBuffer()

  init(_ workload: any Workload, _ recorder: RunRecorder, _ admission: Admission, _ options: EngineOptions) {
    executor = BlockingExecutor(workload, options)
    self.recorder = recorder
    self.admission = admission
    recorder.serves(0, task: WorkerProcess.currentThreadID)
  }

  /// Does one unit, or waits for input; false at the end of the plan.
  func step() throws(EngineError) -> Bool {
    switch admission.step() {
    case .start(let unit):
      recorder.started(unit, lane: 0)
      let before = measures ? ThreadUsage.current() : nil
      // Loads, performs and stores with blocking calls.
      let (times, outcome) = executor.run(unit, lane: 0, output: output)
      if let before { costs.add(times, from: before, to: ThreadUsage.current()) }
      admission.release(unit)
      output.withBytes { recorder.ended(unit, times, outcome, output: $0) }
      return true
    case .waiting(let descriptor):
      try waitForInput(descriptor)
      return true
    // Never full here: one unit is always let in, and nothing else is under way.
    case .full, .end:
      return false
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
