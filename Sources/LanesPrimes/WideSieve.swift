import LanesCore

/// Marks the multiples of very large primes in the bitmap of a whole interval.
///
/// Near 2^64 there are 203 million sieving primes, most of which hit an interval of 10^9 numbers once or never. Nothing is
/// kept of them: each is made, divided into the interval's start, marks its few multiples and is forgotten.
struct WideSieve {
  private let bitmap: UnsafeMutablePointer<UInt8>
  private let byteCount: UInt64
  private let low: UInt64

  /// - Parameters:
  ///   - bitmap: `byteCount` bytes, the first of which stands for 30 × `firstByte` + 7 and up.
  init(_ bitmap: UnsafeMutablePointer<UInt8>, byteCount: Int, firstByte: UInt64) {
    self.bitmap = bitmap
    self.byteCount = UInt64(byteCount)
    low = firstByte * 30 + 7
  }

  /// Marks the multiples, from p² on, of all primes in `first...last`; `last` is below 2^32.
  mutating func mark(from first: UInt64, through last: UInt64, _ checkpoint: Checkpoint) throws(UnitFailure) {
    let table = StepTable.shared
    let sieve = try SegmentSieve(low: first, high: last, checkpoint: checkpoint)
    while let segment = try sieve.next(checkpoint: checkpoint) {
      table.words.withUnsafeBufferPointer { words in
        segment.forEachPrime { mark($0, table, words.baseAddress!) }
      }
    }
  }

  @inline(__always) private func mark(_ prime: UInt64, _ table: borrowing StepTable, _ words: UnsafePointer<UInt32>) {
    let first = FirstMultiple(of: prime, low: low, table: table)
    var byte = first.byte
    guard byte < byteCount else { return }
    let prime30 = prime / 30
    var state = first.state
    repeat {
      let step = words[Int(state)]
      bitmap[Int(byte)] &= UInt8(truncatingIfNeeded: step)
      byte &+= prime30 &* UInt64((step >> 8) & 0xFF) &+ UInt64(step >> 16)
      state = StepTable.next(state)
    } while byte < byteCount
  }
}
