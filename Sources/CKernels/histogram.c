#include "ckernels_top.h"

#include "csimd.h"

#include <string.h>

#if CSIMD_X86
#include <immintrin.h>
#endif

// Why this is C: the loops are nothing but loads and stores, and Swift's bounds and overflow checks double them.
//
// What bounds the tables is one addition to memory a cycle, and less where the same byte comes again before its count was
// stored. Text on one core of a Sapphire Rapids: one table 1.5 GB/s, eight tables, one for each byte of a word, 2.7;
// one table of pairs of bytes, which halves the additions, 4.4. That table has 256 KiB: it pays while the pairs that
// occur are few enough for the first-level cache. Random bytes make 1.6 with pairs and 2.7 with eight tables. So each
// stretch looks at how many different bytes there are in a sample of it. Asking for memory 4 KiB ahead makes 5.0 out of
// 4.6; two or four tables of pairs, so that equal ones do not wait for each other, make less.

enum { stretch_size = 65536, sample_size = 512, few_values = 128, line_size = 64, prefetch_distance = 4096 };

// Whether the pairs of a stretch are few enough for a table of pairs, as far as its first bytes tell.
static bool has_few_values(const uint8_t *bytes, size_t count) {
  uint8_t seen[256] = {0};
  int found = 0;
  for (size_t at = 0; at < count && at < sample_size; at++) {
    found += !seen[bytes[at]];
    seen[bytes[at]] = 1;
  }
  return found < few_values;
}

static inline void count_four_pairs(const uint8_t *bytes, uint32_t *pairs) {
  uint64_t word;
  memcpy(&word, bytes, 8);
  pairs[(uint16_t)word]++;
  pairs[(uint16_t)(word >> 16)]++;
  pairs[(uint16_t)(word >> 32)]++;
  pairs[word >> 48]++;
}

// `count` is a multiple of 8.
static void count_pairs(const uint8_t *bytes, size_t count, uint32_t *pairs) {
  size_t at = 0;
  for (; at + line_size <= count; at += line_size) {
    __builtin_prefetch(bytes + at + prefetch_distance); // past the end this does nothing
    for (int i = 0; i < line_size; i += 8) count_four_pairs(bytes + at + i, pairs);
  }
  for (; at < count; at += 8) count_four_pairs(bytes + at, pairs);
}

// `count` is a multiple of 8, and at most a stretch, which 32 bits hold. A table for each byte of a word, so that equal
// bytes in a row do not wait for each other's count.
static void count_bytes(const uint8_t *bytes, size_t count, uint64_t *counts) {
  uint32_t tables[8][256];
  memset(tables, 0, sizeof tables);
  for (size_t at = 0; at < count; at += 8) {
    uint64_t word;
    memcpy(&word, bytes + at, 8);
    for (int i = 0; i < 8; i++) tables[i][(uint8_t)(word >> (8 * i))]++;
  }
  for (int i = 0; i < 8; i++)
    for (int byte = 0; byte < 256; byte++) counts[byte] += tables[i][byte];
}

#if CSIMD_X86
// With AVX-512 no table is needed. 512 bytes are turned into eight planes of 512 bits, of which the first has the lowest bit
// of each byte; which byte a bit is of does not matter here. Four planes make sixteen minterms, one for each half of a byte's
// value, whose bits are set where the byte has it; the bits that two minterms share are the bytes of one value. Halves that do
// not occur in a block, as most upper ones in text, cost nothing. From a cache on one EPYC core, in GB/s, tables in brackets:
// text 16.1 (6.9), a table of numbers 13.0 (6.1), random bytes 7.2 (3.4).
enum { group_size = 512, groups = 8, block_size = groups * group_size };

CSIMD_AVX512_VBMI CSIMD_INLINE void make_planes(const uint8_t *bytes, __m512i planes[8]) {
  // Transposes the bits of each eight bytes.
  const __m512i unit = _mm512_set1_epi64((long long)0x8040201008040201u);
  __m512i a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = _mm512_gf2p8affine_epi64_epi8(unit, _mm512_loadu_si512(bytes + 64 * i), 0);
  // Then the bytes of eight vectors: pairs, fours, eights of those that belong together.
  for (int i = 0; i < 8; i += 2) {
    b[i] = _mm512_unpacklo_epi8(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_epi8(a[i], a[i + 1]);
  }
  for (int i = 0; i < 8; i += 4)
    for (int odd = 0; odd < 2; odd++) {
      a[i + 2 * odd] = _mm512_unpacklo_epi16(b[i + odd], b[i + odd + 2]);
      a[i + 2 * odd + 1] = _mm512_unpackhi_epi16(b[i + odd], b[i + odd + 2]);
    }
  for (int i = 0; i < 4; i++) {
    b[2 * i] = _mm512_unpacklo_epi32(a[i], a[i + 4]);
    b[2 * i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 4]);
  }
  for (int i = 0; i < 4; i++) {
    planes[2 * i] = _mm512_unpacklo_epi64(b[i], b[i + 4]);
    planes[2 * i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 4]);
  }
}

// Where the four bits of which `planes` holds the lowest first have each value.
CSIMD_AVX512_VBMI CSIMD_INLINE void make_minterms(const __m512i planes[4], __m512i minterms[16]) {
  const __m512i upper[4] = {
      _mm512_ternarylogic_epi64(planes[3], planes[2], planes[2], 0x03), _mm512_andnot_si512(planes[3], planes[2]),
      _mm512_andnot_si512(planes[2], planes[3]), _mm512_and_si512(planes[3], planes[2])};
  for (int i = 0; i < 4; i++) {
    minterms[4 * i] = _mm512_ternarylogic_epi64(upper[i], planes[1], planes[0], 0x10);
    minterms[4 * i + 1] = _mm512_ternarylogic_epi64(upper[i], planes[1], planes[0], 0x20);
    minterms[4 * i + 2] = _mm512_ternarylogic_epi64(upper[i], planes[1], planes[0], 0x40);
    minterms[4 * i + 3] = _mm512_ternarylogic_epi64(upper[i], planes[1], planes[0], 0x80);
  }
}

// Counts whole blocks; returns how many bytes they have.
CSIMD_AVX512_VBMI static size_t count_planes(const uint8_t *bytes, size_t count, uint64_t *counts) {
  __m512i sums[256], lower[groups][16], upper[groups][16];
  size_t at = 0;
  memset(sums, 0, sizeof sums);
  for (; at + block_size <= count; at += block_size) {
    for (int group = 0; group < groups; group++) {
      const uint8_t *from = bytes + at + group * group_size;
      __m512i planes[8];
      for (int i = 0; i < group_size; i += line_size) __builtin_prefetch(from + i + block_size); // past the end this does nothing
      make_planes(from, planes);
      make_minterms(planes, lower[group]);
      make_minterms(planes + 4, upper[group]);
    }
    for (int high = 0; high < 16; high++) {
      __m512i any = upper[0][high];
      for (int group = 1; group < groups; group++) any = _mm512_or_si512(any, upper[group][high]);
      if (_mm512_test_epi64_mask(any, any) == 0) continue;
      for (int low = 0; low < 16; low++) {
        // Two sums, so that one addition does not wait for the other.
        __m512i even = sums[16 * high + low], odd = _mm512_setzero_si512();
        for (int group = 0; group < groups; group += 2) {
          even = _mm512_add_epi64(even, _mm512_popcnt_epi64(_mm512_and_si512(upper[group][high], lower[group][low])));
          odd = _mm512_add_epi64(
              odd, _mm512_popcnt_epi64(_mm512_and_si512(upper[group + 1][high], lower[group + 1][low])));
        }
        sums[16 * high + low] = _mm512_add_epi64(even, odd);
      }
    }
  }
  for (int byte = 0; byte < 256; byte++) counts[byte] += (uint64_t)_mm512_reduce_add_epi64(sums[byte]);
  return at;
}
#endif

// Counts a multiple of 8 bytes by tables.
static void count_words(const uint8_t *bytes, size_t count, uint32_t *pairs, uint64_t *counts) {
  for (size_t at = 0; at < count; at += stretch_size) {
    const size_t length = count - at < stretch_size ? count - at : stretch_size;
    if (has_few_values(bytes + at, length)) count_pairs(bytes + at, length, pairs);
    else count_bytes(bytes + at, length, counts);
  }
}

void ckernels_histogram(const uint8_t *bytes, size_t count, uint32_t *pairs, uint64_t *counts) {
  size_t at = 0;
#if CSIMD_X86
  // Adding up the sums takes as long as counting some blocks.
  if (count >= 4 * block_size && csimd_level_in_use() >= csimd_avx512_vbmi) at = count_planes(bytes, count, counts);
#endif
  const size_t words = (count - at) / 8 * 8;
  count_words(bytes + at, words, pairs, counts);
  for (at += words; at < count; at++) counts[bytes[at]]++;
}

void ckernels_histogram_close(uint32_t *pairs, uint64_t *counts) {
  for (size_t i = 0; i < ckernels_pairs; i++) {
    // The lower byte of a pair comes first in memory; both count alike.
    counts[i & 255] += pairs[i];
    counts[i >> 8] += pairs[i];
    pairs[i] = 0;
  }
}
