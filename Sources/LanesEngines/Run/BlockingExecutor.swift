import LanesCore
import LanesOS

/// Loads, performs and stores one unit after another in the calling thread, waiting for the disk.
///
/// What serial and thread lanes run. Belongs to one thread.
final class BlockingExecutor {
  private let workload: any Workload
  private let timeout: Duration?
  private let loader: BlockingLoader
  private var clock = LaneClock()

  init(_ workload: any Workload, _ options: EngineOptions) {
    self.workload = workload
    timeout = options.timeout
    loader = BlockingLoader(budget: options.memory)
  }

  /// Does all of `unit`; its output is left in `output` for a sink that the coordinator serves.
  func run(_ unit: Unit, lane: Int, output: OutputBuffer) -> (UnitRecord, Outcome) {
    var times = UnitRecord(lane: lane)
    output.restart()
    let source = unit.source
    StopSignals.lane(lane, isBusyWith: BusyUnits(source))
    defer {
      loader.release()
      StopSignals.lane(lane, isBusyWith: .none)
    }
    do throws(UnitFailure) {
      times.load.start = monotonicNow()
      times.load.end = times.load.start
      defer { if times.perform.start == 0 { times.load.end = monotonicNow() } }
      try loader.load(source, expecting: unit.expectedInput)
      times.bytesIn = loader.count
      times.load.end = monotonicNow()
      let partial = try perform(unit, source, &times, output)
      try store(unit, &times, output)
      return (times, .done(partial))
    } catch {
      output.restart()
      return (times, .failed(error))
    }
  }

  private func perform(
    _ unit: Unit, _ source: Source, _ times: inout UnitRecord, _ output: OutputBuffer
  ) throws(UnitFailure) -> Bytes {
    times.perform.start = times.load.end
    clock.begin(mapped: source.isSlice, at: times.load.end)
    unit.withLabelBytes(CrashReports.begin)
    defer {
      CrashReports.end()
      times.perform.end = monotonicNow()
      (times.queued, times.stalled) = clock.end(at: times.perform.end)
    }
    let partial = try loader.withInput { (input) throws(UnitFailure) in
      try workload.perform(unit, input: input, output: output, deadline: Deadline(timeout: timeout))
    }
    try loader.verify(source)
    return partial
  }

  private func store(_ unit: Unit, _ times: inout UnitRecord, _ output: OutputBuffer) throws(UnitFailure) {
    let sink = unit.sink
    guard sink != .none else { return }
    times.bytesOut = output.count
    guard sink != .standardOutput else { return }
    times.store.start = monotonicNow()
    defer { times.store.end = monotonicNow() }
    try output.withBytes { (bytes) throws(UnitFailure) in
      for part in try sink.parts(of: bytes, ends: output.partEnds) {
        try BlockingStore.store(part.bytes, to: part.destination)
      }
    }
  }
}
