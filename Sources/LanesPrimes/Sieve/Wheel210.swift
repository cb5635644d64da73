/// The wheel modulo 210: how to get from one multiple of a prime to the next that has no factor 2, 3, 5 or 7.
///
/// A state is 48 × (position of p mod 30 among the 8 residues without factor 2, 3 or 5) + (position of the cofactor q
/// mod 210 among the 48 residues without factor 2, 3, 5 or 7); the second term is the *wheel index*. Multiples with a
/// factor 7 are left to the pre-sieve. After primesieve's `wheel210` table, whose element is {unsetBit,
/// nextMultipleFactor, correct, next}.
struct Wheel210: Sendable {
  static let shared = Wheel210()

  /// Residues modulo 210 of the cofactors that make multiples worth crossing off.
  static let cofactors: [UInt64] = (1..<210).filter { $0 % 2 != 0 && $0 % 3 != 0 && $0 % 5 != 0 && $0 % 7 != 0 }
  /// Wheel indexes of the primes of one residue.
  static let states = 48

  /// By state: a mask that unsets the multiple's bit (bits 0–7), the factor of the next multiple, that is the distance
  /// between cofactors (bits 8–11), the correction added to ⌊p/30⌋ × factor to reach the next multiple's byte (bits
  /// 12–15), and the next state (bits 16–24).
  let elements: [UInt32]
  /// By residue of q modulo 210: the distance to the next q worth crossing off in bits 0–7, its position among them in bits 8–15.
  let entries: [UInt16]
  /// By residue of p modulo 30: its position, or 8.
  let residueIndexes: [UInt8]

  private init() {
    var elements: [UInt32] = []
    for (residueIndex, p) in Wheel30.cofactors.enumerated() {
      for (wheelIndex, q) in Self.cofactors.enumerated() {
        let factor = (wheelIndex < 47 ? Self.cofactors[wheelIndex + 1] : 211) - q
        let distance = (p * q + 23) % 30
        let correction = (distance + p * factor) / 30
        let unsetMask = ~(UInt8(1) << UInt8(Wheel30.bitIndex(distance)))
        let next = residueIndex * Self.states + (wheelIndex + 1) % Self.states
        elements.append(UInt32(unsetMask) | UInt32(factor) << 8 | UInt32(correction) << 12 | UInt32(next) << 16)
      }
    }
    self.elements = elements
    entries = (UInt64(0)..<210).map { residue in
      let wheelIndex = Self.cofactors.firstIndex { $0 >= residue }
      return wheelIndex.map { UInt16(Self.cofactors[$0] - residue) | UInt16($0) << 8 } ?? UInt16(211 - residue)
    }
    residueIndexes = (0..<30).map { UInt8(Wheel30.cofactorIndex($0)) }
  }

  @inline(__always) static func unsetMask(_ element: UInt32) -> UInt8 {
    UInt8(truncatingIfNeeded: element)
  }
  @inline(__always) static func next(_ element: UInt32) -> UInt32 { element >> 16 }
  /// Bytes from a multiple to the next one, where `prime30` is ⌊p/30⌋.
  @inline(__always) static func distance(_ element: UInt32, prime30: UInt32) -> UInt32 {
    prime30 &* ((element >> 8) & 0xF) &+ ((element >> 12) & 0xF)
  }
}

/// The first multiple p·q ≥ max(low, p²) where q has no factor 2, 3, 5 or 7.
struct FirstMultiple {
  /// Its byte, relative to the byte whose first number is `low`; far away when there is none below 2^64.
  let byte: UInt64
  /// Position of p's residue and of q's in `Wheel210`.
  let residueIndex: UInt32
  let wheelIndex: UInt32

  /// Its state in `Wheel210`.
  var state: UInt32 { residueIndex &* UInt32(Wheel210.states) &+ wheelIndex }

  /// - Parameter low: the first number of a byte, 30k + 7; nothing here overflows, whatever lies above 2^64.
  @inline(__always) init(of prime: UInt64, low: UInt64, table: borrowing Wheel210) {
    let quotient = low / prime
    let remainder = low &- quotient &* prime
    var cofactor = remainder == 0 ? quotient : quotient &+ 1
    // Distance of p·q from low.
    var ahead = remainder == 0 ? 0 : prime &- remainder
    if cofactor < prime {
      cofactor = prime
      ahead = prime &* prime &- low
    }
    let entry = table.entries[Int(cofactor % 210)]
    ahead &+= prime &* UInt64(entry & 0xFF)
    byte = ahead / 30
    residueIndex = UInt32(table.residueIndexes[Int(prime % 30)])
    wheelIndex = UInt32(entry >> 8)
  }
}
