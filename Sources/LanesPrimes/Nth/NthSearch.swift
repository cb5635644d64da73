import LanesCore

/// Counts primes unit by unit until the wanted one is reached, then ends the run; one run may follow another.
package final class NthSearch: Fold {
  /// Primes still to be counted, the wanted one included.
  package private(set) var remaining: UInt64
  /// Where the wanted prime is.
  private enum Found {
    /// In a unit of which it is the prime at an index, from 1.
    case unit(Unit, index: UInt64)
    case prime(UInt64)
  }

  private var found: Found?
  private let shared = SharedInterval()
  /// The first unit that failed, in unit order, and why; nothing after it is known.
  package private(set) var firstFailure: (unit: Unit, failure: UnitFailure)?

  package init(_ nth: UInt64) { remaining = nth }

  package var wantsMore: Bool { found == nil && firstFailure == nil }
  package var ending: Ending? { wantsMore ? nil : .satisfied }

  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    absorb(unit, outcome, output: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  package func absorb(_ unit: Unit, _ outcome: Outcome, output: UnsafeRawBufferPointer) {
    guard wantsMore else { return }
    do {
      switch outcome {
      case .done where unit.sink == .fold:
        guard let segment = try shared.add(unit, output) else { return }
        let count = segment.primeCount
        if count >= remaining { found = segment.prime(remaining).map { .prime($0) } } else { remaining -= count }
      case .done(let bytes):
        let count = try PrimesPartial(wire: bytes).count
        if count >= remaining { found = .unit(unit, index: remaining) } else { remaining -= count }
      case .failed(let failure): firstFailure = (unit, failure)
      }
    } catch {
      firstFailure = (unit, UnitFailure(.crashed, "its result cannot be read: \(error.reason)"))
    }
  }

  /// The wanted prime, or nil when it was not reached; sieves the unit that holds it once more.
  package func prime() throws(UnitFailure) -> UInt64? {
    switch found {
    case nil: nil
    case .prime(let prime): prime
    case .unit(let unit, let index): try PrimesWorkload.prime(index, of: unit)
    }
  }
}
