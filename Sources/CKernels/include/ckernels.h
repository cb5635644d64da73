// Kernels over bytes for which Swift has no vector instructions beyond the baseline of the machine: csimd.h says how
// they choose theirs at run time. No state, no allocation, no errors; every function may be called from any thread.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <csimd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ckernels_stats.h"
#include "ckernels_top.h"

// What decides whether a place is inside a word: nothing yet, white space, or a printable character.
enum ckernels_edge { ckernels_neither = 0, ckernels_space = 1, ckernels_printable = 2 };

struct ckernels_words {
  uint64_t lines; // bytes 0x0A
  uint64_t words; // words that begin in these bytes, when no word reaches into them
  uint8_t first;  // the first byte that is white space or printable, as a ckernels_edge
  uint8_t last;   // the last such byte
};

// Counts as GNU wc 9.1 does in the C locale: a word begins at a byte 0x21-0x7E unless such a byte came before it with
// no white space (0x09-0x0D, 0x20) between; all other bytes neither begin nor end a word.
struct ckernels_words ckernels_count_words(const uint8_t *bytes, size_t count);

// Counts bytes 0x0A.
uint64_t ckernels_count_lines(const uint8_t *bytes, size_t count);

// Counts the characters that are encoded in UTF-8 and wholly inside these bytes, as GNU wc -m does in the locale
// C.UTF-8: a byte that begins no valid character counts for nothing.
uint64_t ckernels_count_characters(const uint8_t *bytes, size_t count);

// Bytes of the valid character at the start of these bytes, 1 to 6; 0 when there is none or it is cut off.
int ckernels_character_length(const uint8_t *bytes, size_t count);

// What to search for.
struct ckernels_needle {
  const uint8_t *bytes; // lower case where letters of ASCII match both cases
  size_t length;        // at least 1
  size_t rare[2];       // positions of the two bytes that are compared first; the same for a single byte
  bool ignores_case;
};

#define CKERNELS_NOT_FOUND SIZE_MAX // -1 in Swift, where sizes have a sign

// Position of the first occurrence of the needle, or CKERNELS_NOT_FOUND.
size_t ckernels_find(const uint8_t *bytes, size_t count, const struct ckernels_needle *needle);

// Writes the positions of occurrences, rising, and returns how many there are; `room` where there are as many or more.
// CKERNELS_NOT_FOUND where a zero byte stands among the bytes that were looked at, which are all where less than `room` is
// returned.
size_t ckernels_places(
    const uint8_t *bytes, size_t count, const struct ckernels_needle *needle, size_t *places, size_t room);

// Several texts to search for at once. A fingerprint of each, up to three bytes in a row, is what is looked for first.
struct ckernels_text {
  const uint8_t *bytes; // lower case where letters of ASCII match both cases
  uint32_t length;      // at least `width`
  uint32_t window;      // where the fingerprint begins in it
};

struct ckernels_texts {
  const struct ckernels_text *texts; // those of a bucket are neighbors
  uint32_t buckets[9];               // bucket i has the texts from buckets[i] up to buckets[i + 1]
  uint32_t width;                    // bytes of a fingerprint, 1 to 3
  bool ignores_case;
  // For each byte of a fingerprint: bit i of the product of an entry by the byte's low half and one by its high half tells
  // that a text of bucket i may have the byte here. Each set of 16 stands four times, as wide as a register.
  uint8_t low[3][64], high[3][64];
};

// The same for any of several texts, except that a position is that of a fingerprint: somewhere in the text, so that it is
// in the same line. Each place is written once, whichever and however many texts are there.
size_t ckernels_find_texts(const uint8_t *bytes, size_t count, const struct ckernels_texts *texts);
size_t ckernels_places_texts(
    const uint8_t *bytes, size_t count, const struct ckernels_texts *texts, size_t *places, size_t room);

// Position of the first and of the last such byte, or CKERNELS_NOT_FOUND: memchr(3), memrchr(3).
size_t ckernels_first_byte(const uint8_t *bytes, size_t count, uint8_t byte);
size_t ckernels_last_byte(const uint8_t *bytes, size_t count, uint8_t byte);

#endif
