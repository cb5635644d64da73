import CKernels

/// Which code sieves: kernels of vector instructions, or Swift alone. The results are the same.
package enum SieveInstructions: Sendable, CaseIterable {
  /// Needs AVX-512 with VBMI, as Intel has it since Ice Lake and AMD since Zen 4.
  case vectors
  case portable

  package static let best: Self = ckernels_sieve_is_supported() != 0 ? .vectors : .portable
}
