/// A stretch of numbers from which the multiples of one prime after the other are taken away, and which is asked in between
/// how many are left up to a place.
///
/// Byte `k` stands for the numbers 30k + 1, 7, 11, 13, 17, 19, 23 and 29 of the stretch; a counter for each 64 bytes says how
/// many bits are still set there.
struct PartialSieve: ~Copyable {
  /// Bytes of a stretch; L1 holds them.
  static let byteCount = 32 << 10
  /// Numbers of a stretch.
  static let length = UInt64(30 * byteCount)
  private static let bytesPerCounter = 64

  /// By position of p mod 30 and of q mod 30: the bit of p·q in bits 0–7, the distance to the next cofactor in bits 8–15,
  /// and in bits 16–23 what is added to ⌊p/30⌋ × distance to reach the next multiple's byte.
  private static let steps: [UInt32] = Wheel30.cofactors.flatMap { p in
    (0..<8).map { index in
      let q = Wheel30.cofactors[index]
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
  private let counters = UnsafeMutablePointer<Int64>.allocate(capacity: byteCount / bytesPerCounter)
  /// Numbers left in the stretch.
  private(set) var left: Int64 = 0
  /// Where counting stands: counters added up so far.
  private var counted = 0
  private var sum: Int64 = 0

  deinit {
    bytes.deallocate()
    counters.deallocate()
  }

  /// Begins a stretch: nothing but multiples of 2, 3 and 5 is missing.
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

  /// How many numbers are left from the stretch's first through the one at `distance` from it; places ascend from call to
  /// call until `restart`.
  @inline(__always) mutating func count(through distance: UInt64) -> Int64 {
    let byte = Int(distance / 30)
    let block = byte / Self.bytesPerCounter
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
    let mask = (1 << whole &- 1) | Self.masks[Int(distance % 30)] << whole
    bits &+= (last & mask).nonzeroBitCount
    return sum &+ Int64(bits)
  }

  /// Where one prime's next multiple lies.
  struct Runner {
    let prime30: Int
    /// Byte of the next multiple, relative to the next stretch.
    var place: Int
    /// 8 × (position of p mod 30) + (position of the cofactor mod 30).
    var state: Int

    /// The first multiple of `prime` at or above `low`, a multiple of 30.
    init(_ prime: UInt64, from low: UInt64) {
      var cofactor = (low + prime - 1) / prime
      while Wheel30.cofactorIndex(cofactor % 30) == 8 { cofactor += 1 }
      prime30 = Int(prime / 30)
      place = Int((prime * cofactor - low) / 30)
      state = 8 * Wheel30.cofactorIndex(prime % 30) + Wheel30.cofactorIndex(cofactor % 30)
    }
  }

  /// Takes the multiples of one prime away, itself included, and moves it on to the next stretch.
  mutating func remove(_ runner: inout Runner) {
    var (place, state, left) = (runner.place, runner.state, left)
    Self.steps.withUnsafeBufferPointer { steps in
      while place < Self.byteCount {
        let step = steps[state]
        let byte = bytes[place]
        let bit = UInt8(truncatingIfNeeded: step)
        let had: Int64 = byte & bit == 0 ? 0 : 1
        bytes[place] = byte & ~bit
        counters[place / Self.bytesPerCounter] &-= had
        left &-= had
        place &+= runner.prime30 &* Int((step >> 8) & 0xFF) &+ Int(step >> 16)
        state = (state & 56) | ((state &+ 1) & 7)
      }
    }
    self.left = left
    runner.place = place - Self.byteCount
    runner.state = state
  }
}
