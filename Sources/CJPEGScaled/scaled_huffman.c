// Huffman tables, made ready for reading several bits at a time.
#include "scaled.h"
#include <assert.h>
#include <string.h>

// One entry of `scaled_huffman.pairs`, whose members are as there.
struct pair {
  int bits, place[2], need, blocks, value[2];
};

static uint64_t packed(const struct pair *pair) {
  return (uint64_t)pair->bits | (uint64_t)(pair->value[0] != 0) << 6 | (uint64_t)(pair->value[1] != 0) << 7
         | (uint64_t)pair->place[0] << 8 | (uint64_t)pair->place[1] << 16 | (uint64_t)pair->need << 24
         | (uint64_t)pair->blocks << 32 | (uint64_t)(pair->value[0] & 4095) << 40 | (uint64_t)(pair->value[1] & 4095) << 52;
}

int scaled_value_at(unsigned index, int before, int size) {
  if (size == 0) return 0;
  const int value = (int)(index >> (scaled_look - before - size)) & ((1 << size) - 1);
  return value < 1 << (size - 1) ? value + 1 - (1 << size) : value;
}

// A code of an AC scan with the bits that belong to it.
struct code {
  int end;      // bits of the index up to its last one
  int run, value;
  int blocks; // that end with it (EOBRUN, G.1.2.2), 0 where it is a coefficient or ZRL, which is a value of 0
};

// The code behind the first `before` bits of an index. False where the index does not hold all of it, and for an EOBRUN that
// may need more than a byte.
static bool find_code(const struct scaled_huffman *table, unsigned index, int before, struct code *code) {
  const unsigned entry = table->look[index << before & ((1 << scaled_look) - 1)];
  const int length = (int)(entry >> 8), size = entry & 15, run = entry >> 4 & 15;
  const bool is_end = size == 0 && run != 15;
  const int more = is_end ? run : size, end = before + length + more;
  if (length == 0 || end > scaled_look || (is_end && run > 6)) return false;
  *code = (struct code){.end = end, .run = run};
  if (is_end) code->blocks = 1 << run | (int)(index >> (scaled_look - end) & ((1u << run) - 1));
  else code->value = scaled_value_at(index, end - size, size);
  return true;
}

static struct pair pair_of(const struct scaled_huffman *table, unsigned index) {
  struct code one, two;
  if (!find_code(table, index, 0, &one)) return (struct pair){.need = scaled_no_pair};
  // An end goes no further than the next coefficient, which there is.
  if (one.blocks) return (struct pair){.bits = one.end, .place = {64, 64}, .need = 1, .blocks = one.blocks};
  const int to = one.run + 1;
  struct pair pair = {.bits = one.end, .place = {to, to}, .need = to, .value = {one.value, one.value}};
  if (!find_code(table, index, one.end, &two)) return pair;
  pair.bits = two.end;
  pair.blocks = two.blocks;
  pair.need += two.blocks ? 1 : two.run + 1;
  if (two.blocks) return pair;
  pair.place[1] = pair.need;
  pair.value[1] = two.value;
  return pair;
}

void scaled_define_pairs(struct scaled_huffman *table) {
  for (unsigned index = 0; index < 1 << scaled_look; index++) {
    const struct pair pair = pair_of(table, index);
    table->pairs[index] = packed(&pair);
  }
  table->has_pairs = true;
}

// Whether a code is one that entries for refining have: a new coefficient, or the end of one block. ZRL, seldom, is not.
static bool refines(const struct code *code) { return code->blocks == 1 || code->value == 1 || code->value == -1; }

// Adds a code to an entry.
static void add_code(struct scaled_refining *entry, const struct code *code) {
  entry->length = (uint8_t)code->end;
  entry->is_end = code->blocks == 1;
  if (entry->is_end) {
    entry->need += entry->places != 0;
    return;
  }
  entry->need += (uint8_t)(code->run + 1);
  const uint16_t place = (uint16_t)(1 << (entry->need - 1));
  entry->places |= place;
  if (code->value < 0) entry->negative |= place;
}

void scaled_define_refining(struct scaled_huffman *table) {
  for (unsigned index = 0; index < 1 << scaled_look; index++) {
    struct code one, two;
    struct scaled_refining entry = {.need = 255};
    if (find_code(table, index, 0, &one) && refines(&one)) {
      entry.need = 0;
      add_code(&entry, &one);
    }
    table->refining[index] = entry;
    // `places` has 16 bits.
    if (
      entry.places && find_code(table, index, one.end, &two) && refines(&two)
      && (two.blocks || entry.need + two.run + 1 <= 16))
      add_code(&entry, &two);
    table->fresh[index] = entry;
  }
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
