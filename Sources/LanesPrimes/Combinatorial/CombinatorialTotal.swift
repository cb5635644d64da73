import LanesCore

/// Combines the parts of a combinatorial count: what a segment tells relative to those before it is made absolute.
package final class CombinatorialTotal: Fold {
  private let tables: CombinatorialTables
  /// For each prime up to the fourth root of x: what is left of all segments so far.
  private var left: [Int64]
  /// S2 so far.
  private var leaves: Int64 = 0
  /// Primes in all segments so far.
  private var primes: Int64 = 0
  /// Σ π(x / p) over primes p in (y, √x] so far, and how many these are.
  private var semiprimes: Int64 = 0
  private var pairs: Int64 = 0
  /// The first unit that failed, in unit order, and why.
  package private(set) var firstFailure: (unit: Unit, failure: UnitFailure)?

  init(_ tables: CombinatorialTables) {
    self.tables = tables
    left = [Int64](repeating: 0, count: max(tables.hardPrimes - CombinatorialTables.skipped, 0))
  }

  /// False once the count cannot be told any more.
  package var wantsMore: Bool { firstFailure == nil }
  package var ending: Ending? { wantsMore ? nil : .satisfied }

  /// π(x), once all units have been absorbed.
  package var count: UInt64 {
    let a = Int64(tables.primes.count)
    // Σ (π(p) − 1) over the primes p of `pairs`, which are the (a + 1)-th and the following.
    let indices = pairs * a + pairs * (pairs - 1) / 2
    return UInt64(tables.ordinaryLeaves + leaves + a - 1 - (semiprimes - indices))
  }

  /// Takes units in order: what a run of segments tells is relative to all before it.
  package func absorb(_ unit: Unit, _ outcome: Outcome) {
    guard wantsMore else { return }
    do {
      switch outcome {
      case .done(let bytes): try add(bytes, of: CombinatorialTask(wire: unit.task, tables))
      case .failed(let failure): firstFailure = (unit, failure)
      }
    } catch {
      firstFailure = (unit, UnitFailure(.crashed, "its result cannot be read: \(error.reason)"))
    }
  }

  private func add(_ bytes: Bytes, of task: CombinatorialTask) throws(WireError) {
    var reader = WireReader(bytes)
    // What a range of primes tells is absolute: there μ(q) is −1, so each leaf counts as +φ.
    guard case .segments = task else {
      leaves += Int64(bitPattern: try reader.read())
      return
    }
    let count = Int64(bitPattern: try reader.read())
    // Each of these x / p has all primes of earlier segments below it, besides those that the unit counted.
    let places = Int64(bitPattern: try reader.read())
    semiprimes += Int64(bitPattern: try reader.read()) + places * primes
    pairs += places
    primes += count
    for index in left.indices {
      let sum = try HardSum(from: &reader)
      // The leaf of p and m counts as −μ(m) φ(x / pm, b − 1), and φ includes what is left of all earlier segments.
      leaves -= sum.weighted + left[index] * sum.signs
      left[index] += sum.left
    }
  }
}
