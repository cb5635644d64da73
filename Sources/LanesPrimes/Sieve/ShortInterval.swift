import LanesCore

/// When and how an interval is sieved by small primes only, and what is left is proved number by number.
///
/// Near 2^64 it takes about a second to go through all 203 million sieving primes, however short the interval.
enum ShortInterval {
  /// Sieving primes go this far; of random numbers one in 25 has no factor up to it.
  static let largestSieved: UInt64 = 1 << 20
  /// A number costs about 91 ns this way (measured near 2^64, where all 203 million sieving primes take 1.0 s with vector
  /// instructions): both ways cost the same for root / 400 numbers.
  private static let rootsPerNumber: UInt64 = 400
  /// Bytes proved between two looks at the clock: about 1 ms.
  private static let chunk = 1024

  /// True for an interval that pays for proving rather than for sieving by all primes up to `root`.
  static func isShort(byteCount: Int, root: UInt64) -> Bool {
    root > SieveSizes.largestResident && UInt64(byteCount) * 30 * rootsPerNumber <= root
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
