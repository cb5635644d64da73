import LanesCore
import LanesOS

/// Sieves an interval segment by segment and lends each finished one.
///
/// Every technique handles the primes it is best at: repeating patterns up to 163, whole turns inside an L1 block or
/// an L2 segment, single steps inside either, and, above `SieveSizes.largestResident`, marks in a bitmap of the whole
/// interval by primes that are made on the fly and not kept.
final class SegmentSieve {
  private let low: UInt64
  private let high: UInt64
  private let firstByte: UInt64
  private let byteCount: Int
  private let sizes: SieveSizes
  private let memory: UnsafeMutablePointer<UInt8>
  /// True when `memory` holds the whole interval, with the marks of the largest primes in it.
  private let isWhole: Bool
  /// True when small primes alone are sieved with and what they leave is proved prime one by one.
  private let isShort: Bool
  private var blockTurns: TurnSieve
  private var segmentTurns: TurnSieve
  private var blockSteps: StepSieve
  private var segmentSteps: StepSieve
  private let instructions: SieveInstructions
  /// Bytes done.
  private var done = 0

  /// Prepares to sieve `low...high`, where `low` is at least 7 and the interval holds at least one number of the wheel
  /// and at most 2^31 bytes of it.
  init(
    low: UInt64, high: UInt64, instructions: SieveInstructions = .best, checkpoint: Checkpoint
  ) throws(UnitFailure) {
    self.instructions = instructions
    self.low = low
    self.high = high
    firstByte = Wheel30.byte(of: low)
    byteCount = Int(Wheel30.byte(of: high) - firstByte) + 1
    let sizes = SieveSizes(byteCount: byteCount, instructions)
    self.sizes = sizes
    let root = SievingPrimes.root(of: high)
    isShort = ShortInterval.isShort(byteCount: byteCount, root: root)
    isWhole = root > SieveSizes.largestResident && !isShort
    let bitmap = isWhole ? (byteCount + 127) & ~127 : sizes.segment
    let resident = min(root, isShort ? ShortInterval.largestSieved : SieveSizes.largestResident)
    let turning = try Self.primesForTurns(min(resident, sizes.segmentTurns), checkpoint)
    let split = turning.firstIndex { $0 > sizes.blockTurns } ?? turning.count
    blockTurns = TurnSieve(turning[..<split], firstByte: firstByte)
    segmentTurns = TurnSieve(turning[split...], firstByte: firstByte)
    blockSteps = StepSieve(firstByte: firstByte, byteCount: byteCount, instructions)
    segmentSteps = StepSieve(firstByte: firstByte, byteCount: byteCount, instructions)
    let total = bitmap + 2 * sizes.padding
    memory = isWhole ? LargePages.allocate(count: total) : .allocate(capacity: total)
    try addSteps(above: max(sizes.segmentTurns, PreSieve.largestPrime), through: resident, checkpoint)
    if isWhole { try markWhole(through: root, checkpoint) }
  }

  deinit { memory.deallocate() }

  private static func primesForTurns(_ limit: UInt64, _ checkpoint: Checkpoint) throws(UnitFailure) -> ArraySlice<
    UInt32
  > {
    var primes = SievingPrimes.base.filter { UInt64($0) > PreSieve.largestPrime && UInt64($0) <= limit }
    try SievingPrimes.forEach(from: SievingPrimes.baseLimit + 1, through: limit, checkpoint: checkpoint) {
      primes.append(UInt32($0))
    }
    return primes[...]
  }

  private func addSteps(
    above limit: UInt64, through root: UInt64, _ checkpoint: Checkpoint
  ) throws(UnitFailure) {
    for prime in SievingPrimes.base where UInt64(prime) > limit && UInt64(prime) <= root {
      addSteps(of: UInt64(prime))
    }
    let from = max(limit, SievingPrimes.baseLimit) + 1
    guard from <= root else { return }
    let sieve = try SegmentSieve(low: from, high: root, checkpoint: checkpoint)
    while let segment = try sieve.next(checkpoint: checkpoint) { add(segment) }
  }

  private func add(_ segment: Segment) { segment.forEachPrime { addSteps(of: $0) } }

  @inline(__always) private func addSteps(of prime: UInt64) {
    if prime <= sizes.blockSteps { blockSteps.add(prime) } else { segmentSteps.add(prime) }
  }

  private func markWhole(through root: UInt64, _ checkpoint: Checkpoint) throws(UnitFailure) {
    let bitmap = memory + sizes.padding
    bitmap.initialize(repeating: 0xFF, count: (byteCount + 127) & ~127)
    let wide = WideSieve(bitmap, byteCount: byteCount, firstByte: firstByte, instructions)
    try wide.mark(from: SieveSizes.largestResident + 1, through: root, checkpoint)
  }

  /// The next finished segment, valid until the next call, or nil at the end.
  func next(checkpoint: Checkpoint) throws(UnitFailure) -> Segment? {
    guard done < byteCount else { return nil }
    try checkpoint.pass()
    let count = min(sizes.segment, byteCount - done)
    let rounded = (count + 127) & ~127
    let bytes = memory + sizes.padding + (isWhole ? done : 0)
    let first = firstByte + UInt64(done)
    sweep(bytes, rounded, first)
    putBackPrimes(bytes, count, first)
    trim(bytes, count, rounded, first)
    if isShort { try ShortInterval.keepPrimes(bytes, count: count, firstByte: first, checkpoint) }
    done += count
    return Segment(bytes: UnsafePointer(bytes), count: rounded, firstByte: first, instructions: instructions)
  }

  private func sweep(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ first: UInt64) {
    var at = 0
    while at < count {
      let size = min(sizes.block, count - at)
      PreSieve.shared.apply(
        to: bytes + at, count: size, firstByte: first + UInt64(at), keepingMarks: isWhole, instructions)
      blockTurns.sweep(bytes + at, size: size)
      blockSteps.sweep(bytes + at, size: size)
      at += size
    }
    segmentTurns.sweep(bytes, size: count)
    segmentSteps.sweep(bytes, size: count)
  }

  /// Patterns and turns clear their primes too; those that lie in this segment are set again.
  private func putBackPrimes(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ first: UInt64) {
    let largest = max(PreSieve.largestPrime, UInt64(max(blockTurns.largestPrime, segmentTurns.largestPrime)))
    guard first * 30 <= largest else { return }
    for prime in PreSieve.primes { putBack(prime, bytes, count, first) }
    blockTurns.forEachPrime { putBack(UInt64($0), bytes, count, first) }
    segmentTurns.forEachPrime { putBack(UInt64($0), bytes, count, first) }
  }

  private func putBack(_ prime: UInt64, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ first: UInt64) {
    let byte = Wheel30.byte(of: prime)
    guard byte >= first, byte < first + UInt64(count) else { return }
    bytes[Int(byte - first)] |= Wheel30.mask(of: prime)
  }

  /// Clears what lies outside `low...high` and behind the last byte.
  private func trim(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ rounded: Int, _ first: UInt64) {
    for at in count..<rounded { bytes[at] = 0 }
    if done == 0 { bytes[0] &= Wheel30.maskFrom(low, inByte: first) }
    let last = first + UInt64(count - 1)
    if done + count == byteCount { bytes[count - 1] &= Wheel30.maskThrough(high, inByte: last) }
  }
}
