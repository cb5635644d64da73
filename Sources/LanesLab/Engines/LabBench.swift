import LanesCore
import LanesEngines
import LanesOS

/// Runs made-up batches under an engine and times them.
package struct LabBench {
  /// A batch that failed; a sentence.
  package struct Failure: Error {
    package let reason: String
  }

  /// Lanes of engines that have several.
  let lanes: Int
  /// How a worker process of this program is started.
  let worker: WorkerCommand
  /// Nanoseconds that one measurement takes about.
  static let span: Int64 = 40_000_000

  var setups: [EngineSetup] { EngineKind.allCases.flatMap { $0.setups(lanes: [lanes]) } }

  /// Nanoseconds from the start of a run to its last result, and to its very end.
  struct Timing {
    let answered: Int64
    let ended: Int64
    /// Nanoseconds a unit once the lanes are running: without the first eighth of the units, four a lane at least.
    let perUnit: Double
    /// Most bytes of memory at a time: of this process since `ProcessUsage.forgetPeak`, and of each worker.
    let peakMemory: Int?
  }

  /// Runs a batch once; dies by a signal that asked to stop it.
  func time(_ setup: EngineSetup, _ batch: LabBatch) throws -> Timing {
    // The first units find lanes asleep and memory untouched; a lane should have had four of them before the clock
    // starts. But at least half of the batch is timed.
    let stopwatch = Stopwatch(units: batch.units, warm: max(1, batch.units / 8, min(setup.lanes * 4, batch.units / 2)))
    let engine = Engines.make(
      setup.kind, channel: setup.channel ?? .shm, options: EngineOptions(lanes: setup.lanes),
      worker: worker)
    let began = monotonicNow()
    let workload = LabWorkload(computing: batch.computing)
    let record = try engine.run(
      Batch(workload: workload, plan: batch.plan, fold: stopwatch), observer: SilentObserver())
    if let signal = StopSignals.received { StopSignals.die(by: signal) }
    if let failure = stopwatch.failure { throw Failure(reason: "\(setup.title): a unit failed: \(failure.reason)") }
    guard record.unitsDone == batch.units else { throw Failure(reason: "\(setup.title): units got lost") }
    return Timing(
      answered: stopwatch.last - began, ended: monotonicNow() - began, perUnit: stopwatch.perUnit,
      peakMemory: record.usage.peakMemory)
  }

  /// How many such units make a measurement of `span`.
  func fittingCount(_ setup: EngineSetup, payload: Bytes) throws -> Int {
    let fewest = max(16, setup.lanes * 16)
    var count = payload.count > 1 << 19 ? fewest : 256
    while true {
      let perUnit = try time(setup, LabBatch(units: count, payload: payload)).perUnit
      let wanted = Int(Double(Self.span) / max(perUnit, 1))
      // Twice as many change the figure less than the spread; 2^18 units bound the time for engines that are very
      // quick.
      if wanted <= count * 2 || count >= 1 << 18 { return max(fewest, min(wanted, 1 << 18)) }
      count = min(wanted, count * 16)
    }
  }

  /// Bytes per second that one thread copies from one place to `lanes` × 2 places in turn: as many as worker processes
  /// have to receive inputs.
  func copySpeed(of payload: Bytes) -> Double {
    guard !payload.isEmpty else { return 0 }
    let places = (0..<lanes * 2).map { _ in
      UnsafeMutableRawBufferPointer.allocate(byteCount: payload.count, alignment: 4096)
    }
    defer { for place in places { place.deallocate() } }
    // Touches all pages once: their first use costs more than copying.
    for place in places { place.copyBytes(from: payload) }
    let began = monotonicNow()
    var copies = 0
    while copies < places.count || monotonicNow() - began < Self.span {
      places[copies % places.count].copyBytes(from: payload)
      copies += 1
    }
    return Double(copies * payload.count) / (Double(monotonicNow() - began) / 1e9)
  }
}

/// Takes the times of results.
private final class Stopwatch: Fold {
  private let units: Int
  private let warm: Int
  private var count = 0
  private var start: Int64 = 0
  private(set) var last: Int64 = 0
  private(set) var failure: UnitFailure?

  /// - Parameter warm: units after which the clock starts; fewer than `units`, or there is no time a unit.
  init(units: Int, warm: Int) {
    self.units = units
    self.warm = warm
  }

  func absorb(_ unit: Unit, _ outcome: Outcome) {
    count += 1
    if count == warm { start = monotonicNow() }
    if count == units { last = monotonicNow() }
    if case .failed(let reason) = outcome { failure = failure ?? reason }
  }

  var perUnit: Double { Double(last - start) / Double(max(1, units - warm)) }
}
