import LanesCore
import LanesOS

/// Cuts a range into units, lazily.
///
/// Units end at numbers ≡ 1 (mod 30), where a byte of the sieve ends, so that no twins or larger tuplets lie across two units.
/// Where they end depends on the range and the mode alone, whoever performs them: the units of a run can be shared out among
/// machines, and a run that was cut short can go on, under another engine and with another number of lanes.
///
/// Where there are few intervals with many sieving primes, an interval is several units, each of which has a share of these.
package final class PrimesPlan: UnitPlan {
  private let range: PrimeRange
  private let mode: PrimesMode
  /// Numbers per unit, a multiple of 30.
  private let length: UInt64
  /// Shares of the sieving primes, each of which is a unit in every interval; empty where a unit has all of them.
  private let shares: [SievingShare]
  private var number = 0
  /// First number of the next unit; nil at the end.
  private var start: UInt64?

  package convenience init(_ range: PrimeRange, mode: PrimesMode) {
    self.init(range, mode: mode, shares: UnitLength.shareCount(for: range, mode: mode))
  }

  /// - Parameter shares: into how many each interval's sieving primes are divided, where it has so many.
  init(_ range: PrimeRange, mode: PrimesMode, shares: Int) {
    self.range = range
    self.mode = mode
    length = UnitLength.numbers(for: range, mode: mode)
    start = range.start
    self.shares = shares > 1 ? UnitLength.cost(of: range, numbers: length).shares(shares) : []
  }

  package var totalUnits: Int? {
    let firstStop = stop(from: range.start)
    let intervals = firstStop < range.stop ? 2 + Int((range.stop - firstStop - 1) / length) : 1
    return intervals * max(shares.count, 1)
  }

  package func next() -> PlanStep {
    guard let start else { return .end }
    let stop = stop(from: start)
    let share = shares.isEmpty ? nil : shares[number % shares.count]
    defer {
      number += 1
      if share?.isLast ?? true { self.start = stop < range.stop ? stop + 1 : nil }
    }
    let part = share.map { ", share \($0.number + 1) of \($0.count)" } ?? ""
    return .unit(
      Unit(
        number: number, label: "primes \(start)\(Glyphs.ellipsis)\(stop)\(part)",
        task: PrimesTask(start: start, stop: stop, share: share).wire,
        sink: share != nil ? .fold : mode.isList ? .standardOutput : .none,
        expectedMemory: UnitLength.memory(for: range, numbers: length),
        expectedTime: UnitLength.nanoseconds(start...stop, mode: mode) / max(shares.count, 1)))
  }

  /// The last number of the unit that begins at `start`.
  private func stop(from start: UInt64) -> UInt64 {
    // The byte that holds `start` begins at 30k + 2; the unit ends `length` numbers after that, at 30k + 1.
    let begin = start < 2 ? 0 : (start - 2) / 30 * 30
    let (stop, overflow) = begin.addingReportingOverflow(length + 1)
    return overflow ? range.stop : min(stop, range.stop)
  }
}

/// How long units are.
enum UnitLength {
  /// 15 million numbers take about 2 ms, which dwarfs handing a unit over (0.05 ms).
  static let shortest: UInt64 = 15_000_000
  /// 240 million take about 25 ms, enough to balance many lanes.
  static let usual: UInt64 = 240_000_000
  /// A bitmap of 32 MiB: the largest that, with its buckets, keeps a lane below 64 MB, and below 100 with a copy for the fold.
  static let longest: UInt64 = 30 * (32 << 20)
  /// Units that a range is cut into where that costs little: enough to balance as many lanes.
  static let fewest: UInt64 = 64
  /// The same where each number that a few primes leave is proved prime, which takes 70 ns for each number of the interval.
  private static let mostShort: UInt64 = 8
  private static let shortestShort: UInt64 = 90_000
  /// The root up to which a unit's length grows with the primes that it keeps. Not `SieveSizes.largestResident`: tuning that
  /// one changes no units.
  private static let mostKept: UInt64 = 12_000_000
  /// Bytes of text that one unit of a list may make, and where it has more sieving primes to make than are kept.
  static let listBytes: UInt64 = 4 << 20
  static let costlyListBytes: UInt64 = 32 << 20

  /// Numbers per unit, a multiple of 30. Units are equally long, so that the last lane is not alone for long.
  ///
  /// A unit begins by making every sieving prime up to √stop and dividing it into the unit's start, which is repeated for
  /// each unit, and is paid for by length: on one core of an EPYC with AVX-512 it takes 12 ms near 10^15, 0.11 s near 10^18
  /// and 0.49 s near 2^64, where sieving 10^9 numbers takes 0.2 to 0.6 s. `costly` is the length at which it adds about a tenth
  /// to the time of the whole; primes that are kept cost more than those that are made, used and forgotten, hence the two terms.
  /// So 10^9 numbers are 65 intervals up to 10^11, about 50 near 10^12, 4 near 10^14 and 10^15, 2 near 10^18, and one near 2^64, where
  /// two would take 1.4 times as long on one lane; 64 lanes have an interval each from 6.4 · 10^10 numbers on. What is few for
  /// many lanes, `shareCount` divides in another way.
  static func numbers(for range: PrimeRange, mode: PrimesMode) -> UInt64 {
    let root = SievingPrimes.root(of: range.stop)
    let costly = 20 * min(root, mostKept) + root * 3 / 20
    let shortest = min(max(Self.shortest, costly), longest)
    let usual = min(max(Self.usual, 40 * root), longest)
    let length = range.stop - range.start
    if ShortInterval.isShort(byteCount: Int(length / 30) + 1, root: root) {
      let units = min(max(length / shortestShort, 1), mostShort)
      return (length / units / 30 + 2) * 30
    }
    let wanted = min(max(length / fewest, shortest), usual)
    // Rounded up where units are cheap, else down, but to no fewer than the longest allow.
    let whole = length / wanted + (costly < Self.shortest ? 1 : 0)
    let units = max(whole, length / longest + 1)
    var numbers = max(length / units / 30 + 2, Self.shortest / 30) * 30
    if mode.isList { numbers = min(numbers, listNumbers(for: range, mode)) }
    return min(numbers, longest) / 30 * 30
  }

  /// Into how many shares each interval's sieving primes are divided. Lists are not: text is made by the unit that finds primes.
  static func shareCount(for range: PrimeRange, mode: PrimesMode) -> Int {
    let root = SievingPrimes.root(of: range.stop)
    let length = range.stop - range.start
    guard !mode.isList, range.start >= SievingShare.leastStart,
      !ShortInterval.isShort(byteCount: Int(length / 30) + 1, root: root)
    else { return 1 }
    let numbers = numbers(for: range, mode: mode)
    return cost(of: range, numbers: numbers).shareCount(intervals: length / numbers + 1)
  }

  /// What an interval of `numbers` costs, or the only one of a shorter range.
  static func cost(of range: PrimeRange, numbers: UInt64) -> SievingCost {
    SievingCost(numbers: min(numbers, range.stop - range.start), root: SievingPrimes.root(of: range.stop))
  }

  /// Numbers whose primes fill `listBytes` at the most, or `costlyListBytes`.
  ///
  /// An interval of length n ≥ 10^5 anywhere holds fewer than 2n / ln n primes (Montgomery and Vaughan 1973); near its
  /// start s the density is 1 / ln s. The smaller of both bounds, with a fifth to spare, keeps the text bounded.
  private static func listNumbers(for range: PrimeRange, _ mode: PrimesMode) -> UInt64 {
    var digits: UInt64 = 1
    var stop = range.stop
    while stop >= 10 {
      digits += 1
      stop /= 10
    }
    let form: PrimeText.Form = mode == .listJSON ? .json : .plain
    let bytes = SievingPrimes.root(of: range.stop) > mostKept ? costlyListBytes : listBytes
    let primes = bytes / (digits + UInt64(form.extraBytes))
    let log = UInt64(naturalLogarithm(Double(max(range.start, 3))))
    return max(primes * max(log, 8) * 4 / 5, 30_000)
  }

  /// Nanoseconds of one core for one unit, nearly: sieving its numbers, more for each where sieving primes are many, and
  /// making those primes. From the figures at `numbers(for:mode:)`; a list takes some three times as long for its text.
  static func nanoseconds(_ unit: ClosedRange<UInt64>, mode: PrimesMode) -> Int {
    let root = SievingPrimes.root(of: unit.upperBound)
    let bits = UInt64(UInt64.bitWidth - root.leadingZeroBitCount)
    let numbers = min(unit.upperBound - unit.lowerBound, longest)
    let sieving = numbers / 8 + numbers * (max(bits, 16) - 16) / 64
    return Int(sieving * (mode.isList ? 3 : 1) + root / 9) + 1000
  }

  /// Bytes that one unit needs beside its output.
  static func memory(for range: PrimeRange, numbers: UInt64) -> Int {
    let hasLargePrimes = SievingPrimes.root(of: range.stop) > SieveSizes.largestResident
    // Segment and sieving primes, measured; and with large primes the whole bitmap and its buckets.
    let interval = Int(min(numbers, range.stop - range.start) / 30)
    return (hasLargePrimes ? interval + BucketKernel.bucketBytes : 0) + 8 << 20
  }
}
