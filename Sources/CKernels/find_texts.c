#define _GNU_SOURCE
#include "ckernels.h"

#include <assert.h>
#include <string.h>

#if CSIMD_X86
#include <immintrin.h>
#endif

// Several texts at once, by the method called Teddy (Langdale, in Intel's Hyperscan; Gallant's aho-corasick has it for
// ripgrep): a table look-up of each half of a byte tells which of eight buckets may have that byte at its first, second
// or third place, for as many places as a register has bytes, and what passes all three is compared with the bucket's
// texts. Five words in 200 MB of text took 0.31 s of processor time as an expression in machine code and take a tenth of
// that here. Swift has no table look-ups in registers.

// Lower case for A to Z; no other byte has a case here.
static inline uint8_t folded(uint8_t byte) { return (uint8_t)(byte - 'A') < 26 ? byte | 0x20 : byte; }

static bool equal(const uint8_t *at, const struct ckernels_text *text, bool ignores_case) {
  if (!ignores_case) return memcmp(at, text->bytes, text->length) == 0;
  for (uint32_t i = 0; i < text->length; i++)
    if (folded(at[i]) != text->bytes[i]) return false;
  return true;
}

// Whether a text of one of the buckets has its fingerprint at `place`.
static bool fits(
    const uint8_t *bytes, size_t count, size_t place, uint8_t buckets, const struct ckernels_texts *texts) {
  for (unsigned left = buckets; left; left &= left - 1) {
    const unsigned bucket = (unsigned)__builtin_ctz(left);
    for (uint32_t i = texts->buckets[bucket]; i < texts->buckets[bucket + 1]; i++) {
      const struct ckernels_text *text = &texts->texts[i];
      if (place < text->window || count - (place - text->window) < text->length) continue;
      if (equal(bytes + place - text->window, text, texts->ignores_case)) return true;
    }
  }
  return false;
}

// The buckets that may have a fingerprint at these bytes.
static inline uint8_t buckets_at(const uint8_t *bytes, const struct ckernels_texts *texts) {
  unsigned buckets = 0xFF;
  for (uint32_t i = 0; i < texts->width; i++) buckets &= texts->low[i][bytes[i] & 15] & texts->high[i][bytes[i] >> 4];
  return (uint8_t)buckets;
}

// Places from `at` on, one by one, behind the `found` that were written already.
static size_t scan_portable(
    const uint8_t *bytes, size_t at, size_t count, const struct ckernels_texts *texts, bool stops_at_zero,
    size_t *places, size_t found, size_t room) {
  if (stops_at_zero && ckernels_first_byte(bytes + at, count - at, 0) != CKERNELS_NOT_FOUND) return CKERNELS_NOT_FOUND;
  for (; at + texts->width <= count && found < room; at++) {
    const uint8_t buckets = buckets_at(bytes + at, texts);
    if (buckets && fits(bytes, count, at, buckets, texts)) places[found++] = at;
  }
  return found;
}

#if CSIMD_X86

// The tables in registers: they are loaded once, not for each step.
struct tables_avx2 {
  __m256i low[3], high[3];
};

struct tables_avx512 {
  __m512i low[3], high[3];
};

CSIMD_AVX2 CSIMD_INLINE struct tables_avx2 tables_avx2(const struct ckernels_texts *texts, uint32_t width) {
  struct tables_avx2 tables;
  for (uint32_t place = 0; place < width; place++) {
    tables.low[place] = _mm256_loadu_si256((const __m256i *)texts->low[place]);
    tables.high[place] = _mm256_loadu_si256((const __m256i *)texts->high[place]);
  }
  return tables;
}

CSIMD_AVX512 CSIMD_INLINE struct tables_avx512 tables_avx512(const struct ckernels_texts *texts, uint32_t width) {
  struct tables_avx512 tables;
  for (uint32_t place = 0; place < width; place++) {
    tables.low[place] = _mm512_loadu_si512(texts->low[place]);
    tables.high[place] = _mm512_loadu_si512(texts->high[place]);
  }
  return tables;
}

// One bit for each of 64 places where a bucket may have its fingerprint; where there are any, `buckets` gets them.
CSIMD_AVX2 CSIMD_INLINE uint64_t candidates_avx2(
    const uint8_t *bytes, const struct tables_avx2 *tables, uint32_t width, uint8_t buckets[64]) {
  const __m256i half = _mm256_set1_epi8(15);
  uint64_t found = 0;
  for (int i = 0; i < 64; i += 32) {
    __m256i all = _mm256_set1_epi8(-1);
    for (uint32_t place = 0; place < width; place++) {
      const __m256i b = _mm256_loadu_si256((const __m256i *)(bytes + i + place));
      all = _mm256_and_si256(all, _mm256_shuffle_epi8(tables->low[place], _mm256_and_si256(b, half)));
      all = _mm256_and_si256(
          all, _mm256_shuffle_epi8(tables->high[place], _mm256_and_si256(_mm256_srli_epi16(b, 4), half)));
    }
    _mm256_storeu_si256((__m256i *)(buckets + i), all);
    const __m256i none = _mm256_cmpeq_epi8(all, _mm256_setzero_si256());
    found |= (uint64_t)(uint32_t)~_mm256_movemask_epi8(none) << i;
  }
  return found;
}

CSIMD_AVX512 CSIMD_INLINE uint64_t candidates_avx512(
    const uint8_t *bytes, const struct tables_avx512 *tables, uint32_t width, uint8_t buckets[64]) {
  const __m512i half = _mm512_set1_epi8(15);
  __m512i all = _mm512_set1_epi8(-1);
  for (uint32_t place = 0; place < width; place++) {
    const __m512i b = _mm512_loadu_si512(bytes + place);
    const __m512i low = _mm512_shuffle_epi8(tables->low[place], _mm512_and_si512(b, half));
    const __m512i high =
        _mm512_shuffle_epi8(tables->high[place], _mm512_and_si512(_mm512_srli_epi16(b, 4), half));
    all = _mm512_ternarylogic_epi64(all, low, high, 0x80); // and of all three
  }
  const uint64_t found = _mm512_test_epi8_mask(all, all);
  if (__builtin_expect(found != 0, 0)) _mm512_storeu_si512(buckets, all);
  return found;
}

CSIMD_AVX2 CSIMD_INLINE bool has_zero_avx2(const uint8_t *bytes) {
  const __m256i *from = (const __m256i *)bytes;
  const __m256i least = _mm256_min_epu8(_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1));
  return _mm256_movemask_epi8(_mm256_cmpeq_epi8(least, _mm256_setzero_si256())) != 0;
}

CSIMD_AVX512 CSIMD_INLINE bool has_zero_avx512(const uint8_t *bytes) {
  const __m512i b = _mm512_loadu_si512(bytes);
  return _mm512_testn_epi8_mask(b, b) != 0;
}

// Makes a search for `isa` and for fingerprints of `width` bytes, which the compiler is to know.
#define SCAN(level, isa)                                                                                 \
  isa CSIMD_INLINE size_t scan_##level##_by(                                                             \
      uint32_t width, const uint8_t *bytes, size_t count, const struct ckernels_texts *texts,            \
      bool stops_at_zero, size_t *places, size_t room) {                                                 \
    const struct tables_##level tables = tables_##level(texts, width);                                   \
    uint8_t buckets[64];                                                                                 \
    size_t at = 0, found = 0;                                                                            \
    for (; at + width - 1 + 64 <= count; at += 64) {                                                     \
      __builtin_prefetch(bytes + at + 4096);                                                             \
      if (stops_at_zero && __builtin_expect(has_zero_##level(bytes + at), 0)) return CKERNELS_NOT_FOUND; \
      uint64_t candidates = candidates_##level(bytes + at, &tables, width, buckets);                     \
      for (; __builtin_expect(candidates != 0, 0); candidates &= candidates - 1) {                       \
        const size_t i = (size_t)__builtin_ctzll(candidates);                                            \
        if (!fits(bytes, count, at + i, buckets[i], texts)) continue;                                    \
        places[found++] = at + i;                                                                        \
        if (found == room) return found;                                                                 \
      }                                                                                                  \
    }                                                                                                    \
    return scan_portable(bytes, at, count, texts, stops_at_zero, places, found, room);                   \
  }                                                                                                      \
  isa static size_t scan_##level(                                                                        \
      const uint8_t *bytes, size_t count, const struct ckernels_texts *texts, bool stops_at_zero,        \
      size_t *places, size_t room) {                                                                     \
    switch (texts->width) {                                                                              \
      case 1: return scan_##level##_by(1, bytes, count, texts, stops_at_zero, places, room);             \
      case 2: return scan_##level##_by(2, bytes, count, texts, stops_at_zero, places, room);             \
      default: return scan_##level##_by(3, bytes, count, texts, stops_at_zero, places, room);            \
    }                                                                                                    \
  }

SCAN(avx2, CSIMD_AVX2)
SCAN(avx512, CSIMD_AVX512)
#endif

static size_t scan(
    const uint8_t *bytes, size_t count, const struct ckernels_texts *texts, bool stops_at_zero, size_t *places,
    size_t room) {
  assert(texts->width >= 1 && texts->width <= 3 && room > 0);
#if CSIMD_X86
  const enum csimd_level level = csimd_level_in_use();
  if (level >= csimd_avx512) return scan_avx512(bytes, count, texts, stops_at_zero, places, room);
  if (level >= csimd_avx2) return scan_avx2(bytes, count, texts, stops_at_zero, places, room);
#endif
  return scan_portable(bytes, 0, count, texts, stops_at_zero, places, 0, room);
}

size_t ckernels_find_texts(const uint8_t *bytes, size_t count, const struct ckernels_texts *texts) {
  size_t place;
  return scan(bytes, count, texts, false, &place, 1) == 0 ? CKERNELS_NOT_FOUND : place;
}

size_t ckernels_places_texts(
    const uint8_t *bytes, size_t count, const struct ckernels_texts *texts, size_t *places, size_t room) {
  return scan(bytes, count, texts, true, places, room);
}
