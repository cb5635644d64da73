import LanesCore
import LanesOS

/// Units that do nothing, or compute for a given time: what remains is what the engine costs.
package struct LabWorkload: Workload {
  package static let name = "lab"

  /// Nanoseconds that every unit computes.
  let computing: Int64
  /// What every byte of a payload must be, so that one that got lost on the way is noticed.
  static let payloadByte: UInt8 = 0x5A
  private static let pageBytes = 4096

  init(computing: Int64 = 0) { self.computing = computing }
  package init(from reader: inout WireReader) throws(WireError) { computing = try reader.read() }
  package func describe(to writer: inout WireWriter) { writer.write(computing) }

  /// Looks at one byte of each page of the input, so that all of it has arrived, and computes for its time.
  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    let arrived = input.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: Self.pageBytes).allSatisfy { bytes[$0] == Self.payloadByte }
    }
    guard arrived else { throw UnitFailure(.input, "its payload arrived damaged") }
    if computing > 0 {
      let end = monotonicNow() + computing
      // By the clock and not by a count of steps: units then take as long on any machine, also where cores are shared.
      while monotonicNow() < end {}
    }
    return []
  }
}

/// A batch of equal units.
struct LabBatch {
  var units: Int
  var payload = Bytes()
  /// Nanoseconds a unit.
  var computing: Int64 = 0

  var plan: LabPlan { LabPlan(self) }
}

/// Makes the units of a `LabBatch`; all of them share the payload.
final class LabPlan: UnitPlan {
  private let batch: LabBatch
  private var position = 0

  init(_ batch: LabBatch) { self.batch = batch }

  var totalUnits: Int? { batch.units }

  func next() -> PlanStep {
    guard position < batch.units else { return .end }
    defer { position += 1 }
    let source = batch.payload.isEmpty ? Source.none : .bytes(batch.payload)
    return .unit(Unit(number: position, label: "unit", source: source, expectedInput: batch.payload.count))
  }
}
