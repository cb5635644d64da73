// Entropy decoding of sequential files (F.2.2). The function that visits blocks is compiled twice on x86-64: with the bit
// instructions that came with AVX2, and without.
//
// What bounds it: a code's place depends on the code before it, and where a block ends is guessed wrong more often than
// not. So one look-up gives up to two coefficients, or one and the end (4.7 look-ups a block over 37 photographs, its DC
// included), and none of them branches at a block's end: masks move on to the next block, its table and its memory.
// Prediction of DC comes after a row, and so does the inverse transform. Decoded for 512 × 512, those 37 photographs take
// 225 ms instead of 262 with a branch at each block's end, and with DC looked up by itself, on an EPYC of 2024; 249 with
// the branch and all else as here. Look-ups of 11 or 12 bits gain nothing: what they save, the larger tables cost.
#include "scaled_bits.h"
#include <stdlib.h>

// What look-ups give, as 32 bits. From the lowest on: five for the bits that it takes, three flags as below, the value of
// the first coefficient, its place, that of the last coefficient, the value of the last one. Places are counted from the
// one after the coefficient before, and where there is one coefficient it is first and last. The end of a block by itself
// is a coefficient of 0, since nothing comes behind it.
enum {
  bits_of_entry = 63, // the flag above is never set
  entry_is_slow = 64, // nothing that the bits hold
  entry_is_end = 128, // the sign of the lowest byte
};

// Bits of a code and its value, or 0 where the next bits do not hold them.
static int bits_of_code(unsigned code) {
  const int bits = (int)(code >> 8) + (int)(code & 15);
  return code != 0 && bits <= scaled_look ? bits : 0;
}

// An entry for a coefficient that lies `run` places further and takes the first `bits` of an index; the next code is added
// where the index holds it.
static uint32_t entry_with(const struct scaled_huffman *ac, unsigned index, int bits, int run, int value) {
  if (value != (int8_t)value) return entry_is_slow;
  const unsigned code = ac->look[index << bits & ((1 << scaled_look) - 1)];
  const int size = code & 15, run2 = code >> 4 & 15, more = bits_of_code(code);
  uint32_t end = 0;
  int last_run = run, last_value = value;
  if (more != 0 && bits + more <= scaled_look && (size > 0 || run2 == 0 || run2 == 15)) {
    const int second = scaled_value_at(index, bits + more - size, size);
    if (size == 0 && run2 == 0) {
      end = entry_is_end;
      bits += more;
    } else if (run + run2 + 1 <= 15 && second == (int8_t)second) {
      last_run = run + run2 + 1;
      last_value = second;
      bits += more;
    }
  }
  return (uint32_t)bits | end | (uint32_t)(uint8_t)value << 8 | (uint32_t)run << 16 | (uint32_t)last_run << 20
         | (uint32_t)(uint8_t)last_value << 24;
}

// The entries for a block's first look-up, which begins with the difference of DC, and those for later ones.
static void define_entries(
  uint32_t *first, uint32_t *later, const struct scaled_huffman *dc, const struct scaled_huffman *ac) {
  for (unsigned index = 0; index < 1 << scaled_look; index++) {
    first[index] = later[index] = entry_is_slow;
    const unsigned difference = dc->look[index], code = ac->look[index];
    int bits = bits_of_code(difference), size = difference & 15;
    if (bits) first[index] = entry_with(ac, index, bits, 0, scaled_value_at(index, bits - size, size));
    bits = bits_of_code(code);
    size = code & 15;
    const int run = code >> 4 & 15;
    if (bits == 0) continue;
    // ZRL is a value of 0.
    if (size > 0 || run == 15) later[index] = entry_with(ac, index, bits, run, scaled_value_at(index, bits - size, size));
    else if (run == 0) later[index] = entry_is_end | (uint32_t)bits;
  }
}

enum scaled_status scaled_begin_blocks(struct scaled_jpeg *decoder) {
  const struct scaled_scan *scan = decoder->scan[0];
  enum { entries = 1 << scaled_look };
  int blocks = 0;
  decoder->entries = malloc(2 * entries * sizeof *decoder->entries * (size_t)decoder->component_count);
  if (!decoder->entries) return scaled_no_memory;
  for (int index = 0; index < decoder->component_count; index++) {
    struct scaled_component *component = decoder->component + index;
    blocks += component->h * component->v;
    // Both colors mostly have the same tables, and the nearest cache is small.
    int same = 0;
    while (scan->dc[same] != scan->dc[index] || scan->ac[same] != scan->ac[index]) same++;
    uint32_t *const first = decoder->entries + 2 * entries * same;
    if (same == index) define_entries(first, first + entries, scan->dc[index], scan->ac[index]);
    component->first = first;
    component->later = first + entries;
  }
  const size_t all = (size_t)blocks * (size_t)decoder->mcus_across;
  decoder->block = malloc(all * sizeof *decoder->block);
  decoder->block_last = malloc(all);
  if (!decoder->block || !decoder->block_last) return scaled_no_memory;
  int16_t **block = decoder->block;
  for (int column = 0; column < decoder->mcus_across; column++)
    for (int index = 0; index < decoder->component_count; index++) {
      const struct scaled_component *component = decoder->component + index;
      for (int y = 0; y < component->v; y++)
        for (int x = 0; x < component->h; x++)
          *block++ = component->kept + (size_t)y * component->kept_row
                     + (size_t)(column * component->h + x) * (size_t)component->kept_count;
    }
  return scaled_good;
}

// A block of an MCU.
struct mcu_block {
  const uint32_t *later; // entries
  ptrdiff_t to_first;    // from those to the ones that the next block begins with
  ptrdiff_t to_next;     // blocks
  const uint8_t *place;
  const struct scaled_huffman *dc, *ac;
};

// What an MCU consists of, block by block. Returns how many there are.
static int list_blocks(const struct scaled_jpeg *decoder, const struct scaled_scan *scan, struct mcu_block list[10]) {
  int count = 0;
  const uint32_t *first[10];
  for (int index = 0; index < decoder->component_count; index++) {
    const struct scaled_component *component = decoder->component + index;
    for (int block = 0; block < component->h * component->v; block++, count++) {
      first[count] = component->first;
      list[count] = (struct mcu_block){
        .later = component->later, .place = component->place, .dc = scan->dc[index], .ac = scan->ac[index]};
    }
  }
  for (int index = 0; index < count; index++) {
    list[index].to_next = index + 1 < count ? 1 : -index;
    list[index].to_first = first[index + list[index].to_next] - list[index].later;
  }
  return count;
}

// One coefficient by itself, or the end of the block: where entries do not tell, and where a block ends without a code for
// that. `k` is the place of the coefficient before, -1 where the block begins. Returns the place of the coefficient, or
// more by scaled_block_end than that of the last one where the block ends. Leaves the buffer full.
CSIMD_INLINE int read_slowly(const struct mcu_block *block, struct scaled_bits *bits, int16_t *kept, int k) {
  fill(bits);
  const int symbol = take_symbol(bits, k < 0 ? block->dc : block->ac);
  const int size = symbol & 15, run = symbol >> 4; // no run where it is DC: categories end at 15
  const int value = take_value(bits, size);
  fill(bits);
  if (k >= 0 && symbol == 0) return k + scaled_block_end;
  const int to = k + run + 1;
  if (to > 63 || (k >= 0 && size == 0 && run != 15)) {
    bits->bad = true;
    return scaled_block_end;
  }
  kept[block->place[to]] = (int16_t)value;
  return to == 63 ? to + scaled_block_end : to;
}

// Reads `count` blocks, from the first one of an MCU on. The memory of each is `kept`, and begins as zeros; coefficients that
// are dropped go to the place behind it. DC is the difference from the block before. `last` gets the place of each block's
// last coefficient, in the lowest six bits.
CSIMD_INLINE struct scaled_bits read_blocks(
  const struct mcu_block *block, const uint32_t *first, struct scaled_bits bits, int count, int16_t *const *kept,
  uint8_t *last) {
  const uint32_t *entries = first;
  ptrdiff_t k = -1, at = -count; // counted up to 0
  kept += count;
  last += count;
  while (at != 0) {
    fetch(&bits);
    fill(&bits);
    // By themselves, since `bits` would not stay in registers. Above its six lowest bits `left` means nothing.
    uint64_t buffer = bits.buffer;
    unsigned left = (unsigned)bits.count;
    for (int time = 0; time < scaled_looks_per_fill; time++) {
      const uint32_t entry = entries[buffer >> (64 - scaled_look)];
      ptrdiff_t to = k + 1 + (entry >> 20 & 15);
      ptrdiff_t is_end = (ptrdiff_t)(int8_t)entry >> 7; // 0 or all ones
      // The last place may be followed by the next block without a code for the end, and nothing may lie behind it.
      if (__builtin_expect((entry & entry_is_slow) != 0 || to > 62, 0)) {
        bits.buffer = buffer;
        bits.count = (int)(left & 63);
        to = read_slowly(block, &bits, kept[at], (int)k);
        buffer = bits.buffer;
        left = (unsigned)bits.count;
        is_end = to >= scaled_block_end ? -1 : 0;
      } else {
        kept[at][block->place[k + 1 + (entry >> 16 & 15)]] = (int8_t)(entry >> 8);
        kept[at][block->place[to]] = (int8_t)(entry >> 24);
        buffer <<= entry & bits_of_entry;
        left -= entry;
      }
      last[at] = (uint8_t)to;
      entries = block->later + (block->to_first & is_end);
      block += block->to_next & is_end;
      k = to | is_end;
      at -= is_end;
      if (at == 0) break;
    }
    bits.buffer = buffer;
    bits.count = (int)(left & 63);
  }
  return bits;
}

// Turns a component's differences into DC coefficients (F.1.2.1), and tells which coefficients a block may have: from MCU
// `from` to the one before `to`. `last` is for its first block in the row, where an MCU has `count` blocks. False where a
// coefficient is too large.
CSIMD_INLINE bool predict(
  const struct scaled_component *component, const uint8_t *last, int count, int from, int to, int *predicted) {
  int value = *predicted;
  bool is_good = true;
  for (int column = from; column < to; column++)
    for (int y = 0; y < component->v; y++)
      for (int x = 0; x < component->h; x++) {
        const int block = column * component->h + x;
        int16_t *dc = component->kept + (size_t)y * component->kept_row + (size_t)block * (size_t)component->kept_count;
        // Unsigned, since the sum of wrong differences may be too large for a number.
        value = (int)((unsigned)value + (unsigned)*dc);
        is_good &= value == (int16_t)value;
        *dc = (int16_t)value;
        const int highest = last[column * count + y * component->h + x] & 63;
        component->nonzero[y * component->blocks_across + block] = ~0ull << (63 - highest);
      }
  *predicted = value;
  return is_good;
}

// The only scan of a sequential file (A.2), up to a restart marker at a time.
CSIMD_INLINE enum scaled_status decode_blocks(const struct scaled_jpeg *decoder, struct scaled_scan *scan) {
  struct mcu_block list[10];
  const int count = list_blocks(decoder, scan, list);
  struct scaled_bits bits = scan->bits;
  for (int from = 0, to; from < decoder->mcus_across; from = to) {
    if (!scaled_next_part(scan, &bits, from, decoder->mcus_across, &to)) return scaled_odd;
    bits = read_blocks(
      list, decoder->component[0].first, bits, (to - from) * count, decoder->block + from * count,
      decoder->block_last + from * count);
    const uint8_t *last = decoder->block_last;
    for (int index = 0; index < decoder->component_count; index++) {
      const struct scaled_component *component = decoder->component + index;
      if (!predict(component, last, count, from, to, scan->predicted + index)) bits.bad = true;
      last += component->h * component->v;
    }
  }
  scan->bits = bits;
  return is_sound(&bits) ? scaled_good : scaled_odd;
}

#if CSIMD_X86
CSIMD_AVX2 static enum scaled_status decode_blocks_avx2(const struct scaled_jpeg *decoder, struct scaled_scan *scan) {
  return decode_blocks(decoder, scan);
}
#endif

enum scaled_status scaled_decode_blocks(const struct scaled_jpeg *decoder, struct scaled_scan *scan) {
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2) return decode_blocks_avx2(decoder, scan);
#endif
  return decode_blocks(decoder, scan);
}
