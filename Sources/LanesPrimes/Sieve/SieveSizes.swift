import CSIMD
import LanesOS

/// The sizes of blocks and segments, and which primes go to which sieve: chosen by the caches and the instruction set.
///
/// The fractions were measured on a Sapphire Rapids with 48 KiB of L1 and 2 MiB of L2.
struct SieveSizes {
  /// Primes above this are not kept from segment to segment; they go to `LargeSieve`.
  static let largestResident: UInt64 = 1 << 24
  /// The caches that sizes are made for.
  static let caches = Caches.found ?? .usual

  /// Bytes of a block, in which the smallest primes are crossed off; L1 holds it beside the primes' state.
  let block: Int
  /// Bytes of a segment, in which other resident primes are crossed off; L2 holds it beside the primes' state.
  let segment: Int
  /// Largest prime that `SmallSieve` crosses off within a block.
  let smallInBlock: UInt64
  /// Largest prime that `SmallSieve` crosses off within a segment; beyond a quarter of it too much would fall outside.
  let smallInSegment: UInt64
  /// Largest prime that `MediumSieve` crosses off within a block; it crosses off larger ones within a segment.
  let mediumInBlock: UInt64

  /// Sizes for a sieve of `byteCount` bytes.
  init(byteCount: Int, _ instructions: SieveInstructions) {
    let all = (byteCount + 127) & ~127
    // Bounded: where caches are very large, more is not better, and the kernel's list addresses 2^24 bytes.
    let largestBlock = min(max(Self.caches.level1 * 2 / 3, 16 << 10), 128 << 10) & ~1023
    // Without the kernels `SmallSieve` goes through the whole segment, which is faster if the padding stays in the cache.
    let share = instructions == .vectors ? 2 : 4
    let largestSegment = min(max(Self.caches.level2 / share, 4 * largestBlock), 1 << 20)
    segment = min(largestSegment / largestBlock * largestBlock, all)
    block = min(largestBlock, segment)
    switch instructions {
    case .vectors:
      smallInBlock = UInt64(block * 3 / 8)
      smallInSegment = smallInBlock
      mediumInBlock = 30 << 15
    case .portable:
      smallInBlock = UInt64(block * 3 / 4)
      smallInSegment = UInt64(segment / 4)
      mediumInBlock = 0
    }
  }

  /// Bytes before and after a bitmap that `SmallSieve` may write to.
  var padding: Int { (Int(smallInSegment) + 255) & ~127 }
}

/// Which code sieves: kernels of vector instructions, or Swift alone. The results are the same.
package enum SieveInstructions: Sendable, CaseIterable {
  /// Needs AVX-512 with VBMI, as Intel has it since Ice Lake and AMD since Zen 4.
  case vectors
  case portable

  package static let best: Self = csimd_best() == csimd_avx512_vbmi ? .vectors : .portable
}
