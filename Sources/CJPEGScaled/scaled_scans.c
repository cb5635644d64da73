// Entropy decoding of a row of MCUs: which scans are read by which code, and DC scans of progressive files (G.1.2.1). The
// function that visits blocks is compiled twice on x86-64: with the bit instructions that came with AVX2, and without.
#include "scaled_bits.h"

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

CSIMD_INLINE void read_dc_of_block(
  const struct scaled_huffman *table, const struct scaled_scan *scan, int *predicted, struct scaled_bits *bits,
  int16_t *kept) {
  fetch(bits);
  if (bits->count < 25 + 6) fill(bits);
  if (scan->high > 0) {
    *kept |= (int16_t)(take(bits, 1) << scan->low);
    return;
  }
  int value = read_dc(predicted, table, bits);
  if (value > 32767 >> scan->low || value < -(32768 >> scan->low)) bits->bad = true;
  else *kept = (int16_t)(value * (1 << scan->low));
}

// Goes over a restart marker where one is due before the next MCU; false where it is missing.
CSIMD_INLINE bool pass_restart(struct scaled_scan *scan, struct scaled_bits *bits) {
  if (scan->restart_interval == 0) return true;
  if (scan->to_restart == 0) *bits = scaled_restart(scan, *bits);
  scan->to_restart--;
  return !bits->bad;
}

// A scan of DC coefficients, of one component block by block or of several in turn (A.2.3).
CSIMD_INLINE enum scaled_status decode_dc(const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row) {
  const bool alone = scan->count == 1;
  const struct scaled_component *only = decoder->component + scan->component[0];
  const int across = alone ? only->columns : decoder->mcus_across, down = alone ? scaled_rows_in(only, mcu_row) : 1;
  struct scaled_bits bits = scan->bits;
  for (int row = 0; row < down; row++)
    for (int column = 0; column < across; column++) {
      if (!pass_restart(scan, &bits)) return scaled_odd;
      for (int index = 0; index < scan->count; index++) {
        const struct scaled_component *component = decoder->component + scan->component[index];
        const int h = alone ? 1 : component->h, v = alone ? 1 : component->v;
        for (int y = 0; y < v; y++) {
          int16_t *kept = component->kept + (size_t)(row + y) * component->kept_row
                          + (size_t)(column * h) * (size_t)component->kept_count;
          for (int x = 0; x < h; x++, kept += component->kept_count)
            read_dc_of_block(scan->dc[index], scan, scan->predicted + index, &bits, kept);
        }
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
