#include "ckernels_sieve.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Why this is C: the kernels need permutations of bytes, masks per element and compression, which Swift cannot say, and
   are chosen at run time. All primes up to 10^10 on one core of a Sapphire Rapids: 1.00 s with them; 1.29 s without, with
   whole turns of the wheel in L1 and L2 in their place, and 1.35 s by primesieve 11.0. */

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vbmi,avx512ifma,avx512vpopcntdq,popcnt")))

int ckernels_sieve_is_supported(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
      && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512ifma")
      && __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("popcnt");
}

/* Marks noted before they are carried out: they stay in L1, and the branch at the end of carrying out costs little. */
enum { NOTES = 512 };

/* Clears the bits that notes tell of: the byte in bits 8-31, the bits to keep in bits 0-7. */
static inline void carry_out(uint8_t *bytes, const uint32_t *note, const uint32_t *end) {
  for (; end - note >= 4; note += 4) {
    uint32_t a = note[0], b = note[1], c = note[2], d = note[3];
    bytes[a >> 8] &= (uint8_t)a;
    bytes[b >> 8] &= (uint8_t)b;
    bytes[c >> 8] &= (uint8_t)c;
    bytes[d >> 8] &= (uint8_t)d;
  }
  for (; note < end; note++) bytes[*note >> 8] &= (uint8_t)*note;
}

/* Sixteen primes walk side by side. A round notes the multiple of every prime that is still inside, packed, and moves
   these on; tables of all 48 states lie in registers. The state is kept twice, s in byte 0 and 64 + s in byte 2 of its
   element, so that one permutation of two tables yields the gap in the lower and the carry in the upper half. */
static inline __attribute__((always_inline)) AVX512 void step(
    uint8_t *bytes, uint32_t size, struct ckernels_runners runners, const struct ckernels_steps *steps, const int small) {
  uint32_t notes[NOTES + 16];
  uint32_t *free = notes;
  const __m512i gaps = _mm512_loadu_si512(steps->gaps), carry = _mm512_loadu_si512(steps->carry);
  const __m512i keep = _mm512_loadu_si512(steps->keep);
  const __m512i stop = _mm512_set1_epi32((int)size), one = _mm512_set1_epi32(1 << 16 | 1);
  const __m512i first = _mm512_set1_epi32(64 << 16), behind = _mm512_set1_epi32((64 + 48) << 16 | 48);
  for (size_t at = 0; at < runners.count; at += 16) {
    size_t left = runners.count - at;
    __mmask16 valid = left >= 16 ? 0xFFFF : (__mmask16)((1u << left) - 1);
    __m512i place = _mm512_maskz_loadu_epi32(valid, runners.places + at);
    const __m512i word = _mm512_maskz_loadu_epi32(valid, runners.primes + at);
    const __m512i prime = _mm512_and_si512(word, _mm512_set1_epi32(0xFFFFFF));
    /* floor(p / 30) in the lower and 1 in the upper half: times gap and carry, added up. */
    const __m512i factors = _mm512_or_si512(prime, _mm512_set1_epi32(1 << 16));
    __m512i state = _mm512_or_si512(
        _mm512_or_si512(_mm512_srli_epi32(word, 24), first),
        _mm512_and_si512(_mm512_srli_epi32(word, 8), _mm512_set1_epi32(0xFF0000)));
    __mmask16 inside = _mm512_mask_cmplt_epu32_mask(valid, place, stop);
    while (inside) {
      __m512i kept = _mm512_maskz_permutexvar_epi8(0x1111111111111111, state, keep);
      __m512i note = _mm512_or_si512(_mm512_slli_epi32(place, 8), kept);
      _mm512_storeu_si512(free, _mm512_maskz_compress_epi32(inside, note));
      free += __builtin_popcount(inside);
      __m512i both = _mm512_maskz_permutex2var_epi8(0x5555555555555555, gaps, state, carry);
      __m512i move = small
          ? _mm512_madd_epi16(factors, both)
          : _mm512_add_epi32(
                _mm512_mullo_epi32(prime, _mm512_and_si512(both, _mm512_set1_epi32(0xFF))), _mm512_srli_epi32(both, 16));
      place = _mm512_mask_add_epi32(place, inside, place, move);
      state = _mm512_mask_add_epi32(state, inside, state, one);
      state = _mm512_mask_mov_epi32(state, _mm512_cmpeq_epi32_mask(state, behind), first);
      inside = _mm512_mask_cmplt_epu32_mask(valid, place, stop);
      if (free - notes >= NOTES) {
        carry_out(bytes, notes, free);
        free = notes;
      }
    }
    _mm512_mask_storeu_epi32(runners.places + at, valid, _mm512_sub_epi32(place, stop));
    _mm512_mask_storeu_epi32(
        runners.primes + at, valid, _mm512_or_si512(prime, _mm512_slli_epi32(state, 24)));
  }
  carry_out(bytes, notes, free);
}

AVX512 void ckernels_sieve_step(
    uint8_t *bytes, uint32_t size, struct ckernels_runners runners, const struct ckernels_steps *steps, int small) {
  if (small)
    step(bytes, size, runners, steps, 1);
  else
    step(bytes, size, runners, steps, 0);
}

/* Patterns come from L2 and mostly across two lines of the cache: about 2.8 cycles for each 64 bytes of one of them. */
AVX512 void ckernels_sieve_lay(uint8_t *bytes, const uint8_t *const patterns[8], size_t count, int keep) {
  for (size_t at = 0; at < count; at += 64) {
    __m512i bits = keep ? _mm512_loadu_si512(bytes + at) : _mm512_set1_epi8(-1);
    /* 0x80 is the truth table of a & b & c. */
    for (int i = 0; i < 8; i += 2)
      bits = _mm512_ternarylogic_epi64(
          bits, _mm512_loadu_si512(patterns[i] + at), _mm512_loadu_si512(patterns[i + 1] + at), 0x80);
    _mm512_storeu_si512(bytes + at, bits);
  }
}

AVX512 uint64_t ckernels_sieve_ones(const uint8_t *bytes, size_t count) {
  __m512i sum = _mm512_setzero_si512();
  for (size_t at = 0; at < count; at += 64)
    sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_loadu_si512(bytes + at)));
  return (uint64_t)_mm512_reduce_add_epi64(sum);
}

#else

int ckernels_sieve_is_supported(void) { return 0; }
void ckernels_sieve_step(
    uint8_t *bytes, uint32_t size, struct ckernels_runners runners, const struct ckernels_steps *steps, int small) {
  (void)bytes, (void)size, (void)runners, (void)steps, (void)small;
}
void ckernels_sieve_lay(uint8_t *bytes, const uint8_t *const patterns[8], size_t count, int keep) {
  (void)bytes, (void)patterns, (void)count, (void)keep;
}
uint64_t ckernels_sieve_ones(const uint8_t *bytes, size_t count) { return (void)bytes, (void)count, 0; }

#endif
