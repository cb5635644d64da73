// The kernels of ckernels_sieve.h at each level that has them; see there for what they do. Internal to this module.
#ifndef SIEVE_LEVELS_H
#define SIEVE_LEVELS_H

#include "ckernels_sieve.h"

#define SIEVE_KERNELS(level) \
  void sieve_medium_##level( \
      uint8_t *bytes, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel, bool small); \
  void sieve_presieve_##level(uint8_t *bytes, const uint8_t *const patterns[8], size_t count, bool keep); \
  uint64_t sieve_count_##level(const uint8_t *bytes, size_t count); \
  size_t sieve_collect_##level(const uint8_t *bytes, size_t count, uint32_t first, uint32_t *primes); \
  size_t sieve_first_multiples_##level( \
      const uint32_t *primes, size_t count, uint64_t low, uint64_t span, const uint8_t *skips, uint64_t *distances, \
      uint64_t *residues); \
  void sieve_fill_buckets_##level( \
      struct ckernels_buckets *buckets, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel)

SIEVE_KERNELS(avx2);
SIEVE_KERNELS(vbmi);

// Multiples listed before they are worked off: the list stays in L1, and the branch at its end costs little. A round
// adds up to sixteen, which is the room beyond.
enum { sieve_list_size = 512 };

// Crosses off a list: the byte in bits 8-31, the bits to keep in bits 0-7.
static inline void sieve_cross_off(uint8_t *bytes, const uint32_t *entry, const uint32_t *end) {
  for (; end - entry >= 4; entry += 4) {
    uint32_t a = entry[0], b = entry[1], c = entry[2], d = entry[3];
    bytes[a >> 8] &= (uint8_t)a;
    bytes[b >> 8] &= (uint8_t)b;
    bytes[c >> 8] &= (uint8_t)c;
    bytes[d >> 8] &= (uint8_t)d;
  }
  for (; entry < end; entry++) bytes[*entry >> 8] &= (uint8_t)*entry;
}

// Sorts a list of multiples by part of the bitmap. A bucket that is full is emptied at once, so that there is always
// room for one.
static inline void sieve_distribute(struct ckernels_buckets *buckets, const uint32_t *entry, const uint32_t *end) {
  // An entry is the byte's index times 8 plus the bit, so the bucket is what lies above `bits` + 3.
  const int shift = (int)buckets->bits + 3;
  const uint32_t inside = (1u << shift) - 1;
  for (; entry < end; entry++) {
    size_t bucket = *entry >> shift;
    uint32_t used = buckets->used[bucket];
    buckets->entries[bucket * buckets->capacity + used] = *entry & inside;
    buckets->used[bucket] = ++used;
    if (__builtin_expect(used == buckets->capacity, 0)) ckernels_sieve_cross_off_bucket(buckets, bucket);
  }
}

#endif
