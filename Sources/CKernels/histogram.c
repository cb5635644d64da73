#include "ckernels_top.h"

#include <string.h>

// Why this is C: the loops are nothing but loads and stores, and Swift's bounds and overflow checks double them.
//
// What bounds them is one addition to memory a cycle, and less where the same byte comes again before its count was
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

void ckernels_histogram(const uint8_t *bytes, size_t count, uint32_t *pairs, uint64_t *counts) {
  const size_t words = count / 8 * 8;
  for (size_t at = 0; at < words; at += stretch_size) {
    const size_t length = words - at < stretch_size ? words - at : stretch_size;
    if (has_few_values(bytes + at, length)) count_pairs(bytes + at, length, pairs);
    else count_bytes(bytes + at, length, counts);
  }
  for (size_t at = words; at < count; at++) counts[bytes[at]]++;
}

void ckernels_histogram_close(uint32_t *pairs, uint64_t *counts) {
  for (size_t i = 0; i < ckernels_pairs; i++) {
    // The lower byte of a pair comes first in memory; both count alike.
    counts[i & 255] += pairs[i];
    counts[i >> 8] += pairs[i];
    pairs[i] = 0;
  }
}
