// Entropy decoding. Each function that visits blocks is compiled twice on x86-64: with the bit instructions that came
// with AVX2, and without.
#include "scaled.h"
#include <assert.h>
#include <csimd.h>
#include <stdlib.h>
#include <string.h>

// The next bits of a scan, the first of them on top. After the data come zeros, which are counted.
struct bits {
  const uint8_t *at, *end;
  uint64_t buffer;
  int count;
  uint64_t padding; // in bytes
  bool bad;         // there was a code that the table does not have, or a value that cannot be
};

// Byte by byte: at stuffed zeros (B.1.1.5), at markers and near the end. Not inlined, and by value, so that the fast
// way keeps the reader's state in registers.
static __attribute__((noinline)) struct bits fill_slowly(struct bits bits) {
  while (bits.count <= 56) {
    uint64_t byte = 0;
    if (bits.at < bits.end && *bits.at != 0xFF) byte = *bits.at++;
    else if (bits.end - bits.at >= 2 && bits.at[1] == 0) {
      byte = 0xFF;
      bits.at += 2;
    } else bits.padding++;
    bits.buffer |= byte << (56 - bits.count);
    bits.count += 8;
  }
  return bits;
}

// Makes at least 56 bits available.
CSIMD_INLINE void fill(struct bits *bits) {
  if (bits->end - bits->at >= 8) {
    uint64_t next;
    memcpy(&next, bits->at, 8);
    next = __builtin_bswap64(next);
    // No byte of `next` is 0xFF: none of its complement is 0.
    if (((~next - 0x0101010101010101) & next & 0x8080808080808080) == 0) {
      bits->buffer |= next >> bits->count;
      bits->at += (63 - bits->count) >> 3;
      bits->count |= 56;
      return;
    }
  }
  // What the fast way left below `count` are bits of the next byte, which comes again.
  bits->buffer &= bits->count ? ~0ull << (64 - bits->count) : 0;
  *bits = fill_slowly(*bits);
}

// Drops bits that were looked at.
CSIMD_INLINE void skip(struct bits *bits, int count) {
  bits->buffer <<= count;
  bits->count -= count;
}

// `count` is at least 1.
CSIMD_INLINE int take(struct bits *bits, int count) {
  assert(count >= 1 && count <= bits->count);
  int value = (int)(bits->buffer >> (64 - count));
  skip(bits, count);
  return value;
}

// F.2.2.1, figure F.12; `size` is at least 1.
CSIMD_INLINE int take_signed(struct bits *bits, int size) {
  int value = take(bits, size);
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

CSIMD_INLINE int take_symbol(struct bits *bits, const struct scaled_huffman *table) {
  unsigned entry = table->look[bits->buffer >> (64 - scaled_look)];
  if (entry) {
    skip(bits, (int)(entry >> 8));
    return (int)(entry & 255);
  }
  int next = (int)(bits->buffer >> 48);
  for (int length = scaled_look + 1; length <= 16; length++) {
    int code = next >> (16 - length);
    if (code > table->last_code[length]) continue;
    skip(bits, length);
    return table->symbols[code + table->offset[length]];
  }
  bits->bad = true;
  skip(bits, 1);
  return 0;
}

// A difference from the block before it (F.1.2.1).
CSIMD_INLINE int read_dc(struct scaled_component *component, const struct scaled_huffman *table, struct bits *bits) {
  int size = take_symbol(bits, table);
  if (size) component->predicted += take_signed(bits, size);
  return component->predicted;
}

// Reads run and value of the next coefficient: 15 and 0 for ZRL, `scaled_to_end` and 0 for EOB, EOB0. Other sizes of 0,
// which only progressive files have, are left to the caller: it gets `scaled_to_end` plus their run (G.1.2.2).
CSIMD_INLINE int read_coefficient(const struct scaled_huffman *table, struct bits *bits, int *value) {
  if (bits->count < 32) fill(bits);
  const int32_t whole = table->whole[bits->buffer >> (64 - scaled_look)];
  if (whole) {
    skip(bits, whole & 255);
    *value = whole >> 16;
    return whole >> 8 & 255;
  }
  const int symbol = take_symbol(bits, table), size = symbol & 15, run = symbol >> 4;
  *value = size == 0 ? 0 : take_signed(bits, size);
  return size == 0 && run != 15 ? scaled_to_end + run : run;
}

// One block of a sequential scan (F.2.2); `kept` begins as zeros and has room for 65. Returns which are not 0.
CSIMD_INLINE uint64_t read_block(
  struct scaled_component *component, const struct scaled_huffman *dc, const struct scaled_huffman *ac,
  struct bits *bits, int16_t *kept) {
  if (bits->count < 32) fill(bits);
  int value = read_dc(component, dc, bits);
  if (value != (int16_t)value) bits->bad = true;
  kept[0] = (int16_t)value;
  uint64_t nonzero = 0;
  for (int k = 1; k < 64; k++) {
    int run = read_coefficient(ac, bits, &value);
    k += run;
    if (k > 63) {
      bits->bad |= run != scaled_to_end;
      break;
    }
    kept[component->place[k]] = (int16_t)value;
    nonzero |= 1ull << k;
  }
  return nonzero;
}

// Whether everything taken so far was there and made sense. Padding that was taken leaves fewer bits than were padded.
CSIMD_INLINE bool is_sound(const struct bits *bits) { return !bits->bad && (uint64_t)bits->count >= 8 * bits->padding; }

// Whether the data has been taken to its last byte: what is left does not fill one.
static bool is_used_up(struct bits *bits) {
  if (!is_sound(bits)) return false;
  bits->buffer &= bits->count ? ~0ull << (64 - bits->count) : 0;
  *bits = fill_slowly(*bits);
  return (uint64_t)bits->count - 8 * bits->padding < 8;
}

// Takes the restart marker that must be here (F.1.1.5.2, E.2.4), numbered 0 to 7 in turn; prediction starts anew.
static bool restart(struct scaled_jpeg *decoder, struct bits *bits, int *next) {
  if (!is_used_up(bits) || bits->end - bits->at < 2 || bits->at[0] != 0xFF || bits->at[1] != 0xD0 + *next) return false;
  *next = (*next + 1) % 8;
  *bits = (struct bits){.at = bits->at + 2, .end = bits->end};
  for (int index = 0; index < decoder->component_count; index++) decoder->component[index].predicted = 0;
  return true;
}

// How scans of a progressive file read one block (G.1.2, G.2).
struct block_scan {
  const struct scaled_huffman *table;
  int first, last, low;
  int run; // blocks without anything new, this one included (EOBRUN)
};

CSIMD_INLINE void read_first_ac(
  struct block_scan *scan, const struct scaled_component *component, struct bits *bits, int16_t *kept,
  uint64_t *nonzero) {
  if (scan->run > 0) {
    scan->run--;
    return;
  }
  uint64_t found = 0;
  int16_t nowhere;
  for (int k = scan->first; k <= scan->last; k++) {
    int value, run = read_coefficient(scan->table, bits, &value);
    if (run >= scaled_to_end) {
      run -= scaled_to_end;
      scan->run = (1 << run) - 1;
      if (run) scan->run += take(bits, run);
      break;
    }
    k += run;
    value *= 1 << scan->low;
    if (k > scan->last || value != (int16_t)value) {
      bits->bad = true;
      break;
    }
    found |= (uint64_t)(value != 0) << k;
    int16_t *to = component->place[k] < component->kept_count ? kept + component->place[k] : &nowhere;
    *to = (int16_t)value;
  }
  *nonzero |= found;
}

// Reads one more bit for each of the coefficients `which`: at most 56, none of them 0.
CSIMD_INLINE void correct_some(
  uint64_t which, int count, int low, const struct scaled_component *component, struct bits *bits, int16_t *kept) {
  assert(count <= 56 && which != 0);
  if (bits->count < count) fill(bits);
  for (uint64_t left = which & component->keep; left; left &= left - 1) {
    int k = __builtin_ctzll(left), index = __builtin_popcountll(which & ((1ull << k) - 1));
    int16_t *value = kept + component->place[k];
    int change = (int)(bits->buffer >> (63 - index) & 1) << low, sign = *value >> 15;
    *value = (int16_t)(*value + ((change ^ sign) - sign));
  }
  skip(bits, count);
}

// `correct_some` for any number: a refill brings at least 56 bits.
CSIMD_INLINE void correct(
  uint64_t which, int low, const struct scaled_component *component, struct bits *bits, int16_t *kept) {
  const int count = __builtin_popcountll(which);
  if (count == 0) return;
  if (count <= 56) return correct_some(which, count, low, component, bits, kept);
  const uint64_t below = which & (~0ull >> 32), above = which ^ below;
  correct_some(below, __builtin_popcountll(below), low, component, bits, kept);
  correct_some(above, __builtin_popcountll(above), low, component, bits, kept);
}

// The set bits of `word` without the lowest `count`, up to the next one; 0 when there are no more.
CSIMD_INLINE uint64_t set_bit(uint64_t word, int count, const bool is_wide) {
#if CSIMD_X86
  if (is_wide) {
    uint64_t found;
    __asm__("pdep %2, %1, %0" : "=r"(found) : "r"(1ull << count), "r"(word));
    return found;
  }
#endif
  (void)is_wide;
  for (int passed = 0; passed < count; passed++) word &= word - 1;
  return word & -word;
}

// G.1.2.3: coefficients that are not 0 get one more bit; between them stand new ones, of one bit and a sign.
CSIMD_INLINE void refine_ac(
  struct block_scan *scan, const struct scaled_component *component, struct bits *bits, int16_t *kept,
  uint64_t *nonzero, const bool is_wide) {
  const uint64_t old = *nonzero, to_last = ~0ull >> (63 - scan->last);
  uint64_t left = to_last & (~0ull << scan->first); // of the band
  while (scan->run == 0 && left) {
    if (bits->count < 32) fill(bits);
    int symbol = take_symbol(bits, scan->table), size = symbol & 15, run = symbol >> 4;
    if (size == 0 && run != 15) {
      scan->run = 1 << run;
      if (run) scan->run += take(bits, run);
      break;
    }
    int value = size == 0 ? 0 : take(bits, 1) ? 1 << scan->low : -(1 << scan->low);
    const uint64_t found = set_bit(left & ~old, run, is_wide);
    if (size > 1 || found == 0) {
      bits->bad = true;
      return;
    }
    correct(left & old & (found - 1), scan->low, component, bits, kept);
    if (size) {
      *nonzero |= found;
      if (found & component->keep) kept[component->place[__builtin_ctzll(found)]] = (int16_t)value;
    }
    left &= ~(found | (found - 1));
  }
  if (scan->run == 0) return;
  scan->run--;
  correct(left & old, scan->low, component, bits, kept);
}

// A scan of one component's AC coefficients: its blocks row by row, those that only pad MCUs left out (A.2.2).
CSIMD_INLINE enum scaled_status decode_ac(struct scaled_jpeg *decoder, const struct scaled_scan *scan, const bool refines, const bool is_wide) {
  struct scaled_component *component = decoder->component + scan->component[0];
  struct block_scan blocks = {decoder->ac + scan->ac_table[0], scan->first, scan->last, scan->low, 0};
  if (!blocks.table->defined) return scaled_odd;
  struct bits bits = {.at = decoder->bytes + scan->start, .end = decoder->bytes + scan->end};
  int to_restart = decoder->restart_interval, next_restart = 0;
  for (int row = 0; row < component->rows; row++) {
    size_t first = (size_t)row * (size_t)component->blocks_across;
    for (size_t block = first; block < first + (size_t)component->columns; block++) {
      if (decoder->restart_interval && to_restart-- == 0) {
        if (blocks.run > 0 || !restart(decoder, &bits, &next_restart)) return scaled_odd;
        to_restart = decoder->restart_interval - 1;
      }
      int16_t *kept = component->kept + block * (size_t)component->kept_count;
      if (refines) refine_ac(&blocks, component, &bits, kept, component->nonzero + block, is_wide);
      else read_first_ac(&blocks, component, &bits, kept, component->nonzero + block);
    }
    if (!is_sound(&bits)) return scaled_odd;
    if (!scaled_go_on(decoder)) return scaled_stopped;
  }
  return blocks.run == 0 && is_used_up(&bits) && bits.at == bits.end ? scaled_good : scaled_odd;
}

CSIMD_INLINE void read_dc_of_block(
  struct scaled_component *component, const struct scaled_huffman *table, const struct scaled_scan *scan,
  struct bits *bits, size_t block) {
  int16_t *kept = component->kept + block * (size_t)component->kept_count;
  if (bits->count < 32) fill(bits);
  if (scan->high > 0) {
    if (take(bits, 1)) *kept |= (int16_t)(1 << scan->low);
    return;
  }
  int value = read_dc(component, table, bits);
  if (value > 32767 >> scan->low || value < -(32768 >> scan->low)) bits->bad = true;
  else *kept = (int16_t)(value * (1 << scan->low));
}

// A scan of DC coefficients, of one component block by block or of several in turn (A.2.3).
CSIMD_INLINE enum scaled_status decode_dc(struct scaled_jpeg *decoder, const struct scaled_scan *scan) {
  const bool alone = scan->count == 1;
  const struct scaled_component *only = decoder->component + scan->component[0];
  const int across = alone ? only->columns : decoder->mcus_across, down = alone ? only->rows : decoder->mcus_down;
  for (int index = 0; index < scan->count; index++) {
    if (scan->high == 0 && !decoder->dc[scan->dc_table[index]].defined) return scaled_odd;
    decoder->component[scan->component[index]].predicted = 0;
  }
  struct bits bits = {.at = decoder->bytes + scan->start, .end = decoder->bytes + scan->end};
  int to_restart = decoder->restart_interval, next_restart = 0;
  for (int row = 0; row < down; row++) {
    for (int column = 0; column < across; column++) {
      if (decoder->restart_interval && to_restart-- == 0) {
        if (!restart(decoder, &bits, &next_restart)) return scaled_odd;
        to_restart = decoder->restart_interval - 1;
      }
      for (int index = 0; index < scan->count; index++) {
        struct scaled_component *component = decoder->component + scan->component[index];
        const int h = alone ? 1 : component->h, v = alone ? 1 : component->v;
        for (int y = 0; y < v; y++)
          for (int x = 0; x < h; x++)
            read_dc_of_block(
              component, decoder->dc + scan->dc_table[index], scan, &bits,
              (size_t)(row * v + y) * (size_t)component->blocks_across + (size_t)(column * h + x));
      }
    }
    if (!is_sound(&bits)) return scaled_odd;
    if (!scaled_go_on(decoder)) return scaled_stopped;
  }
  return is_used_up(&bits) && bits.at == bits.end ? scaled_good : scaled_odd;
}

// `refines` is a constant in each call, so each version of the loop is compiled without the question.
CSIMD_INLINE enum scaled_status decode_scan(
  struct scaled_jpeg *decoder, const struct scaled_scan *scan, const bool is_wide) {
  if (scan->first == 0) return decode_dc(decoder, scan);
  return scan->high > 0 ? decode_ac(decoder, scan, true, is_wide) : decode_ac(decoder, scan, false, is_wide);
}

// The next row of MCUs of a sequential file, to samples (A.2).
CSIMD_INLINE enum scaled_status decode_mcus(struct scaled_jpeg *decoder) {
  struct bits bits = {
    .at = decoder->at, .end = decoder->bytes + decoder->count, .buffer = decoder->buffer, .count = decoder->buffered,
    .padding = decoder->padding};
  for (int column = 0; column < decoder->mcus_across; column++) {
    if (decoder->restart_interval && decoder->to_restart-- == 0) {
      if (!restart(decoder, &bits, &decoder->next_restart)) return scaled_odd;
      decoder->to_restart = decoder->restart_interval - 1;
    }
    for (int index = 0; index < decoder->component_count; index++) {
      struct scaled_component *component = decoder->component + index;
      const struct scaled_huffman *dc = decoder->dc + component->dc_table, *ac = decoder->ac + component->ac_table;
      for (int y = 0; y < component->v; y++)
        for (int x = 0; x < component->h; x++) {
          int16_t kept[72];
          memset(kept, 0, sizeof *kept * (size_t)component->kept_count);
          const uint64_t nonzero = read_block(component, dc, ac, &bits, kept);
          scaled_make_samples(component, kept, nonzero, y, column * component->h + x);
        }
    }
  }
  decoder->at = bits.at;
  decoder->buffer = bits.buffer;
  decoder->buffered = bits.count;
  decoder->padding = bits.padding;
  if (is_sound(&bits)) return scaled_good;
  return !bits.bad && bits.end - bits.at < 2 ? scaled_short : scaled_odd;
}

// After the last row: the data must end here, with less than a byte left. Moves `position` to the marker after it.
bool scaled_end_data(struct scaled_jpeg *decoder) {
  struct bits bits = {
    .at = decoder->at, .end = decoder->bytes + decoder->count, .buffer = decoder->buffer, .count = decoder->buffered,
    .padding = decoder->padding};
  bool used_up = is_used_up(&bits);
  decoder->position = (size_t)(bits.at - decoder->bytes);
  return used_up;
}

#if CSIMD_X86
CSIMD_AVX2 static enum scaled_status decode_scan_avx2(struct scaled_jpeg *decoder, const struct scaled_scan *scan) {
  return decode_scan(decoder, scan, true);
}
CSIMD_AVX2 static enum scaled_status decode_mcus_avx2(struct scaled_jpeg *decoder) { return decode_mcus(decoder); }
#endif

enum scaled_status scaled_decode_scan(struct scaled_jpeg *decoder) {
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2) return decode_scan_avx2(decoder, &decoder->scan);
#endif
  return decode_scan(decoder, &decoder->scan, false);
}

enum scaled_status scaled_decode_mcus(struct scaled_jpeg *decoder) {
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2) return decode_mcus_avx2(decoder);
#endif
  return decode_mcus(decoder);
}
