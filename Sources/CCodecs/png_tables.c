#include "png_tables.h"

// RFC 1951, 3.2.5: base and extra bits of lengths 257… and of distances.
static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                         2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t offset_base[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                         193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t offset_extra[30] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                         6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

uint32_t png_litlen_entry(unsigned symbol) {
  if (symbol < 256) return literal | symbol << 16;
  if (symbol == 256) return odd | end;
  if (symbol > 285) return odd;
  return (uint32_t)length_base[symbol - 257] << 16 | length_extra[symbol - 257];
}

uint32_t png_offset_entry(unsigned symbol) {
  return symbol < 30 ? (uint32_t)offset_base[symbol] << 16 | offset_extra[symbol] : (uint32_t)odd;
}

uint32_t png_precode_entry(unsigned symbol) { return symbol << 16; }

static unsigned reversed(unsigned code, unsigned length) {
  unsigned result = 0;
  for (; length > 0; length--, code >>= 1) result = result << 1 | (code & 1);
  return result;
}

bool png_make_table(
  uint32_t *table, unsigned bits, const uint8_t *lengths, unsigned count, uint32_t (*entry_of)(unsigned), bool may_lack) {
  unsigned counts[16] = {0}, next[16] = {0}, starts[16] = {0}, longest = 15, code = 0;
  int left = 1;
  for (unsigned symbol = 0; symbol < count; symbol++) counts[lengths[symbol]]++;
  counts[0] = 0;
  while (longest > 0 && counts[longest] == 0) longest--;
  for (unsigned length = 1; length <= 15; length++) {
    left = 2 * left - (int)counts[length];
    if (left < 0) return false;
    next[length] = code = (code + counts[length - 1]) << 1;
    starts[length] = starts[length - 1] + counts[length - 1];
  }
  if (left > 0 && (!may_lack || longest > 1)) return false;
  if (left > 0)
    for (unsigned index = 0; index < 1u << bits; index++) table[index] = odd;
  // In the order of their codes, so that those that share their first bits, and a subtable, come one after the other.
  uint16_t sorted[320];
  const unsigned used = starts[15] + counts[15];
  for (unsigned symbol = 0; symbol < count; symbol++)
    if (lengths[symbol]) sorted[starts[lengths[symbol]]++] = (uint16_t)symbol;
  unsigned room = 1u << bits, first = 0, width = 0, present = ~0u;
  for (unsigned index = 0; index < used; index++) {
    const unsigned length = lengths[sorted[index]];
    unsigned place = reversed(next[length]++, length);
    uint32_t entry = entry_of(sorted[index]);
    if (length <= bits) {
      entry += length | length << 8; // extra bits stand in the lowest byte already
      for (; place < 1u << bits; place += 1u << length) table[place] = entry;
      counts[length]--;
      continue;
    }
    if ((place & ((1u << bits) - 1)) != present) {
      present = place & ((1u << bits) - 1);
      // Its first code is its shortest. It becomes deeper while the codes that are left do not fill it.
      width = length - bits;
      for (int space = (1 << width) - (int)counts[length]; space > 0 && bits + width < longest; width++)
        space = 2 * space - (int)counts[bits + width + 1];
      first = room;
      room += 1u << width;
      table[present] = odd | subtable | first << 16 | width << 8 | bits;
    }
    entry += (length - bits) | (length - bits) << 8;
    for (place >>= bits; place < 1u << width; place += 1u << (length - bits)) table[first + place] = entry;
    counts[length]--;
  }
  return true;
}
