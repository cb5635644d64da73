/// A whole number from zero up, as large as memory allows; only what exact sums need.
///
/// Summaries are made with it, lines are not: its methods are those of school arithmetic.
struct BigUInt: Equatable {
  /// Lowest first, the last one not zero; none for zero. Every method leaves it so, since equality and order compare
  /// limbs.
  private var limbs: [UInt64] = []

  init() {}

  init(_ value: UInt128) {
    limbs = [UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64)]
    trim()
  }

  /// 10^`exponent`.
  init(powerOfTen exponent: Int) {
    limbs = [1]
    var left = exponent
    while left > 0 {
      // 10^19 is the largest power of ten below 2^64.
      let step = min(left, 19)
      multiply(by: UInt64(PowersOfTen.wide[step]))
      left -= step
    }
  }

  var isZero: Bool { limbs.isEmpty }

  /// Bits up to the highest one that is set; 0 for zero.
  var bitWidth: Int { limbs.last.map { limbs.count * 64 - $0.leadingZeroBitCount } ?? 0 }

  /// Takes zeros off the top.
  private mutating func trim() {
    while limbs.last == 0 { limbs.removeLast() }
  }

  /// Cannot overflow a limb: (2^64 − 1)² + 2^64 − 1 is below 2^128.
  mutating func multiply(by factor: UInt64) {
    var carry: UInt64 = 0
    for index in limbs.indices {
      let product = limbs[index].multipliedFullWidth(by: factor)
      let (low, isOver) = product.low.addingReportingOverflow(carry)
      limbs[index] = low
      carry = product.high + (isOver ? 1 : 0)
    }
    if carry > 0 { limbs.append(carry) }
    trim()
  }

  static func * (left: BigUInt, right: BigUInt) -> BigUInt {
    var result = BigUInt()
    for (index, limb) in right.limbs.enumerated() {
      var part = left
      part.multiply(by: limb)
      if !part.isZero { part.limbs.insert(contentsOf: repeatElement(0, count: index), at: 0) }
      result += part
    }
    return result
  }

  static func += (left: inout BigUInt, right: BigUInt) {
    var carry: UInt64 = 0
    for index in 0..<max(left.limbs.count, right.limbs.count) {
      if index == left.limbs.count { left.limbs.append(0) }
      let (sum, isOver) = left.limbs[index].addingReportingOverflow(index < right.limbs.count ? right.limbs[index] : 0)
      let (total, isOverToo) = sum.addingReportingOverflow(carry)
      left.limbs[index] = total
      // At most one of the two additions overflows.
      carry = isOver || isOverToo ? 1 : 0
    }
    if carry > 0 { left.limbs.append(carry) }
  }

  /// `right` is at most `left`.
  static func -= (left: inout BigUInt, right: BigUInt) {
    var borrow: UInt64 = 0
    for index in left.limbs.indices {
      let (rest, isUnder) = left.limbs[index].subtractingReportingOverflow(
        index < right.limbs.count ? right.limbs[index] : 0)
      let (result, isUnderToo) = rest.subtractingReportingOverflow(borrow)
      left.limbs[index] = result
      borrow = isUnder || isUnderToo ? 1 : 0
    }
    left.trim()
  }

  /// By length first: the highest limb is never zero.
  static func < (left: BigUInt, right: BigUInt) -> Bool {
    if left.limbs.count != right.limbs.count { return left.limbs.count < right.limbs.count }
    return left.limbs.reversed().lexicographicallyPrecedes(right.limbs.reversed())
  }

  /// Multiplies by 2^`bits`.
  mutating func shiftLeft(_ bits: Int) {
    guard !isZero, bits > 0 else { return }
    let (words, rest) = bits.quotientAndRemainder(dividingBy: 64)
    if rest > 0 {
      var carry: UInt64 = 0
      for index in limbs.indices {
        let limb = limbs[index]
        limbs[index] = limb << UInt64(rest) | carry
        carry = limb >> UInt64(64 - rest)
      }
      if carry > 0 { limbs.append(carry) }
    }
    limbs.insert(contentsOf: repeatElement(0, count: words), at: 0)
  }

  /// The number where 128 bits hold it.
  private var narrow: UInt128? {
    guard limbs.count <= 2 else { return nil }
    return limbs.reversed().reduce(0) { $0 << 64 | UInt128($1) }
  }

  /// Quotient and rest of a division; one bit at a time beyond 128 bits.
  ///
  /// - Parameter divisor: not zero.
  func divided(by divisor: BigUInt) -> (quotient: BigUInt, rest: BigUInt) {
    if let dividend = narrow, let divisor = divisor.narrow {
      let (quotient, rest) = dividend.quotientAndRemainder(dividingBy: divisor)
      return (BigUInt(quotient), BigUInt(rest))
    }
    let highest = bitWidth - divisor.bitWidth
    guard highest >= 0 else { return (BigUInt(), self) }
    // One bit of the quotient after the other; the rest is shifted instead of the divisor.
    var rest = BigUInt()
    var quotient = BigUInt()
    quotient.limbs = [UInt64](repeating: 0, count: highest / 64 + 1)
    for bit in stride(from: bitWidth - 1, through: 0, by: -1) {
      rest.shiftLeft(1)
      if limbs[bit / 64] >> UInt64(bit % 64) & 1 == 1 { rest += BigUInt(1) }
      guard bit <= highest, !(rest < divisor) else { continue }
      rest -= divisor
      quotient.limbs[bit / 64] |= 1 << UInt64(bit % 64)
    }
    quotient.trim()
    return (quotient, rest)
  }

  /// The largest number whose square is at most this. Up to 128 bits a double gives the first guess; the last loops put
  /// right what its rounding and Newton's steps left.
  func squareRoot() -> BigUInt {
    guard let narrow else {
      // One bit after the other, the highest first.
      var root = BigUInt()
      for bit in stride(from: (bitWidth + 1) / 2, through: 0, by: -1) {
        var candidate = BigUInt(1)
        candidate.shiftLeft(bit)
        candidate += root
        if !(self < candidate * candidate) { root = candidate }
      }
      return root
    }
    var root = UInt128(Double(narrow).squareRoot())
    // A double is right to 53 bits; a step of Newton's makes the other eleven.
    for _ in 0..<2 where root > 0 { root = (root + narrow / root) / 2 }
    while root.multipliedReportingOverflow(by: root).overflow || root * root > narrow { root -= 1 }
    while !(root + 1).multipliedReportingOverflow(by: root + 1).overflow, (root + 1) * (root + 1) <= narrow {
      root += 1
    }
    return BigUInt(root)
  }

  /// Its decimal digits, taken off nineteen at a time from the end.
  var digits: String {
    guard !isZero else { return "0" }
    let billion = UInt64(PowersOfTen.wide[19])
    var rest = self
    var groups: [String] = []
    while !rest.isZero {
      var remainder: UInt64 = 0
      for index in rest.limbs.indices.reversed() {
        (rest.limbs[index], remainder) = billion.dividingFullWidth((remainder, rest.limbs[index]))
      }
      rest.trim()
      let group = String(remainder)
      groups.append(rest.isZero ? group : String(repeating: "0", count: 19 - group.utf8.count) + group)
    }
    return groups.reversed().joined()
  }
}

/// Quotients of whole numbers, rounded once to the nearest double, ties to even.
enum Quotient {
  /// Bits of the quotient that are found: more than the 53 of a double and one to round by.
  private static let bits = 64

  /// - Parameter divisor: not zero.
  static func double(_ dividend: BigUInt, by divisor: BigUInt) -> Double {
    guard !dividend.isZero else { return 0 }
    var rest = dividend
    var divisor = divisor
    // Both get the same length, so that the first bit is the quotient's highest or the one above it.
    let shift = dividend.bitWidth - divisor.bitWidth
    if shift > 0 { divisor.shiftLeft(shift) } else { rest.shiftLeft(-shift) }
    var quotient: UInt64 = 0
    for bit in 0..<bits {
      quotient <<= 1
      if !(rest < divisor) {
        rest -= divisor
        quotient |= 1
      }
      if bit < bits - 1 { rest.shiftLeft(1) }
    }
    // What is left over tells only that the quotient is not exact: the last bit, far below the rounding bit, holds it.
    if !rest.isZero { quotient |= 1 }
    return Double(sign: .plus, exponent: shift - (bits - 1), significand: Double(quotient))
  }

  /// The same for numbers of 128 bits, without memory of its own. Dividend and divisor are shifted to the top; half the
  /// dividend is then below the divisor, as the division of 256 by 128 bits asks for.
  static func double(_ dividend: UInt128, by divisor: UInt128) -> Double {
    guard dividend > 0 else { return 0 }
    let (up, upToo) = (dividend.leadingZeroBitCount, divisor.leadingZeroBitCount)
    let high = dividend << UInt128(up)
    let (quotient, rest) = (divisor << UInt128(upToo)).dividingFullWidth((high >> 1, high << 127))
    let isInexact = rest > 0 || UInt64(truncatingIfNeeded: quotient) > 0
    let top = UInt64(truncatingIfNeeded: quotient >> 64) | (isInexact ? 1 : 0)
    return Double(sign: .plus, exponent: upToo - up - 63, significand: Double(top))
  }
}
