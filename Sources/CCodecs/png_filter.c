// The filters of a PNG's rows, all five at once (PNG specification, 9.2).
//
// A row gets the filter whose differences take the fewest bits, nearly: as many for each as its magnitude has, and two more when
// it is not 0. That is as quick as adding up magnitudes, which libpng does (PNG, 12.7), and makes files a hundredth smaller.
#include "csimd.h"
#include "png_stream.h"
#include <string.h>
#if CSIMD_X86
#include <immintrin.h>
#endif

// A difference counts as a signed number.
static unsigned cost(uint8_t difference) {
  const unsigned magnitude = difference < 128 ? difference : 256u - difference;
  const unsigned bits = magnitude == 0 ? 0 : 2 + (unsigned)(32 - __builtin_clz(magnitude));
  return bits < 8 ? bits : 8;
}

static uint8_t predict_paeth(int left, int above, int corner) {
  int over = above - corner, across = left - corner, both = over + across;
  over = over < 0 ? -over : over, across = across < 0 ? -across : across, both = both < 0 ? -both : both;
  if (over <= across && over <= both) return (uint8_t)left;
  return (uint8_t)(across <= both ? above : corner);
}

static void filter_portable(
  const uint8_t *row, const uint8_t *above, size_t count, size_t bytes, uint8_t *const candidates[5], uint64_t costs[5]) {
  memcpy(candidates[0], row, count);
  memset(costs, 0, 5 * sizeof *costs);
  for (size_t at = 0; at < count; at++) {
    const uint8_t left = (row - bytes)[at], over = above[at];
    const uint8_t differences[5] = {
      row[at], (uint8_t)(row[at] - left), (uint8_t)(row[at] - over), (uint8_t)(row[at] - (left + over) / 2),
      (uint8_t)(row[at] - predict_paeth(left, over, (above - bytes)[at]))};
    for (int filter = 0; filter < 5; filter++) {
      candidates[filter][at] = differences[filter];
      costs[filter] += cost(differences[filter]);
    }
  }
}

#if CSIMD_X86
CSIMD_AVX2 static inline __m256i distance(__m256i one, __m256i other) {
  return _mm256_or_si256(_mm256_subs_epu8(one, other), _mm256_subs_epu8(other, one));
}

// As `paeth_wide` in png_unfilter.c.
CSIMD_AVX2 static inline __m256i paeth_wide(__m256i left, __m256i above, __m256i corner) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i over = distance(above, corner), across = distance(left, corner);
  __m256i same = _mm256_cmpeq_epi8(
    _mm256_cmpeq_epi8(_mm256_subs_epu8(corner, above), zero), _mm256_cmpeq_epi8(_mm256_subs_epu8(corner, left), zero));
  __m256i both = _mm256_max_epu8(distance(over, across), _mm256_and_si256(same, _mm256_adds_epu8(over, across)));
  __m256i least = _mm256_min_epu8(over, _mm256_min_epu8(across, both));
  __m256i other = _mm256_blendv_epi8(corner, above, _mm256_cmpeq_epi8(across, least));
  return _mm256_blendv_epi8(other, left, _mm256_cmpeq_epi8(over, least));
}

CSIMD_AVX2 static inline __m256i load(const uint8_t *bytes) { return _mm256_loadu_si256((const __m256i *)bytes); }

// `cost` of each byte, by halves of its magnitude: the high one counts unless it is 0.
CSIMD_AVX2 static inline __m256i cost_wide(__m256i differences) {
  const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 3, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6));
  const __m256i high = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 7, 8, 8, 8, 8, 8, 8, 8, 0, 0, 0, 0, 0, 0, 0));
  const __m256i nibble = _mm256_set1_epi8(15), magnitudes = _mm256_abs_epi8(differences);
  return _mm256_max_epu8(
    _mm256_shuffle_epi8(low, _mm256_and_si256(magnitudes, nibble)),
    _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(magnitudes, 4), nibble)));
}

CSIMD_AVX2 static void filter_avx2(
  const uint8_t *row, const uint8_t *above, size_t count, size_t bytes, uint8_t *const candidates[5], uint64_t costs[5]) {
  static const uint8_t edge[64] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                   255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  const __m256i one = _mm256_set1_epi8(1), zero = _mm256_setzero_si256();
  __m256i totals[5] = {zero, zero, zero, zero, zero};
  for (size_t at = 0; at < count; at += 32) {
    // What stands behind the row does not count.
    const __m256i inside = load(edge + (count - at < 32 ? 32 - (count - at) : 0));
    const __m256i present = load(row + at), left = load(row + at - bytes);
    const __m256i over = load(above + at), corner = load(above + at - bytes);
    const __m256i mean = _mm256_sub_epi8(
      _mm256_avg_epu8(left, over), _mm256_and_si256(_mm256_xor_si256(left, over), one));
    const __m256i differences[5] = {
      present, _mm256_sub_epi8(present, left), _mm256_sub_epi8(present, over), _mm256_sub_epi8(present, mean),
      _mm256_sub_epi8(present, paeth_wide(left, over, corner))};
    for (int filter = 0; filter < 5; filter++) {
      _mm256_storeu_si256((__m256i *)(candidates[filter] + at), differences[filter]);
      __m256i bits = _mm256_and_si256(cost_wide(differences[filter]), inside);
      totals[filter] = _mm256_add_epi64(totals[filter], _mm256_sad_epu8(bits, zero));
    }
  }
  for (int filter = 0; filter < 5; filter++) {
    uint64_t parts[4];
    memcpy(parts, &totals[filter], sizeof parts);
    costs[filter] = parts[0] + parts[1] + parts[2] + parts[3];
  }
}
#endif

void png_filter(
  const uint8_t *row, const uint8_t *above, size_t count, size_t bytes, uint8_t *const candidates[5], uint64_t costs[5]) {
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2) return filter_avx2(row, above, count, bytes, candidates, costs);
#endif
  filter_portable(row, above, count, bytes, candidates, costs);
}

// n · log2 n, with the logarithm taken for straight between powers of two: no rounding that processors might differ in.
static uint64_t times_log2(uint64_t n) {
  if (n == 0) return 0;
  const unsigned power = 63 - (unsigned)__builtin_clzll(n);
  return n * power + (n * (n - (1ull << power)) >> power);
}

uint64_t png_entropy(const uint8_t *differences, size_t count) {
  uint32_t counts[256] = {0};
  for (size_t at = 0; at < count; at++) counts[differences[at]]++;
  uint64_t bits = times_log2(count);
  for (int value = 0; value < 256; value++) bits -= times_log2(counts[value]);
  return bits;
}
