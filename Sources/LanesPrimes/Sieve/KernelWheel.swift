import CKernels
import CSIMD

/// A wheel as the kernels look it up, and how its states follow from those of `Wheel210`.
struct KernelWheel: Sendable {
  static let of30 = KernelWheel(modulus: 30, cofactors: Wheel30.cofactors)
  static let of210 = KernelWheel(modulus: 210, cofactors: Wheel210.cofactors)
  /// That of `ckernels_sieve_medium` at the level in use. With AVX2 all 48 states of the larger one take nine instructions to
  /// look up and the 8 of the smaller one take one, which is worth crossing off one multiple in seven in addition.
  static var ofMediumPrimes: KernelWheel { csimd_level_in_use().rawValue >= csimd_avx512_vbmi.rawValue ? of210 : of30 }

  /// By position of p's residue in `Wheel30.cofactors`. Never freed and never changed, hence safe to share.
  nonisolated(unsafe) let byResidue: UnsafePointer<ckernels_wheel>
  /// By wheel index in `Wheel210`: the one here.
  let wheelIndexes: [UInt8]

  private init(modulus: UInt64, cofactors: [UInt64]) {
    let byResidue = UnsafeMutablePointer<ckernels_wheel>.allocate(capacity: 8)
    byResidue.initialize(repeating: ckernels_wheel(), count: 8)
    for (residueIndex, p) in Wheel30.cofactors.enumerated() {
      let bytes = UnsafeMutableRawPointer(byResidue + residueIndex).assumingMemoryBound(to: UInt8.self)
      for (wheelIndex, q) in cofactors.enumerated() {
        let factor = (wheelIndex + 1 < cofactors.count ? cofactors[wheelIndex + 1] : modulus + 1) - q
        let distance = (p * q + 23) % 30
        bytes[wheelIndex] = UInt8(factor)
        bytes[64 + wheelIndex] = UInt8((distance + p * factor) / 30)
        bytes[128 + wheelIndex] = ~(UInt8(1) << UInt8(Wheel30.bitIndex(distance)))
        bytes[192 + wheelIndex] = UInt8(Wheel30.bitIndex(distance))
      }
      for steps in 1..<cofactors.count {
        let spans = cofactors.indices.map { first in
          let last = first + steps
          return last < cofactors.count
            ? cofactors[last] - cofactors[first] : modulus + cofactors[last - cofactors.count] - cofactors[first]
        }
        bytes[256 + steps] = UInt8(spans.max()!)
        bytes[320 + steps] = UInt8(spans.min()!)
      }
    }
    self.byResidue = UnsafePointer(byResidue)
    wheelIndexes = Wheel210.cofactors.map { UInt8(cofactors.firstIndex(of: $0 % modulus)!) }
  }
}
