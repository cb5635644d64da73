import CSIMD
import LanesCore
import LanesOS
import LanesTesting
import Testing

@testable import LanesPrimes

/// Intervals whose sieving primes are shared out among units.
@Suite struct ShareTests {
  /// The outcomes of a plan of `shares` shares, in unit order, with the units' bitmaps.
  private func outcomes(
    _ range: PrimeRange, _ mode: PrimesMode, shares: Int, _ instructions: SieveInstructions = .best
  ) throws -> [(unit: Unit, outcome: Outcome, output: Bytes)] {
    let plan = PrimesPlan(range, mode: mode, shares: shares)
    let workload = PrimesWorkload(mode: mode, instructions: instructions)
    let nothing = Bytes()
    var outcomes: [(unit: Unit, outcome: Outcome, output: Bytes)] = []
    while case .unit(let unit) = plan.next() {
      let output = OutputBuffer()
      let partial = try workload.perform(unit, input: nothing.span.bytes, output: output, deadline: .never)
      outcomes.append((unit, .done(partial), output.withBytes { Bytes($0) }))
    }
    #expect(plan.totalUnits == outcomes.count)
    return outcomes
  }

  private func absorb(_ outcomes: [(unit: Unit, outcome: Outcome, output: Bytes)], into fold: any Fold) {
    for (unit, outcome, output) in outcomes {
      output.withUnsafeBytes { fold.absorb(unit, outcome, output: $0) }
    }
  }

  private func total(
    _ range: PrimeRange, _ mode: PrimesMode, shares: Int, _ instructions: SieveInstructions = .best
  ) throws -> PrimesPartial {
    let total = PrimesTotal(mode)
    absorb(try outcomes(range, mode, shares: shares, instructions), into: total)
    #expect(total.firstFailure == nil)
    return total.total
  }

  /// Lengths that end in, at and after a byte and a bucket.
  static let lengths: [UInt64] = [7_864_320, 2_000_003, 1, 29, 7_864_319 + 31]

  @Test(arguments: lengths, [2, 3, 5])
  func `shares together find what one unit finds, at each level`(length: UInt64, shares: Int) throws {
    var random = Repeatable(state: length + UInt64(shares))
    defer { csimd_limit(csimd_best()) }
    let start = 1 << 50 + random.next() % (1 << 50)
    let range = try PrimeRange(start: start, stop: start + length)
    for mode in [PrimesMode.sum, .twins] {
      let whole = try total(range, mode, shares: 1)
      for level in [csimd_avx2, csimd_avx512_vbmi] where level.rawValue <= csimd_best().rawValue {
        csimd_limit(level)
        #expect(try total(range, mode, shares: shares, .vectors) == whole, "\(mode) from \(start)")
      }
      csimd_limit(csimd_best())
    }
    guard shares == 3 else { return }
    #expect(try total(range, .sum, shares: shares, .portable) == total(range, .sum, shares: 1))
  }

  @Test func `the n-th prime is told from the bitmap`() throws {
    let start: UInt64 = 1_125_899_906_850_000
    let range = try PrimeRange(start: start, stop: start + 3000)
    let primes = Oracle.primes(range.start, range.stop)
    let outcomes = try outcomes(range, .count, shares: 4)
    for index in [1, 2, primes.count / 2, primes.count] {
      let search = NthSearch(UInt64(index))
      absorb(outcomes, into: search)
      #expect(!search.wantsMore)
      #expect(try search.prime() == primes[index - 1])
    }
    let search = NthSearch(UInt64(primes.count + 2))
    absorb(outcomes, into: search)
    #expect(search.wantsMore && search.remaining == 2)
  }

  @Test func `shares are told, and their primes lie without gaps`() throws {
    for root: UInt64 in [1 << 25, 1_000_000_007, (1 << 32) - 1] {
      for count in 2...8 {
        let shares = SievingCost(numbers: 900_000_000, root: root).shares(count)
        #expect(shares.count == count && shares.last!.isLast && shares.last!.primes.upperBound == root)
        for (one, next) in zip(shares, shares.dropFirst()) { #expect(next.follows(one) && !one.isLast) }
        for share in shares {
          let task = PrimesTask(start: 1 << 60, stop: 1 << 60 + 1_000_000, share: share)
          #expect(try PrimesTask(wire: task.wire) == task)
        }
      }
    }
    let whole = PrimesTask(start: 1 << 60, stop: 1 << 60 + 1_000_000)
    #expect(try PrimesTask(wire: whole.wire) == whole)
  }

  @Test func `a task with odd shares is refused`() throws {
    let least = SieveSizes.largestResident
    for (number, count, primes) in [
      (2, 2, least + 1...least + 9), (0, 2, 1...least + 9), (1, 2, least...least + 9), (0, 2, 0...least),
      (1, 2, least + 1...1 << 32),
    ] {
      let share = SievingShare(number: number, count: count, primes: primes)
      #expect(throws: WireError.self) {
        try PrimesTask(wire: PrimesTask(start: 1 << 60, stop: 1 << 60 + 9, share: share).wire)
      }
    }
    let share = SievingShare(number: 0, count: 2, primes: 0...least + 9)
    #expect(throws: WireError.self) { try PrimesTask(wire: PrimesTask(start: 7, stop: 1 << 20, share: share).wire) }
  }

  /// Two intervals of two shares each.
  private func twoIntervals() throws -> [(unit: Unit, outcome: Outcome, output: Bytes)] {
    let start: UInt64 = 1_200_000_000_000_000
    var outcomes = try outcomes(PrimeRange(start: start, stop: start + 3_000_000), .count, shares: 2)
    for (unit, outcome, output) in try self.outcomes(
      PrimeRange(start: start + 3_000_001, stop: start + 6_000_000), .count, shares: 2)
    {
      var unit = unit
      unit.number += 2
      outcomes.append((unit, outcome, output))
    }
    return outcomes
  }

  @Test func `an interval of which a share failed or is missing is left out`() throws {
    let whole = try twoIntervals()
    let second = try count(1_200_000_003_000_001, 1_200_000_006_000_000)
    for position in 0..<2 {
      var missing = whole
      missing.remove(at: position)
      let partly = PrimesTotal(.count)
      absorb(missing, into: partly)
      #expect(partly.total.count == second && partly.firstFailure == nil)

      var failed = whole
      failed[position].outcome = .failed(UnitFailure(.crashed, "it died"))
      failed[position].output = []
      let failing = PrimesTotal(.count)
      absorb(failed, into: failing)
      #expect(failing.total.count == second && failing.unitsFailed == 1)
      #expect(failing.firstFailure?.unit.number == position)
    }
  }

  @Test func `a bitmap of another size fails its unit`() throws {
    var outcomes = try twoIntervals()
    outcomes[1].output.removeLast()
    let total = PrimesTotal(.count)
    absorb(outcomes, into: total)
    #expect(total.unitsFailed == 1)
    #expect(total.firstFailure?.failure.reason == "its result cannot be read: its bitmap is of another size")
    let search = NthSearch(100_000)
    absorb(outcomes, into: search)
    #expect(search.firstFailure?.unit.number == 1)
  }

  @Test func `a share that takes too long fails`() throws {
    let plan = PrimesPlan(try PrimeRange(start: 1 << 63, stop: 1 << 63 + 100_000_000), mode: .count, shares: 3)
    let nothing = Bytes()
    for _ in 0..<3 {
      guard case .unit(let unit) = plan.next() else { break }
      #expect(throws: UnitFailure(.timedOut, "it took longer than allowed")) {
        try PrimesWorkload(mode: .count).perform(
          unit, input: nothing.span.bytes, output: OutputBuffer(), deadline: Deadline(timeout: .milliseconds(2)))
      }
    }
  }
}
