#include "sieve_levels.h"

#include <csimd.h>

// Calls the kernel of the level in use; where there is none the sieve does without kernels.
#if CSIMD_X86
#define CALL(kernel, ...) (csimd_level_in_use() >= csimd_avx512_vbmi ? kernel##_vbmi(__VA_ARGS__) : kernel##_avx2(__VA_ARGS__))
#else
static inline int never(const void *first, ...) { return (void)first, __builtin_trap(), 0; }
#define CALL(kernel, ...) never(NULL, __VA_ARGS__)
#endif

void ckernels_sieve_medium(
    uint8_t *bytes, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel, bool small) {
  CALL(sieve_medium, bytes, size, sieving_primes, wheel, small);
}

void ckernels_presieve(
    uint8_t *bytes, const uint8_t *const patterns[8], size_t count, bool keep) {
  CALL(sieve_presieve, bytes, patterns, count, keep);
}

uint64_t ckernels_sieve_count(
    const uint8_t *bytes, size_t count) {
  return CALL(sieve_count, bytes, count);
}

size_t ckernels_sieve_collect(
    const uint8_t *bytes, size_t count, uint32_t first, uint32_t *primes) {
  return CALL(sieve_collect, bytes, count, first, primes);
}

size_t ckernels_sieve_first_multiples(
    const uint32_t *primes, size_t count, uint64_t low, uint64_t span, const uint8_t *skips, uint64_t *distances,
    uint64_t *residues) {
  return CALL(sieve_first_multiples, primes, count, low, span, skips, distances, residues);
}

void ckernels_sieve_fill_buckets(
    struct ckernels_buckets *buckets, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel) {
  CALL(sieve_fill_buckets, buckets, size, sieving_primes, wheel);
}

// The part of the bitmap that a bucket covers lies in L2, so the order of its entries does not matter.
void ckernels_sieve_cross_off_bucket(struct ckernels_buckets *buckets, size_t bucket) {
  uint8_t *bytes = buckets->bitmap + (bucket << buckets->bits);
  const uint32_t *entry = buckets->entries + bucket * buckets->capacity, *end = entry + buckets->used[bucket];
  for (; entry < end; entry++) bytes[*entry >> 3] &= (uint8_t)~(1u << (*entry & 7));
  buckets->used[bucket] = 0;
}
