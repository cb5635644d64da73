import CSIMD

/// The vector instructions that kernels use in this process.
package enum Instructions {
  /// Their name: the best that processor, operating system and `LANES_INSTRUCTIONS` allow.
  package static var name: String {
    switch csimd_best() {
    case csimd_avx512_vbmi: "AVX-512 with VBMI"
    case csimd_avx512: "AVX-512"
    case csimd_avx2: "AVX2"
    case csimd_sse2: "SSE2"
    default: "portable code"
    }
  }

  /// What is wrong with the environment variable that keeps kernels at or below a level; nil where it is right or missing.
  package static var problem: String? {
    csimd_environment() >= 0
      ? nil
      : "\(CSIMD_VARIABLE) names no instructions: portable, sse2, avx2, avx512 or avx512-vbmi is expected"
  }
}
