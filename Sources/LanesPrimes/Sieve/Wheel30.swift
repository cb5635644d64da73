/// How a sieve keeps one byte per 30 numbers.
///
/// Byte `k` stands for the eight numbers 30k + 7, 11, 13, 17, 19, 23, 29 and 31 that have no factor 2, 3 or 5; bit 0 is
/// the smallest. Starting a byte at 7 instead of 1 keeps twins, and all closer groups up to sextuplets, in one byte
/// (the layout of primesieve).
enum Wheel30 {
  /// What bit `b` of byte `k` adds to 30k.
  static let residues: [UInt64] = [7, 11, 13, 17, 19, 23, 29, 31]

  /// Byte that holds `number`, or the first byte above it; `number` is at least 7.
  @inline(__always) static func byte(of number: UInt64) -> UInt64 { (number - 7) / 30 }

  /// The bit of a prime `number` above 5 in its byte.
  static func mask(of number: UInt64) -> UInt8 { 1 << UInt8(bitIndex((number - 7) % 30)) }

  /// Bits of byte `byte` whose numbers are at least `start`.
  static func maskFrom(_ start: UInt64, inByte byte: UInt64) -> UInt8 {
    var mask: UInt8 = 0
    for (bit, residue) in residues.enumerated() {
      let (number, overflow) = (byte * 30).addingReportingOverflow(residue)
      if overflow || number >= start { mask |= 1 << UInt8(bit) }
    }
    return mask
  }

  /// Bits of byte `byte` whose numbers are at most `stop`; numbers past 2^64 − 1 are never in range.
  static func maskThrough(_ stop: UInt64, inByte byte: UInt64) -> UInt8 {
    var mask: UInt8 = 0
    for (bit, residue) in residues.enumerated() {
      let (number, overflow) = (byte * 30).addingReportingOverflow(residue)
      if !overflow && number <= stop { mask |= 1 << UInt8(bit) }
    }
    return mask
  }

  /// Bit for a distance of 0, 4, 6, 10, 12, 16, 22 or 24 from the byte's first number, else 8.
  static func bitIndex(_ distance: UInt64) -> Int {
    residues.firstIndex(of: distance + 7) ?? 8
  }

  /// Position of a residue modulo 30 (1, 7, …, 29) in `cofactors`, else 8.
  static func cofactorIndex(_ residue: UInt64) -> Int { cofactors.firstIndex(of: residue) ?? 8 }

  /// Residues of the cofactors q that make multiples p·q worth crossing off.
  static let cofactors: [UInt64] = [1, 7, 11, 13, 17, 19, 23, 29]
}
