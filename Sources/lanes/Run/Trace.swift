import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// Writes the start and end of every unit to a file while the batch runs.
///
/// Called by the coordinating thread only. A trace that fails must not fail the batch: the error is kept until the end.
final class Trace: Observer {
  private let file: Descriptor
  private let writer: TraceWriter
  private var pending = ""
  /// The first error that a write met; nothing is written after it.
  private var failure: SystemError?

  init(_ path: String, setup: EngineSetup) throws(SystemError) {
    file = try Descriptor.creating(FilePath(path))
    writer = TraceWriter(setup: setup, origin: monotonicNow())
    pending = writer.header()
  }

  private var inFlight = 0

  func unitStarted(_ unit: Unit, lane: Int) {
    inFlight += 1
    pending += writer.moment(.handOut, label: unit.label, lane: lane, at: monotonicNow(), inFlight: inFlight)
  }

  func unitEnded(_ unit: Unit, _ record: UnitRecord) {
    // A unit that could not start ends without having been handed out.
    inFlight = max(0, inFlight - 1)
    pending += writer.moment(.settle, label: unit.label, lane: record.lane, at: monotonicNow(), inFlight: inFlight)
    pending += writer.events(label: unit.label, number: unit.number, record)
    // 64 KiB a write: tracing must not slow down what it traces.
    if pending.utf8.count > 1 << 16 { flush() }
  }

  /// Completes the file; the first error that a write met on the way, if any.
  func finish() -> SystemError? {
    pending += writer.footer()
    flush()
    return failure
  }

  private func flush() {
    let bytes = Bytes(pending.utf8)
    pending = ""
    // Half an event would make the rest of the file unreadable; up to the failure it can be mended by hand.
    guard failure == nil else { return }
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(SystemError) in try DescriptorIO.writeAll(file.number, bytes) }
    }
    if case .failure(let error) = result { failure = error }
  }
}

/// Passes everything on to several observers.
final class Observers: Observer {
  private let all: [any Observer]

  init(_ all: [any Observer]) { self.all = all }

  func batchStarted(totalUnits: Int?) { for one in all { one.batchStarted(totalUnits: totalUnits) } }
  func unitStarted(_ unit: Unit, lane: Int) { for one in all { one.unitStarted(unit, lane: lane) } }
  func unitEnded(_ unit: Unit, _ record: UnitRecord) { for one in all { one.unitEnded(unit, record) } }
  func unitSettled(_ unit: Unit, _ record: UnitRecord, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    for one in all { one.unitSettled(unit, record, outcome, output: output) }
  }
  func planGrew(totalUnits: Int?) { for one in all { one.planGrew(totalUnits: totalUnits) } }
  func workersStarted(_ processes: [Int32]) { for one in all { one.workersStarted(processes) } }
}
