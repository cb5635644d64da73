import LanesCore

/// What every unit of a combinatorial count looks things up in; made once for a bound and never changed.
///
/// π(x) = S1 + S2 + π(y) − 1 − P2 (Lagarias, Miller and Odlyzko 1985), where y lies between the cube root of x and its
/// square root. S1 and S2 add up μ(m) φ(x / m, ·) over the leaves of a tree; φ(n, b) counts the numbers up to n without
/// a factor among the first b primes. P2 counts numbers up to x with exactly two prime factors, both above y.
final class CombinatorialTables: Sendable {
  let x: UInt64
  let y: UInt64
  /// Every quotient that is looked up in the partial sieve or counted for P2 is at most this.
  let z: UInt64
  /// ⌊√x⌋.
  let squareRoot: UInt64
  /// Primes up to y, ascending.
  let primes: [UInt64]
  /// By number up to y: its least prime factor with the sign of its Möbius function; 0 where that is 0.
  let signedFactors: [Int32]
  /// How many of `primes` lie up to the fourth root of x. For a larger prime p and a prime q above it x / pq is below
  /// p², so that its φ follows from counting primes.
  let hardPrimes: Int
  /// Primes up to every x / pq of that kind.
  let small: PrimeTable

  /// Primes whose multiples are left out from the start: 2, 3 and 5.
  static let skipped = 3
  /// Below this everything is small enough to be sieved; above 10^18 tables would outgrow the memory of a lane.
  static let bounds: ClosedRange<UInt64> = 10_000...1_000_000_000_000_000_000

  /// - Parameter x: within `bounds`.
  init(_ x: UInt64) throws(UnitFailure) {
    self.x = x
    squareRoot = SievingPrimes.root(of: x)
    var cube: UInt64 = 1
    // The least number whose cube exceeds x; the division keeps the product within 64 bits.
    while cube * cube <= x / cube { cube += 1 }
    y = min(cube * Self.factor(for: x), squareRoot)
    z = x / y
    let factors = Self.factors(through: Int(y))
    signedFactors = factors
    // A prime is its own least factor, and its Möbius function is −1.
    primes = (2...Int(y)).filter { Int(factors[$0]) == -$0 }.map(UInt64.init)
    let fourth = SievingPrimes.root(of: squareRoot)
    let hard = primes.firstIndex { $0 > fourth } ?? primes.count
    hardPrimes = hard
    // Both primes are at least this one, so no quotient is larger than x / least².
    let least = hard < primes.count ? primes[hard] : y
    small = try PrimeTable(low: 0, high: x / (least * least), .never)
  }

  /// y beside the cube root of x: a larger one makes for less to sieve and for more leaves. On an EPYC 10^14 takes 1.68 s with 1,
  /// 1.06 s with 2, and no less with more.
  private static func factor(for x: UInt64) -> UInt64 { x < 100_000_000_000_000_000 ? 2 : 3 }

  /// `signedFactors`, by a sieve over all numbers up to `limit`: each prime marks its multiples.
  private static func factors(through limit: Int) -> [Int32] {
    var least = [Int32](repeating: 0, count: limit + 1)
    var sign = [Int8](repeating: 1, count: limit + 1)
    for number in stride(from: 2, through: limit, by: 1) where least[number] == 0 {
      for multiple in stride(from: number, through: limit, by: number) {
        if least[multiple] == 0 { least[multiple] = Int32(number) }
        sign[multiple] = -sign[multiple]
      }
      // The Möbius function of a number with a square in it is 0.
      for multiple in stride(from: number * number, through: limit, by: number * number) { sign[multiple] = 0 }
    }
    // 1 has no prime factor, so it counts as one whose factors are larger than any prime.
    least[1] = .max
    return (0...limit).map { least[$0] * Int32(sign[$0]) }
  }

  /// The position in `primes` of the first one above `number`.
  func index(above number: UInt64) -> Int {
    var (low, high) = (0, primes.count)
    while low < high {
      let middle = (low + high) / 2
      if primes[middle] > number { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// S1, the leaves that are reached before any prime above 5 is decided about.
  var ordinaryLeaves: Int64 {
    var sum: Int64 = 0
    for (m, factor) in signedFactors.enumerated().dropFirst() where abs(factor) > 5 {
      let count = Self.withoutSkipped(x / UInt64(m))
      sum += factor > 0 ? count : -count
    }
    return sum
  }

  /// φ(n, 3): the numbers from 1 to n without a factor 2, 3 or 5.
  private static func withoutSkipped(_ n: UInt64) -> Int64 {
    Int64(n / 30 * 8) + Int64(Wheel30.cofactors.count { $0 <= n % 30 })
  }
}

/// Where the primes of an interval lie, for counting those up to any number of it.
struct PrimeTable: Sendable {
  private let low: UInt64
  /// The sieve's byte, counted from 7, that `words` begins with.
  private let firstByte: UInt64
  /// The sieve's bits, eight bytes each, in ascending order of their numbers.
  private var words: [UInt64] = []
  /// Primes before each word, 2, 3 and 5 included where they belong to the interval.
  private var before: [UInt32] = []
  /// Primes in the whole interval.
  let count: UInt64

  /// Sieves `low...high`.
  init(low: UInt64, high: UInt64, _ deadline: Deadline) throws(UnitFailure) {
    self.low = low
    firstByte = Wheel30.byte(of: max(low, 7))
    var count = [2, 3, 5].count { low <= $0 && $0 <= high }
    if high >= max(low, 7) {
      let sieve = try SegmentSieve(low: max(low, 7), high: high, deadline: deadline)
      while let segment = try sieve.next(deadline: deadline) {
        let raw = UnsafeRawPointer(segment.bytes)
        for at in stride(from: 0, to: segment.count, by: 8) {
          let word = raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
          words.append(word)
          before.append(UInt32(count))
          count += word.nonzeroBitCount
        }
      }
    }
    self.count = UInt64(count)
  }

  /// Primes from `low` through `number`, which is at most `high`.
  @inline(__always) func count(through number: UInt64) -> Int64 {
    guard number >= 7 else { return Int64([2, 3, 5].count { low <= $0 && $0 <= number }) }
    guard number >= low else { return 0 }
    let byte = (number &- 7) / 30 &- firstByte
    let word = Int(byte / 8)
    guard word < words.count else { return Int64(count) }
    // `bits` low bits of the word are numbers up to `number`. For 64 the shift would give 0, and 0 − 1 would trap.
    let bits = (byte % 8) * 8 + UInt64(Self.bitsThrough[Int((number - 7) % 30)])
    return Int64(before[word]) + Int64((words[word] & (bits == 64 ? .max : 1 << bits - 1)).nonzeroBitCount)
  }

  /// By distance from a byte's first number: how many of its bits stand for numbers up to there.
  private static let bitsThrough: [UInt8] = (0..<30).map { distance in
    UInt8(Wheel30.residues.count { $0 <= UInt64(distance) + 7 })
  }
}
