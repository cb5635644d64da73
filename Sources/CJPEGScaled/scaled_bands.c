// Entropy decoding of AC scans of progressive files (G.1.2, G.2), row by row; scaled_refining.c has those that refine. Words
// about a block's coefficients have coefficient k in bit 63 - k: the first coefficient on top, as the reader has the first bit
// on top.
//
// 25 progressive photographs (55 MB), decoded for 512 × 512, take 570 ms on an EPYC of 2024, three quarters of it for AC scans;
// 20 of them took 850 when scans were read one after the other, whose coefficients waited for memory. First scans have 21
// million look-ups, refining ones 46 million. With branches at the ends of blocks, and at coefficients that are not kept, first
// scans alone made it 70 ms more.
#include "scaled_bits.h"

// How a first scan reads its blocks.
struct block_scan {
  const struct scaled_huffman *table;
  int first, last, low;
};

static const uint64_t top = 1ull << 63;

// Reads a code by itself: where pairs do not tell. `k` is the place of the coefficient before, and becomes that of the next.
// Returns how many blocks end here.
static int read_slowly(
  const struct block_scan *scan, const struct scaled_component *component, struct scaled_bits *bits, int16_t *kept,
  uint64_t *nonzero, int *k) {
  const int symbol = take_symbol(bits, scan->table), size = symbol & 15, run = symbol >> 4;
  if (size == 0 && run != 15) return (1 << run) + (run ? take(bits, run) : 0);
  const int value = take_value(bits, size) * (1 << scan->low);
  const int to = *k += run + 1;
  if (to > scan->last || value != (int16_t)value) {
    bits->bad = true;
    return 1;
  }
  if (size) *nonzero |= top >> to;
  if (component->keep & top >> to) kept[component->place[to]] = (int16_t)value;
  return to == scan->last;
}

// Where a coefficient goes: `nowhere` when its place is not below `none`. The compiler would branch.
CSIMD_INLINE int16_t *target(int16_t *kept, int place, int none, int16_t *nowhere) {
  int16_t *target = kept + place;
#if CSIMD_X86
  __asm__("cmp %[none], %[place]\n\t"
          "cmovge %[nowhere], %[target]"
          : [target] "+r"(target)
          : [place] "r"(place), [none] "r"(none), [nowhere] "r"(nowhere)
          : "cc");
  return target;
#else
  return place < none ? target : nowhere;
#endif
}

// Reads blocks of a first scan. The end of a block does not branch, as in scaled_blocks.c, also where it is that of several
// (EOBRUN).
CSIMD_INLINE struct scaled_bits read_first(
  const struct scaled_component *component, struct scaled_scan *scan, struct scaled_blocks blocks,
  struct scaled_bits bits) {
  const struct block_scan how = {scan->ac[0], scan->first, scan->last, scan->low};
  const uint64_t *const pairs = scan->ac[0]->pairs;
  const uint8_t *const places = component->place;
  const int before = scan->first - 1, last = scan->last, low = scan->low, none = component->kept_count;
  // Where values of the table may be too large, every code is read by itself.
  unsigned careful = scan->ac[0]->largest + low > 15 ? scaled_no_pair : 0;
  SCALED_OPAQUE(careful);
  int16_t nowhere;
  ptrdiff_t at = scan->run;
  int k = before;
  while (at < blocks.count) {
    fetch(&bits);
    fill(&bits);
    // By themselves, since `bits` would not stay in registers. Above its six lowest bits `left` means nothing.
    uint64_t buffer = bits.buffer;
    unsigned left = (unsigned)bits.count;
    for (int time = 0; time < scaled_looks_per_fill; time++) {
      const uint64_t entry = pairs[buffer >> (64 - scaled_look)];
      int16_t *const kept = blocks.kept + at * none;
      ptrdiff_t ended;
      if (__builtin_expect(k + (int)((entry >> 24 & 255) | careful) > last, 0)) {
        bits.buffer = buffer;
        bits.count = (int)(left & 63);
        fill(&bits);
        ended = read_slowly(&how, component, &bits, kept, blocks.nonzero + at, &k);
        fill(&bits);
        buffer = bits.buffer;
        left = (unsigned)bits.count;
      } else {
        const int one = k + (int)(entry >> 8 & 255);
        k += (int)(entry >> 16 & 255);
        blocks.nonzero[at] |= (entry >> 6 & 1) << (~one & 63) | (entry >> 7 & 1) << (~k & 63);
        const int value = (int)((int64_t)(entry << 12) >> 52), value2 = (int)((int64_t)entry >> 52);
        *target(kept, places[one], none, &nowhere) = (int16_t)(value * (1 << low));
        *target(kept, places[k], none, &nowhere) = (int16_t)(value2 * (1 << low));
        buffer <<= entry & 15;
        left -= (unsigned)entry & 15;
        ended = (ptrdiff_t)(entry >> 32 & 255) | (k == last);
      }
      k = ended ? before : k;
      at += ended;
      if (at >= blocks.count) break;
    }
    bits.buffer = buffer;
    bits.count = (int)(left & 63);
  }
  scan->run = (int)at - blocks.count;
  return bits;
}

// A scan of one component's AC coefficients: its blocks row by row, those that only pad MCUs left out (A.2.2), up to a restart
// marker at a time.
CSIMD_INLINE enum scaled_status decode_band(
  const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row) {
  const struct scaled_component *component = decoder->component + scan->component[0];
  struct scaled_bits bits = scan->bits;
  for (int row = 0; row < scaled_rows_in(component, mcu_row); row++) {
    int16_t *kept = component->kept + (size_t)row * component->kept_row;
    uint64_t *nonzero = component->nonzero + (size_t)row * (size_t)component->blocks_across;
    for (int from = 0, to; from < component->columns; from = to) {
      if (!scaled_next_part(scan, &bits, from, component->columns, &to)) return scaled_odd;
      const struct scaled_blocks blocks = {kept + (ptrdiff_t)from * component->kept_count, nonzero + from, to - from};
      bits = scan->high > 0 ? scaled_refine(component, scan, blocks, bits) : read_first(component, scan, blocks, bits);
    }
  }
  scan->bits = bits;
  return is_sound(&bits) ? scaled_good : scaled_odd;
}

#if CSIMD_X86
CSIMD_AVX2 static enum scaled_status decode_band_avx2(
  const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row) {
  return decode_band(decoder, scan, mcu_row);
}
#endif

enum scaled_status scaled_decode_band(const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row) {
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2) return decode_band_avx2(decoder, scan, mcu_row);
#endif
  return decode_band(decoder, scan, mcu_row);
}
