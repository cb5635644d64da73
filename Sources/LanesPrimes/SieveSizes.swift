/// How memory is cut up for a sieve. Sizes were measured on a Sapphire Rapids with 48 KiB of L1 and 2 MiB of L2.
struct SieveSizes {
  /// Bytes in which the smallest primes are marked; L1 holds them beside the primes' own state.
  static let largestBlock = 32 << 10
  /// Bytes in which all other resident primes are marked; stays in L2 together with their state.
  static let largestSegment = 512 << 10
  /// Primes above this are not kept from segment to segment: they are made on the fly and mark the unit's whole bitmap.
  static let largestResident: UInt64 = 1 << 22

  let block: Int
  let segment: Int
  /// Largest prime marked by whole turns inside a block.
  let blockTurns: UInt64
  /// Largest prime marked by whole turns inside a segment; beyond a quarter of it too many marks would fall outside.
  let segmentTurns: UInt64

  /// Sizes for a sieve of `byteCount` bytes.
  init(byteCount: Int) {
    segment = min(Self.largestSegment, (byteCount + 127) & ~127)
    block = min(Self.largestBlock, segment)
    blockTurns = UInt64(block / 4)
    segmentTurns = UInt64(segment / 4)
  }

  /// Bytes before and behind a bitmap that turns may reach into.
  var padding: Int { (Int(segmentTurns) + 255) & ~127 }
}
