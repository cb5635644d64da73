import CKernels
import LanesOS

/// Does what `WideSieve` does with the kernels: divides eight primes at a time, and lets those that hit the bitmap walk
/// through it sixteen at a time.
struct WideNotes: ~Copyable {
  /// Bytes of a segment whose primes are made at a time: their list stays in L2.
  private static let stretch = 4096
  /// Primes of one residue that are collected before they walk.
  private static let batch = 2048
  /// Bytes of the bitmap that one bin of notes covers, as a power of two.
  private static let stretchBits = 18
  /// Bytes that all notes may take. The more notes a bin holds before its marks are made, the more of them share a cache
  /// line of the bitmap that has to come from memory.
  static let noteBytes = 16 << 20

  /// By residue modulo 210: how far the next cofactor worth marking is; 256 elements.
  private static let skips: [UInt8] = (0..<256).map { UInt8($0 < 210 ? StepTable.shared.entries[$0] & 0xFF : 0) }
  /// By cofactor modulo 210, or that plus 210: its column in `StepTable`.
  private static let columns: [UInt8] = (0..<420).map { UInt8(StepTable.shared.entries[$0 % 210] >> 8) }

  private let low: UInt64
  private let byteCount: Int
  private let binCount: Int
  private var bins: ckernels_bins
  private let rows: UnsafeMutablePointer<ckernels_runners>
  /// Primes of one stretch, and those of them that hit the bitmap; see `ckernels_sieve_first`.
  private let primes = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * stretch + 64)
  private let places = UnsafeMutablePointer<UInt64>.allocate(capacity: 8 * stretch + 8)
  private let residues = UnsafeMutablePointer<UInt64>.allocate(capacity: 8 * stretch + 8)

  /// - Parameter low: the first number of the bitmap's first byte.
  init(_ bitmap: UnsafeMutablePointer<UInt8>, byteCount: Int, low: UInt64) {
    self.low = low
    self.byteCount = byteCount
    binCount = byteCount >> Self.stretchBits + 1
    let capacity = min(Self.noteBytes / 4 / binCount, 1 << 18)
    let notes = UnsafeMutableRawPointer(LargePages.allocate(count: 4 * capacity * binCount))
    bins = ckernels_bins(
      bitmap: bitmap, bits: UInt32(Self.stretchBits), capacity: UInt32(capacity),
      notes: notes.assumingMemoryBound(to: UInt32.self), used: .allocate(capacity: binCount))
    bins.used.initialize(repeating: 0, count: binCount)
    rows = .allocate(capacity: 8)
    for row in 0..<8 {
      rows[row] = ckernels_runners(
        places: .allocate(capacity: Self.batch), primes: .allocate(capacity: Self.batch),
        columns: .allocate(capacity: Self.batch), count: 0)
    }
  }

  deinit {
    for row in 0..<8 {
      rows[row].places.deallocate()
      rows[row].primes.deallocate()
      rows[row].columns.deallocate()
    }
    rows.deallocate()
    bins.notes.deallocate()
    bins.used.deallocate()
    primes.deallocate()
    places.deallocate()
    residues.deallocate()
  }

  /// Notes the multiples of all primes of `segment`, which lie above 2^21 and below 2^32.
  mutating func add(_ segment: Segment) {
    for at in stride(from: 0, to: segment.count, by: Self.stretch) {
      let first = UInt32(truncatingIfNeeded: (segment.firstByte + UInt64(at)) * 30)
      let count = ckernels_sieve_collect(segment.bytes + at, min(Self.stretch, segment.count - at), first, primes)
      let found = ckernels_sieve_first(primes, count, low, UInt64(byteCount) * 30, Self.skips, places, residues)
      collect(found)
    }
  }

  /// Hands the first `found` primes of the lists to their rows.
  private mutating func collect(_ found: Int) {
    StepTable.shared.rows.withUnsafeBufferPointer { rowOfResidue in
      Self.columns.withUnsafeBufferPointer { columns in
        for index in 0..<found {
          let prime = UInt32(truncatingIfNeeded: places[index] >> 32)
          let prime30 = prime / 30
          let row = Int(rowOfResidue[Int(prime &- prime30 &* 30)])
          let count = rows[row].count
          rows[row].places[count] = UInt32(truncatingIfNeeded: places[index]) / 30
          rows[row].primes[count] = prime30
          rows[row].columns[count] = columns[Int(residues[index])]
          rows[row].count = count &+ 1
          if count &+ 1 == Self.batch { walk(row) }
        }
      }
    }
  }

  private mutating func walk(_ row: Int) {
    ckernels_sieve_note(&bins, UInt32(byteCount), rows[row], StepTable.shared.steps + row)
    rows[row].count = 0
  }

  /// Makes all marks that are noted or still to be noted.
  mutating func finish() {
    for row in 0..<8 { walk(row) }
    for bin in 0..<binCount { ckernels_sieve_empty(&bins, bin) }
  }
}
