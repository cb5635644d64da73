import LanesCore
import LanesOS

/// A fixed number of POSIX threads, each loading, performing and storing its units itself.
///
/// The calling thread takes units from the plan, keeps the queue filled up to a bound and receives what ended.
package struct ThreadsEngine: Engine {
  private let options: EngineOptions

  package init(_ options: EngineOptions) { self.options = options }

  package var setup: EngineSetup { EngineSetup(kind: .threads, lanes: options.lanes) }

  package func run(_ batch: Batch, observer: any Observer) throws(EngineError) -> RunRecord {
    let ledger = Ledger(batch, observer, setup)
    let pool: ThreadPool
    do {
      pool = try ThreadPool(lanes: options.lanes, workload: batch.workload, timeout: options.timeout)
    } catch {
      throw .system("threads cannot be started: \(error.reason)")
    }
    defer { pool.shutDown() }
    let feeder = ThreadFeeder(pool: pool, ledger: ledger, intake: Intake(batch.plan, ledger, memory: options.memory))
    try feeder.run()
    pool.shutDown()
    return ledger.close()
  }
}

/// Moves units from the plan into the pool and outcomes from the pool into the ledger.
private final class ThreadFeeder {
  private let pool: ThreadPool
  private let ledger: Ledger
  private let intake: Intake
  private var inFlight = 0
  private var waitsFor: Int32?
  /// Units queued or running at most: enough that no lane runs dry while the feeder sleeps, few enough that memory and
  /// the time to stop stay small. 32 per lane hides the feeder's wake-up (some 50 µs) behind units of 2 µs.
  private let capacity: Int

  init(pool: ThreadPool, ledger: Ledger, intake: Intake) {
    self.pool = pool
    self.ledger = ledger
    self.intake = intake
    capacity = pool.lanes * 32
  }

  func run() throws(EngineError) {
    while true {
      let isAtEnd = feed()
      if inFlight == 0 {
        if let descriptor = waitsFor { try waitForInput(descriptor) } else if isAtEnd { return }
      } else if let descriptor = waitsFor, !pool.hasFinished {
        pool.wakesDescriptor = true
        if !pool.hasFinished { try waitForInput(descriptor, also: pool.finishedDescriptor) }
        pool.wakesDescriptor = false
        settle(pool.takeFinished(waiting: false))
      } else {
        settle(pool.takeFinished(waiting: true))
      }
    }
  }

  /// Fills the queue; true when the plan has nothing more.
  private func feed() -> Bool {
    var units: [Unit] = []
    defer { pool.submit(units) }
    waitsFor = nil
    while inFlight < capacity {
      switch intake.step() {
      case .start(let unit):
        inFlight += 1
        units.append(unit)
      case .waiting(let descriptor):
        waitsFor = descriptor
        return false
      case .full: return false
      case .end: return true
      }
    }
    return false
  }

  private func settle(_ events: [ThreadPool.Event]) {
    for event in events {
      switch event {
      case .started(let unit, let lane): ledger.started(unit, lane: lane)
      case .ended(let unit, let times, let outcome, let output):
        inFlight -= 1
        intake.release(unit)
        output.withBytes { ledger.ended(unit, times, outcome, output: $0) }
        pool.recycle(output)
      case .dropped(let unit):
        inFlight -= 1
        intake.release(unit)
        ledger.drop(unit)
      }
    }
  }
}
