import LanesCore

/// Adds up the partial results of all units. Units end where groups of primes cannot lie across, so that sums are all it takes.
package final class PrimesTotal: Fold {
  package private(set) var total = PrimesPartial()
  package private(set) var unitsFailed = 0
  /// The first unit that failed, in unit order, and why; a total without its numbers is wrong.
  package private(set) var firstFailure: (unit: Unit, failure: UnitFailure)?

  package init() {}

  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    do {
      switch outcome {
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
