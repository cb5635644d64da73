import CKernels

/// Crosses off the multiples of medium sieving primes, one multiple at a time (primesieve: EratMedium).
///
/// Such primes have a few multiples in a segment, or none. Each prime's multiple index is kept from one segment to the
/// next, so that it takes one division only. With AVX2 eight primes of the same residue advance together, with AVX-512
/// sixteen: their steps are looked up in registers, and the multiples go to a list that is crossed off without a branch, at
/// 1.5 to 3 cycles a multiple (Zen 5). One prime after the other costs 20 more for each prime's end.
struct MediumSieve: ~Copyable {
  /// The sieving primes of one residue modulo 30, in memory that grows; the sieve's `deinit` frees it.
  private struct ResidueClass {
    /// Byte of each prime's next multiple, relative to the start of the next segment.
    var multipleIndexes = UnsafeMutablePointer<UInt32>.allocate(capacity: 64)
    /// ⌊p / 30⌋ in bits 0–23, the wheel index in bits 24–31.
    var primes = UnsafeMutablePointer<UInt32>.allocate(capacity: 64)
    var count = 0
    var capacity = 64

    mutating func append(multipleIndex: UInt32, prime: UInt32) {
      if count == capacity {
        capacity *= 2
        multipleIndexes = Self.grow(multipleIndexes, count, to: capacity)
        primes = Self.grow(primes, count, to: capacity)
      }
      multipleIndexes[count] = multipleIndex
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

  /// By position of the residue in `Wheel30.cofactors`.
  private let classes: UnsafeMutablePointer<ResidueClass>
  private let instructions: SieveInstructions
  private let wheel: KernelWheel
  private let wheelIndexes: UnsafeMutablePointer<UInt8>
  /// First byte of the first segment, and bytes from there to the end of the interval.
  private let firstByte: UInt64
  private let byteCount: UInt64
  private var largestPrime: UInt64 = 0

  /// Prepares for segments from `firstByte` on, `byteCount` bytes in all, at most 2^31.
  init(firstByte: UInt64, byteCount: Int, _ instructions: SieveInstructions) {
    self.firstByte = firstByte
    self.byteCount = UInt64(byteCount)
    self.instructions = instructions
    wheel = instructions == .vectors ? .ofMediumPrimes : .of210
    wheelIndexes = .allocate(capacity: Wheel210.states)
    for (index, own) in wheel.wheelIndexes.enumerated() { wheelIndexes[index] = own }
    classes = .allocate(capacity: 8)
    for one in 0..<8 { (classes + one).initialize(to: ResidueClass()) }
  }

  deinit {
    for one in 0..<8 {
      classes[one].multipleIndexes.deallocate()
      classes[one].primes.deallocate()
    }
    classes.deallocate()
    wheelIndexes.deallocate()
  }

  /// Adds `prime`, which is below 2^28; multiples below p² are left to others.
  @inline(__always) mutating func add(_ prime: UInt64) {
    let first = FirstMultiple(of: prime, low: firstByte &* 30 &+ 7, table: .shared)
    guard first.byte < byteCount else { return }
    add(UInt32(prime), UInt32(first.byte), Int(first.residueIndex), UInt8(first.wheelIndex))
  }

  /// Adds primes below 2^28 of an ascending list.
  mutating func add(_ multiples: borrowing FirstMultiples, _ primes: ArraySlice<UInt32>) {
    multiples.forEach(of: primes) { add($0, $1, $2, $3) }
  }

  /// Adds the primes of `segment`, which lie below 2^28.
  mutating func add(_ multiples: borrowing FirstMultiples, _ segment: Segment) {
    multiples.forEach(of: segment) { add($0, $1, $2, $3) }
  }

  @inline(__always) private mutating func add(_ prime: UInt32, _ byte: UInt32, _ residueIndex: Int, _ wheelIndex: UInt8)
  {
    largestPrime = max(largestPrime, UInt64(prime))
    classes[residueIndex].append(multipleIndex: byte, prime: prime / 30 | UInt32(wheelIndexes[Int(wheelIndex)]) << 24)
  }

  /// Crosses off the multiples in `size` bytes, at most 2^23, and moves on to the segment after them.
  mutating func crossOff(_ bytes: UnsafeMutablePointer<UInt8>, size: Int) {
    let isSmall = largestPrime < 30 << 15
    for residueIndex in 0..<8 where classes[residueIndex].count > 0 {
      let one = classes[residueIndex]
      let sievingPrimes = ckernels_sieving_primes(
        multiple_indexes: one.multipleIndexes, primes: one.primes, wheel_indexes: nil, count: one.count)
      switch instructions {
      case .vectors:
        ckernels_sieve_medium(
          bytes, UInt32(size), sievingPrimes, wheel.byResidue + residueIndex, isSmall)
      case .portable: Self.crossOff(bytes, UInt32(size), sievingPrimes, residueIndex)
      }
    }
  }

  /// As `ckernels_sieve_medium`, one prime after the other.
  private static func crossOff(
    _ bytes: UnsafeMutablePointer<UInt8>, _ size: UInt32, _ sievingPrimes: ckernels_sieving_primes, _ residueIndex: Int
  ) {
    let start = UInt32(residueIndex * Wheel210.states)
    Wheel210.shared.elements.withUnsafeBufferPointer { elements in
      let elements = elements.baseAddress!
      for index in 0..<sievingPrimes.count {
        var multipleIndex = sievingPrimes.multiple_indexes[index]
        if multipleIndex < size {
          let prime30 = sievingPrimes.primes[index] & 0xFF_FFFF
          var state = start &+ sievingPrimes.primes[index] >> 24
          repeat {
            let element = elements[Int(state)]
            bytes[Int(multipleIndex)] &= Wheel210.unsetMask(element)
            multipleIndex &+= Wheel210.distance(element, prime30: prime30)
            state = Wheel210.next(element)
          } while multipleIndex < size
          sievingPrimes.primes[index] = prime30 | (state &- start) << 24
        }
        sievingPrimes.multiple_indexes[index] = multipleIndex &- size
      }
    }
  }
}
