import LanesCore

/// Adds up the partial results of all units. Units end where groups of primes cannot lie across, so that sums are all it takes.
package final class PrimesTotal: Fold {
  package private(set) var total = PrimesPartial()
  package private(set) var unitsFailed = 0
  /// The first unit that failed, in unit order, and why; a total without its numbers is wrong.
  package private(set) var firstFailure: (unit: Unit, failure: UnitFailure)?

  private let mode: PrimesMode
  private let shared = SharedInterval()

  package init(_ mode: PrimesMode) { self.mode = mode }

  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    absorb(unit, outcome, output: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  package func absorb(_ unit: Unit, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    do {
      switch outcome {
      case .done where unit.sink == .fold:
        if let segment = try shared.add(unit, output) { total.add(segment, mode) }
      case .done(let bytes): total += try PrimesPartial(wire: bytes)
      case .failed(let failure): fail(unit, failure)
      }
    } catch {
      fail(unit, UnitFailure(.crashed, "its result cannot be read: \(error.reason)"))
    }
  }

  private func fail(_ unit: Unit, _ failure: UnitFailure) {
    unitsFailed += 1
    if firstFailure == nil { firstFailure = (unit, failure) }
  }
}
