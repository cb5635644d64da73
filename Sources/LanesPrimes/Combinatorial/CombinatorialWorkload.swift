import LanesCore

/// Counts the primes up to a bound x without finding them, by the method of Lagarias, Miller and Odlyzko: about x^⅔
/// steps.
///
/// Units of the first kind are runs of segments up to z, see `CombinatorialTables`; what a unit tells holds
/// relative to the numbers before it, which the fold adds. Units of the second kind are ranges of primes.
package struct CombinatorialWorkload: Workload {
  /// Tells workers what to rebuild, and run files what was run.
  package static let name = "prime-count"
  package static let noun = UnitNoun("interval", "intervals")
  /// x: primes up to it are counted, itself included.
  package let bound: UInt64
  private let tables: CombinatorialTables

  /// Prepares to count the primes up to `bound`, which lies in `CombinatorialPlan.bounds`; makes its tables.
  package init(bound: UInt64) throws(UnitFailure) {
    self.bound = bound
    tables = try CombinatorialTables(bound)
  }

  package init(from reader: inout WireReader) throws(WireError) {
    let bound: UInt64 = try reader.read()
    guard CombinatorialTables.bounds.contains(bound) else { throw WireError("a bound out of range") }
    do throws(UnitFailure) { try self.init(bound: bound) } catch { throw WireError(error.reason) }
  }

  /// The bound alone: whoever reads it makes the tables anew.
  package func describe(to writer: inout WireWriter) { writer.write(bound) }

  /// A plan and a fold for one run of this workload; both share its tables.
  package func makePlan() -> CombinatorialPlan { CombinatorialPlan(tables) }
  package func makeTotal() -> CombinatorialTotal { CombinatorialTotal(tables) }

  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    let task: CombinatorialTask
    do {
      task = try CombinatorialTask(wire: unit.task, tables)
    } catch {
      throw UnitFailure(.rejected, error.reason)
    }
    switch task {
    case .segments(let low, let high):
      var writer = WireWriter()
      try addSemiprimes(low, high, deadline, to: &writer)
      try addHardLeaves(low, high, deadline, to: &writer)
      return writer.bytes
    case .primes(let range): return try easyLeaves(range, deadline)
    }
  }

  /// For P2: the primes of the unit, how many primes p in (y, √x] have x / p in it, and for all of these together how
  /// many primes lie from the unit's first number through x / p.
  private func addSemiprimes(
    _ low: UInt64, _ high: UInt64, _ deadline: Deadline, to writer: inout WireWriter
  ) throws(UnitFailure) {
    let x = tables.x
    let table = try PrimeTable(low: low, high: high, deadline)
    var count: UInt64 = 0
    var sum: Int64 = 0
    // x / p lies in low...high exactly for x / (high + 1) < p ≤ x / low.
    let from = max(tables.y, x / (high + 1)) + 1
    let through = low == 0 ? tables.squareRoot : min(tables.squareRoot, x / low)
    if from <= through {
      try SievingPrimes.forEach(from: from, through: through, deadline: deadline) { prime in
        count += 1
        sum += table.count(through: x / prime)
      }
    }
    writer.write(table.count)
    writer.write(count)
    writer.write(UInt64(bitPattern: sum))
  }

  /// For S2, for each prime p up to the fourth root of x, the b-th: what is left of the unit without the first b − 1
  /// primes; the sum of μ(m) over the leaves x / pm in the unit; and the sum of μ(m) times what is left up to there.
  private func addHardLeaves(
    _ low: UInt64, _ high: UInt64, _ deadline: Deadline, to writer: inout WireWriter
  ) throws(UnitFailure) {
    let primes = tables.primes[CombinatorialTables.skipped..<max(tables.hardPrimes, CombinatorialTables.skipped)]
    var sums = [HardSum](repeating: HardSum(), count: primes.count)
    // Each prime is sieved with after its own leaves are added up: for these the first b − 1 primes are gone, not the
    // b-th.
    var sievingPrimes = primes.map { PartialSieve.SievingPrime($0, from: low) }
    var sieve = PartialSieve()
    for start in stride(from: low, through: high, by: Int(PartialSieve.length)) {
      try deadline.check()
      sieve.fill()
      for (index, prime) in primes.enumerated() {
        let most = start == 0 ? tables.y : min(tables.y, tables.x / (prime * start))
        // Leaves need a factor above p; neither a larger prime nor a later segment has any.
        guard prime < most else { break }
        addLeaves(of: prime, most, start, &sieve, to: &sums[index])
        sums[index].left += sieve.left
        sieve.crossOff(&sievingPrimes[index])
      }
    }
    for sum in sums { sum.write(to: &writer) }
  }

  /// Adds the leaves of one prime whose quotient lies in the segment that begins at `start`.
  ///
  /// - Parameter most: the largest m that a leaf may have.
  @inline(__always) private func addLeaves(
    of prime: UInt64, _ most: UInt64, _ start: UInt64, _ sieve: inout PartialSieve, to sum: inout HardSum
  ) {
    // A leaf has m ≤ y < pm, and x / pm below the segment's end.
    let least = max(tables.y / prime, tables.x / (prime * (start + PartialSieve.length)))
    guard least < most else { return }
    let quotient = tables.x / prime
    let factor = Int32(truncatingIfNeeded: prime)
    sieve.restart()
    tables.signedFactors.withUnsafeBufferPointer { factors in
      var m = most
      // Downward, so that x / pm ascends, as counting in the sieve demands.
      while m > least {
        let signed = factors[Int(m)]
        // All prime factors of m are larger than p, and none divides it twice.
        if signed > factor || signed < -factor {
          let count = sum.left &+ sieve.count(through: quotient / m &- start)
          sum.signs &+= signed > 0 ? 1 : -1
          sum.weighted &+= signed > 0 ? count : -count
        }
        m &-= 1
      }
    }
  }

  /// For S2, for primes p above the fourth root of x: φ(x / pq, b − 1) for all primes q from p to y.
  private func easyLeaves(_ range: Range<Int>, _ deadline: Deadline) throws(UnitFailure) -> Bytes {
    var sum: Int64 = 0
    // What has no prime below p, and is below x / pq < p², is 1 or a prime: φ is a look-up in the table of π.
    for index in range {
      if index % 16 == 0 { try deadline.check() }
      let prime = tables.primes[index]
      let quotient = tables.x / prime
      // The prime is the b-th: b = index + 1.
      // From here on n = x / pq is below p, where only 1 is left: each of these q counts 1.
      let end = max(tables.index(above: quotient / prime), index + 1)
      for other in tables.primes[(index + 1)..<end] {
        // φ(n, b − 1) = π(n) − (b − 1) + 1: the primes above the first b − 1, and 1.
        sum &+= tables.small.count(through: quotient / other) &- Int64(index) &+ 1
      }
      sum &+= Int64(tables.primes.count &- end)
    }
    var writer = WireWriter()
    writer.write(UInt64(bitPattern: sum))
    return writer.bytes
  }
}

/// What a unit tells about one prime; see `CombinatorialWorkload.addHardLeaves`.
struct HardSum {
  /// Numbers of the unit that have none of the first b − 1 primes as a factor.
  var left: Int64 = 0
  /// Σ μ(m) over the unit's leaves.
  var signs: Int64 = 0
  /// Σ μ(m) × what is left of the unit up to the leaf.
  var weighted: Int64 = 0

  init() {}

  func write(to writer: inout WireWriter) {
    for value in [left, signs, weighted] { writer.write(UInt64(bitPattern: value)) }
  }

  init(from reader: inout WireReader) throws(WireError) {
    left = Int64(bitPattern: try reader.read())
    signs = Int64(bitPattern: try reader.read())
    weighted = Int64(bitPattern: try reader.read())
  }
}
