/// Crosses off the multiples of small sieving primes, eight multiples per iteration (primesieve: EratSmall).
///
/// One turn of the wheel is the eight multiples p·q with q ≡ 1, 7, 11, 13, 17, 19, 23 and 29 (mod 30), which span p bytes.
/// The sieve crosses off whole turns only, from the turn that reaches into the segment to the one that leaves it. That
/// avoids a lead-in and a tail, whose branches the processor could not predict. The price: up to `largestPrime` bytes
/// outside the segment are written on either side, so they must be memory of the same sieve, or padding. A turn that
/// begins with q = 1 crosses off the prime itself; the caller sets those bits again.
struct SmallSieve: ~Copyable {
  /// Primes by their residue modulo 30; group `g` is `bounds[g]..<bounds[g + 1]`.
  private let primes: UnsafeMutablePointer<UInt32>
  /// Byte at which each prime's next turn begins, relative to the start of the next segment.
  private let multipleIndexes: UnsafeMutablePointer<Int32>
  private let bounds: [Int]
  /// 0 when there are no primes.
  let largestPrime: Int

  /// Prepares `primes`, each above 5 and at most 2^20, for consecutive segments from `firstByte` on.
  init(_ primes: ArraySlice<UInt32>, firstByte: UInt64) {
    self.primes = .allocate(capacity: max(primes.count, 1))
    multipleIndexes = .allocate(capacity: max(primes.count, 1))
    largestPrime = Int(primes.max() ?? 0)
    var bounds = [0]
    var used = 0
    for residue in Wheel30.cofactors {
      for prime in primes where UInt64(prime % 30) == residue {
        self.primes[used] = prime
        multipleIndexes[used] = Self.firstTurn(of: UInt64(prime), firstByte: firstByte)
        used += 1
      }
      bounds.append(used)
    }
    self.bounds = bounds
  }

  deinit {
    primes.deallocate()
    multipleIndexes.deallocate()
  }

  /// Where the turn of `prime` begins that holds the first number of byte `firstByte`, or the first turn of all.
  private static func firstTurn(of prime: UInt64, firstByte: UInt64) -> Int32 {
    let low = firstByte * 30 + 7
    let quotient = low / prime
    guard quotient > 0 else { return Int32((prime - low) / 30) }
    let cofactor = (quotient - 1) / 30 * 30 + 1
    let distance = low - prime * cofactor
    return -Int32((distance + 29) / 30)
  }

  /// Calls `body` for every prime, in no particular order.
  func forEachPrime(_ body: (UInt32) -> Void) {
    for index in 0..<bounds[8] { body(primes[index]) }
  }

  /// Crosses off the multiples in `size` bytes and moves on to the segment after them.
  mutating func crossOff(_ bytes: UnsafeMutablePointer<UInt8>, size: Int) {
    crossOff1(bytes, size)
    crossOff7(bytes, size)
    crossOff11(bytes, size)
    crossOff13(bytes, size)
    crossOff17(bytes, size)
    crossOff19(bytes, size)
    crossOff23(bytes, size)
    crossOff29(bytes, size)
  }

  // A function for each residue: in one for all of them the compiler stops inlining before the last.
  @inline(never) private func crossOff1(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    crossOff(bytes, size, group: 0, residue: 1)
  }
  @inline(never) private func crossOff7(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    crossOff(bytes, size, group: 1, residue: 7)
  }
  @inline(never) private func crossOff11(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    crossOff(bytes, size, group: 2, residue: 11)
  }
  @inline(never) private func crossOff13(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    crossOff(bytes, size, group: 3, residue: 13)
  }
  @inline(never) private func crossOff17(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    crossOff(bytes, size, group: 4, residue: 17)
  }
  @inline(never) private func crossOff19(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    crossOff(bytes, size, group: 5, residue: 19)
  }
  @inline(never) private func crossOff23(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    crossOff(bytes, size, group: 6, residue: 23)
  }
  @inline(never) private func crossOff29(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    crossOff(bytes, size, group: 7, residue: 29)
  }

  /// As `crossOff`, for the primes of one residue; `residue` is a literal, so that every mask below is a constant.
  @inline(__always) private func crossOff(
    _ bytes: UnsafeMutablePointer<UInt8>, _ size: Int, group: Int, residue: Int
  ) {
    let end = bytes + size
    for index in bounds[group]..<bounds[group + 1] {
      let prime = Int(primes[index])
      let k = prime / 30
      var at = bytes + Int(multipleIndexes[index])
      guard at < end else {
        multipleIndexes[index] -= Int32(truncatingIfNeeded: size)
        continue
      }
      while at < end {
        unset(at, residue, 0)
        unset(at + 6 &* k, residue, 6)
        unset(at + 10 &* k, residue, 10)
        unset(at + 12 &* k, residue, 12)
        unset(at + 16 &* k, residue, 16)
        unset(at + 18 &* k, residue, 18)
        unset(at + 22 &* k, residue, 22)
        unset(at + 28 &* k, residue, 28)
        at += prime
      }
      // The last turn reaches into the next segment, which therefore begins with it again.
      multipleIndexes[index] = Int32(truncatingIfNeeded: (at - prime) - end)
    }
  }

  /// Clears the bit of the multiple whose cofactor is `ahead` above the turn's first; `at` lacks the part that depends on
  /// `residue`.
  @inline(__always) private func unset(_ at: UnsafeMutablePointer<UInt8>, _ residue: Int, _ ahead: Int) {
    let distance = (residue + 23) % 30 + residue * ahead
    at[distance / 30] &= Self.unsetMask(distance % 30)
  }

  /// All bits but that of the number at `distance` from the byte's first.
  @inline(__always) private static func unsetMask(_ distance: Int) -> UInt8 {
    switch distance {
    case 0: 0xFE
    case 4: 0xFD
    case 6: 0xFB
    case 10: 0xF7
    case 12: 0xEF
    case 16: 0xDF
    case 22: 0xBF
    default: 0x7F
    }
  }
}
