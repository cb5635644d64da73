import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// Writes the start and end of every unit to a file while the batch runs.
final class Trace: Observer {
  private let file: Descriptor
  private let writer: TraceWriter
  private var pending = ""
  private(set) var failure: SystemError?

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
    if pending.utf8.count > 1 << 16 { flush() }
  }

  /// Completes the file; throws the first error that a write met.
  func finish() throws(SystemError) {
    pending += writer.footer()
    flush()
    if let failure { throw failure }
  }

  private func flush() {
    let bytes = Bytes(pending.utf8)
    pending = ""
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
  func planGrew(totalUnits: Int?) { for one in all { one.planGrew(totalUnits: totalUnits) } }
}
