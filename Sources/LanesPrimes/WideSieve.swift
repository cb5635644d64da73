import LanesCore

/// Marks the multiples of very large primes in the bitmap of a whole interval.
///
/// Near 2^64 there are 203 million sieving primes, most of which hit an interval of 10^9 numbers once or never. Nothing is
/// kept of them: each is made, divided into the interval's start, notes its few multiples and is forgotten. The notes are
/// collected by stretch of the bitmap, so that they are carried out where the cache already is.
struct WideSieve: ~Copyable {
  /// Bytes of the bitmap that one bin of notes covers, as a power of two.
  private static let stretchBits: UInt64 = 19
  /// Notes per bin: as many as a stretch has cache lines, and again.
  private static let notesPerBin = 16384

  private let instructions: SieveInstructions
  private let bitmap: UnsafeMutablePointer<UInt8>
  private let byteCount: UInt64
  private let low: UInt64
  private let binCount: Int
  /// A note: the byte inside its stretch in bits 0–23, the bits to keep in bits 24–31.
  private let notes: UnsafeMutablePointer<UInt32>
  /// Notes in each bin.
  private let used: UnsafeMutablePointer<Int>

  /// - Parameters:
  ///   - bitmap: `byteCount` bytes, the first of which stands for 30 × `firstByte` + 7 and up.
  init(_ bitmap: UnsafeMutablePointer<UInt8>, byteCount: Int, firstByte: UInt64, _ instructions: SieveInstructions) {
    self.instructions = instructions
    self.bitmap = bitmap
    self.byteCount = UInt64(byteCount)
    low = firstByte * 30 + 7
    binCount = Int(UInt64(byteCount) >> Self.stretchBits) + 1
    notes = .allocate(capacity: binCount * Self.notesPerBin)
    used = .allocate(capacity: binCount)
    used.initialize(repeating: 0, count: binCount)
  }

  deinit {
    notes.deallocate()
    used.deallocate()
  }

  /// Marks the multiples, from p² on, of all primes in `first...last`; `last` is below 2^32.
  func mark(from first: UInt64, through last: UInt64, _ checkpoint: Checkpoint) throws(UnitFailure) {
    if instructions == .vectors { return try markWithVectors(from: first, through: last, checkpoint) }
    let sieve = try SegmentSieve(low: first, high: last, instructions: instructions, checkpoint: checkpoint)
    while let segment = try sieve.next(checkpoint: checkpoint) {
      StepTable.shared.words.withUnsafeBufferPointer { words in
        segment.forEachPrime { note($0, .shared, words.baseAddress!) }
      }
    }
    for bin in 0..<binCount { carryOut(bin) }
  }

  /// Notes all multiples of one prime.
  @inline(__always) private func note(_ prime: UInt64, _ table: borrowing StepTable, _ words: UnsafePointer<UInt32>) {
    let first = FirstMultiple(of: prime, low: low, table: table)
    var byte = first.byte
    guard byte < byteCount else { return }
    let prime30 = UInt32(prime / 30)
    var state = first.state
    repeat {
      let step = words[Int(state)]
      let bin = Int(byte >> Self.stretchBits)
      let count = used[bin]
      let inside = UInt32(truncatingIfNeeded: byte) & (1 << UInt32(Self.stretchBits) - 1)
      notes[bin &* Self.notesPerBin &+ count] = inside | step << 24
      used[bin] = count &+ 1
      if count &+ 1 == Self.notesPerBin { carryOut(bin) }
      byte &+= UInt64(StepTable.distance(step, prime30: prime30))
      state = StepTable.next(step)
    } while byte < byteCount
  }

  /// As `mark`, with the kernels.
  private func markWithVectors(from first: UInt64, through last: UInt64, _ checkpoint: Checkpoint) throws(UnitFailure) {
    let sieve = try SegmentSieve(low: first, high: last, instructions: instructions, checkpoint: checkpoint)
    var notes = WideNotes(bitmap, byteCount: Int(byteCount), low: low)
    while let segment = try sieve.next(checkpoint: checkpoint) { notes.add(segment) }
    notes.finish()
  }

  /// Clears the bits that the notes of one bin tell of, and empties it.
  @inline(never) private func carryOut(_ bin: Int) {
    let stretch = bitmap + bin << Int(Self.stretchBits)
    let notes = notes + bin * Self.notesPerBin
    for index in 0..<used[bin] {
      let note = notes[index]
      stretch[Int(note & 0xFF_FFFF)] &= UInt8(truncatingIfNeeded: note >> 24)
    }
    used[bin] = 0
  }
}
