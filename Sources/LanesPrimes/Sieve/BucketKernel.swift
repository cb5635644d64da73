import CKernels
import LanesOS

/// Does the work of `LargeSieve` with vector kernels: divides eight primes at a time, and advances those with a multiple in
/// the bitmap sixteen at a time.
struct BucketKernel: ~Copyable {
  /// Bytes of a segment whose primes are listed at a time: the list stays in L2.
  private static let chunk = 4096
  /// Primes of one residue that are collected before their multiples are added to the buckets.
  private static let batch = 2048
  /// Bytes of the bitmap that one bucket covers, as a power of two.
  private static let log2BytesPerBucket = 18
  /// Bytes that all buckets may take. The more entries a bucket holds before they are crossed off, the more of them share a
  /// cache line of the bitmap that has to come from memory.
  static let bucketBytes = 16 << 20

  /// By residue modulo 210: the distance to the next cofactor worth crossing off; 256 elements.
  private static let skips: [UInt8] = (0..<256).map { UInt8($0 < 210 ? Wheel210.shared.entries[$0] & 0xFF : 0) }
  /// By cofactor modulo 210, or that plus 210: its wheel index in `Wheel210`.
  private static let wheelIndexes: [UInt8] = (0..<420).map { UInt8(Wheel210.shared.entries[$0 % 210] >> 8) }

  private let low: UInt64
  private let byteCount: Int
  private let bucketCount: Int
  private var buckets: ckernels_buckets
  /// The primes collected, by position of their residue in `Wheel30.cofactors`.
  private let classes: UnsafeMutablePointer<ckernels_sieving_primes>
  /// Primes of one chunk, and those of them with a multiple in the bitmap; see `ckernels_sieve_first_multiples`.
  private let primes = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * chunk + 64)
  private let multipleDistances = UnsafeMutablePointer<UInt64>.allocate(capacity: 8 * chunk + 8)
  private let cofactorResidues = UnsafeMutablePointer<UInt64>.allocate(capacity: 8 * chunk + 8)

  /// - Parameter low: the first number of the bitmap's first byte.
  init(_ bitmap: UnsafeMutablePointer<UInt8>, byteCount: Int, low: UInt64) {
    self.low = low
    self.byteCount = byteCount
    bucketCount = byteCount >> Self.log2BytesPerBucket + 1
    let capacity = min(Self.bucketBytes / 4 / bucketCount, 1 << 18)
    let entries = UnsafeMutableRawPointer(LargePages.allocate(count: 4 * capacity * bucketCount))
    buckets = ckernels_buckets(
      bitmap: bitmap, bits: UInt32(Self.log2BytesPerBucket), capacity: UInt32(capacity),
      entries: entries.assumingMemoryBound(to: UInt32.self), used: .allocate(capacity: bucketCount))
    buckets.used.initialize(repeating: 0, count: bucketCount)
    classes = .allocate(capacity: 8)
    for one in 0..<8 {
      classes[one] = ckernels_sieving_primes(
        multiple_indexes: .allocate(capacity: Self.batch), primes: .allocate(capacity: Self.batch),
        wheel_indexes: .allocate(capacity: Self.batch), count: 0)
    }
  }

  deinit {
    for one in 0..<8 {
      classes[one].multiple_indexes.deallocate()
      classes[one].primes.deallocate()
      classes[one].wheel_indexes.deallocate()
    }
    classes.deallocate()
    buckets.entries.deallocate()
    buckets.used.deallocate()
    primes.deallocate()
    multipleDistances.deallocate()
    cofactorResidues.deallocate()
  }

  /// Adds the multiples of all primes of `segment`, which lie above 2^21 and below 2^32.
  mutating func add(_ segment: Segment) {
    for at in stride(from: 0, to: segment.count, by: Self.chunk) {
      let first = UInt32(truncatingIfNeeded: (segment.firstByte + UInt64(at)) * 30)
      let count = ckernels_sieve_collect(segment.bytes + at, min(Self.chunk, segment.count - at), first, primes)
      let found = ckernels_sieve_first_multiples(
        primes, count, low, UInt64(byteCount) * 30, Self.skips, multipleDistances, cofactorResidues)
      collect(found)
    }
  }

  /// Sorts the first `found` primes of the lists by residue.
  private mutating func collect(_ found: Int) {
    Wheel210.shared.residueIndexes.withUnsafeBufferPointer { residueIndexes in
      Self.wheelIndexes.withUnsafeBufferPointer { wheelIndexes in
        for index in 0..<found {
          let prime = UInt32(truncatingIfNeeded: multipleDistances[index] >> 32)
          let prime30 = prime / 30
          let one = Int(residueIndexes[Int(prime &- prime30 &* 30)])
          let count = classes[one].count
          classes[one].multiple_indexes[count] = UInt32(truncatingIfNeeded: multipleDistances[index]) / 30
          classes[one].primes[count] = prime30
          classes[one].wheel_indexes[count] = wheelIndexes[Int(cofactorResidues[index])]
          classes[one].count = count &+ 1
          if count &+ 1 == Self.batch { fillBuckets(one) }
        }
      }
    }
  }

  private mutating func fillBuckets(_ one: Int) {
    ckernels_sieve_fill_buckets(&buckets, UInt32(byteCount), classes[one], Wheel210.shared.byResidue + one)
    classes[one].count = 0
  }

  /// Crosses off everything that is collected or in a bucket.
  mutating func finish() {
    for one in 0..<8 { fillBuckets(one) }
    for bucket in 0..<bucketCount { ckernels_sieve_cross_off_bucket(&buckets, bucket) }
  }
}
