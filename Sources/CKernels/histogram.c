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
// 4.6; two or four tables of pairs, so that equal ones do not wait for each other, make less. Less than `tables_pay` bytes
// are counted one by one, since eight tables must be zeroed and added up.

enum { stretch_size = 65536, sample_size = 512, few_values = 128, line_size = 64, prefetch_distance = 4096, tables_pay = 1024 };

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
// of each byte; which byte a bit is of does not matter here. Two planes make four minterms, whose bits are set where the
// two have one of their four values. Minterms of the upper three pairs of planes make the 64 quads: bytes that differ in
// their two lowest bits alone. What is counted of a quad is its bytes, those with the lowest bit, with the second and with
// both, which give the four counts by subtraction.
//
// Text has few quads (letters seven), so only those which occurred are looked for. Whether that was all is told by the
// number of bytes found in a block. What is missing is counted one by one where it is little, as a strange character here
// and there; otherwise all other quads are counted too, and those that are worth it are looked for from then on. From the
// second-level cache on one core of a Zen 5, in nanoseconds per byte, the same with all sixteen minterms of each half of a byte
// and all lower halves counted, and tables in brackets: text 0.025 (0.050, 0.12), a table of numbers 0.044 (0.070, 0.12),
// UTF-8 of four scripts 0.054 (0.088, 0.13), random bytes 0.116 (0.125, 0.26), one byte 0.012 (0.032, 0.13), text with a random byte in
// each 2 KiB 0.034 (0.060, 0.13). Sets of eight values, whose bytes a permutation turns into one bit each and carry-save adders count,
// took 0.033 for text and 0.33 for random bytes.
enum {
  group_size = 512,
  groups = 8,
  block_size = groups * group_size,
  // A pass over the bytes and some 15 cycles for each one, against 25 cycles for a quad in each block from then on.
  most_rare = 16, // bytes of a block counted one by one
  least_hot = 6,  // bytes of a quad in one block from which on it is looked for
};

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

// Where the bits of two planes have each value.
CSIMD_AVX512_VBMI CSIMD_INLINE void make_minterms(__m512i low, __m512i high, __m512i minterms[4]) {
  minterms[0] = _mm512_ternarylogic_epi64(low, high, high, 0x03);
  minterms[1] = _mm512_andnot_si512(high, low);
  minterms[2] = _mm512_andnot_si512(low, high);
  minterms[3] = _mm512_and_si512(low, high);
}

// What is needed of a block's planes.
struct planes {
  __m512i first[groups], second[groups]; // the lowest bits of bytes, and those above
  __m512i minterms[3][4][groups];        // of the pairs of planes above
};

// How many bytes of a quad there are, those with the lowest bit, with the second and with both; as eight sums to be added.
struct quad {
  __m512i all, first, second, both;
};

// What was counted since the call began, and which quads: bit i stands for bytes 4 * i to 4 * i + 3.
struct quads {
  struct quad sums[64]; // valid where `counted` says so
  uint64_t counted, hot;
};

CSIMD_AVX512_VBMI CSIMD_INLINE void make_block(const uint8_t *bytes, struct planes *p) {
  for (int group = 0; group < groups; group++) {
    const uint8_t *from = bytes + group * group_size;
    __m512i planes[8], minterms[4];
    for (int i = 0; i < group_size; i += line_size) __builtin_prefetch(from + i + block_size); // past the end this does nothing
    make_planes(from, planes);
    p->first[group] = planes[0];
    p->second[group] = planes[1];
    for (int pair = 0; pair < 3; pair++) {
      make_minterms(planes[2 * pair + 2], planes[2 * pair + 3], minterms);
      for (int i = 0; i < 4; i++) p->minterms[pair][i][group] = minterms[i];
    }
  }
}

CSIMD_AVX512_VBMI CSIMD_INLINE struct quad count_quad(const struct planes *p, const __m512i upper[groups], int lower) {
  const __m512i zero = _mm512_setzero_si512();
  struct quad n = {zero, zero, zero, zero};
  for (int group = 0; group < groups; group++) {
    const __m512i all = _mm512_and_si512(upper[group], p->minterms[0][lower][group]);
    const __m512i first = _mm512_and_si512(all, p->first[group]), second = _mm512_and_si512(all, p->second[group]);
    const __m512i both = _mm512_and_si512(first, p->second[group]);
    n.all = _mm512_add_epi64(n.all, _mm512_popcnt_epi64(all));
    n.first = _mm512_add_epi64(n.first, _mm512_popcnt_epi64(first));
    n.second = _mm512_add_epi64(n.second, _mm512_popcnt_epi64(second));
    n.both = _mm512_add_epi64(n.both, _mm512_popcnt_epi64(both));
  }
  return n;
}

// Counts quads of `wanted`; returns how many bytes they had. Where `meets` is true those without a byte are passed over,
// others are noted down as counted, and as hot where they are.
CSIMD_AVX512_VBMI CSIMD_INLINE size_t count_quads(const struct planes *p, uint64_t wanted, struct quads *q, bool meets) {
  __m512i found = _mm512_setzero_si512();
  for (int high = 0; high < 16; high++) {
    const unsigned some = wanted >> 4 * high & 15;
    if (some == 0) continue;
    __m512i upper[groups], any = _mm512_setzero_si512();
    for (int group = 0; group < groups; group++) {
      upper[group] = _mm512_and_si512(p->minterms[2][high >> 2][group], p->minterms[1][high & 3][group]);
      any = _mm512_or_si512(any, upper[group]);
    }
    if (meets && _mm512_test_epi64_mask(any, any) == 0) continue;
    for (int lower = 0; lower < 4; lower++) {
      if ((some >> lower & 1) == 0) continue;
      const int number = 4 * high + lower;
      const struct quad n = count_quad(p, upper, lower);
      struct quad *sums = q->sums + number;
      if (meets) {
        const size_t all = (size_t)_mm512_reduce_add_epi64(n.all);
        if (all == 0) continue;
        if ((q->counted >> number & 1) == 0) memset(sums, 0, sizeof *sums);
        q->counted |= 1ull << number;
        if (all >= least_hot) q->hot |= 1ull << number;
      }
      found = _mm512_add_epi64(found, n.all);
      sums->all = _mm512_add_epi64(sums->all, n.all);
      sums->first = _mm512_add_epi64(sums->first, n.first);
      sums->second = _mm512_add_epi64(sums->second, n.second);
      sums->both = _mm512_add_epi64(sums->both, n.both);
    }
  }
  return (size_t)_mm512_reduce_add_epi64(found);
}

CSIMD_AVX512_VBMI static __attribute__((noinline)) void meet_quads(const struct planes *p, struct quads *q) {
  count_quads(p, ~q->hot, q, true);
}

// Counts the bytes of a block that are of no hot quad.
CSIMD_AVX512_VBMI static __attribute__((noinline)) void count_rare(const uint8_t *bytes, uint64_t hot, uint64_t *counts) {
  const __m512i is_rare = _mm512_movm_epi8(~hot);
  // Takes the two lowest bits of each byte away.
  const __m512i shift = _mm512_set1_epi64(0x0408102040800000);
  for (size_t at = 0; at < block_size; at += line_size) {
    const __m512i quads = _mm512_gf2p8affine_epi64_epi8(_mm512_loadu_si512(bytes + at), shift, 0);
    uint64_t rare = _mm512_movepi8_mask(_mm512_permutexvar_epi8(quads, is_rare));
    for (; rare; rare &= rare - 1) counts[bytes[at + (size_t)__builtin_ctzll(rare)]]++;
  }
}

// Counts whole blocks; returns how many bytes they have. What is hot is found anew by each call, so that bytes which were
// frequent once are not looked for all the time.
CSIMD_AVX512_VBMI static size_t count_planes(const uint8_t *bytes, size_t count, uint64_t *counts) {
  struct planes planes;
  struct quads quads;
  size_t at = 0;
  quads.counted = quads.hot = 0;
  for (; at + block_size <= count; at += block_size) {
    make_block(bytes + at, &planes);
    const size_t missing = block_size - count_quads(&planes, quads.hot, &quads, false);
    if (missing == 0) continue;
    if (missing <= most_rare) count_rare(bytes + at, quads.hot, counts);
    else meet_quads(&planes, &quads);
  }
  for (uint64_t left = quads.counted; left; left &= left - 1) {
    const int number = __builtin_ctzll(left);
    const struct quad *sums = quads.sums + number;
    const uint64_t all = (uint64_t)_mm512_reduce_add_epi64(sums->all);
    const uint64_t first = (uint64_t)_mm512_reduce_add_epi64(sums->first);
    const uint64_t second = (uint64_t)_mm512_reduce_add_epi64(sums->second);
    const uint64_t both = (uint64_t)_mm512_reduce_add_epi64(sums->both);
    counts[4 * number] += all - first - second + both;
    counts[4 * number + 1] += first - both;
    counts[4 * number + 2] += second - both;
    counts[4 * number + 3] += both;
  }
  return at;
}
#endif

// Counts a multiple of 8 bytes by tables; by those of single bytes alone where `pairs` is NULL.
static void count_words(const uint8_t *bytes, size_t count, uint32_t *pairs, uint64_t *counts) {
  for (size_t at = 0; at < count; at += stretch_size) {
    const size_t length = count - at < stretch_size ? count - at : stretch_size;
    if (pairs && has_few_values(bytes + at, length)) count_pairs(bytes + at, length, pairs);
    else count_bytes(bytes + at, length, counts);
  }
}

// Adding up the pairs takes as long as counting a stretch.
bool ckernels_histogram_takes_pairs(size_t count) {
  return count >= stretch_size && csimd_level_in_use() < csimd_avx512_vbmi;
}

void ckernels_histogram(const uint8_t *bytes, size_t count, uint32_t *pairs, uint64_t *counts) {
  size_t at = 0;
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx512_vbmi) at = count_planes(bytes, count, counts);
#endif
  if (count - at >= tables_pay) {
    const size_t words = (count - at) / 8 * 8;
    count_words(bytes + at, words, pairs, counts);
    at += words;
  }
  for (; at < count; at++) counts[bytes[at]]++;
}

void ckernels_histogram_close(uint32_t *pairs, uint64_t *counts) {
  for (size_t i = 0; i < ckernels_pairs; i++) {
    // The lower byte of a pair comes first in memory; both count alike.
    counts[i & 255] += pairs[i];
    counts[i >> 8] += pairs[i];
    pairs[i] = 0;
  }
}
