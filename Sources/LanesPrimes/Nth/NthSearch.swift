import LanesCore

/// Counts primes unit by unit until the wanted one is reached, then ends the run; one run may follow another.
package final class NthSearch: Fold {
  /// Primes still to be counted, the wanted one included.
  package private(set) var remaining: UInt64
  /// The unit that holds the wanted prime, and which of its primes that is, from 1.
  private var found: (unit: Unit, index: UInt64)?
  /// The first unit that failed, in unit order, and why; nothing after it is known.
  package private(set) var firstFailure: (unit: Unit, failure: UnitFailure)?

  package init(_ nth: UInt64) { remaining = nth }

  package var wantsMore: Bool { found == nil && firstFailure == nil }
  package var ending: Ending? { wantsMore ? nil : .satisfied }

  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    guard wantsMore else { return }
    do {
      switch outcome {
      case .done(let bytes):
        let count = try PrimesPartial(wire: bytes).count
        if count >= remaining { found = (unit, remaining) } else { remaining -= count }
      case .failed(let failure): firstFailure = (unit, failure)
      }
    } catch {
      firstFailure = (unit, UnitFailure(.crashed, "its result cannot be read: \(error.reason)"))
    }
  }

  /// The wanted prime, or nil when it was not reached; sieves the unit that holds it once more.
  package func prime() throws(UnitFailure) -> UInt64? {
    guard let found else { return nil }
    return try PrimesWorkload.prime(found.index, of: found.unit)
  }
}
