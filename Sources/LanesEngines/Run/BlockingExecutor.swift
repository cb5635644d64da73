import LanesCore
import LanesOS

/// A unit that was performed, with the files that are still to reach the disk and to get their names.
struct PerformedUnit {
  var times: UnitRecord
  var outcome: Outcome
  /// Empty where nothing is left to do, and for a unit that failed.
  var files: [WrittenFile] = []
}

/// Loads, performs and writes one unit after another in the calling thread.
///
/// What serial and thread lanes run. Where a coordinator loads and stores, the lane only performs. Belongs to one thread.
final class BlockingExecutor {
  private let workload: any Workload
  private let timeout: Duration?
  private let loader: BlockingLoader
  private let stores: Bool
  private var clock = LaneClock()

  /// - Parameter stores: false leaves every output where it was written.
  init(_ workload: any Workload, _ options: EngineOptions, stores: Bool = true) {
    self.workload = workload
    timeout = options.timeout
    loader = BlockingLoader(budget: options.memory)
    self.stores = stores
  }

  /// Does all of `unit` but for giving its files their names; its output is left in `output` for a sink that the coordinator
  /// serves.
  ///
  /// - Parameter loaded: the input, where it was loaded before.
  func run(_ unit: Unit, loaded: LoadedInput? = nil, lane: Int, output: OutputBuffer) -> PerformedUnit {
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
      if loaded == nil, case .slice(let slice) = source, let taker = try workload.pieces(of: unit) {
        let partial = try perform(unit, slice, by: taker, &times)
        return PerformedUnit(times: times, outcome: .done(partial))
      }
      try load(unit, source, loaded, &times)
      if unit.isOutgrown(by: loader.count) {
        times.perform.end = times.perform.start
        return PerformedUnit(times: times, outcome: .done([]))
      }
      let partial = try perform(unit, source, isMapped: loaded == nil && source.isSlice, &times, output)
      let files = try write(unit, &times, output)
      return PerformedUnit(times: times, outcome: .done(partial), files: files)
    } catch {
      output.restart()
      return PerformedUnit(times: times, outcome: .failed(error))
    }
  }

  /// Takes over what was loaded, or loads it; the unit is performed right after.
  private func load(
    _ unit: Unit, _ source: Source, _ loaded: LoadedInput?, _ times: inout UnitRecord
  ) throws(UnitFailure) {
    if let loaded {
      loader.hold(loaded.storage, count: loaded.count)
      times.load = loaded.time
      times.perform.start = monotonicNow()
    } else {
      defer { times.load.end = monotonicNow() }
      try loader.load(source, expecting: unit.expectedInput)
    }
    times.bytesIn = loader.count
    if loaded == nil { times.perform.start = times.load.end }
  }

  private func perform(
    _ unit: Unit, _ source: Source, isMapped: Bool, _ times: inout UnitRecord, _ output: OutputBuffer
  ) throws(UnitFailure) -> Bytes {
    try watched(unit, mayWait: isMapped, &times) { () throws(UnitFailure) in
      let partial = try loader.withInput { (input) throws(UnitFailure) in
        try workload.perform(unit, input: input, output: output, deadline: Deadline(timeout: timeout))
      }
      try loader.verify(source)
      return partial
    }
  }

  /// Reads and performs piece by piece; what waits for the disk shows as stalled.
  private func perform(
    _ unit: Unit, _ slice: FileSlice, by taker: any PieceTaker, _ times: inout UnitRecord
  ) throws(UnitFailure) -> Bytes {
    times.perform.start = times.load.start
    times.bytesIn = slice.length
    return try watched(unit, mayWait: true, &times) { () throws(UnitFailure) in
      try loader.take(slice, readsAhead: true, by: taker, Deadline(timeout: timeout))
      return try taker.finish()
    }
  }

  /// Runs `body` as the unit's performing, which has begun: measured, and named should it crash.
  private func watched(
    _ unit: Unit, mayWait: Bool, _ times: inout UnitRecord, _ body: () throws(UnitFailure) -> Bytes
  ) throws(UnitFailure) -> Bytes {
    clock.begin(mapped: mayWait, at: times.perform.start)
    unit.withLabelBytes(CrashReports.begin)
    defer {
      CrashReports.end()
      times.perform.end = monotonicNow()
      (times.queued, times.stalled) = clock.end(at: times.perform.end)
    }
    return try body()
  }

  private func write(
    _ unit: Unit, _ times: inout UnitRecord, _ output: OutputBuffer
  ) throws(UnitFailure) -> [WrittenFile] {
    guard unit.hasSink else { return [] }
    times.noteOutput(output.count, ends: output.partEnds)
    guard stores, !unit.isDelivered else { return [] }
    let sink = unit.sink
    times.store.start = monotonicNow()
    defer { times.store.end = monotonicNow() }
    return try output.withBytes { (bytes) throws(UnitFailure) in
      var files: [WrittenFile] = []
      for part in try sink.parts(of: bytes, ends: output.partEnds) {
        files.append(try WrittenFile(part.bytes, to: part.destination))
      }
      return files
    }
  }
}

/// Bytes that were loaded for a unit before a lane gets it.
final class LoadedInput: @unchecked Sendable {
  // Sendable: handed from thread to thread with the unit that it belongs to, never shared.
  let storage: HeapStorage
  let count: Int
  let time: UnitRecord.Stage

  init(_ storage: HeapStorage, count: Int, time: UnitRecord.Stage) {
    self.storage = storage
    self.count = count
    self.time = time
  }
}
