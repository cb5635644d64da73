#include "sieve_levels.h"

#include <csimd.h>

#include <assert.h>

#if CSIMD_X86
#include <immintrin.h>

// Why this is C: the kernels need permutations of bytes, masks per element and compression, which Swift cannot say, and
// are chosen at run time. All primes up to 10^10 on one core of a Sapphire Rapids: 1.00 s with them; 1.29 s without,
// with whole turns of the wheel in L1 and L2 in their place, and 1.35 s by primesieve 11.0.

// A step of sixteen primes: the entry of each one's multiple, how far the next one is, and the next state; all 48 states'
// tables lie in registers. The state s stands in bytes 0 and 2 of its element; 64 + s selects the second table of a
// two-table permutation, so that one permutation yields the factor in the lower and the correction in the upper half.
struct step {
  __m512i entry, move;
};

struct tables {
  __m512i masks, factors, corrections;
};

// The state a number of multiples on, below 48.
CSIMD_INLINE CSIMD_AVX512_VBMI __m512i advanced(__m512i state, int multiples) {
  // Only what is 48 or more is smaller less 48, without a sign.
  const __m512i sum = _mm512_add_epi16(state, _mm512_set1_epi32(multiples << 16 | multiples));
  return _mm512_min_epu16(sum, _mm512_sub_epi16(sum, _mm512_set1_epi32(48 << 16 | 48)));
}

CSIMD_INLINE CSIMD_AVX512_VBMI struct step step_of(
    __m512i multiple_index, __m512i prime, __m512i state, struct tables wheel, const bool small) {
  struct step step;
  const __m512i kept = _mm512_maskz_permutexvar_epi8(0x1111111111111111, state, wheel.masks);
  step.entry = _mm512_or_si512(_mm512_slli_epi32(multiple_index, 8), kept);
  // Bytes 0 and 2 of each element are looked up, the others are cleared: factor below, correction above.
  const __m512i both = _mm512_maskz_permutex2var_epi8(
      0x5555555555555555, wheel.factors, _mm512_or_si512(state, _mm512_set1_epi32(64 << 16)), wheel.corrections);
  // Below 983,040 = 30 * 2^15 floor(p / 30) fits 16 bits with a sign: with 1 in the upper half, one multiply-add does for
  // factor and correction.
  step.move = small ? _mm512_madd_epi16(_mm512_or_si512(prime, _mm512_set1_epi32(1 << 16)), both)
                    : _mm512_add_epi32(
                          _mm512_mullo_epi32(prime, _mm512_and_si512(both, _mm512_set1_epi32(0xFF))), _mm512_srli_epi32(both, 16));
  return step;
}

// Sixteen primes advance together. `sieve_rounds` tells how many multiples all of them have in the segment and how many none
// exceeds: the first are listed without a mask, which would make each round wait for the one before, and rounds up to the last
// are done whether a prime is inside or not. So no branch depends on where a prime stands; the end of each group, mispredicted,
// cost 20 cycles.
CSIMD_INLINE CSIMD_AVX512_VBMI void cross_off_medium(
    uint8_t *bytes, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel, const bool small) {
  if (sieving_primes.count == 0) return;
  uint32_t entries[sieve_list_size + 64];
  uint32_t *const full = entries + sieve_list_size, *free = entries;
  const struct tables tables = {
      _mm512_loadu_si512(wheel->masks), _mm512_loadu_si512(wheel->factors), _mm512_loadu_si512(wheel->corrections)};
  const __m512i stop = _mm512_set1_epi32((int)size);
  struct sieve_rounds rounds = sieve_rounds_from(wheel, 48, size, sieving_primes.primes[0]);
  for (size_t at = 0; at < sieving_primes.count; at += 16) {
    const size_t left = sieving_primes.count - at;
    const __mmask16 valid = left >= 16 ? 0xFFFF : (__mmask16)((1u << left) - 1);
    sieve_update_rounds(&rounds, wheel, 48, sieving_primes.primes[at], sieving_primes.primes[at + (left >= 16 ? 16 : left) - 1]);
    // Relative to the end of the segment; 0, which is outside, where there is no prime.
    __m512i multiple_index = _mm512_maskz_sub_epi32(valid, _mm512_maskz_loadu_epi32(valid, sieving_primes.multiple_indexes + at), stop);
    const __m512i word = _mm512_maskz_loadu_epi32(valid, sieving_primes.primes + at);
    // The upper byte is the wheel index, the rest floor(p / 30).
    const __m512i prime = _mm512_and_si512(word, _mm512_set1_epi32(0xFFFFFF));
    __m512i state = _mm512_or_si512(
        _mm512_srli_epi32(word, 24), _mm512_and_si512(_mm512_srli_epi32(word, 8), _mm512_set1_epi32(0xFF0000)));
    uint32_t masked = rounds.most;
    const __m512i ahead = _mm512_mullo_epi32(_mm512_add_epi32(prime, _mm512_set1_epi32(1)), _mm512_set1_epi32((int)rounds.longest));
    if (rounds.all > 0 && _mm512_movepi32_mask(_mm512_add_epi32(multiple_index, ahead)) == 0xFFFF) {
      // Four rounds' states follow from one, since each waits three instructions for the one before.
      for (uint32_t round = 0; round < rounds.all;) {
        const __m512i before = state;
        const uint32_t end = round + 4 <= rounds.all ? 4 : 1;
#pragma unroll
        for (int i = 0; i < 4; i++) {
          const struct step step = step_of(multiple_index, prime, state, tables, small);
          _mm512_storeu_si512(free, step.entry);
          multiple_index = _mm512_add_epi32(multiple_index, step.move);
          state = advanced(before, i + 1);
          free += 16;
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
    __m512i next_index = multiple_index, next_state = state;
    for (;;) {
      const __mmask16 inside = _mm512_movepi32_mask(next_index);
      if (masked == 0 && inside == 0) break;
      masked -= masked > 0;
      const struct step step = step_of(next_index, prime, next_state, tables, small);
      _mm512_storeu_si512(free, _mm512_maskz_compress_epi32(inside, step.entry));
      next_index = _mm512_add_epi32(next_index, step.move);
      next_state = advanced(next_state, 1);
      multiple_index = _mm512_mask_mov_epi32(multiple_index, inside, next_index);
      state = _mm512_mask_mov_epi32(state, inside, next_state);
      free += __builtin_popcount(inside);
      if (free >= full) {
        sieve_cross_off(bytes + size, entries, free);
        free = entries;
      }
    }
    // From the start of the next segment; every prime has left this one.
    _mm512_mask_storeu_epi32(sieving_primes.multiple_indexes + at, valid, multiple_index);
    _mm512_mask_storeu_epi32(
        sieving_primes.primes + at, valid, _mm512_or_si512(prime, _mm512_slli_epi32(state, 24)));
  }
  sieve_cross_off(bytes + size, entries, free);
}

CSIMD_AVX512_VBMI void sieve_medium_vbmi(
    uint8_t *bytes, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel, bool small) {
  assert(csimd_best() >= csimd_avx512_vbmi && size <= 1 << 23);
  // A constant each time, so that the loop is compiled twice without the question.
  if (small)
    cross_off_medium(bytes, size, sieving_primes, wheel, true);
  else
    cross_off_medium(bytes, size, sieving_primes, wheel, false);
}

// Patterns come from L2, mostly across two lines of the cache: about 2.8 cycles for each 64 bytes of one of them.
CSIMD_AVX512_VBMI void sieve_presieve_vbmi(uint8_t *bytes, const uint8_t *const patterns[8], size_t count, bool keep) {
  assert(csimd_best() >= csimd_avx512_vbmi && count % 64 == 0);
  for (size_t at = 0; at < count; at += 64) {
    __m512i bits = keep ? _mm512_loadu_si512(bytes + at) : _mm512_set1_epi8(-1);
    // 0x80 is the truth table of a & b & c.
    for (int i = 0; i < 8; i += 2)
      bits = _mm512_ternarylogic_epi64(
          bits, _mm512_loadu_si512(patterns[i] + at), _mm512_loadu_si512(patterns[i + 1] + at), 0x80);
    _mm512_storeu_si512(bytes + at, bits);
  }
}

CSIMD_AVX512_VBMI uint64_t sieve_count_vbmi(const uint8_t *bytes, size_t count) {
  assert(csimd_best() >= csimd_avx512_vbmi && count % 64 == 0);
  __m512i sum = _mm512_setzero_si512();
  for (size_t at = 0; at < count; at += 64)
    sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_loadu_si512(bytes + at)));
  return (uint64_t)_mm512_reduce_add_epi64(sum);
}

#endif
