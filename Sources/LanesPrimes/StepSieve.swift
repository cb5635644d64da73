/// Marks the multiples of primes that hit a segment a few times or not at all, one multiple at a time.
///
/// Every prime's place is kept from one segment to the next, so that it is divided for once only.
struct StepSieve: ~Copyable {
  private struct Runner {
    /// ⌊p / 30⌋.
    var prime30: UInt32
    /// Byte of the next multiple, relative to the next segment.
    var offset: UInt32
    /// State in `StepTable`.
    var state: UInt32
  }

  private var runners: [Runner] = []

  /// Adds `prime`, which is below 2^27, for segments from `firstByte` on; multiples below p² are left to others.
  mutating func add(_ prime: UInt64, firstByte: UInt64) {
    let first = FirstMultiple(of: prime, low: firstByte * 30 + 7, table: .shared)
    guard first.byte <= UInt64(UInt32.max) else { return }
    runners.append(
      Runner(prime30: UInt32(prime / 30), offset: UInt32(first.byte), state: first.state))
  }

  /// Marks `size` bytes and moves on to the segment behind them.
  mutating func sweep(_ bytes: UnsafeMutablePointer<UInt8>, size: Int) {
    let size = UInt32(size)
    StepTable.shared.words.withUnsafeBufferPointer { words in
      let words = words.baseAddress!
      runners.withUnsafeMutableBufferPointer { runners in
        guard var runner = runners.baseAddress else { return }
        let end = runner + runners.count
        while runner < end {
          var offset = runner.pointee.offset
          if offset < size {
            var state = runner.pointee.state
            let prime30 = runner.pointee.prime30
            repeat {
              let step = words[Int(state)]
              bytes[Int(offset)] &= UInt8(truncatingIfNeeded: step)
              offset &+= prime30 &* ((step >> 8) & 0xFF) &+ (step >> 16)
              state = StepTable.next(state)
            } while offset < size
            runner.pointee.state = state
          }
          runner.pointee.offset = offset &- size
          runner += 1
        }
      }
    }
  }
}

/// The first multiple p·q ≥ max(low, p²) where q has no factor 2, 3 or 5.
struct FirstMultiple {
  /// Its byte, relative to the byte whose first number is `low`; far away when there is none below 2^64.
  let byte: UInt64
  /// Its state in `StepTable`.
  let state: UInt32

  /// - Parameter low: the first number of a byte, 30k + 7; nothing here overflows, whatever lies above 2^64.
  @inline(__always) init(of prime: UInt64, low: UInt64, table: borrowing StepTable) {
    let quotient = low / prime
    let remainder = low &- quotient &* prime
    var cofactor = remainder == 0 ? quotient : quotient &+ 1
    // Distance of p·q from low.
    var ahead = remainder == 0 ? 0 : prime &- remainder
    if cofactor < prime {
      cofactor = prime
      ahead = prime &* prime &- low
    }
    let residue = Int(cofactor % 30)
    let skip = UInt64(table.advance[residue])
    ahead &+= prime &* skip
    byte = ahead / 30
    let row = UInt32(table.position[Int(prime % 30)])
    let column = UInt32(table.position[Int((cofactor &+ skip) % 30)])
    state = row &* 8 &+ column
  }
}
