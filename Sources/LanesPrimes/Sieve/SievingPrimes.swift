import LanesCore

/// Where sieving primes come from.
enum SievingPrimes {
  /// The primes from 7 to 65521: enough to sieve up to 2^32, and to sieve the sieving primes of everything above. Made
  /// once per process, in about 0.2 ms, and never changed.
  static let base: [UInt32] = {
    let limit = 1 << 16
    var composite = [Bool](repeating: false, count: limit)
    var primes: [UInt32] = []
    for number in stride(from: 3, to: limit, by: 2) where !composite[number] {
      if number > 5 { primes.append(UInt32(number)) }
      for multiple in stride(from: number * number, to: limit, by: 2 * number) { composite[multiple] = true }
    }
    return primes
  }()

  /// The largest number that `base` reaches to.
  static let baseLimit: UInt64 = (1 << 16) - 1

  /// Calls `body` for every prime in `low...high`, ascending, where `low` is at least 7 and `high` below 2^32.
  ///
  /// The primes are sieved as they are needed: memory stays at one segment however many there are.
  @inline(__always) static func forEach(
    from low: UInt64, through high: UInt64, deadline: Deadline, _ body: (UInt64) -> Void
  ) throws(UnitFailure) {
    guard low <= high else { return }
    let sieve = try SegmentSieve(low: low, high: high, deadline: deadline)
    while let segment = try sieve.next(deadline: deadline) { segment.forEachPrime(body) }
  }

  /// The largest number whose square is at most `number`.
  static func root(of number: UInt64) -> UInt64 {
    var root = UInt64(Double(number).squareRoot())
    while root.multipliedReportingOverflow(by: root).overflow || root * root > number { root -= 1 }
    while true {
      let (square, overflow) = (root + 1).multipliedReportingOverflow(by: root + 1)
      if overflow || square > number { return root }
      root += 1
    }
  }
}
