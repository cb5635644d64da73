#include "sieve_levels.h"

#include <csimd.h>

#include <assert.h>

#if CSIMD_X86
#include <immintrin.h>

// Large sieving primes: generated, used once and forgotten. Near 2^64 there are 203 million of them for each unit: 10^9
// numbers from 10^18 take 1.60 s with one division after the other and 1.0 s with these kernels, on one core of a
// Sapphire Rapids.
//
// The way of a prime: `collect` turns the bits of a finished sieve into numbers, `first_multiples` keeps those with a
// multiple in the interval (near 2^64, of primes up to 2^32 and an interval of 10^9 numbers, about a fifth), Swift
// sorts these by residue modulo 30, `fill_buckets` goes through their multiples, and `cross_off_bucket` clears bits
// where the bitmap's part lies in L2. Nothing is kept of a prime after that, which is what keeps a lane below 64 MB;
// primesieve's EratBig keeps all of them.

CSIMD_AVX512_VBMI size_t sieve_collect_vbmi(const uint8_t *bytes, size_t count, uint32_t first, uint32_t *primes) {
  assert(csimd_best() >= csimd_avx512_vbmi && count % 8 == 0);
  // What each bit of a word of eight bytes adds to the word's first number; it fits a byte, since the last is 7 * 30 +
  // 31.
  uint8_t offsets[64];
  static const uint8_t residues[8] = {7, 11, 13, 17, 19, 23, 29, 31};
  for (int i = 0; i < 64; i++) offsets[i] = (uint8_t)(i / 8 * 30 + residues[i % 8]);
  const __m512i table = _mm512_loadu_si512(offsets);
  uint32_t *free = primes;
  for (size_t at = 0; at < count; at += 8, first += 240) {
    uint64_t word;
    __builtin_memcpy(&word, bytes + at, 8);
    int ones = __builtin_popcountll(word);
    __m512i packed = _mm512_maskz_compress_epi8(word, table);
    // Stores may write past the last prime; the next word overwrites that. Sixteen at a time; a word has fourteen
    // primes near 2^24 and eleven near 2^32, so the loop below is seldom entered.
    const __m512i base = _mm512_set1_epi32((int)first);
    _mm512_storeu_si512(free, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(packed))));
    for (int done = 16; done < ones; done += 16) {
      packed = _mm512_alignr_epi64(packed, packed, 2);
      _mm512_storeu_si512(free + done, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(packed))));
    }
    free += ones;
  }
  return (size_t)(free - primes);
}

// The quotient of doubles is off by one at most: quotients lie below 2^43 and the dividend is right to 2^-53.
CSIMD_AVX512_VBMI size_t sieve_first_multiples_vbmi(
    const uint32_t *primes, size_t count, uint64_t low, uint64_t span, const uint8_t *skips, uint64_t *distances,
    uint64_t *residues) {
  assert(csimd_best() >= csimd_avx512_vbmi && low > 0 && span <= UINT32_MAX);
  const __m512i skip0 = _mm512_loadu_si512(skips), skip1 = _mm512_loadu_si512(skips + 64);
  const __m512i skip2 = _mm512_loadu_si512(skips + 128), skip3 = _mm512_loadu_si512(skips + 192);
  const __m512i before = _mm512_set1_epi64((long long)(low - 1)), one = _mm512_set1_epi64(1), zero = _mm512_setzero_si512();
  const __m512d dividend = _mm512_cvtepu64_pd(before);
  // The first multiple at or after `low` has the cofactor floor((low - 1) / p) + 1.
  // 2^52 / 210, rounded up: floor(c / 210) is exact for c below 2^44.
  const __m512i share = _mm512_set1_epi64((1ll << 52) / 210 + 1), wheel = _mm512_set1_epi64(210);
  const __m512i end = _mm512_set1_epi64((long long)span);
  size_t found = 0;
  for (size_t at = 0; at < count; at += 8) {
    __mmask8 valid = count - at >= 8 ? 0xFF : (__mmask8)((1u << (count - at)) - 1);
    // Elements past the end are read, since the list is padded, and left out below.
    __m512i p = _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(primes + at)));
    __m512i q = _mm512_cvttpd_epu64(_mm512_div_pd(dividend, _mm512_cvtepu64_pd(p)));
    __m512i rest = _mm512_sub_epi64(before, _mm512_mullo_epi64(q, p));
    // Rounding may have taken the quotient one too far either way; the remainder tells.
    __mmask8 negative = _mm512_cmplt_epi64_mask(rest, zero);
    rest = _mm512_mask_add_epi64(rest, negative, rest, p);
    q = _mm512_mask_sub_epi64(q, negative, q, one);
    __mmask8 large = _mm512_cmpge_epi64_mask(rest, p);
    rest = _mm512_mask_sub_epi64(rest, large, rest, p);
    q = _mm512_mask_add_epi64(q, large, q, one);
    __m512i cofactor = _mm512_add_epi64(q, one);
    // Modulo 210. IFMA multiplies 52 bits by 52, and its upper half is the product divided by 2^52.
    __m512i residue = _mm512_sub_epi64(
        cofactor, _mm512_madd52lo_epu64(zero, _mm512_madd52hi_epu64(zero, cofactor, share), wheel));
    // A lookup of two registers takes 7 bits of the index, so residues from 128 on are looked up in the other two.
    __m512i lower = _mm512_permutex2var_epi8(skip0, residue, skip1);
    __m512i upper = _mm512_permutex2var_epi8(skip2, residue, skip3);
    __m512i skip = _mm512_mask_mov_epi64(lower, _mm512_cmpge_epu64_mask(residue, _mm512_set1_epi64(128)), upper);
    skip = _mm512_and_si512(skip, _mm512_set1_epi64(0xFF));
    // From low to p * (cofactor + skip): what is left of p after low - 1, and as many more primes as the wheel passes
    // over.
    __m512i ahead = _mm512_add_epi64(
        _mm512_sub_epi64(_mm512_sub_epi64(p, rest), one), _mm512_mul_epu32(p, skip));
    __mmask8 inside = _mm512_mask_cmplt_epu64_mask(valid, ahead, end);
    _mm512_storeu_si512(
        distances + found, _mm512_maskz_compress_epi64(inside, _mm512_or_si512(ahead, _mm512_slli_epi64(p, 32))));
    _mm512_storeu_si512(residues + found, _mm512_maskz_compress_epi64(inside, _mm512_add_epi64(residue, skip)));
    found += (size_t)__builtin_popcount(inside);
  }
  return found;
}

// As ckernels_sieve_medium, with the multiples sorted into buckets. The bitmap has up to 32 MiB, and crossing off in
// the order in which primes come would miss every cache for each multiple; within a bucket's part it is in L2. Of most
// primes there is one multiple only, so a round ends with a few of sixteen elements in use: primes with the same
// residue still share their tables.
CSIMD_AVX512_VBMI void sieve_fill_buckets_vbmi(
    struct ckernels_buckets *buckets, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel) {
  assert(csimd_best() >= csimd_avx512_vbmi && size <= 1 << 26 && buckets->bits <= 24);
  uint32_t entries[sieve_list_size + 16];
  uint32_t *free = entries;
  const __m512i factors = _mm512_loadu_si512(wheel->factors), corrections = _mm512_loadu_si512(wheel->corrections);
  const __m512i bits = _mm512_loadu_si512(wheel->bits);
  const __m512i stop = _mm512_set1_epi32((int)size), one = _mm512_set1_epi32(1 << 16 | 1);
  const __m512i first = _mm512_set1_epi32(64 << 16), end_state = _mm512_set1_epi32((64 + 48) << 16 | 48);
  for (size_t at = 0; at < sieving_primes.count; at += 16) {
    size_t left = sieving_primes.count - at;
    __mmask16 inside = left >= 16 ? 0xFFFF : (__mmask16)((1u << left) - 1);
    __m512i multiple_index = _mm512_maskz_loadu_epi32(inside, sieving_primes.multiple_indexes + at);
    const __m512i prime = _mm512_maskz_loadu_epi32(inside, sieving_primes.primes + at);
    __m512i state = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(sieving_primes.wheel_indexes + at)));
    // The wheel index twice, as in `cross_off_medium`.
    state = _mm512_or_si512(_mm512_or_si512(state, _mm512_slli_epi32(state, 16)), first);
    while (inside) {
      __m512i bit = _mm512_maskz_permutexvar_epi8(0x1111111111111111, state, bits);
      __m512i entry = _mm512_or_si512(_mm512_slli_epi32(multiple_index, 3), bit);
      _mm512_storeu_si512(free, _mm512_maskz_compress_epi32(inside, entry));
      free += __builtin_popcount(inside);
      __m512i both = _mm512_maskz_permutex2var_epi8(0x5555555555555555, factors, state, corrections);
      __m512i move = _mm512_add_epi32(
          _mm512_mullo_epi32(prime, _mm512_and_si512(both, _mm512_set1_epi32(0xFF))), _mm512_srli_epi32(both, 16));
      multiple_index = _mm512_add_epi32(multiple_index, move);
      state = _mm512_add_epi32(state, one);
      state = _mm512_mask_mov_epi32(state, _mm512_cmpeq_epi32_mask(state, end_state), first);
      inside = _mm512_mask_cmplt_epu32_mask(inside, multiple_index, stop);
      if (free - entries >= sieve_list_size) {
        sieve_distribute(buckets, entries, free);
        free = entries;
      }
    }
  }
  sieve_distribute(buckets, entries, free);
}

#endif
