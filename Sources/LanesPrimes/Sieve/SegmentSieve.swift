import LanesCore
import LanesOS

/// Sieves an interval segment by segment and lends each finished one: the segmented sieve of Eratosthenes (Bays and Hudson 1977).
///
/// The order of calls is `init`, which makes all sieving primes up to √high and crosses off the large ones, and then `next` until
/// it gives nil. Memory does not depend on the interval, but for large primes, whose bitmap holds all of it.
///
/// Each technique handles the primes that it is best at: the pre-sieve's patterns up to 163, `SmallSieve` and then
/// `MediumSieve` within a block (L1) or a segment (L2), and above `SieveSizes.largestResident` `LargeSieve`, in a bitmap of
/// the whole interval, with primes that are generated as they are needed and not kept.
final class SegmentSieve {
  private let low: UInt64
  private let high: UInt64
  private let firstByte: UInt64
  private let byteCount: Int
  private let sizes: SieveSizes
  private let memory: UnsafeMutablePointer<UInt8>
  /// What `memory` lies in where it holds the whole interval.
  private let block: LargeBlock?
  /// True when `memory` holds the whole interval, in which the multiples of large primes are crossed off already.
  private let isWhole: Bool
  /// True when only small primes are used and each number that they leave is proved prime.
  private let isShort: Bool
  private var smallInBlock: SmallSieve
  private var smallInSegment: SmallSieve
  private var mediumInBlock: MediumSieve
  private var mediumInSegment: MediumSieve
  private let instructions: SieveInstructions
  /// Bytes done.
  private var done = 0

  /// Prepares to sieve `low...high`, where `low` is at least 7 and the interval holds at least one number of the wheel
  /// and at most 2^31 bytes of it.
  ///
  /// - Parameter limit: the largest sieving prime, where it is not √high but a large one below; then composites are left.
  init(
    low: UInt64, high: UInt64, through limit: UInt64? = nil, instructions: SieveInstructions = .best,
    caches: Caches = SieveSizes.caches,
    deadline: Deadline
  ) throws(UnitFailure) {
    self.instructions = instructions
    self.low = low
    self.high = high
    firstByte = Wheel30.byte(of: low)
    byteCount = Int(Wheel30.byte(of: high) - firstByte) + 1
    let sizes = SieveSizes(byteCount: byteCount, instructions, caches)
    self.sizes = sizes
    let root = min(SievingPrimes.root(of: high), limit ?? .max)
    isShort = limit == nil && ShortInterval.isShort(byteCount: byteCount, root: root)
    isWhole = root > SieveSizes.largestResident && !isShort
    let bitmap = isWhole ? (byteCount + 127) & ~127 : sizes.segment
    let resident = min(root, isShort ? ShortInterval.largestSieved : SieveSizes.largestResident)
    let small = try Self.smallPrimes(through: min(resident, sizes.smallInSegment), deadline)
    let split = small.firstIndex { $0 > sizes.smallInBlock } ?? small.count
    smallInBlock = SmallSieve(small[..<split], firstByte: firstByte)
    smallInSegment = SmallSieve(small[split...], firstByte: firstByte)
    mediumInBlock = MediumSieve(firstByte: firstByte, byteCount: byteCount, instructions)
    mediumInSegment = MediumSieve(firstByte: firstByte, byteCount: byteCount, instructions)
    let total = bitmap + 2 * sizes.padding
    if isWhole {
      let large = LargeBlock(count: total)
      memory = large.start
      block = consume large
    } else {
      memory = .allocate(capacity: total)
      block = nil
    }
    let least = max(sizes.smallInSegment, PreSieve.largestPrime)
    try fill(&mediumInBlock, above: least, through: min(resident, sizes.mediumInBlock), deadline)
    try fill(&mediumInSegment, above: max(least, sizes.mediumInBlock), through: resident, deadline)
    if isWhole { try crossOffLarge(through: root, deadline) }
  }

  deinit { if !isWhole { memory.deallocate() } }

  private static func smallPrimes(
    through limit: UInt64, _ deadline: Deadline
  ) throws(UnitFailure) -> ArraySlice<UInt32> {
    // The list is not made for a range that needs none of it.
    guard limit > PreSieve.largestPrime else { return [] }
    var primes = SievingPrimes.base.filter { UInt64($0) > PreSieve.largestPrime && UInt64($0) <= limit }
    try SievingPrimes.forEach(from: SievingPrimes.baseLimit + 1, through: limit, deadline: deadline) {
      primes.append(UInt32($0))
    }
    return primes[...]
  }

  /// Adds the primes above `limit` up to `root`. Above 65521 they come from a sieve of their own, which in turn needs only `base`: so the
  /// recursion ends there.
  private func fill(
    _ medium: inout MediumSieve, above limit: UInt64, through root: UInt64, _ deadline: Deadline
  ) throws(UnitFailure) {
    guard limit < root else { return }
    let base = SievingPrimes.base.drop { UInt64($0) <= limit }.prefix { UInt64($0) <= root }
    let start = firstByte * 30 + 7
    let divides =
      instructions == .vectors
      && FirstMultiples.canDivide(low: start, byteCount: byteCount, least: limit, largest: root)
    let multiples = FirstMultiples(low: start, byteCount: byteCount)
    if divides { medium.add(multiples, base) } else { for prime in base { medium.add(UInt64(prime)) } }
    let from = max(limit, SievingPrimes.baseLimit) + 1
    guard from <= root else { return }
    let sieve = try SegmentSieve(low: from, high: root, deadline: deadline)
    while let segment = try sieve.next(deadline: deadline) {
      if divides { medium.add(multiples, segment) } else { segment.forEachPrime { medium.add($0) } }
    }
  }

  private func crossOffLarge(through root: UInt64, _ deadline: Deadline) throws(UnitFailure) {
    let bitmap = memory + sizes.padding
    bitmap.initialize(repeating: 0xFF, count: (byteCount + 127) & ~127)
    let large = LargeSieve(bitmap, byteCount: byteCount, firstByte: firstByte, instructions)
    try large.crossOff(from: SieveSizes.largestResident + 1, through: root, deadline)
  }

  /// The next finished segment, valid until the next call, or nil at the end.
  func next(deadline: Deadline) throws(UnitFailure) -> Segment? {
    guard done < byteCount else { return nil }
    try deadline.check()
    let count = min(sizes.segment, byteCount - done)
    let rounded = (count + 127) & ~127
    let bytes = memory + sizes.padding + (isWhole ? done : 0)
    let first = firstByte + UInt64(done)
    crossOff(bytes, rounded, first)
    putBackPrimes(bytes, count, first)
    trim(bytes, count, rounded, first)
    if isShort { try ShortInterval.keepPrimes(bytes, count: count, firstByte: first, deadline) }
    done += count
    return Segment(bytes: UnsafePointer(bytes), count: rounded, firstByte: first, instructions: instructions)
  }

  /// Block by block with the primes that have many multiples in a block, so that it stays in L1; then with the others in all of the
  /// segment at once, since a visit to each block would cost them more than the misses.
  private func crossOff(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ first: UInt64) {
    var at = 0
    while at < count {
      let size = min(sizes.block, count - at)
      PreSieve.shared.apply(
        to: bytes + at, count: size, firstByte: first + UInt64(at), keepingBits: isWhole, instructions)
      smallInBlock.crossOff(bytes + at, size: size)
      mediumInBlock.crossOff(bytes + at, size: size)
      at += size
    }
    smallInSegment.crossOff(bytes, size: count)
    mediumInSegment.crossOff(bytes, size: count)
  }

  /// The pre-sieve and `SmallSieve` clear their own primes too; this sets those of the segment again.
  private func putBackPrimes(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ first: UInt64) {
    let largest = max(PreSieve.largestPrime, UInt64(max(smallInBlock.largestPrime, smallInSegment.largestPrime)))
    guard first * 30 <= largest else { return }
    for prime in PreSieve.primes { putBack(prime, bytes, count, first) }
    smallInBlock.forEachPrime { putBack(UInt64($0), bytes, count, first) }
    smallInSegment.forEachPrime { putBack(UInt64($0), bytes, count, first) }
  }

  private func putBack(_ prime: UInt64, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ first: UInt64) {
    let byte = Wheel30.byte(of: prime)
    guard byte >= first, byte < first + UInt64(count) else { return }
    bytes[Int(byte - first)] |= Wheel30.mask(of: prime)
  }

  /// Clears what lies outside `low...high` and after the last byte.
  private func trim(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ rounded: Int, _ first: UInt64) {
    for at in count..<rounded { bytes[at] = 0 }
    if done == 0 { bytes[0] &= Wheel30.maskFrom(low, inByte: first) }
    let last = first + UInt64(count - 1)
    if done + count == byteCount { bytes[count - 1] &= Wheel30.maskThrough(high, inByte: last) }
  }
}
