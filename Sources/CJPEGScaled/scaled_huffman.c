// Huffman tables, made ready for reading several bits at a time.
#include "scaled.h"
#include <assert.h>
#include <string.h>

// One entry of `scaled_huffman.pairs`.
struct entry {
  int bits;     // that it takes
  int place[2]; // from the last coefficient to those of this entry; equal where it has one, 64 where it has none
  int step;     // from the last coefficient to the last of this entry, more by scaled_block_end where the block ends
  int value[2];
};

static uint64_t packed(const struct entry *entry) {
  return (uint64_t)entry->bits | (uint64_t)entry->place[0] << 8 | (uint64_t)entry->place[1] << 16
         | (uint64_t)entry->step << 24 | (uint64_t)(uint16_t)entry->value[0] << 32
         | (uint64_t)(uint16_t)entry->value[1] << 48;
}

int scaled_value_at(unsigned index, int before, int size) {
  if (size == 0) return 0;
  const int value = (int)(index >> (scaled_look - before - size)) & ((1 << size) - 1);
  return value < 1 << (size - 1) ? value + 1 - (1 << size) : value;
}

// Adds the code that comes next, where the index holds it and its value.
static void add_second(const struct scaled_huffman *table, unsigned index, struct entry *entry) {
  const unsigned next = table->look[index << entry->bits & ((1 << scaled_look) - 1)];
  const int length = (int)(next >> 8), size = next & 15, run = next >> 4 & 15;
  if (length == 0 || entry->bits + length + size > scaled_look || (size == 0 && run != 0 && run != 15)) return;
  if (size == 0 && run == 0) entry->step += scaled_block_end;
  else {
    entry->value[1] = scaled_value_at(index, entry->bits + length, size);
    entry->place[1] = entry->step += run + 1;
  }
  entry->bits += length + size;
}

// Codes that mean something else in progressive files (EOB1 to EOB14) are left to the caller. ZRL is a value of 0.
void scaled_define_pairs(struct scaled_huffman *table) {
  for (unsigned index = 0; index < 1 << scaled_look; index++) {
    const int length = table->look[index] >> 8, size = table->look[index] & 15, run = table->look[index] >> 4 & 15;
    table->pairs[index] = 0;
    if (length == 0 || length + size > scaled_look || (size == 0 && run != 0 && run != 15)) continue;
    const int value = scaled_value_at(index, length, size);
    struct entry entry = {.bits = length + size, .place = {run + 1, run + 1}, .step = run + 1, .value = {value, value}};
    if (size == 0 && run == 0) {
      entry.place[0] = entry.place[1] = 64;
      entry.step = scaled_block_end;
    } else add_second(table, index, &entry);
    table->pairs[index] = packed(&entry);
  }
  table->has_pairs = true;
}

// EOBRUN of G.1.2.2, whose `run` bits are the last of the first `bits` of an index.
static int run_of_blocks(unsigned index, int bits, int run) {
  return 1 << run | (int)(index >> (scaled_look - bits) & ((1u << run) - 1));
}

// An entry of `scaled_huffman.fresh`.
static uint32_t fresh_entry(const struct scaled_huffman *table, unsigned index) {
  uint32_t flags = 0;
  int bits = 0, far = 0, first = 0;
  for (int time = 0; time < 2; time++) {
    const unsigned code = table->look[index << bits & ((1 << scaled_look) - 1)];
    const int length = (int)(code >> 8), size = code & 15, run = code >> 4 & 15;
    if (length == 0 || bits + length + size > scaled_look || size > 1) break;
    if (size == 0 && run != 15) {
      if (run > 3 || bits + length + run > scaled_look) break;
      bits += length + run;
      flags |= (unsigned)run_of_blocks(index, bits, run) << 4;
      if (time == 0) first = 1;
      far += scaled_block_end;
      break;
    }
    bits += length + size;
    far += run + 1;
    if (time == 0) first = far;
    const bool is_negative = size && !(index >> (scaled_look - bits) & 1);
    flags |= (size ? 1u << time : 0) | (is_negative ? 4u << time : 0);
  }
  return (uint32_t)bits | (uint32_t)first << 8 | (uint32_t)far << 16 | flags << 24;
}

// A code that stands for one new coefficient, with its sign, for 16 zeros or for the end of up to 127 blocks (G.1.2.3). All
// else is left to the caller.
void scaled_define_refining(struct scaled_huffman *table) {
  const int more = scaled_refining_look - scaled_look;
  for (unsigned index = 0; index < 1 << scaled_refining_look; index++) {
    const unsigned entry = table->look[index >> more];
    const int length = (int)(entry >> 8), size = entry & 15, run = entry >> 4 & 15;
    table->refining[index] = 0;
    if (length == 0 || size > 1) continue;
    if (size == 0 && run != 15) {
      const int bits = length + run;
      if (run > 6 || bits > scaled_look) continue;
      const unsigned blocks = (unsigned)run_of_blocks(index >> more, bits, run);
      table->refining[index] = (uint16_t)(scaled_refining_end | blocks << 8 | (unsigned)bits);
      continue;
    }
    const bool is_negative = size && !(index >> (scaled_refining_look - 1 - length) & 1);
    table->refining[index] = (uint16_t)(scaled_refining_entry(size, is_negative, run) | (unsigned)(length + size));
  }
  for (unsigned index = 0; index < 1 << scaled_look; index++) table->fresh[index] = fresh_entry(table, index);
  table->has_refining = true;
}

// Codes of one length follow each other, and the first of the next length is the last one plus 1, with a 0 appended
// (annex C). No code is all ones. libjpeg refuses DC categories above 15, so they are refused here too.
bool scaled_define(struct scaled_huffman *table, const uint8_t counts[16], const uint8_t *symbols, int count, bool dc) {
  assert(count >= 0 && count <= 256); // the sum of `counts`
  memset(table->look, 0, sizeof table->look);
  memset(table->symbols, 0, sizeof table->symbols);
  memcpy(table->symbols, symbols, (size_t)count);
  int code = 0, index = 0;
  for (int length = 1; length <= 16; length++, code <<= 1) {
    table->offset[length] = index - code;
    for (int i = 0; i < counts[length - 1]; i++, index++, code++) {
      if (code >= 1 << length || (dc && symbols[index] > 15)) return false;
      if (length > scaled_look) continue;
      // Every value of the bits after the code leads to its symbol.
      for (int fill = 0; fill < 1 << (scaled_look - length); fill++)
        table->look[(code << (scaled_look - length)) + fill] = (uint16_t)(length << 8 | symbols[index]);
    }
    if (counts[length - 1] && code >= 1 << length) return false;
    table->last_code[length] = counts[length - 1] ? code - 1 : -1;
  }
  table->largest = 0;
  for (int at = 0; at < count; at++)
    if ((symbols[at] & 15) > table->largest) table->largest = symbols[at] & 15;
  table->has_pairs = table->has_refining = false;
  return true;
}
