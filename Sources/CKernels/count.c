#include "ckernels.h"

#include <string.h>

#if CSIMD_X86
#include <immintrin.h>
#endif

// Why this is C: Swift has no way to turn a comparison of bytes into a mask of bits, and none to choose instructions at
// run time. English text on one core of a Sapphire Rapids, in GB/s from L2 and from memory: AVX-512 21 and 8.6, AVX2 14
// and 8.1, SSE2 6 and 5.7; a loop over bytes in Swift makes 0.65.

// 64 bytes as one bit each: bit i is byte i. Other bytes have no bit in any of the three.
struct classes {
  uint64_t newline, space, printable;
};

// Adds 64 bytes to the counts; `inside` is 1 when a word reaches up to them. A printable byte sets the state, white
// space clears it, anything else keeps it: the carry of an addition in which these generate, kill and propagate. The
// carry into a bit is the state before that byte.
CSIMD_INLINE void add_block(
    struct ckernels_words *total, uint64_t *inside, struct classes c) {
  uint64_t decisive = c.space | c.printable;
  uint64_t keep = ~decisive;
  unsigned long long carry;
  // Printable bits generate a carry, kept ones propagate it, and white space stops it.
  uint64_t sum = __builtin_addcll(c.printable | keep, c.printable, *inside, &carry);
  uint64_t before = sum ^ keep;
  total->lines += (uint64_t)__builtin_popcountll(c.newline);
  total->words += (uint64_t)__builtin_popcountll(c.printable & ~before);
  *inside = carry;
  if (__builtin_expect(total->first == ckernels_neither, 0) && decisive)
    total->first = (c.printable >> __builtin_ctzll(decisive)) & 1 ? ckernels_printable : ckernels_space;
}

CSIMD_INLINE struct classes classify_portable(const uint8_t *bytes) {
  struct classes c = {0, 0, 0};
  for (int i = 0; i < 64; i++) {
    uint8_t b = bytes[i];
    c.newline |= (uint64_t)(b == '\n') << i;
    c.space |= (uint64_t)(b == ' ' || (uint8_t)(b - 9) < 5) << i;
    c.printable |= (uint64_t)(b > 0x20 && b < 0x7F) << i;
  }
  return c;
}

// Makes a counter for `isa`: whole blocks, then the rest in a block filled up with zeros, which are neither space nor
// printable and so leave the state as it is.
#define COUNTER(name, isa, classify)                                                  \
  isa static struct ckernels_words name(const uint8_t *bytes, size_t count) {         \
    struct ckernels_words total = {0, 0, ckernels_neither, ckernels_neither};         \
    uint64_t inside = 0;                                                              \
    size_t at = 0;                                                                    \
    for (; at + 64 <= count; at += 64) add_block(&total, &inside, classify(bytes + at)); \
    if (at < count) {                                                                 \
      uint8_t rest[64] = {0};                                                         \
      memcpy(rest, bytes + at, count - at);                                           \
      add_block(&total, &inside, classify(rest));                                     \
    }                                                                                 \
    if (total.first != ckernels_neither) total.last = inside ? ckernels_printable : ckernels_space; \
    return total;                                                                     \
  }

COUNTER(count_portable, , classify_portable)

#if CSIMD_X86

CSIMD_INLINE struct classes classify_sse2(const uint8_t *bytes) {
  struct classes c = {0, 0, 0};
  for (int i = 0; i < 4; i++) {
    __m128i b = _mm_loadu_si128((const __m128i *)(bytes + 16 * i));
    __m128i control = _mm_sub_epi8(b, _mm_set1_epi8(9));
    __m128i space = _mm_or_si128(
        _mm_cmpeq_epi8(b, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(_mm_min_epu8(control, _mm_set1_epi8(4)), control));
    __m128i graphic = _mm_andnot_si128(
        _mm_cmpeq_epi8(b, _mm_set1_epi8(0x7F)), _mm_cmpgt_epi8(b, _mm_set1_epi8(0x20)));
    c.newline |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(b, _mm_set1_epi8('\n'))) << (16 * i);
    c.space |= (uint64_t)(unsigned)_mm_movemask_epi8(space) << (16 * i);
    c.printable |= (uint64_t)(unsigned)_mm_movemask_epi8(graphic) << (16 * i);
  }
  return c;
}

CSIMD_AVX2 static inline struct classes classify_avx2(const uint8_t *bytes) {
  struct classes c = {0, 0, 0};
  for (int i = 0; i < 2; i++) {
    __m256i b = _mm256_loadu_si256((const __m256i *)(bytes + 32 * i));
    __m256i control = _mm256_sub_epi8(b, _mm256_set1_epi8(9));
    __m256i space = _mm256_or_si256(
        _mm256_cmpeq_epi8(b, _mm256_set1_epi8(' ')),
        _mm256_cmpeq_epi8(_mm256_min_epu8(control, _mm256_set1_epi8(4)), control));
    __m256i graphic = _mm256_andnot_si256(
        _mm256_cmpeq_epi8(b, _mm256_set1_epi8(0x7F)), _mm256_cmpgt_epi8(b, _mm256_set1_epi8(0x20)));
    c.newline |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, _mm256_set1_epi8('\n'))) << (32 * i);
    c.space |= (uint64_t)(unsigned)_mm256_movemask_epi8(space) << (32 * i);
    c.printable |= (uint64_t)(unsigned)_mm256_movemask_epi8(graphic) << (32 * i);
  }
  return c;
}

CSIMD_AVX512 static inline struct classes classify_avx512(const uint8_t *bytes) {
  __m512i b = _mm512_loadu_si512(bytes);
  struct classes c;
  c.newline = _mm512_cmpeq_epi8_mask(b, _mm512_set1_epi8('\n'));
  c.space = _mm512_cmpeq_epi8_mask(b, _mm512_set1_epi8(' '))
      | _mm512_cmplt_epu8_mask(_mm512_sub_epi8(b, _mm512_set1_epi8(9)), _mm512_set1_epi8(5));
  c.printable = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(b, _mm512_set1_epi8(0x21)), _mm512_set1_epi8(0x5E));
  return c;
}

COUNTER(count_sse2, , classify_sse2)
COUNTER(count_avx2, CSIMD_AVX2, classify_avx2)
COUNTER(count_avx512, CSIMD_AVX512, classify_avx512)
#endif

struct ckernels_words ckernels_count_words(const uint8_t *bytes, size_t count) {
#if CSIMD_X86
  const enum csimd_level level = csimd_level_in_use();
  if (level >= csimd_avx512) return count_avx512(bytes, count);
  if (level >= csimd_avx2) return count_avx2(bytes, count);
  if (level >= csimd_sse2) return count_sse2(bytes, count);
#endif
  return count_portable(bytes, count);
}
