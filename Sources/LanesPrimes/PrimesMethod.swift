import CSIMD
import LanesOS

/// What was done to find primes, for statistics.
package struct PrimesMethod: Sendable, Equatable {
  /// Such as "segmented sieve, AVX-512".
  package let algorithm: String
  /// Bytes of a block and of a segment; see `SieveSizes`.
  package let block: Int
  package let segment: Int
  /// The caches that these were made for; nil where the system told nothing and usual sizes were taken.
  package let caches: Caches?
  /// Numbers that the answer covers.
  package let candidates: UInt64

  /// A sieve of `range`.
  package init(sieving range: PrimeRange) {
    self.init(Self.sieve, candidates: range.stop - range.start)
  }

  /// A combinatorial count up to `bound`.
  package init(combinatorial bound: UInt64) {
    self.init("combinatorial (Lagarias, Miller, Odlyzko)", candidates: bound)
  }

  private init(_ algorithm: String, candidates: UInt64) {
    let sizes = SieveSizes(byteCount: 1 << 30, .best)
    self.algorithm = algorithm
    block = sizes.block
    segment = sizes.segment
    caches = Caches.found
    self.candidates = candidates == .max ? .max : candidates + 1
  }

  private static var sieve: String {
    switch SieveInstructions.best {
    case .vectors where csimd_best() == csimd_avx512_vbmi: "segmented sieve of Eratosthenes, wheel of 30, AVX-512"
    case .vectors: "segmented sieve of Eratosthenes, wheel of 30, AVX2"
    case .portable: "segmented sieve of Eratosthenes, wheel of 30"
    }
  }
}
