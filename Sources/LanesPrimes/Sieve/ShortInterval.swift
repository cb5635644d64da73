import LanesCore

/// When and how an interval is sieved by small primes only, and what is left is proved number by number.
///
/// Near 2^64 it takes about a second to go through all 203 million sieving primes, however short the interval.
enum ShortInterval {
  /// Sieving primes go this far; of random numbers one in 25 has no factor up to it.
  static let largestSieved: UInt64 = 1 << 20
  /// A number costs about 68 ns this way on a Zen 5 near 2^64, where all 203 million sieving primes take 0.47 s with AVX-512, 1.0 s with
  /// AVX2 and 1.2 s without kernels: both ways cost the same for root / 620, root / 285 and root / 245 numbers. Either way is divided
  /// among lanes.
  private static let rootsPerNumber: UInt64 = 400
  /// Bytes proved between two looks at the clock: about 1 ms.
  private static let chunk = 1024

  /// True for an interval that pays for proving rather than for sieving by all primes up to `root`.
  static func isShort(byteCount: Int, root: UInt64) -> Bool {
    root > SieveSizes.largestResident && UInt64(byteCount) <= root / (30 * rootsPerNumber)
  }

  /// Clears the bits of all composites among the numbers that are left in `count` bytes.
  static func keepPrimes(
    _ bytes: UnsafeMutablePointer<UInt8>, count: Int, firstByte: UInt64, _ deadline: Deadline
  ) throws(UnitFailure) {
    for at in 0..<count {
      if at % chunk == 0 { try deadline.check() }
      var rest = bytes[at]
      while rest != 0 {
        let number = (firstByte + UInt64(at)) * 30 + Wheel30.residues[rest.trailingZeroBitCount]
        if !MillerRabin.isPrime(number) { bytes[at] &= ~(rest & (0 &- rest)) }
        rest &= rest - 1
      }
    }
  }
}
