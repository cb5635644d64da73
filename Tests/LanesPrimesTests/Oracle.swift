/// Primality decided in ways that share nothing with a sieve.
enum Oracle {
  /// By trial division; for numbers up to a few million.
  static func byDivision(_ number: UInt64) -> Bool {
    guard number >= 2 else { return false }
    var divisor: UInt64 = 2
    while divisor * divisor <= number {
      if number % divisor == 0 { return false }
      divisor += 1
    }
    return true
  }

  /// By Miller and Rabin's test with the first twelve primes, which is exact below 3.3 · 10^24 (Sorenson and Webster
  /// 2015).
  static func byMillerRabin(_ number: UInt64) -> Bool {
    let bases: [UInt64] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
    guard number >= 2 else { return false }
    for base in bases where number % base == 0 { return number == base }
    let twos = (number - 1).trailingZeroBitCount
    let odd = (number - 1) >> UInt64(twos)
    return bases.allSatisfy { base in
      var power = raise(base, odd, number)
      if power == 1 || power == number - 1 { return true }
      for _ in 1..<twos {
        power = multiply(power, power, number)
        if power == number - 1 { return true }
      }
      return false
    }
  }

  private static func multiply(_ a: UInt64, _ b: UInt64, _ modulus: UInt64) -> UInt64 {
    modulus.dividingFullWidth(a.multipliedFullWidth(by: b)).remainder
  }

  private static func raise(_ base: UInt64, _ exponent: UInt64, _ modulus: UInt64) -> UInt64 {
    var (result, square, rest) = (UInt64(1), base % modulus, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = multiply(result, square, modulus) }
      square = multiply(square, square, modulus)
      rest >>= 1
    }
    return result
  }

  /// The primes of a closed interval, by Miller and Rabin.
  static func primes(_ start: UInt64, _ stop: UInt64) -> [UInt64] { (start...stop).filter(byMillerRabin) }
}
