import LanesPrimes
import Testing

/// Published values; their origins are named in each test.
@Suite struct KnownValuesTests {
  /// OEIS A006880.
  static let primesBelowPowersOfTen: [UInt64] = [
    4, 25, 168, 1229, 9592, 78498, 664579, 5_761_455, 50_847_534,
  ]

  @Test(arguments: 1...9) func `primes below powers of ten`(exponent: Int) throws {
    let limit = (0..<exponent).reduce(UInt64(1)) { power, _ in power * 10 }
    #expect(try count(0, limit) == Self.primesBelowPowersOfTen[exponent - 1])
  }

  /// OEIS A007053.
  @Test(arguments: [(UInt64(1) << 31, UInt64(105_097_565)), (1 << 32, 203_280_221)])
  func `primes below powers of two`(limit: UInt64, expected: UInt64) throws {
    #expect(try count(0, limit) == expected)
  }

  /// primesieve test/count_primes2.cpp.
  @Test(
    arguments: zip(
      [
        UInt64(1_000_000_000_000), 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000,
      ], [UInt64(3_618_282), 3_342_093, 3_102_679, 2_893_937, 2_714_904, 2_555_873]))
  func `primes in a hundred million numbers from a power of ten`(start: UInt64, expected: UInt64) throws {
    #expect(try count(start, start + 100_000_000) == expected)
  }

  /// OEIS A046731.
  @Test(arguments: [(UInt64(1000), UInt128(76127)), (1_000_000, 37_550_402_023), (100_000_000, 279_209_790_387_276)])
  func `sums below powers of ten`(limit: UInt64, expected: UInt128) throws {
    #expect(try BatchRunner(0, limit, .sum).partial.sum == expected)
  }

  /// OEIS A007508.
  @Test(
    arguments: zip(
      [UInt64(10), 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000],
      [UInt64(2), 8, 35, 205, 1224, 8169, 58980, 440_312, 3_424_506]))
  func `twin pairs below powers of ten`(limit: UInt64, expected: UInt64) throws {
    #expect(try BatchRunner(0, limit, .twins).partial.tuplets == expected)
  }

  /// primesieve test/count_twins.cpp: counts in [10^12, 10^12 + 10^9].
  @Test func `primes and twins from ten to the twelfth`() throws {
    let start: UInt64 = 1_000_000_000_000
    #expect(try count(start, start + 1_000_000_000) == 36_190_991)
    #expect(try BatchRunner(start, start + 1_000_000_000, .twins).partial.tuplets == 1_730_012)
  }

  /// OEIS A014234.
  @Test func `the largest prime below 2^32`() throws {
    #expect(try BatchRunner(4_294_967_280, (1 << 32) + 14, .list).primes == [4_294_967_291])
  }

  /// As primesieve 11.0 counts.
  @Test func `a thousand million numbers from ten to the fifteenth`() throws {
    #expect(try count(1_000_000_000_000_000, 1_000_001_000_000_000) == 28_946_421)
  }

  /// The last one: primesieve test/prev_prime1.cpp. Twenty from the first on, as Debian's primesieve 11.0 counts.
  @Test func `the last primes below 2^64`() throws {
    let run = try BatchRunner(18_446_744_073_709_550_681, .max, .list)
    #expect(run.primes.count == 20)
    #expect(run.primes.last == 18_446_744_073_709_551_557)
    #expect(run.failures.isEmpty)
    #expect(try count(18_446_744_073_709_551_558, .max) == 0)
  }
}
