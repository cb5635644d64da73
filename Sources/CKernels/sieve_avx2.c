#include "sieve_levels.h"

#include <csimd.h>

#if CSIMD_X86
#include <immintrin.h>

// The sieve's kernels for processors without AVX-512: as those of sieve_medium.c and sieve_large.c, eight elements at a
// time. Tables of 48 bytes are looked up in three parts of sixteen; where those have a register of bits for each element,
// these have a vector whose elements are all ones or zero.

// By eight bits: the numbers of those that are set, from the lowest on. A table and not _pext_u64, which takes hundreds of
// cycles on AMD before Zen 3.
static uint8_t chosen[256][8];

__attribute__((constructor)) static void fill_chosen(void) {
  for (int bits = 0; bits < 256; bits++)
    for (int bit = 0, at = 0; bit < 8; bit++)
      if (bits >> bit & 1) chosen[bits][at++] = (uint8_t)bit;
}

// Three parts of a table of 48 bytes, each in both halves of a register.
struct table48 {
  __m256i part[3];
};

CSIMD_INLINE CSIMD_AVX2 struct table48 table_of(const uint8_t *bytes) {
  struct table48 table;
  for (int i = 0; i < 3; i++) table.part[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)));
  return table;
}

// A state is a wheel index in the lowest byte of an element, and in the others what no lookup answers.
#define EMPTY ((int)0x80808000)

// For each part what to shuffle it by: the position in that part, or a byte whose upper bit asks for zero.
CSIMD_INLINE CSIMD_AVX2 struct table48 positions(__m256i state) {
  const __m256i over = _mm256_set1_epi8(0x70);
  struct table48 at;
  at.part[0] = _mm256_add_epi8(state, over);
  at.part[1] = _mm256_adds_epu8(_mm256_sub_epi8(state, _mm256_set1_epi32(16)), over);
  at.part[2] = _mm256_sub_epi8(state, _mm256_set1_epi32(32));
  return at;
}

CSIMD_INLINE CSIMD_AVX2 __m256i look_up(struct table48 table, struct table48 at) {
  __m256i found = _mm256_shuffle_epi8(table.part[0], at.part[0]);
  found = _mm256_or_si256(found, _mm256_shuffle_epi8(table.part[1], at.part[1]));
  return _mm256_or_si256(found, _mm256_shuffle_epi8(table.part[2], at.part[2]));
}

// Factor in bits 0-3 and correction in bits 4-7; neither is above 10.
CSIMD_INLINE CSIMD_AVX2 struct table48 steps_of(const struct ckernels_wheel *wheel) {
  uint8_t steps[48];
  for (int i = 0; i < 48; i++) steps[i] = (uint8_t)(wheel->factors[i] | wheel->corrections[i] << 4);
  return table_of(steps);
}

// The next one; back to 0 behind 47.
CSIMD_INLINE CSIMD_AVX2 __m256i next_state(__m256i state) {
  state = _mm256_add_epi32(state, _mm256_set1_epi32(1));
  const __m256i end = _mm256_cmpeq_epi32(state, _mm256_set1_epi32(EMPTY | 48));
  return _mm256_sub_epi32(state, _mm256_and_si256(end, _mm256_set1_epi32(48)));
}

// All ones in the first `left` elements.
CSIMD_INLINE CSIMD_AVX2 __m256i first_elements(size_t left) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(left < 8 ? (int)left : 8), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

CSIMD_INLINE CSIMD_AVX2 unsigned signs(__m256i elements) { return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(elements)); }

CSIMD_INLINE CSIMD_AVX2 __m256i where_negative(__m256i elements, __m256i then, __m256i otherwise) {
  return _mm256_castps_si256(
      _mm256_blendv_ps(_mm256_castsi256_ps(otherwise), _mm256_castsi256_ps(then), _mm256_castsi256_ps(elements)));
}

// Writes the elements that are inside one after the other, and returns where the next goes; eight are overwritten.
CSIMD_INLINE CSIMD_AVX2 uint32_t *list(uint32_t *free, __m256i entry, unsigned bits) {
  const __m256i order = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)chosen[bits]));
  _mm256_storeu_si256((__m256i *)free, _mm256_permutevar8x32_epi32(entry, order));
  return free + __builtin_popcount(bits);
}

// Eight primes of a wheel of 8 states, which one shuffle looks up; see sieve_medium.c. In an element of `state` byte 0 is the
// state, byte 2 is 8 more, and the others' upper bit asks for zero. `multiple_index` is relative to the end of the segment.
#define STATE_FRAME ((int)0x80088000)

struct group {
  __m256i multiple_index, prime, state;
};

// The state a number of multiples on, below 8.
CSIMD_INLINE CSIMD_AVX2 __m256i advanced(__m256i state, int multiples) {
  const __m256i sum = _mm256_add_epi8(state, _mm256_set1_epi32(multiples << 16 | multiples));
  return _mm256_or_si256(_mm256_and_si256(sum, _mm256_set1_epi32(7 << 16 | 7)), _mm256_set1_epi32(STATE_FRAME));
}

// The entries of a group's next multiples, and how far the ones after them are.
struct step {
  __m256i entry, move;
};

CSIMD_INLINE CSIMD_AVX2 struct step step_of(struct group group, __m256i masks, __m256i steps, const bool small) {
  struct step step;
  // Beyond the 8 states there are zeros.
  const __m256i kept = _mm256_shuffle_epi8(masks, group.state);
  step.entry = _mm256_or_si256(_mm256_slli_epi32(group.multiple_index, 8), kept);
  const __m256i both = _mm256_shuffle_epi8(steps, group.state);
  step.move = small ? _mm256_madd_epi16(_mm256_or_si256(group.prime, _mm256_set1_epi32(1 << 16)), both)
                    : _mm256_add_epi32(
                          _mm256_mullo_epi32(group.prime, _mm256_and_si256(both, _mm256_set1_epi32(0xFF))),
                          _mm256_srli_epi32(both, 16));
  return step;
}

// Eight primes advance together, as sixteen do in sieve_medium.c. The wheel has 8 states and not 48: looking a state up
// takes one instruction instead of nine, and only one multiple in eight comes in addition.
CSIMD_INLINE CSIMD_AVX2 void cross_off_medium(
    uint8_t *bytes, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel, const bool small) {
  uint32_t entries[sieve_list_size + 64];
  uint32_t *const full = entries + sieve_list_size, *free = entries;
  uint8_t both[16];
  __builtin_memcpy(both, wheel->factors, 8);
  __builtin_memcpy(both + 8, wheel->corrections, 8);
  const __m256i steps = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)both));
  const __m256i masks = _mm256_broadcastsi128_si256(_mm_loadl_epi64((const __m128i *)wheel->masks));
  const __m256i stop = _mm256_set1_epi32((int)size);
  if (sieving_primes.count == 0) return;
  struct sieve_rounds rounds = sieve_rounds_from(wheel, 8, size, sieving_primes.primes[0]);
  for (size_t at = 0; at < sieving_primes.count; at += 8) {
    const size_t left = sieving_primes.count - at;
    const __m256i valid = first_elements(left);
    sieve_update_rounds(&rounds, wheel, 8, sieving_primes.primes[at], sieving_primes.primes[at + (left < 8 ? left : 8) - 1]);
    int *indexes = (int *)sieving_primes.multiple_indexes + at, *words = (int *)sieving_primes.primes + at;
    struct group group;
    // 0, which is outside, where there is no prime.
    group.multiple_index = _mm256_and_si256(_mm256_sub_epi32(_mm256_maskload_epi32(indexes, valid), stop), valid);
    const __m256i word = _mm256_maskload_epi32(words, valid);
    group.prime = _mm256_and_si256(word, _mm256_set1_epi32(0xFFFFFF));
    group.state = _mm256_srli_epi32(word, 24);
    group.state = _mm256_or_si256(_mm256_or_si256(group.state, _mm256_slli_epi32(group.state, 16)), _mm256_set1_epi32(STATE_FRAME));
    uint32_t masked = rounds.most;
    const __m256i ahead = _mm256_mullo_epi32(
        _mm256_add_epi32(group.prime, _mm256_set1_epi32(1)), _mm256_set1_epi32((int)rounds.longest));
    if (rounds.all > 0 && signs(_mm256_add_epi32(group.multiple_index, ahead)) == 0xFF) {
      // Four rounds' states follow from one, since each waits three instructions for the one before.
      for (uint32_t round = 0; round < rounds.all;) {
        const __m256i state = group.state;
        const uint32_t end = round + 4 <= rounds.all ? 4 : 1;
#pragma unroll
        for (int i = 0; i < 4; i++) {
          const struct step step = step_of(group, masks, steps, small);
          _mm256_storeu_si256((__m256i *)free, step.entry);
          group.multiple_index = _mm256_add_epi32(group.multiple_index, step.move);
          group.state = advanced(state, i + 1);
          free += 8;
          if (i == 0 && end == 1) break;
        }
        round += end;
        if (free >= full) {
          sieve_cross_off(bytes + size, entries, free);
          free = entries;
        }
      }
      masked -= rounds.all;
    }
    // Primes that are through go on as well: a mask would make each round wait for the one before.
    struct group next = group;
    for (;;) {
      const unsigned inside = signs(next.multiple_index);
      if (masked == 0 && inside == 0) break;
      masked -= masked > 0;
      const struct step step = step_of(next, masks, steps, small);
      free = list(free, step.entry, inside);
      const __m256i index = next.multiple_index;
      next.multiple_index = _mm256_add_epi32(index, step.move);
      next.state = advanced(next.state, 1);
      group.multiple_index = where_negative(index, next.multiple_index, group.multiple_index);
      group.state = where_negative(index, next.state, group.state);
      if (free >= full) {
        sieve_cross_off(bytes + size, entries, free);
        free = entries;
      }
    }
    _mm256_maskstore_epi32(indexes, valid, group.multiple_index);
    _mm256_maskstore_epi32(words, valid, _mm256_or_si256(group.prime, _mm256_slli_epi32(group.state, 24)));
  }
  sieve_cross_off(bytes + size, entries, free);
}

CSIMD_AVX2 void sieve_medium_avx2(
    uint8_t *bytes, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel, bool small) {
  if (small)
    cross_off_medium(bytes, size, sieving_primes, wheel, true);
  else
    cross_off_medium(bytes, size, sieving_primes, wheel, false);
}

CSIMD_AVX2 void sieve_presieve_avx2(uint8_t *bytes, const uint8_t *const patterns[8], size_t count, bool keep) {
  for (size_t at = 0; at < count; at += 32) {
    __m256i bits = keep ? _mm256_loadu_si256((const __m256i *)(bytes + at)) : _mm256_set1_epi8(-1);
    for (int i = 0; i < 8; i++) bits = _mm256_and_si256(bits, _mm256_loadu_si256((const __m256i *)(patterns[i] + at)));
    _mm256_storeu_si256((__m256i *)(bytes + at), bits);
  }
}

CSIMD_AVX2 uint64_t sieve_count_avx2(const uint8_t *bytes, size_t count) {
  uint64_t sum = 0;
  for (size_t at = 0; at < count; at += 8) {
    uint64_t word;
    __builtin_memcpy(&word, bytes + at, 8);
    sum += (uint64_t)__builtin_popcountll(word);
  }
  return sum;
}

CSIMD_AVX2 size_t sieve_collect_avx2(const uint8_t *bytes, size_t count, uint32_t first, uint32_t *primes) {
  const __m128i residues = _mm_setr_epi8(7, 11, 13, 17, 19, 23, 29, 31, 0, 0, 0, 0, 0, 0, 0, 0);
  uint32_t *free = primes;
  for (size_t at = 0; at < count; at++, first += 30) {
    const __m128i row = _mm_loadl_epi64((const __m128i *)chosen[bytes[at]]);
    const __m256i offsets = _mm256_cvtepu8_epi32(_mm_shuffle_epi8(residues, row));
    _mm256_storeu_si256((__m256i *)free, _mm256_add_epi32(_mm256_set1_epi32((int)first), offsets));
    free += __builtin_popcount(bytes[at]);
  }
  return (size_t)(free - primes);
}

// 2^52 as a double: integers below it, put into its fraction, make the double that is larger by them.
#define MAGIC 0x4330000000000000ll

CSIMD_INLINE CSIMD_AVX2 __m256d double_of(__m256i integer) {
  const __m256i magic = _mm256_set1_epi64x(MAGIC);
  return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(integer, magic)), _mm256_castsi256_pd(magic));
}

// Of a whole number below 2^52.
CSIMD_INLINE CSIMD_AVX2 __m256i integer_of(__m256d whole) {
  const __m256i magic = _mm256_set1_epi64x(MAGIC);
  return _mm256_xor_si256(_mm256_castpd_si256(_mm256_add_pd(whole, _mm256_castsi256_pd(magic))), magic);
}

// The quotient of doubles is off by one at most: quotients lie below 2^43 and the dividend is right to 2^-53.
CSIMD_AVX2 size_t sieve_first_multiples_avx2(
    const uint32_t *primes, size_t count, uint64_t low, uint64_t span, const uint8_t *skips, uint64_t *distances,
    uint64_t *residues) {
  const __m256i before = _mm256_set1_epi64x((long long)(low - 1)), zero = _mm256_setzero_si256(), wheel = _mm256_set1_epi64x(210);
  const __m256d dividend = _mm256_set1_pd((double)(low - 1)), share = _mm256_set1_pd(1.0 / 210);
  const __m256i end = _mm256_set1_epi64x((long long)span), lower = _mm256_set1_epi64x(0xFFFFFFFF);
  size_t found = 0;
  for (size_t at = 0; at < count; at += 4) {
    // Elements past the end are read, since the list is padded, and left out below.
    const __m256i p = _mm256_cvtepu32_epi64(_mm_loadu_si128((const __m128i *)(primes + at)));
    const __m256d quotient = _mm256_round_pd(_mm256_div_pd(dividend, double_of(p)), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    __m256i q = integer_of(quotient);
    const __m256i product =
        _mm256_add_epi64(_mm256_mul_epu32(q, p), _mm256_slli_epi64(_mm256_mul_epu32(_mm256_srli_epi64(q, 32), p), 32));
    __m256i rest = _mm256_sub_epi64(before, product);
    // Rounding may have taken the quotient one too far either way; the remainder tells.
    const __m256i negative = _mm256_cmpgt_epi64(zero, rest);
    rest = _mm256_add_epi64(rest, _mm256_and_si256(negative, p));
    q = _mm256_add_epi64(q, negative);
    const __m256i small = _mm256_cmpgt_epi64(p, rest);
    rest = _mm256_sub_epi64(rest, _mm256_andnot_si256(small, p));
    // The cofactor of the first multiple is the quotient and one, and one more where the remainder was too large.
    const __m256i cofactor = _mm256_add_epi64(_mm256_add_epi64(q, _mm256_set1_epi64x(2)), small);
    // Modulo 210. The share may be one off too; below 2^32 the remainder does not ask for the upper halves.
    const __m256i turns =
        integer_of(_mm256_round_pd(_mm256_mul_pd(double_of(cofactor), share), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));
    __m256i residue = _mm256_and_si256(_mm256_sub_epi32(cofactor, _mm256_mul_epu32(turns, wheel)), lower);
    // A share too large leaves a remainder of minus 210 or more, which is large without a sign in 64 bits; too small, one of 210
    // or more.
    const __m256i above = _mm256_cmpgt_epi64(residue, _mm256_set1_epi64x(0x7FFFFFFF));
    residue = _mm256_and_si256(_mm256_add_epi64(residue, _mm256_and_si256(above, wheel)), lower);
    const __m256i below = _mm256_cmpgt_epi64(wheel, residue);
    residue = _mm256_sub_epi64(residue, _mm256_andnot_si256(below, wheel));
    // What stands past the end of the list may be anything, even zero.
    residue = _mm256_min_epu32(residue, _mm256_set1_epi64x(209));
    // Eight bytes are read for each, of which the first counts; the table has room behind 209.
    const __m256i skip =
        _mm256_and_si256(_mm256_i64gather_epi64((const long long *)(const void *)skips, residue, 1), _mm256_set1_epi64x(0xFF));
    const __m256i ahead =
        _mm256_add_epi64(_mm256_sub_epi64(_mm256_sub_epi64(p, rest), _mm256_set1_epi64x(1)), _mm256_mul_epu32(p, skip));
    unsigned inside = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(end, ahead)));
    if (count - at < 4) inside &= (1u << (count - at)) - 1;
    // Pairs of 32 bits, in the order of the table for eight of those.
    const unsigned pairs = (inside & 1) * 3 | (inside >> 1 & 1) * 12 | (inside >> 2 & 1) * 48 | (inside >> 3) * 192;
    const __m256i order = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)chosen[pairs]));
    const __m256i distance = _mm256_or_si256(ahead, _mm256_slli_epi64(p, 32));
    _mm256_storeu_si256((__m256i *)(distances + found), _mm256_permutevar8x32_epi32(distance, order));
    _mm256_storeu_si256((__m256i *)(residues + found), _mm256_permutevar8x32_epi32(_mm256_add_epi64(residue, skip), order));
    found += (size_t)__builtin_popcount(inside);
  }
  return found;
}

CSIMD_AVX2 void sieve_fill_buckets_avx2(
    struct ckernels_buckets *buckets, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel) {
  uint32_t entries[sieve_list_size + 64];
  uint32_t *free = entries;
  const struct table48 steps = steps_of(wheel), bits = table_of(wheel->bits);
  const __m256i stop = _mm256_set1_epi32((int)size);
  for (size_t at = 0; at < sieving_primes.count; at += 8) {
    const __m256i valid = first_elements(sieving_primes.count - at);
    // Relative to the end, so that the sign says what is inside; 0 where there is no prime. Compared for instead, the compiler
    // packs and unpacks the answer of each round.
    __m256i ahead = _mm256_and_si256(
        _mm256_sub_epi32(_mm256_maskload_epi32((const int *)sieving_primes.multiple_indexes + at, valid), stop), valid);
    const __m256i prime = _mm256_maskload_epi32((const int *)sieving_primes.primes + at, valid);
    __m256i state = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(sieving_primes.wheel_indexes + at)));
    state = _mm256_or_si256(state, _mm256_set1_epi32(EMPTY));
    for (unsigned inside = signs(ahead); inside != 0; inside = signs(ahead)) {
      const struct table48 position = positions(state);
      const __m256i multiple_index = _mm256_add_epi32(ahead, stop);
      free = list(free, _mm256_or_si256(_mm256_slli_epi32(multiple_index, 3), look_up(bits, position)), inside);
      const __m256i step = look_up(steps, position);
      const __m256i factor = _mm256_and_si256(step, _mm256_set1_epi32(0xF));
      const __m256i move = _mm256_add_epi32(_mm256_mullo_epi32(prime, factor), _mm256_srli_epi32(step, 4));
      // One that is through stays where it is: further steps could reach 2^31.
      ahead = _mm256_add_epi32(ahead, _mm256_and_si256(move, _mm256_srai_epi32(ahead, 31)));
      state = next_state(state);
      if (free - entries >= sieve_list_size) {
        sieve_distribute(buckets, entries, free);
        free = entries;
      }
    }
  }
  sieve_distribute(buckets, entries, free);
}

#endif
