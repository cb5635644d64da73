// The reader of entropy-coded data, inlined into each loop over blocks. `scaled_bits` says how it works.
#ifndef CJPEGSCALED_BITS_H
#define CJPEGSCALED_BITS_H

#include "scaled.h"
#include <assert.h>
#include <csimd.h>
#include <string.h>

// What the compiler shall not look into: it would compute it anew in a loop, or find slower instructions.
#define SCALED_OPAQUE(value) __asm__("" : "+r"(value))

// scaled_bits.c: a reader of a scan's data at `at`, and one that has more bytes than `bits`. Readers are handed over by
// value, so that loops keep theirs in registers.
struct scaled_bits scaled_begin_bits(struct scaled_scan *scan, const uint8_t *at);
struct scaled_bits scaled_fetch(struct scaled_bits bits);

// To be called before every block: brings what one block can take.
CSIMD_INLINE void fetch(struct scaled_bits *bits) {
  if (__builtin_expect(bits->at > bits->limit, 0)) *bits = scaled_fetch(*bits);
}

// Makes at least 56 bits available. Below `count` it leaves bits of the next byte, which come again.
CSIMD_INLINE void fill(struct scaled_bits *bits) {
  uint64_t next;
  memcpy(&next, bits->at, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  next = __builtin_bswap64(next);
#endif
  bits->buffer |= next >> bits->count;
  bits->at += (63 - bits->count) >> 3;
  bits->count |= 56;
}

// Drops bits that were looked at.
CSIMD_INLINE void skip(struct scaled_bits *bits, int count) {
  bits->buffer <<= count;
  bits->count -= count;
}

// `count` is at least 1.
CSIMD_INLINE int take(struct scaled_bits *bits, int count) {
  assert(count >= 1 && count <= bits->count);
  int value = (int)(bits->buffer >> (64 - count));
  skip(bits, count);
  return value;
}

// The value that the first bits of `data` stand for (EXTEND of F.2.2.1, without a branch): one whose first bit is 0 is
// negative, and its magnitude is its complement. `unused` is 63 less the bits of the value, which may have none.
CSIMD_INLINE int extended(uint64_t data, unsigned unused) {
  const uint64_t negative = (uint64_t)((int64_t)~data >> 63);
  const uint64_t magnitude = ((data ^ negative) >> 1) >> (unused & 63);
  return (int)((magnitude ^ negative) - negative);
}

// The symbol of the next code, longer than the table's index or not.
CSIMD_INLINE int take_symbol(struct scaled_bits *bits, const struct scaled_huffman *table) {
  unsigned entry = table->look[bits->buffer >> (64 - scaled_look)];
  if (__builtin_expect(entry != 0, 1)) {
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

// The next value of `size` bits, which may be 0.
CSIMD_INLINE int take_value(struct scaled_bits *bits, int size) {
  const int value = extended(bits->buffer, (unsigned)(63 - size));
  skip(bits, size);
  return value;
}

// Bits that were there and were not taken; less than 0 where more were taken.
CSIMD_INLINE ptrdiff_t bits_left(const struct scaled_bits *bits) { return 8 * (bits->end - bits->at) + bits->count; }

// Whether everything taken so far was there and made sense.
CSIMD_INLINE bool is_sound(const struct scaled_bits *bits) {
  return !bits->bad && (!bits->is_last || bits_left(bits) >= 0);
}

// scaled_bits.c: whether the data up to the next marker was taken to its last byte: what is left does not fill one.
bool scaled_is_used_up(struct scaled_bits bits);
// A reader of what follows the restart marker that must be here (F.1.1.5.2, E.2.4), numbered 0 to 7 in turn; it is bad
// where there is none. Prediction starts anew.
struct scaled_bits scaled_restart(struct scaled_scan *scan, struct scaled_bits bits);
// Goes over a restart marker where one is due before the MCU `from` of a row of `all`, and sets `to` to where the next may be
// due, or to `all`; false where it is missing.
bool scaled_next_part(struct scaled_scan *scan, struct scaled_bits *bits, int from, int all, int *to);

// scaled_refining.c: reads what a refining scan says of blocks, EOBRUN included.
struct scaled_bits scaled_refine(
  const struct scaled_component *component, struct scaled_scan *scan, struct scaled_blocks blocks,
  struct scaled_bits bits);

#endif
