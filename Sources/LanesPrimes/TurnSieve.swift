/// Marks the multiples of primes that are small beside the stretch they are marked in, eight multiples per loop.
///
/// A turn of the wheel is the eight multiples p·q with q ≡ 1, 7, 11, 13, 17, 19, 23 and 29 (mod 30), which span p bytes.
/// Only whole turns are marked, from the one that reaches into the stretch to the one that leaves it, so there is neither
/// a lead-in nor a tail with branches that cannot be predicted. The price is up to `largestPrime` bytes of marks outside
/// the stretch on either side, which must be memory of the same sieve or padding. Turns that begin with q = 1 clear the
/// prime itself; whoever calls this puts the primes back.
struct TurnSieve: ~Copyable {
  /// Primes by their residue modulo 30; group `g` is `bounds[g]..<bounds[g + 1]`.
  private let primes: UnsafeMutablePointer<UInt32>
  /// Byte at which each prime's next turn begins, relative to the next stretch.
  private let offsets: UnsafeMutablePointer<Int32>
  private let bounds: [Int]
  let largestPrime: Int

  /// Prepares `primes`, each above 5 and at most 2^20, for stretches that follow each other from `firstByte` on.
  init(_ primes: ArraySlice<UInt32>, firstByte: UInt64) {
    self.primes = .allocate(capacity: max(primes.count, 1))
    offsets = .allocate(capacity: max(primes.count, 1))
    largestPrime = Int(primes.max() ?? 0)
    var bounds = [0]
    var used = 0
    for residue in Wheel30.cofactors {
      for prime in primes where UInt64(prime % 30) == residue {
        self.primes[used] = prime
        offsets[used] = Self.firstTurn(of: UInt64(prime), firstByte: firstByte)
        used += 1
      }
      bounds.append(used)
    }
    self.bounds = bounds
  }

  deinit {
    primes.deallocate()
    offsets.deallocate()
  }

  /// Where the turn of `prime` begins that holds the first number of byte `firstByte`, or the first turn of all.
  private static func firstTurn(of prime: UInt64, firstByte: UInt64) -> Int32 {
    let low = firstByte * 30 + 7
    let quotient = low / prime
    guard quotient > 0 else { return Int32((prime - low) / 30) }
    let cofactor = (quotient - 1) / 30 * 30 + 1
    let behind = low - prime * cofactor
    return -Int32((behind + 29) / 30)
  }

  /// Calls `body` for every prime, in no particular order.
  func forEachPrime(_ body: (UInt32) -> Void) {
    for index in 0..<bounds[8] { body(primes[index]) }
  }

  /// Marks `size` bytes and moves on to the stretch behind them.
  mutating func sweep(_ bytes: UnsafeMutablePointer<UInt8>, size: Int) {
    sweep1(bytes, size)
    sweep7(bytes, size)
    sweep11(bytes, size)
    sweep13(bytes, size)
    sweep17(bytes, size)
    sweep19(bytes, size)
    sweep23(bytes, size)
    sweep29(bytes, size)
  }

  // A function for each residue: in one for all of them the compiler stops inlining before the last.
  @inline(never) private func sweep1(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    sweep(bytes, size, group: 0, residue: 1)
  }
  @inline(never) private func sweep7(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    sweep(bytes, size, group: 1, residue: 7)
  }
  @inline(never) private func sweep11(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    sweep(bytes, size, group: 2, residue: 11)
  }
  @inline(never) private func sweep13(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    sweep(bytes, size, group: 3, residue: 13)
  }
  @inline(never) private func sweep17(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    sweep(bytes, size, group: 4, residue: 17)
  }
  @inline(never) private func sweep19(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    sweep(bytes, size, group: 5, residue: 19)
  }
  @inline(never) private func sweep23(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    sweep(bytes, size, group: 6, residue: 23)
  }
  @inline(never) private func sweep29(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int) {
    sweep(bytes, size, group: 7, residue: 29)
  }

  /// As `sweep`, for the primes of one residue; with `residue` a literal every mask below is a constant.
  @inline(__always) private func sweep(
    _ bytes: UnsafeMutablePointer<UInt8>, _ size: Int, group: Int, residue: Int
  ) {
    let end = bytes + size
    for index in bounds[group]..<bounds[group + 1] {
      let prime = Int(primes[index])
      let k = prime / 30
      var at = bytes + Int(offsets[index])
      guard at < end else {
        offsets[index] -= Int32(truncatingIfNeeded: size)
        continue
      }
      while at < end {
        mark(at, residue, 0)
        mark(at + 6 &* k, residue, 6)
        mark(at + 10 &* k, residue, 10)
        mark(at + 12 &* k, residue, 12)
        mark(at + 16 &* k, residue, 16)
        mark(at + 18 &* k, residue, 18)
        mark(at + 22 &* k, residue, 22)
        mark(at + 28 &* k, residue, 28)
        at += prime
      }
      // The last turn leaves the stretch: it begins the next one again.
      offsets[index] = Int32(truncatingIfNeeded: (at - prime) - end)
    }
  }

  /// Clears the multiple whose cofactor is `ahead` above the turn's first; `at` lacks the part that depends on `residue`.
  @inline(__always) private func mark(_ at: UnsafeMutablePointer<UInt8>, _ residue: Int, _ ahead: Int) {
    let distance = (residue + 23) % 30 + residue * ahead
    at[distance / 30] &= Self.keep(distance % 30)
  }

  /// All bits but that of the number at `distance` from the byte's first.
  @inline(__always) private static func keep(_ distance: Int) -> UInt8 {
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
