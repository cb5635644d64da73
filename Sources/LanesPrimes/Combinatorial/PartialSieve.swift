/// A segment from which the multiples of one prime after the other are removed, and which tells in between how many
/// numbers are left up to a given one.
///
/// Byte `k` stands for the numbers 30k + 1, 7, 11, 13, 17, 19, 23 and 29 of the segment; a counter for each 64 bytes
/// says how many bits are still set there.
struct PartialSieve: ~Copyable {
  /// Bytes of a segment; L1 holds them.
  static let byteCount = 32 << 10
  /// Numbers of a segment.
  static let length = UInt64(30 * byteCount)
  private static let bytesPerCounter = 64

  /// By position of p mod 30 and of q mod 30: the bit of p·q in bits 0–7, the distance to the next cofactor in bits
  /// 8–15, and in bits 16–23 what is added to ⌊p/30⌋ × distance to reach the next multiple's byte.
  private static let wheel: [UInt32] = Wheel30.cofactors.flatMap { p in
    (0..<8).map { index in
      let q = Wheel30.cofactors[index]
      // After the last cofactor of a turn comes 31, the first of the next one.
      let gap = (index < 7 ? Wheel30.cofactors[index + 1] : 31) - q
      let residue = p * q % 30
      return 1 << UInt32(Wheel30.cofactorIndex(residue)) | UInt32(gap) << 8 | UInt32((residue + p * gap) / 30) << 16
    }
  }
  /// By residue modulo 30: the bits of the numbers up to it.
  private static let masks: [UInt64] = (0..<30).map { residue in
    UInt64(1) << UInt64(Wheel30.cofactors.count { $0 <= residue }) - 1
  }

  private let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: byteCount)
  /// Bits that are set in each block of 64 bytes.
  private let counters = UnsafeMutablePointer<Int64>.allocate(capacity: byteCount / bytesPerCounter)
  /// Numbers left in the segment.
  private(set) var left: Int64 = 0
  /// Where counting stands: counters added up so far.
  private var counted = 0
  private var sum: Int64 = 0

  deinit {
    bytes.deallocate()
    counters.deallocate()
  }

  /// Begins a segment: nothing but multiples of 2, 3 and 5 is missing.
  mutating func fill() {
    bytes.update(repeating: 0xFF, count: Self.byteCount)
    counters.update(repeating: Int64(8 * Self.bytesPerCounter), count: Self.byteCount / Self.bytesPerCounter)
    left = Int64(8 * Self.byteCount)
    restart()
  }

  /// Lets counting begin at the first number again.
  mutating func restart() {
    counted = 0
    sum = 0
  }

  /// How many numbers are left from the segment's first through the one at `distance` from it; distances ascend from
  /// call to call until `restart`.
  @inline(__always) mutating func count(through distance: UInt64) -> Int64 {
    let byte = Int(distance / 30)
    let block = byte / Self.bytesPerCounter
    // Whole blocks are added once between two restarts, since distances ascend; only the last block is counted anew.
    while counted < block {
      sum &+= counters[counted]
      counted &+= 1
    }
    var bits = 0
    let raw = UnsafeRawPointer(bytes)
    var at = block * Self.bytesPerCounter
    while at &+ 8 <= byte {
      bits &+= raw.load(fromByteOffset: at, as: UInt64.self).nonzeroBitCount
      at &+= 8
    }
    let last = raw.load(fromByteOffset: at, as: UInt64.self)
    let whole = UInt64(byte &- at) &* 8
    // Whole bytes before the last one, and of that one the bits up to the distance.
    let mask = (1 << whole &- 1) | Self.masks[Int(distance % 30)] << whole
    bits &+= (last & mask).nonzeroBitCount
    return sum &+ Int64(bits)
  }

  /// Where one prime's next multiple lies.
  struct SievingPrime {
    let prime30: Int
    /// Byte of the next multiple, relative to the next segment.
    var multipleIndex: Int
    /// 8 × (position of p mod 30) + (position of the cofactor mod 30).
    var state: Int

    /// The first multiple of `prime` at or above `low`, a multiple of 30.
    init(_ prime: UInt64, from low: UInt64) {
      var cofactor = (low + prime - 1) / prime
      // 8 stands for a residue with a factor 2, 3 or 5, which has no bit.
      while Wheel30.cofactorIndex(cofactor % 30) == 8 { cofactor += 1 }
      prime30 = Int(prime / 30)
      multipleIndex = Int((prime * cofactor - low) / 30)
      state = 8 * Wheel30.cofactorIndex(prime % 30) + Wheel30.cofactorIndex(cofactor % 30)
    }
  }

  /// Removes the multiples of one prime, itself included, and moves it on to the next segment.
  mutating func crossOff(_ prime: inout SievingPrime) {
    // Below 150 counting everything anew takes less time than counting each multiple.
    if prime.prime30 < 5 { crossOffTurns(&prime) } else { crossOffOneByOne(&prime) }
  }

  /// As `crossOff`, eight multiples at a time: one turn of the wheel, which spans as many bytes as the prime says.
  private mutating func crossOffTurns(_ prime: inout SievingPrime) {
    var offsets = SIMD8<Int>()
    var kept = SIMD8<UInt8>()
    var (turn, state) = (0, prime.state)
    for index in 0..<8 {
      let element = Self.wheel[state]
      offsets[index] = turn
      kept[index] = ~UInt8(truncatingIfNeeded: element)
      turn += prime.prime30 * Int((element >> 8) & 0xFF) + Int(element >> 16)
      state = (state & 56) | ((state + 1) & 7)
    }
    var at = bytes + prime.multipleIndex
    let end = bytes + Self.byteCount
    while at + offsets[7] < end {
      at[offsets[0]] &= kept[0]
      at[offsets[1]] &= kept[1]
      at[offsets[2]] &= kept[2]
      at[offsets[3]] &= kept[3]
      at[offsets[4]] &= kept[4]
      at[offsets[5]] &= kept[5]
      at[offsets[6]] &= kept[6]
      at[offsets[7]] &= kept[7]
      at += turn
    }
    // The last of the turn is outside, so that this ends within it.
    var index = 0
    while at + offsets[index] < end {
      at[offsets[index]] &= kept[index]
      index += 1
    }
    prime.multipleIndex = at + offsets[index] - end
    prime.state = (prime.state & 56) | ((prime.state + index) & 7)
    recount()
  }

  /// Counts what is left in each block and in all of them.
  private mutating func recount() {
    let raw = UnsafeRawPointer(bytes)
    var left: Int64 = 0
    for block in 0..<Self.byteCount / Self.bytesPerCounter {
      let words = raw.loadUnaligned(fromByteOffset: block &* Self.bytesPerCounter, as: SIMD8<UInt64>.self)
      let ones = Int64(truncatingIfNeeded: words.nonzeroBitCount.wrappedSum())
      counters[block] = ones
      left &+= ones
    }
    self.left = left
  }

  /// As `crossOff`, counting each multiple that is removed.
  private mutating func crossOffOneByOne(_ prime: inout SievingPrime) {
    var (multipleIndex, state, left) = (prime.multipleIndex, prime.state, left)
    Self.wheel.withUnsafeBufferPointer { wheel in
      while multipleIndex < Self.byteCount {
        let element = wheel[state]
        let byte = bytes[multipleIndex]
        let bit = UInt8(truncatingIfNeeded: element)
        // A multiple that an earlier prime removed must not be counted twice.
        let had: Int64 = byte & bit == 0 ? 0 : 1
        bytes[multipleIndex] = byte & ~bit
        counters[multipleIndex / Self.bytesPerCounter] &-= had
        left &-= had
        multipleIndex &+= prime.prime30 &* Int((element >> 8) & 0xFF) &+ Int(element >> 16)
        // The prime's part of the state stays; the cofactor's goes round.
        state = (state & 56) | ((state &+ 1) & 7)
      }
    }
    self.left = left
    prime.multipleIndex = multipleIndex - Self.byteCount
    prime.state = state
  }
}
