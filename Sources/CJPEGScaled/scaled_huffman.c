// Huffman tables, made ready for reading several bits at a time.
#include "scaled.h"
#include <assert.h>
#include <string.h>

// Most codes and the bits of their values fit into ten bits together; one look then tells run, value and length. Codes
// that mean something else in progressive files (EOB1 to EOB14) are left to the caller.
static void define_whole(struct scaled_huffman *table) {
  for (unsigned next = 0; next < 1 << scaled_look; next++) {
    int length = table->look[next] >> 8, size = table->look[next] & 15, run = table->look[next] >> 4 & 15, value = 0;
    table->whole[next] = 0;
    if (length == 0 || length + size > scaled_look || (size == 0 && run != 0 && run != 15)) continue;
    if (size > 0) {
      value = (int)(next >> (scaled_look - length - size)) & ((1 << size) - 1);
      // EXTEND of F.2.2.1: values whose first bit is 0 are negative.
      if (value < 1 << (size - 1)) value += 1 - (1 << size);
    } else if (run == 0) run = scaled_to_end;
    // Multiplied, since shifting a negative value is undefined.
    table->whole[next] = value * 65536 + (run << 8) + length + size;
  }
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
  // Made of `look`, so it comes last.
  define_whole(table);
  return table->defined = true;
}
