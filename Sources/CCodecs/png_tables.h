// The tables in which codes of deflate are looked up (RFC 1951).
#ifndef CCODECS_PNG_TABLES_H
#define CCODECS_PNG_TABLES_H

#include "png_stream.h"

// An entry of the table for literals and lengths:
//   bits 0–7    how many bits it takes, those of a length's extra bits included
//   bits 8–11   how many of them are the code's
//   bits 16–31  the literal, or the length without extra bits, or where a subtable begins
// An entry of the table for distances is the same, with the distance without extra bits.
enum {
  literal = 1u << 15, // bits 16–23
  odd = 1u << 14,     // something else than a literal, length or distance
  subtable = 1u << 13, // with `odd`: bits 8–11 are the bits of its index
  end = 1u << 12,      // with `odd`: of the block
};

// Makes the table of `count` codes whose lengths are given (RFC 1951, 3.2.2), indexed by `bits` bits; longer codes stand in
// subtables behind it. False for codes that zlib refuses: those that are over-subscribed or incomplete, unless they
// `may_lack`: then there may be a single code of one bit, or none, and what stands for no symbol is an error when it comes.
bool png_make_table(
  uint32_t *table, unsigned bits, const uint8_t *lengths, unsigned count, uint32_t (*entry_of)(unsigned), bool may_lack);

// The entry for a symbol without its code: extra bits alone stand in the lowest byte.
uint32_t png_litlen_entry(unsigned symbol);
uint32_t png_offset_entry(unsigned symbol);
uint32_t png_precode_entry(unsigned symbol); // its symbol in bits 16 and up

#endif
