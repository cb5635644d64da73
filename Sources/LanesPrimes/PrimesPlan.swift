import LanesCore

/// Cuts a range into units, lazily and by the range alone, whatever runs them.
///
/// Units end at numbers ≡ 1 (mod 30), where a byte of the sieve ends, so that no twins or larger tuplets lie across two units.
package final class PrimesPlan: UnitPlan {
  private let range: PrimeRange
  private let mode: PrimesMode
  /// Numbers per unit, a multiple of 30.
  private let length: UInt64
  private var number = 0
  /// First number of the next unit; nil at the end.
  private var start: UInt64?

  package init(_ range: PrimeRange, mode: PrimesMode) {
    self.range = range
    self.mode = mode
    length = UnitLength.numbers(for: range, mode: mode)
    start = range.start
  }

  package var totalUnits: Int? {
    let firstStop = stop(from: range.start)
    guard firstStop < range.stop else { return 1 }
    return 2 + Int((range.stop - firstStop - 1) / length)
  }

  package func next() -> PlanStep {
    guard let start else { return .end }
    let stop = stop(from: start)
    defer {
      number += 1
      self.start = stop < range.stop ? stop + 1 : nil
    }
    return .unit(
      Unit(
        number: number, label: "primes \(start)…\(stop)", task: PrimesTask(start: start, stop: stop).wire,
        sink: mode == .list ? .standardOutput : .none,
        expectedMemory: UnitLength.memory(for: range, numbers: length)))
  }

  /// The last number of the unit that begins at `start`.
  private func stop(from start: UInt64) -> UInt64 {
    // The byte that holds `start` begins at 30k + 2; the unit ends `length` numbers behind that, at 30k + 1.
    let begin = start < 2 ? 0 : (start - 2) / 30 * 30
    let (stop, overflow) = begin.addingReportingOverflow(length + 1)
    return overflow ? range.stop : min(stop, range.stop)
  }
}

/// How long units are.
enum UnitLength {
  /// 15 million numbers take about 2 ms, which dwarfs handing a unit over (0.05 ms).
  static let shortest: UInt64 = 15_000_000
  /// 240 million take about 35 ms, enough to balance many lanes.
  static let usual: UInt64 = 240_000_000
  /// A bitmap of 40 MiB: the largest that keeps a lane below 64 MB.
  static let longest: UInt64 = 30 * (40 << 20)
  /// Units that a short range is cut into, so that it still balances.
  static let fewest: UInt64 = 64
  /// Bytes of text that one unit of a list may make.
  static let listBytes: UInt64 = 4 << 20

  /// Numbers per unit, a multiple of 30.
  ///
  /// Dividing every sieving prime into a unit's start costs about as much as sieving 100 · √stop numbers (primesieve cuts
  /// at 200 · √stop), so units grow with √stop.
  static func numbers(for range: PrimeRange, mode: PrimesMode) -> UInt64 {
    let root = SievingPrimes.root(of: range.stop)
    let shortest = min(max(Self.shortest, 100 * root), longest)
    let usual = min(max(Self.usual, 400 * root), longest)
    var numbers = min(max((range.stop - range.start) / fewest, shortest), usual)
    if mode == .list { numbers = min(numbers, listNumbers(for: range)) }
    return numbers / 30 * 30
  }

  /// Numbers whose primes fill `listBytes` at the most.
  ///
  /// An interval of length n ≥ 10^5 anywhere holds fewer than 2n / ln n primes (Montgomery and Vaughan 1973); near its
  /// start s the density is 1 / ln s. The smaller of both bounds, with a fifth to spare, keeps the text bounded.
  private static func listNumbers(for range: PrimeRange) -> UInt64 {
    var digits: UInt64 = 1
    var stop = range.stop
    while stop >= 10 {
      digits += 1
      stop /= 10
    }
    let primes = listBytes / (digits + 1)
    var log: UInt64 = 1
    while log < 43 && exponential(log + 1) <= max(range.start, 1) { log += 1 }
    return max(primes * max(log, 8) * 4 / 5, 30_000)
  }

  private static func exponential(_ power: UInt64) -> UInt64 {
    var value = 1.0
    for _ in 0..<power { value *= 2.718281828459045 }
    return UInt64(value)
  }

  /// Bytes that one unit needs beside its output.
  static func memory(for range: PrimeRange, numbers: UInt64) -> Int {
    let bitmap = SievingPrimes.root(of: range.stop) > SieveSizes.largestResident ? Int(numbers / 30) : 0
    // Segment, sieving primes and, with a bitmap of everything, the notes for it; measured.
    return bitmap + 12 << 20
  }
}
