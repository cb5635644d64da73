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

// Crosses off a list: the byte in bits 8-31, relative to `end_of_bytes` and thus negative, the bits to keep in bits 0-7.
static inline void sieve_cross_off(uint8_t *end_of_bytes, const uint32_t *entry, const uint32_t *end) {
  for (; end - entry >= 4; entry += 4) {
    uint32_t a = entry[0], b = entry[1], c = entry[2], d = entry[3];
    end_of_bytes[(int32_t)a >> 8] &= (uint8_t)a;
    end_of_bytes[(int32_t)b >> 8] &= (uint8_t)b;
    end_of_bytes[(int32_t)c >> 8] &= (uint8_t)c;
    end_of_bytes[(int32_t)d >> 8] &= (uint8_t)d;
  }
  for (; entry < end; entry++) end_of_bytes[(int32_t)*entry >> 8] &= (uint8_t)*entry;
}

// How many multiples in a segment the primes of a group have; groups come in ascending order.
struct sieve_rounds {
  uint32_t size;
  uint32_t all, most;         // multiples that each prime of the group has, and that none has more of
  uint32_t longest, shortest; // cofactors from the first to the last of `all` at the most, of `most` at the least
};

// The distance between cofactors `steps` steps apart; the table holds less than a turn of the wheel of 8 or 48 states.
static inline uint32_t sieve_span(const uint8_t *table, uint32_t steps, const uint32_t states) {
  return steps / states * (states == 8 ? 30 : 210) + table[steps % states];
}

// For the group that begins and ends with these primes, as ckernels_sieving_primes has them. Inlined with a constant
// `states`, this divides by constants alone.
static inline void sieve_update_rounds(
    struct sieve_rounds *rounds, const struct ckernels_wheel *wheel, const uint32_t states, uint32_t first, uint32_t last) {
  first &= 0xFFFFFF, last &= 0xFFFFFF;
  // The first multiple lies less than a step ahead, and cofactors d apart less than (floor(p / 30) + 1) * d bytes.
  while (rounds->all > 0 && (uint64_t)(last + 1) * (wheel->longest[1] + rounds->longest) >= rounds->size)
    if (--rounds->all > 0) rounds->longest = sieve_span(wheel->longest, rounds->all - 1, states);
  while (rounds->most > 1 && (uint64_t)first * rounds->shortest >= rounds->size)
    rounds->shortest = sieve_span(wheel->shortest, --rounds->most - 1, states);
}

// For a segment of `size` bytes and primes from `first` on.
static inline struct sieve_rounds sieve_rounds_from(
    const struct ckernels_wheel *wheel, const uint32_t states, uint32_t size, uint32_t first) {
  first &= 0xFFFFFF;
  // More than a prime has on the average by the most that a few cofactors may lie closer.
  const uint32_t most = (uint32_t)((uint64_t)size * states / ((first + 1) * (states == 8 ? 30u : 210u))) + 5;
  return (struct sieve_rounds){
      .size = size, .all = most, .most = most, .longest = sieve_span(wheel->longest, most - 1, states),
      .shortest = sieve_span(wheel->shortest, most - 1, states)};
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
