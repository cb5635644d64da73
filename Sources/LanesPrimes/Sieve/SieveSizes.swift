import CSIMD
import LanesOS

/// The sizes of blocks and segments, and which primes go to which sieve: chosen by the caches and the instruction set.
///
/// Measured on a Sapphire Rapids with 48 KiB of L1 and 2 MiB of L2, and on a Zen 5 with 48 KiB and 1 MiB.
struct SieveSizes {
  /// Primes above this are not kept from segment to segment; they go to `LargeSieve`.
  static let largestResident: UInt64 = 1 << 23
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

  /// Sizes for a sieve of `byteCount` bytes on a machine with `caches`.
  init(byteCount: Int, _ instructions: SieveInstructions, _ caches: Caches = Self.caches) {
    let all = (byteCount + 127) & ~127
    // Bounded: where caches are very large, more is not better, and the kernel's list addresses 2^23 bytes.
    // 32 KiB for either size of L1: of 32 KiB a block may take all, which gains 1 to 5 % over two thirds on the Zen 5.
    let level1 = caches.level1
    let largestBlock = min(max(level1 * 2 / 3, min(level1, 32 << 10), 16 << 10), 128 << 10) & ~1023
    // Without the kernels `SmallSieve` goes through the whole segment, which is faster if the padding stays in the cache.
    let share = instructions == .vectors ? 2 : 4
    let largestSegment = min(max(caches.level2 / share, 4 * largestBlock), 1 << 20)
    segment = min(largestSegment / largestBlock * largestBlock, all)
    block = min(largestBlock, segment)
    switch instructions {
    case .vectors:
      // Where the whole turns of `SmallSieve` begin to cost more than the kernel's single multiples (Zen 5): with AVX-512 those take
      // 1.5 cycles each in L1, with AVX2 1.8 of one multiple in seven more. Twice as many turns or half gain or lose a hundredth.
      smallInBlock = UInt64(block / 4)
      smallInSegment = smallInBlock
      // Larger primes have few multiples in a block, and their state comes from L2: primes from 65536 to 131072 took 0.54 ns for each
      // multiple in blocks and 0.56 in segments with AVX-512, and 0.65 and 0.63 with AVX2.
      mediumInBlock = UInt64(2 * block)
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
  /// Needs AVX2; faster with AVX-512 and VBMI, as Intel has them since Ice Lake and AMD since Zen 4.
  case vectors
  case portable

  package static let best: Self = csimd_best().rawValue >= csimd_avx2.rawValue ? .vectors : .portable
}
