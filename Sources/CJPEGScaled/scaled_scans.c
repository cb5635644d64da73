// Entropy decoding of sequential files and of DC scans. Each function that visits blocks is compiled twice on x86-64:
// with the bit instructions that came with AVX2, and without.
//
// What bounds it: a code's place depends on the code before it, and a look-up takes as long as its way through the
// nearest cache; the end of a block is guessed wrong more often than not. So one look-up gives up to two coefficients,
// or one and the end (4.0 look-ups a block over 37 photographs), coefficients that the scale drops are passed over, and
// the inverse transform comes after a whole row of MCUs, where nothing is guessed. Decoded for 512 × 512, those 37
// photographs take 316 ms instead of 415 on an EPYC of 2024, at 1/8 of their size 220 instead of 340. Look-ups of 11 or
// 12 bits gain nothing: what they save, the larger tables cost.
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

// One coefficient by itself, or the end of the block: where pairs do not tell, and where a block ends without a code
// for that. Returns the place of the coefficient after `k`, or more by scaled_block_end than `k` where the block ends.
CSIMD_INLINE int read_slowly(
  const struct scaled_component *component, const struct scaled_huffman *table, struct scaled_bits *bits, int16_t *kept,
  int k) {
  const int symbol = take_symbol(bits, table), size = symbol & 15, run = symbol >> 4;
  const int value = take_value(bits, size);
  if (symbol == 0) return k + scaled_block_end;
  k += run + 1;
  if (k > 63 || (size == 0 && run != 15)) {
    bits->bad = true;
    return scaled_block_end;
  }
  kept[component->place[k]] = (int16_t)value;
  return k;
}

// One block of a sequential scan (F.2.2). `kept` begins as zeros; coefficients that are dropped go to the place behind
// it. Returns the place of the last coefficient.
CSIMD_INLINE int read_block(
  const struct scaled_component *component, const struct scaled_huffman *dc, const struct scaled_huffman *ac,
  int *predicted, struct scaled_bits *bits, int16_t *kept) {
  fill(bits);
  const int value = read_dc(predicted, dc, bits);
  if (value != (int16_t)value) bits->bad = true;
  kept[0] = (int16_t)value;
  int k = 0;
  do {
    fill(bits);
    const uint64_t entry = ac->pairs[bits->buffer >> (64 - scaled_look)];
    if (__builtin_expect(entry == 0, 0)) {
      k = read_slowly(component, ac, bits, kept, k);
      continue;
    }
    // Behind the last kept coefficient the rest of the block is passed over.
    if (k < component->last_kept) {
      kept[component->place[k + (entry >> 8 & 255)]] = (int16_t)(entry >> 32);
      kept[component->place[k + (entry >> 16 & 255)]] = (int16_t)(entry >> 48);
    }
    const int to = k + (int)(entry >> 24 & 255);
    if (to > 63 && (unsigned)(to - scaled_block_end) > 62) {
      // The second code belongs to the next block, or to none.
      k = read_slowly(component, ac, bits, kept, k);
      continue;
    }
    skip(bits, (int)(entry & 63));
    k = to;
  } while (k < 63);
  // Above 63 it is scaled_block_end and the place of the last one.
  return k & 63;
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

// The only scan of a sequential file (A.2).
CSIMD_INLINE enum scaled_status decode_all(const struct scaled_jpeg *decoder, struct scaled_scan *scan) {
  struct scaled_bits bits = scan->bits;
  for (int column = 0; column < decoder->mcus_across; column++) {
    if (!pass_restart(scan, &bits)) return scaled_odd;
    for (int index = 0; index < decoder->component_count; index++) {
      const struct scaled_component *component = decoder->component + index;
      const struct scaled_huffman *dc = scan->dc[index], *ac = scan->ac[index];
      for (int y = 0; y < component->v; y++) {
        const size_t first = (size_t)(column * component->h);
        int16_t *kept = component->kept + (size_t)y * component->kept_row + first * (size_t)component->kept_count;
        uint64_t *nonzero = component->nonzero + (size_t)(y * component->blocks_across) + first;
        for (int x = 0; x < component->h; x++, kept += component->kept_count) {
          fetch(&bits);
          nonzero[x] = ~0ull << (63 - read_block(component, dc, ac, scan->predicted + index, &bits, kept));
        }
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
CSIMD_AVX2 static enum scaled_status decode_all_avx2(const struct scaled_jpeg *decoder, struct scaled_scan *scan) {
  return decode_all(decoder, scan);
}
#endif

static enum scaled_status decode_scan(const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row) {
  if (scan->first > 0) return scaled_decode_band(decoder, scan, mcu_row);
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2)
    return decoder->progressive ? decode_dc_avx2(decoder, scan, mcu_row) : decode_all_avx2(decoder, scan);
#endif
  return decoder->progressive ? decode_dc(decoder, scan, mcu_row) : decode_all(decoder, scan);
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
