// Entropy decoding of a row of MCUs: which scans are read by which code, and DC scans of progressive files (G.1.2.1). The
// function that visits blocks is compiled twice on x86-64: with the bit instructions that came with AVX2, and without.
#include "scaled_bits.h"

// A block of an MCU, or the only one of a scan of one component.
struct dc_block {
  int16_t *kept;
  ptrdiff_t step; // from its memory to that of the next MCU's
  const struct scaled_huffman *table;
  int *predicted;
};

// What comes in turn in row `row` of a scan, a row of MCUs where the scan has several components (A.2.3). Returns how many
// blocks there are.
static int list_blocks(
  const struct scaled_jpeg *decoder, struct scaled_scan *scan, int row, struct dc_block list[10]) {
  int count = 0;
  for (int index = 0; index < scan->count; index++) {
    const struct scaled_component *component = decoder->component + scan->component[index];
    const int h = scan->count == 1 ? 1 : component->h, v = scan->count == 1 ? 1 : component->v;
    for (int block = 0; block < h * v; block++)
      list[count++] = (struct dc_block){
        .kept = component->kept + (size_t)(row + block / h) * component->kept_row + block % h * component->kept_count,
        .step = h * component->kept_count, .table = scan->dc[index], .predicted = scan->predicted + index};
  }
  return count;
}

// The next DC coefficient, coded as the difference from the block before it (F.1.2.1).
CSIMD_INLINE int read_dc(int *predicted, const struct scaled_huffman *table, struct scaled_bits *bits) {
  const unsigned entry = table->look[bits->buffer >> (64 - scaled_look)];
  int difference;
  if (__builtin_expect(entry == 0, 0)) difference = take_value(bits, take_symbol(bits, table));
  else {
    const int length = (int)(entry >> 8), size = entry & 15;
    difference = extended(bits->buffer << length, (unsigned)(63 - size));
    skip(bits, length + size);
  }
  // Unsigned, since the sum of wrong differences may be too large for a number.
  return *predicted = (int)((unsigned)*predicted + (unsigned)difference);
}

// Reads the DC coefficients of MCUs from `from` to the one before `to`.
CSIMD_INLINE struct scaled_bits read_first_dc(
  const struct dc_block *list, int count, int low, int from, int to, struct scaled_bits bits) {
  const int highest = 32767 >> low;
  for (ptrdiff_t column = from; column < to; column++)
    for (const struct dc_block *block = list; block < list + count; block++) {
      fetch(&bits);
      fill(&bits);
      const int value = read_dc(block->predicted, block->table, &bits);
      if (__builtin_expect(value > highest || value < -highest - 1, 0)) bits.bad = true;
      else block->kept[column * block->step] = (int16_t)(value * (1 << low));
    }
  return bits;
}

// Adds a bit to each of them. An MCU has at most ten blocks, and so as many bits.
CSIMD_INLINE struct scaled_bits refine_dc(
  const struct dc_block *list, int count, int low, int from, int to, struct scaled_bits bits) {
  for (ptrdiff_t column = from; column < to; column++) {
    fetch(&bits);
    fill(&bits);
    uint64_t buffer = bits.buffer;
    for (const struct dc_block *block = list; block < list + count; block++, buffer <<= 1)
      block->kept[column * block->step] |= (int16_t)(buffer >> 63 << low);
    skip(&bits, count);
  }
  return bits;
}

// A scan of DC coefficients, of one component block by block or of several in turn (A.2.3), up to a restart marker at a time.
CSIMD_INLINE enum scaled_status decode_dc(const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row) {
  const bool alone = scan->count == 1;
  const struct scaled_component *only = decoder->component + scan->component[0];
  const int across = alone ? only->columns : decoder->mcus_across, down = alone ? scaled_rows_in(only, mcu_row) : 1;
  struct scaled_bits bits = scan->bits;
  for (int row = 0; row < down; row++) {
    struct dc_block list[10];
    const int count = list_blocks(decoder, scan, row, list);
    for (int from = 0, to; from < across; from = to) {
      if (!scaled_next_part(scan, &bits, from, across, &to)) return scaled_odd;
      bits = scan->high > 0 ? refine_dc(list, count, scan->low, from, to, bits)
                            : read_first_dc(list, count, scan->low, from, to, bits);
    }
  }
  scan->bits = bits;
  return is_sound(&bits) ? scaled_good : scaled_odd;
}

#if CSIMD_X86
CSIMD_AVX2 static enum scaled_status decode_dc_avx2(
  const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row) {
  return decode_dc(decoder, scan, mcu_row);
}
#endif

static enum scaled_status decode_scan(const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row) {
  if (!decoder->progressive) return scaled_decode_blocks(decoder, scan);
  if (scan->first > 0) return scaled_decode_band(decoder, scan, mcu_row);
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2) return decode_dc_avx2(decoder, scan, mcu_row);
#endif
  return decode_dc(decoder, scan, mcu_row);
}

enum scaled_status scaled_decode_mcus(struct scaled_jpeg *decoder, int mcu_row) {
  for (int index = 0; index < decoder->component_count; index++) {
    const struct scaled_component *component = decoder->component + index;
    memset(component->kept, 0, component->kept_row * (size_t)component->v * sizeof *component->kept);
    if (decoder->progressive)
      memset(component->nonzero, 0, (size_t)(component->blocks_across * component->v) * sizeof *component->nonzero);
  }
  for (int index = 0; index < decoder->scan_count; index++) {
    const enum scaled_status status = decode_scan(decoder, decoder->scan[index], mcu_row);
    if (status != scaled_good) return status;
  }
  return scaled_good;
}
