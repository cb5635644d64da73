import CKernels

/// The steps from one multiple of a prime to the next one that has no factor 2, 3, 5 or 7.
///
/// A state is 48 × (position of p mod 30 among the 8 residues without factor 2, 3 or 5) + (position of the cofactor q
/// mod 210 among the 48 residues without factor 2, 3, 5 or 7). Multiples with a factor 7 need no mark: a pattern holds them.
struct StepTable: Sendable {
  static let shared = StepTable()

  /// Residues modulo 210 of the cofactors that make multiples worth marking.
  static let cofactors: [UInt64] = (1..<210).filter { $0 % 2 != 0 && $0 % 3 != 0 && $0 % 5 != 0 && $0 % 7 != 0 }
  /// States of the primes of one residue.
  static let columns = 48

  /// By state: the bits to keep of the multiple's byte in bits 0–7, the distance between cofactors in bits 8–11, in bits
  /// 12–15 what is added to ⌊p/30⌋ × distance to reach the next multiple's byte, and the next state in bits 16–24.
  let words: [UInt32]
  /// By residue of q modulo 210: how far the next q worth marking is in bits 0–7, its position among them in bits 8–15.
  let entries: [UInt16]
  /// By residue of p modulo 30: its position, or 8.
  let rows: [UInt8]
  /// The same as `words` for the kernels, by position of p. Never freed and never changed, hence safe to share.
  nonisolated(unsafe) let steps: UnsafePointer<ckernels_steps>

  private init() {
    let steps = UnsafeMutablePointer<ckernels_steps>.allocate(capacity: 8)
    steps.initialize(repeating: ckernels_steps(), count: 8)
    var words: [UInt32] = []
    for (row, p) in Wheel30.cofactors.enumerated() {
      let bytes = UnsafeMutableRawPointer(steps + row).assumingMemoryBound(to: UInt8.self)
      for (column, q) in Self.cofactors.enumerated() {
        let gap = (column < 47 ? Self.cofactors[column + 1] : 211) - q
        let distance = (p * q + 23) % 30
        let carry = (distance + p * gap) / 30
        let keep = ~(UInt8(1) << UInt8(Wheel30.bitIndex(distance)))
        let next = row * Self.columns + (column + 1) % Self.columns
        words.append(UInt32(keep) | UInt32(gap) << 8 | UInt32(carry) << 12 | UInt32(next) << 16)
        bytes[column] = UInt8(gap)
        bytes[64 + column] = UInt8(carry)
        bytes[128 + column] = keep
        bytes[192 + column] = UInt8(Wheel30.bitIndex(distance))
      }
    }
    self.words = words
    self.steps = UnsafePointer(steps)
    entries = (UInt64(0)..<210).map { residue in
      let column = Self.cofactors.firstIndex { $0 >= residue }
      return column.map { UInt16(Self.cofactors[$0] - residue) | UInt16($0) << 8 } ?? UInt16(211 - residue)
    }
    rows = (0..<30).map { UInt8(Wheel30.cofactorIndex($0)) }
  }

  @inline(__always) static func keep(_ word: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: word) }
  @inline(__always) static func next(_ word: UInt32) -> UInt32 { word >> 16 }
  /// Bytes from a multiple to the next one, where `prime30` is ⌊p/30⌋.
  @inline(__always) static func distance(_ word: UInt32, prime30: UInt32) -> UInt32 {
    prime30 &* ((word >> 8) & 0xF) &+ ((word >> 12) & 0xF)
  }
}

/// The first multiple p·q ≥ max(low, p²) where q has no factor 2, 3, 5 or 7.
struct FirstMultiple {
  /// Its byte, relative to the byte whose first number is `low`; far away when there is none below 2^64.
  let byte: UInt64
  /// Position of p's residue and of q's in `StepTable`.
  let row: UInt32
  let column: UInt32

  /// Its state in `StepTable`.
  var state: UInt32 { row &* UInt32(StepTable.columns) &+ column }

  /// - Parameter low: the first number of a byte, 30k + 7; nothing here overflows, whatever lies above 2^64.
  @inline(__always) init(of prime: UInt64, low: UInt64, table: borrowing StepTable) {
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
    row = UInt32(table.rows[Int(prime % 30)])
    column = UInt32(entry >> 8)
  }
}
