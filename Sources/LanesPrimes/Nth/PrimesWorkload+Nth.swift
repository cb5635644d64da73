import LanesCore

extension PrimesWorkload {
  /// The prime at `index`, from 1, among those of a unit that holds at least so many.
  ///
  /// Costs as much as performing the unit: segments are counted, and one of them is gone through.
  static func prime(_ index: UInt64, of unit: Unit) throws(UnitFailure) -> UInt64? {
    guard let task = try? PrimesTask(wire: unit.task) else { return nil }
    var left = index
    for prime: UInt64 in [2, 3, 5] where task.start <= prime && prime <= task.stop {
      left -= 1
      if left == 0 { return prime }
    }
    guard task.stop >= 7 else { return nil }
    let sieve = try SegmentSieve(low: max(task.start, 7), high: task.stop, deadline: .never)
    while let segment = try sieve.next(deadline: .never) {
      let count = segment.primeCount
      if left <= count { return segment.prime(left) }
      left -= count
    }
    return nil
  }
}

extension Segment {
  /// The prime at `index`, from 1.
  func prime(_ index: UInt64) -> UInt64? {
    var left = index
    var found: UInt64?
    forEachPrime {
      left &-= 1
      if left == 0 { found = $0 }
    }
    return found
  }
}
