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

  func unitEnded(_ unit: Unit, _ record: UnitRecord) {
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

/// Passes everything on to two observers.
final class BothObservers: Observer {
  private let first: any Observer
  private let second: any Observer

  init(_ first: any Observer, _ second: any Observer) {
    self.first = first
    self.second = second
  }

  func batchStarted(totalUnits: Int?) {
    first.batchStarted(totalUnits: totalUnits)
    second.batchStarted(totalUnits: totalUnits)
  }
  func unitStarted(_ unit: Unit, lane: Int) {
    first.unitStarted(unit, lane: lane)
    second.unitStarted(unit, lane: lane)
  }
  func unitEnded(_ unit: Unit, _ record: UnitRecord) {
    first.unitEnded(unit, record)
    second.unitEnded(unit, record)
  }
  func planGrew(totalUnits: Int?) {
    first.planGrew(totalUnits: totalUnits)
    second.planGrew(totalUnits: totalUnits)
  }
}
