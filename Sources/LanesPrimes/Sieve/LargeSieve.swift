import LanesCore

/// Crosses off the multiples of large sieving primes in the bitmap of a whole interval (primesieve: EratBig).
///
/// Near 2^64 there are 203 million sieving primes, most of which have one multiple or none in an interval of 10^9 numbers.
/// Unlike primesieve, this sieve keeps nothing of them: each prime is generated, divided into the interval's start, its few
/// multiples go into buckets, and it is forgotten. There is one bucket for each part of the bitmap, so that crossing off
/// stays within the cache.
struct LargeSieve: ~Copyable {
  /// Bytes of the bitmap that one bucket covers, as a power of two.
  private static let log2BytesPerBucket: UInt64 = 19
  /// Entries per bucket: twice the number of cache lines that it covers.
  private static let entriesPerBucket = 16384

  private let instructions: SieveInstructions
  private let bitmap: UnsafeMutablePointer<UInt8>
  private let byteCount: UInt64
  private let low: UInt64
  private let bucketCount: Int
  /// An entry: the byte's offset in its part of the bitmap in bits 0–23, the mask that unsets the bit in bits 24–31.
  private let entries: UnsafeMutablePointer<UInt32>
  /// Entries in each bucket.
  private let used: UnsafeMutablePointer<Int>

  /// - Parameters:
  ///   - bitmap: `byteCount` bytes, the first of which stands for 30 × `firstByte` + 7 and up.
  init(_ bitmap: UnsafeMutablePointer<UInt8>, byteCount: Int, firstByte: UInt64, _ instructions: SieveInstructions) {
    self.instructions = instructions
    self.bitmap = bitmap
    self.byteCount = UInt64(byteCount)
    low = firstByte * 30 + 7
    bucketCount = Int(UInt64(byteCount) >> Self.log2BytesPerBucket) + 1
    entries = .allocate(capacity: bucketCount * Self.entriesPerBucket)
    used = .allocate(capacity: bucketCount)
    used.initialize(repeating: 0, count: bucketCount)
  }

  deinit {
    entries.deallocate()
    used.deallocate()
  }

  /// Crosses off the multiples, from p² on, of all primes in `first...last`; `last` is below 2^32.
  func crossOff(from first: UInt64, through last: UInt64, _ deadline: Deadline) throws(UnitFailure) {
    if instructions == .vectors { return try crossOffWithVectors(from: first, through: last, deadline) }
    let sieve = try SegmentSieve(low: first, high: last, instructions: instructions, deadline: deadline)
    while let segment = try sieve.next(deadline: deadline) {
      Wheel210.shared.elements.withUnsafeBufferPointer { elements in
        segment.forEachPrime { addMultiples(of: $0, .shared, elements.baseAddress!) }
      }
    }
    for bucket in 0..<bucketCount { crossOff(bucket) }
  }

  /// Adds all multiples of one prime to the buckets.
  @inline(__always) private func addMultiples(
    of prime: UInt64, _ table: borrowing Wheel210, _ elements: UnsafePointer<UInt32>
  ) {
    let first = FirstMultiple(of: prime, low: low, table: table)
    var byte = first.byte
    guard byte < byteCount else { return }
    let prime30 = UInt32(prime / 30)
    var state = first.state
    repeat {
      let element = elements[Int(state)]
      let bucket = Int(byte >> Self.log2BytesPerBucket)
      let count = used[bucket]
      let offset = UInt32(truncatingIfNeeded: byte) & (1 << UInt32(Self.log2BytesPerBucket) - 1)
      entries[bucket &* Self.entriesPerBucket &+ count] = offset | element << 24
      used[bucket] = count &+ 1
      if count &+ 1 == Self.entriesPerBucket { crossOff(bucket) }
      byte &+= UInt64(Wheel210.distance(element, prime30: prime30))
      state = Wheel210.next(element)
    } while byte < byteCount
  }

  /// As `crossOff(from:through:_:)`, with the vector kernels.
  private func crossOffWithVectors(from first: UInt64, through last: UInt64, _ deadline: Deadline)
    throws(UnitFailure)
  {
    let sieve = try SegmentSieve(low: first, high: last, instructions: instructions, deadline: deadline)
    let buckets = BucketKernel(bitmap, byteCount: Int(byteCount), low: low)
    while let segment = try sieve.next(deadline: deadline) { buckets.add(segment) }
    buckets.finish()
  }

  /// Crosses off the multiples in one bucket, and empties it.
  @inline(never) private func crossOff(_ bucket: Int) {
    let bytes = bitmap + bucket << Int(Self.log2BytesPerBucket)
    let entries = entries + bucket * Self.entriesPerBucket
    for index in 0..<used[bucket] {
      let entry = entries[index]
      bytes[Int(entry & 0xFF_FFFF)] &= UInt8(truncatingIfNeeded: entry >> 24)
    }
    used[bucket] = 0
  }
}
