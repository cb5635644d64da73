import CKernels

/// Marks the multiples of primes that hit a stretch a few times or not at all, one multiple at a time.
///
/// Every prime's place is kept from one stretch to the next, so that it is divided for once only. Where the processor has
/// AVX-512, sixteen primes of the same residue walk side by side: their steps are looked up in registers, and the marks are
/// noted in a list that is then carried out without a branch. That makes about 2 cycles for a mark, where one prime after
/// the other costs 4 in L2, and 20 for each prime's end in L1.
struct StepSieve: ~Copyable {
  /// Primes of one residue modulo 30, in memory that grows; `deinit` of the sieve frees it.
  private struct Runners {
    /// Byte of the next multiple, relative to the next stretch.
    var places = UnsafeMutablePointer<UInt32>.allocate(capacity: 64)
    /// ⌊p / 30⌋ in bits 0–23, the column of `StepTable` in bits 24–31.
    var primes = UnsafeMutablePointer<UInt32>.allocate(capacity: 64)
    var count = 0
    var capacity = 64

    mutating func append(place: UInt32, prime: UInt32) {
      if count == capacity {
        capacity *= 2
        places = Self.grow(places, count, to: capacity)
        primes = Self.grow(primes, count, to: capacity)
      }
      places[count] = place
      primes[count] = prime
      count += 1
    }

    private static func grow(
      _ old: UnsafeMutablePointer<UInt32>, _ count: Int, to capacity: Int
    ) -> UnsafeMutablePointer<UInt32> {
      let new = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
      new.update(from: old, count: count)
      old.deallocate()
      return new
    }
  }

  private var rows = (0..<8).map { _ in Runners() }
  private let instructions: SieveInstructions
  /// First byte of the first stretch, and bytes from there to the end of the interval.
  private let firstByte: UInt64
  private let byteCount: UInt64
  private var largestPrime: UInt64 = 0

  /// Prepares for stretches from `firstByte` on, `byteCount` bytes in all, at most 2^31.
  init(firstByte: UInt64, byteCount: Int, _ instructions: SieveInstructions) {
    self.firstByte = firstByte
    self.byteCount = UInt64(byteCount)
    self.instructions = instructions
  }

  deinit {
    for list in rows {
      list.places.deallocate()
      list.primes.deallocate()
    }
  }

  /// Adds `prime`, which is below 2^28; multiples below p² are left to others.
  @inline(__always) mutating func add(_ prime: UInt64) {
    let first = FirstMultiple(of: prime, low: firstByte &* 30 &+ 7, table: .shared)
    guard first.byte < byteCount else { return }
    largestPrime = max(largestPrime, prime)
    rows[Int(first.row)].append(place: UInt32(first.byte), prime: UInt32(prime / 30) | first.column << 24)
  }

  /// Marks `size` bytes, at most 2^24, and moves on to the stretch behind them.
  mutating func sweep(_ bytes: UnsafeMutablePointer<UInt8>, size: Int) {
    let isSmall = largestPrime < 30 << 15
    for (row, list) in rows.enumerated() where list.count > 0 {
      let runners = ckernels_runners(places: list.places, primes: list.primes, columns: nil, count: list.count)
      switch instructions {
      case .vectors: ckernels_sieve_step(bytes, UInt32(size), runners, StepTable.shared.steps + row, isSmall ? 1 : 0)
      case .portable: Self.step(bytes, UInt32(size), runners, row)
      }
    }
  }

  /// As `ckernels_sieve_step`, one prime after the other.
  private static func step(
    _ bytes: UnsafeMutablePointer<UInt8>, _ size: UInt32, _ runners: ckernels_runners, _ row: Int
  ) {
    let start = UInt32(row * StepTable.columns)
    StepTable.shared.words.withUnsafeBufferPointer { words in
      let words = words.baseAddress!
      for index in 0..<runners.count {
        var place = runners.places[index]
        if place < size {
          let prime30 = runners.primes[index] & 0xFF_FFFF
          var state = start &+ runners.primes[index] >> 24
          repeat {
            let word = words[Int(state)]
            bytes[Int(place)] &= StepTable.keep(word)
            place &+= StepTable.distance(word, prime30: prime30)
            state = StepTable.next(word)
          } while place < size
          runners.primes[index] = prime30 | (state &- start) << 24
        }
        runners.places[index] = place &- size
      }
    }
  }
}
