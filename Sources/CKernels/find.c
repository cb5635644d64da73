#define _GNU_SOURCE
#include "ckernels.h"

#include <assert.h>
#include <string.h>

#if CSIMD_X86
#include <immintrin.h>
#endif

// Two bytes of the needle, the rarest ones, are compared at 64 places at once; where both fit, the rest is compared.
// Swift has no masks and no choice of instructions at run time; the portable loop shows what is left without them. Two
// GB of text in the page cache, seconds of processor time for a rare word on a Sapphire Rapids, AVX-512: 0.27 with a
// pass of its own for zero bytes, 0.17 in one pass with prefetching, where ripgrep 13 takes 0.19 to 0.21 and counting
// lines 0.16.

// Lower case for A to Z; no other byte has a case here.
static inline uint8_t folded(uint8_t byte) { return (uint8_t)(byte - 'A') < 26 ? byte | 0x20 : byte; }

static inline bool fits(const uint8_t *at, const struct ckernels_needle *needle) {
  if (!needle->ignores_case) {
    // Most places that look right are wrong in their first four bytes, which cost less than a call.
    if (needle->length >= 4) {
      uint32_t begins, wanted;
      memcpy(&begins, at, 4);
      memcpy(&wanted, needle->bytes, 4);
      if (begins != wanted) return false;
    }
    return memcmp(at, needle->bytes, needle->length) == 0;
  }
  for (size_t i = 0; i < needle->length; i++)
    if (folded(at[i]) != needle->bytes[i]) return false;
  return true;
}

// The bit that is set before a comparison so that both cases of a letter look alike; 0 for other bytes.
static inline uint8_t case_bit(const struct ckernels_needle *needle, int which) {
  uint8_t byte = needle->bytes[needle->rare[which]];
  return needle->ignores_case && (uint8_t)(byte - 'a') < 26 ? 0x20 : 0;
}

// Places from `at` on, one by one, behind the `found` that were written already.
static size_t scan_portable(
    const uint8_t *bytes, size_t at, size_t count, const struct ckernels_needle *needle, bool stops_at_zero,
    size_t *places, size_t found, size_t room) {
  if (stops_at_zero && ckernels_first_byte(bytes + at, count - at, 0) != CKERNELS_NOT_FOUND) return CKERNELS_NOT_FOUND;
  const uint8_t bit = case_bit(needle, 0), rare = needle->bytes[needle->rare[0]];
  for (; at + needle->length <= count && found < room; at++)
    if ((bytes[at + needle->rare[0]] | bit) == rare && fits(bytes + at, needle)) places[found++] = at;
  return found;
}

#if CSIMD_X86

// One bit for each of 64 places at which both bytes fit.
CSIMD_INLINE uint64_t both_sse2(
    const uint8_t *one, const uint8_t *two, const uint8_t bits[2], const uint8_t rare[2]) {
  const __m128i bit1 = _mm_set1_epi8((char)bits[0]), bit2 = _mm_set1_epi8((char)bits[1]);
  const __m128i rare1 = _mm_set1_epi8((char)rare[0]), rare2 = _mm_set1_epi8((char)rare[1]);
  uint64_t found = 0;
  for (int i = 0; i < 4; i++) {
    __m128i a = _mm_or_si128(_mm_loadu_si128((const __m128i *)(one + 16 * i)), bit1);
    __m128i b = _mm_or_si128(_mm_loadu_si128((const __m128i *)(two + 16 * i)), bit2);
    __m128i equal = _mm_and_si128(_mm_cmpeq_epi8(a, rare1), _mm_cmpeq_epi8(b, rare2));
    found |= (uint64_t)(unsigned)_mm_movemask_epi8(equal) << (16 * i);
  }
  return found;
}

CSIMD_AVX2 static inline uint64_t both_avx2(
    const uint8_t *one, const uint8_t *two, const uint8_t bits[2], const uint8_t rare[2]) {
  const __m256i bit1 = _mm256_set1_epi8((char)bits[0]), bit2 = _mm256_set1_epi8((char)bits[1]);
  const __m256i rare1 = _mm256_set1_epi8((char)rare[0]), rare2 = _mm256_set1_epi8((char)rare[1]);
  uint64_t found = 0;
  for (int i = 0; i < 2; i++) {
    __m256i a = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)(one + 32 * i)), bit1);
    __m256i b = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)(two + 32 * i)), bit2);
    __m256i equal = _mm256_and_si256(_mm256_cmpeq_epi8(a, rare1), _mm256_cmpeq_epi8(b, rare2));
    found |= (uint64_t)(unsigned)_mm256_movemask_epi8(equal) << (32 * i);
  }
  return found;
}

CSIMD_AVX512 static inline uint64_t both_avx512(
    const uint8_t *one, const uint8_t *two, const uint8_t bits[2], const uint8_t rare[2]) {
  __m512i a = _mm512_or_si512(_mm512_loadu_si512(one), _mm512_set1_epi8((char)bits[0]));
  __m512i b = _mm512_or_si512(_mm512_loadu_si512(two), _mm512_set1_epi8((char)bits[1]));
  __mmask64 first = _mm512_cmpeq_epi8_mask(a, _mm512_set1_epi8((char)rare[0]));
  return _mm512_mask_cmpeq_epi8_mask(first, b, _mm512_set1_epi8((char)rare[1]));
}

// Not 0 when one of 64 bytes is zero. Only AVX-512 tells which: the others look at the minimum of their registers.
CSIMD_INLINE uint64_t zero_sse2(const uint8_t *bytes) {
  const __m128i *from = (const __m128i *)bytes;
  __m128i least = _mm_min_epu8(
      _mm_min_epu8(_mm_loadu_si128(from), _mm_loadu_si128(from + 1)),
      _mm_min_epu8(_mm_loadu_si128(from + 2), _mm_loadu_si128(from + 3)));
  return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128()));
}

CSIMD_AVX2 static inline uint64_t zero_avx2(const uint8_t *bytes) {
  const __m256i *from = (const __m256i *)bytes;
  __m256i least = _mm256_min_epu8(_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1));
  return (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(least, _mm256_setzero_si256()));
}

CSIMD_AVX512 static inline uint64_t zero_avx512(const uint8_t *bytes) {
  __m512i b = _mm512_loadu_si512(bytes);
  return _mm512_testn_epi8_mask(b, b);
}

// Makes a search for `isa` that writes places until there is room for no more: 64 at a time as long as both bytes can be
// loaded, then one by one. Looking for zero bytes in the same pass spares a second one over memory. Candidates that turn
// out wrong empty the processor's queue of loads, so bytes are prefetched: 4 KiB ahead were best.
#define SCAN(name, isa, both, zero)                                                                      \
  isa CSIMD_INLINE size_t name(                                                                          \
      const uint8_t *bytes, size_t count, const struct ckernels_needle *needle, bool stops_at_zero,      \
      size_t *places, size_t room) {                                                                     \
    const size_t one = needle->rare[0], two = needle->rare[1], farther = one > two ? one : two;          \
    const uint8_t bits[2] = {case_bit(needle, 0), case_bit(needle, 1)};                                  \
    const uint8_t rare[2] = {needle->bytes[one], needle->bytes[two]};                                    \
    size_t at = 0, found = 0;                                                                            \
    for (; at + farther + 64 <= count; at += 64) {                                                       \
      __builtin_prefetch(bytes + at + 4096);                                                             \
      if (stops_at_zero && __builtin_expect(zero(bytes + at) != 0, 0)) return CKERNELS_NOT_FOUND;        \
      uint64_t candidates = both(bytes + at + one, bytes + at + two, bits, rare);                        \
      for (; __builtin_expect(candidates != 0, 0); candidates &= candidates - 1) {                       \
        size_t place = at + (size_t)__builtin_ctzll(candidates);                                         \
        if (place + needle->length > count) break;                                                       \
        if (!fits(bytes + place, needle)) continue;                                                      \
        places[found++] = place;                                                                         \
        if (found == room) return found;                                                                 \
      }                                                                                                  \
    }                                                                                                    \
    return scan_portable(bytes, at, count, needle, stops_at_zero, places, found, room);                  \
  }                                                                                                      \
  isa static size_t name##_text(                                                                         \
      const uint8_t *bytes, size_t count, const struct ckernels_needle *needle, size_t *places, size_t room) { \
    return name(bytes, count, needle, true, places, room);                                               \
  }                                                                                                      \
  isa static size_t name##_any(const uint8_t *bytes, size_t count, const struct ckernels_needle *needle) { \
    size_t place;                                                                                        \
    return name(bytes, count, needle, false, &place, 1) == 0 ? CKERNELS_NOT_FOUND : place;               \
  }

SCAN(scan_sse2, , both_sse2, zero_sse2)
SCAN(scan_avx2, CSIMD_AVX2, both_avx2, zero_avx2)
SCAN(scan_avx512, CSIMD_AVX512, both_avx512, zero_avx512)
#endif

size_t ckernels_find(const uint8_t *bytes, size_t count, const struct ckernels_needle *needle) {
  assert(needle->length > 0 && needle->rare[0] < needle->length && needle->rare[1] < needle->length);
#if CSIMD_X86
  const enum csimd_level level = csimd_level_in_use();
  if (level >= csimd_avx512) return scan_avx512_any(bytes, count, needle);
  if (level >= csimd_avx2) return scan_avx2_any(bytes, count, needle);
  if (level >= csimd_sse2) return scan_sse2_any(bytes, count, needle);
#endif
  size_t place;
  return scan_portable(bytes, 0, count, needle, false, &place, 0, 1) == 0 ? CKERNELS_NOT_FOUND : place;
}

size_t ckernels_places(
    const uint8_t *bytes, size_t count, const struct ckernels_needle *needle, size_t *places, size_t room) {
  assert(needle->length > 0 && needle->rare[0] < needle->length && needle->rare[1] < needle->length && room > 0);
#if CSIMD_X86
  const enum csimd_level level = csimd_level_in_use();
  if (level >= csimd_avx512) return scan_avx512_text(bytes, count, needle, places, room);
  if (level >= csimd_avx2) return scan_avx2_text(bytes, count, needle, places, room);
  if (level >= csimd_sse2) return scan_sse2_text(bytes, count, needle, places, room);
#endif
  return scan_portable(bytes, 0, count, needle, true, places, 0, room);
}

size_t ckernels_first_byte(const uint8_t *bytes, size_t count, uint8_t byte) {
  const uint8_t *found = count == 0 ? NULL : memchr(bytes, byte, count);
  return found ? (size_t)(found - bytes) : CKERNELS_NOT_FOUND;
}

size_t ckernels_last_byte(const uint8_t *bytes, size_t count, uint8_t byte) {
  const uint8_t *found = count == 0 ? NULL : memrchr(bytes, byte, count);
  return found ? (size_t)(found - bytes) : CKERNELS_NOT_FOUND;
}
