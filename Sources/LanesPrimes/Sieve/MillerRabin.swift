/// Proves single odd numbers above 5 prime or composite, for intervals too short to pay for all their sieving primes.
///
/// Seven bases decide exactly for every number below 2^64 (Jim Sinclair 2011, checked by Feitsma's list of pseudoprimes);
/// powers are taken in Montgomery's form: about 0.5 µs for a composite and 3.5 µs for a prime near 2^64.
struct MillerRabin {
  private static let bases: [UInt64] = [2, 325, 9375, 28178, 450_775, 9_780_504, 1_795_265_022]

  private let number: UInt64
  /// The inverse of `number` modulo 2^64.
  private let inverse: UInt64
  /// 2^64 and 2^128 modulo `number`: 1 and 2^64 in Montgomery's form.
  private let one: UInt64
  private let square: UInt64

  private init(_ number: UInt64) {
    self.number = number
    // Each step of Newton's method doubles the bits that are right, from 3.
    var inverse = number
    for _ in 0..<5 { inverse = inverse &* (2 &- number &* inverse) }
    self.inverse = inverse
    one = (0 &- number) % number
    square = number.dividingFullWidth((one, 0)).remainder
  }

  /// True when `number`, odd and above 5, is prime.
  static func isPrime(_ number: UInt64) -> Bool {
    let test = MillerRabin(number)
    return bases.allSatisfy { test.passes($0) }
  }

  private func passes(_ base: UInt64) -> Bool {
    guard base % number != 0 else { return true }
    let minusOne = number - one
    let twos = (number - 1).trailingZeroBitCount
    var power = raise(multiply(base % number, square), to: (number - 1) >> UInt64(twos))
    if power == one || power == minusOne { return true }
    for _ in 1..<twos {
      power = multiply(power, power)
      if power == minusOne { return true }
    }
    return false
  }

  private func raise(_ base: UInt64, to exponent: UInt64) -> UInt64 {
    var power = base
    var bit = 62 - exponent.leadingZeroBitCount
    while bit >= 0 {
      power = multiply(power, power)
      if exponent >> UInt64(bit) & 1 == 1 { power = multiply(power, base) }
      bit -= 1
    }
    return power
  }

  /// a · b / 2^64 modulo `number`.
  @inline(__always) private func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    let reduced = (product.low &* inverse).multipliedFullWidth(by: number).high
    let (result, borrow) = product.high.subtractingReportingOverflow(reduced)
    return borrow ? result &+ number : result
  }
}
