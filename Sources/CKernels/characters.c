#include "ckernels.h"

#if CSIMD_X86
#include <immintrin.h>
#endif

// A byte begins a character or it does not, whatever came before, since no byte inside a valid character can begin one
// (RFC 3629, section 3). So places are judged 59 at a time, each with the five bytes after it, and added up. Characters
// are those of glibc's mbrtowc, as GNU wc -m counts them in C.UTF-8: of up to six bytes as in RFC 2279, and so beyond
// U+10FFFF; no overlong forms, no surrogates.

int ckernels_character_length(const uint8_t *bytes, size_t count) {
  if (count == 0) return 0;
  const uint8_t lead = bytes[0];
  if (lead < 0x80) return 1;
  // 0x80 to 0xBF continue a character; 0xC0 and 0xC1 would begin overlong forms only.
  if (count < 2 || lead < 0xC2 || lead > 0xFD) return 0;
  // After the first lead byte of each length the second byte has a lower bound, against overlong forms. After 0xED it
  // has an upper one, against surrogates.
  const uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : lead == 0xF8 ? 0x88 : lead == 0xFC ? 0x84 : 0x80;
  const uint8_t most = lead == 0xED ? 0x9F : 0xBF;
  if (bytes[1] < least || bytes[1] > most) return 0;
  const int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : lead < 0xFC ? 5 : 6;
  if (count < (size_t)length) return 0;
  for (int i = 2; i < length; i++)
    if ((bytes[i] & 0xC0) != 0x80) return 0;
  return length;
}

// For bytes after the last block, and where there are no vectors.
static uint64_t count_portable(const uint8_t *bytes, size_t count) {
  uint64_t total = 0;
  for (size_t at = 0; at < count; at++) total += ckernels_character_length(bytes + at, count - at) > 0;
  return total;
}

#if CSIMD_X86

// Which of 64 bytes lie in a range, both ends included: less its lower end, without a sign, a byte is at most the
// range's width.
CSIMD_INLINE uint64_t within_sse2(const uint8_t *bytes, uint8_t from, uint8_t to) {
  uint64_t bits = 0;
  for (int i = 0; i < 4; i++) {
    __m128i b = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), _mm_set1_epi8((char)from));
    __m128i in = _mm_cmpeq_epi8(_mm_min_epu8(b, _mm_set1_epi8((char)(to - from))), b);
    bits |= (uint64_t)(unsigned)_mm_movemask_epi8(in) << (16 * i);
  }
  return bits;
}

CSIMD_AVX2 static inline uint64_t within_avx2(const uint8_t *bytes, uint8_t from, uint8_t to) {
  uint64_t bits = 0;
  for (int i = 0; i < 2; i++) {
    __m256i b = _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)(bytes + 32 * i)), _mm256_set1_epi8((char)from));
    __m256i in = _mm256_cmpeq_epi8(_mm256_min_epu8(b, _mm256_set1_epi8((char)(to - from))), b);
    bits |= (uint64_t)(unsigned)_mm256_movemask_epi8(in) << (32 * i);
  }
  return bits;
}

CSIMD_AVX512 static inline uint64_t within_avx512(const uint8_t *bytes, uint8_t from, uint8_t to) {
  __m512i b = _mm512_sub_epi8(_mm512_loadu_si512(bytes), _mm512_set1_epi8((char)from));
  return _mm512_cmple_epu8_mask(b, _mm512_set1_epi8((char)(to - from)));
}

// Makes a counter for `isa`. Bit i of a mask that is shifted right by n tells about byte i + n. The ranges are those of
// ckernels_character_length: E0, ED, F0, F8 and FC have bounds of their own. The last five places of a block are judged
// in the next one.
#define COUNTER(name, isa, within)                                                              \
  isa static uint64_t name(const uint8_t *bytes, size_t count) {                                \
    uint64_t total = 0;                                                                         \
    size_t at = 0;                                                                              \
    while (at + 64 <= count) {                                                                  \
      const uint8_t *here = bytes + at;                                                         \
      const uint64_t ascii = within(here, 0, 0x7F);                                             \
      if (ascii == UINT64_MAX) {                                                                \
        total += 64;                                                                            \
        at += 64;                                                                               \
        continue;                                                                               \
      }                                                                                         \
      const uint64_t next = within(here, 0x80, 0xBF);                                           \
      const uint64_t high = within(here, 0xA0, 0xBF) >> 1, upper = within(here, 0x90, 0xBF) >> 1; \
      const uint64_t two = next >> 1, three = two & next >> 2, four = three & next >> 3;          \
      uint64_t begins = ascii | (within(here, 0xC2, 0xDF) & two);                                 \
      begins |= within(here, 0xE1, 0xEF) & ~within(here, 0xED, 0xED) & three;                     \
      begins |= within(here, 0xE0, 0xE0) & three & high;                                          \
      begins |= within(here, 0xED, 0xED) & three & ~high;                                         \
      begins |= within(here, 0xF1, 0xF7) & four;                                                  \
      begins |= within(here, 0xF0, 0xF0) & four & upper;                                          \
      if (within(here, 0xF8, 0xFD)) {                                                             \
        const uint64_t five = four & next >> 4, six = five & next >> 5;                           \
        begins |= (within(here, 0xF9, 0xFB) & five) | (within(here, 0xFD, 0xFD) & six);           \
        begins |= within(here, 0xF8, 0xF8) & five & within(here, 0x88, 0xBF) >> 1;                \
        begins |= within(here, 0xFC, 0xFC) & six & within(here, 0x84, 0xBF) >> 1;                 \
      }                                                                                           \
      total += (uint64_t)__builtin_popcountll(begins & (UINT64_MAX >> 5));                      \
      at += 59;                                                                                 \
    }                                                                                           \
    return total + count_portable(bytes + at, count - at);                                      \
  }

COUNTER(count_sse2, , within_sse2)
COUNTER(count_avx2, CSIMD_AVX2, within_avx2)
COUNTER(count_avx512, CSIMD_AVX512, within_avx512)
#endif

uint64_t ckernels_count_characters(const uint8_t *bytes, size_t count) {
#if CSIMD_X86
  const enum csimd_level level = csimd_level_in_use();
  if (level >= csimd_avx512) return count_avx512(bytes, count);
  if (level >= csimd_avx2) return count_avx2(bytes, count);
  if (level >= csimd_sse2) return count_sse2(bytes, count);
#endif
  return count_portable(bytes, count);
}
