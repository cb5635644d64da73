import CKernels
import LanesOS

/// Does the work of `LargeSieve` with vector kernels: divides eight primes at a time, and advances those with a multiple in
/// the bitmap sixteen at a time.
struct BucketKernel: ~Copyable {
  /// Primes of one residue that are collected before their multiples are added to the buckets.
  private static let batch = 2048
  /// Bytes of the bitmap that one bucket covers, as a power of two.
  private static let log2BytesPerBucket = 18
  /// Bytes that all buckets may take. The more entries a bucket holds before they are crossed off, the more of them share a
  /// cache line of the bitmap that has to come from memory.
  static let bucketBytes = 16 << 20

  private let byteCount: Int
  private let bucketCount: Int
  private let buckets: UnsafeMutablePointer<ckernels_buckets>
  /// What the buckets' entries lie in.
  private let block: LargeBlock
  /// The primes collected, by position of their residue in `Wheel30.cofactors`.
  private let classes: UnsafeMutablePointer<ckernels_sieving_primes>
  private let firstMultiples: FirstMultiples

  /// - Parameter low: the first number of the bitmap's first byte.
  init(_ bitmap: UnsafeMutablePointer<UInt8>, byteCount: Int, low: UInt64) {
    firstMultiples = FirstMultiples(low: low, byteCount: byteCount)
    self.byteCount = byteCount
    bucketCount = byteCount >> Self.log2BytesPerBucket + 1
    let capacity = min(Self.bucketBytes / 4 / bucketCount, 1 << 18)
    block = LargeBlock(count: 4 * capacity * bucketCount)
    let entries = UnsafeMutableRawPointer(block.start)
    buckets = .allocate(capacity: 1)
    buckets.initialize(
      to: ckernels_buckets(
        bitmap: bitmap, bits: UInt32(Self.log2BytesPerBucket), capacity: UInt32(capacity),
        entries: entries.assumingMemoryBound(to: UInt32.self), used: .allocate(capacity: bucketCount)))
    buckets.pointee.used.initialize(repeating: 0, count: bucketCount)
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
    buckets.pointee.used.deallocate()
    buckets.deallocate()
  }

  /// Adds the multiples of all primes of `segment`, which lie above 2^21 and below 2^32.
  func add(_ segment: Segment) {
    firstMultiples.forEach(of: segment) { prime, byte, one, wheelIndex in
      let count = classes[one].count
      classes[one].multiple_indexes[count] = byte
      classes[one].primes[count] = prime / 30
      classes[one].wheel_indexes[count] = wheelIndex
      classes[one].count = count &+ 1
      if count &+ 1 == Self.batch { fillBuckets(one) }
    }
  }

  private func fillBuckets(_ one: Int) {
    ckernels_sieve_fill_buckets(buckets, UInt32(byteCount), classes[one], KernelWheel.of210.byResidue + one)
    classes[one].count = 0
  }

  /// Crosses off everything that is collected or in a bucket.
  func finish() {
    for one in 0..<8 { fillBuckets(one) }
    for bucket in 0..<bucketCount { ckernels_sieve_cross_off_bucket(buckets, bucket) }
  }
}
