import LanesCore
import LanesOS

/// One unit after the other in the calling thread: the baseline that every speed-up is measured against.
package struct SerialEngine: Engine {
  private let options: EngineOptions

  package init(_ options: EngineOptions) { self.options = options }

  package var setup: EngineSetup { EngineSetup(kind: .serial, lanes: 1) }

  package func run(_ batch: Batch, observer: any Observer) throws(EngineError) -> RunRecord {
    let ledger = Ledger(batch, observer, setup)
    let intake = Intake(batch.plan, ledger, memory: options.memory)
    let performer = Performer(batch.workload, timeout: options.timeout)
    let output = OutputBuffer()
    while true {
      switch intake.step() {
      case .start(let unit):
        ledger.started(unit, lane: 0)
        let (times, outcome) = performer.run(unit, lane: 0, output: output)
        intake.release(unit)
        output.withBytes { ledger.ended(unit, times, outcome, output: $0) }
      case .waiting(let descriptor):
        try waitForInput(descriptor)
      case .full, .end:
        return ledger.close()
      }
    }
  }
}

/// Blocks until `descriptor` is readable or a stop is asked for.
func waitForInput(_ descriptor: Int32, also other: Int32? = nil) throws(EngineError) {
  let descriptors = [descriptor, StopSignals.wakeDescriptor] + (other.map { [$0] } ?? [])
  do {
    // 0x1 is POLLIN, poll(2).
    try DescriptorIO.wait(for: descriptors.map { ($0, 0x1) })
  } catch {
    throw .system("waiting for input failed: \(error.reason)")
  }
}
