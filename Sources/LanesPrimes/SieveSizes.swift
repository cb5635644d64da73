import LanesOS

/// How memory is cut up for a sieve: by the caches of the machine and by what its instructions are good at.
///
/// Shares were measured on a Sapphire Rapids with 48 KiB of L1 and 2 MiB of L2.
struct SieveSizes {
  /// Primes above this are not kept from segment to segment: they are made on the fly and mark the unit's whole bitmap.
  static let largestResident: UInt64 = 1 << 24
  /// The caches that sizes are made for.
  static let caches = Caches.found ?? .usual

  /// Bytes in which the smallest primes are marked; L1 holds them beside what comes with the primes.
  let block: Int
  /// Bytes in which other resident primes are marked; L2 holds them together with the primes' state.
  let segment: Int
  /// Largest prime marked by whole turns inside a block.
  let blockTurns: UInt64
  /// Largest prime marked by whole turns inside a segment; beyond a quarter of it too many marks would fall outside.
  let segmentTurns: UInt64
  /// Largest prime marked by steps inside a block; those above are marked inside a segment.
  let blockSteps: UInt64

  /// Sizes for a sieve of `byteCount` bytes.
  init(byteCount: Int, _ instructions: SieveInstructions) {
    let all = (byteCount + 127) & ~127
    // Bounded: where caches are very large, more is not better, and notes address 2^24 bytes.
    let largestBlock = min(max(Self.caches.level1 * 2 / 3, 16 << 10), 128 << 10) & ~1023
    // Without the kernels turns mark all of a segment, which is quicker while the block's surroundings stay close.
    let share = instructions == .vectors ? 2 : 4
    let largestSegment = min(max(Self.caches.level2 / share, 4 * largestBlock), 1 << 20)
    segment = min(largestSegment / largestBlock * largestBlock, all)
    block = min(largestBlock, segment)
    switch instructions {
    case .vectors:
      blockTurns = UInt64(block * 3 / 8)
      segmentTurns = blockTurns
      blockSteps = 30 << 15
    case .portable:
      blockTurns = UInt64(block * 3 / 4)
      segmentTurns = UInt64(segment / 4)
      blockSteps = 0
    }
  }

  /// Bytes before and behind a bitmap that turns may reach into.
  var padding: Int { (Int(segmentTurns) + 255) & ~127 }
}
