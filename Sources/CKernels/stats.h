// What the parts of the statistics kernel share. Separators and numbers are in stats_steps.c, with a version for each
// instruction set; groups are in stats_groups.c; stats.c puts them together.
#ifndef CKERNELS_STATS_INTERNAL_H
#define CKERNELS_STATS_INTERNAL_H

#include "ckernels_stats.h"
#include "positions.h"

// Lines whose fields are known, and what each step makes of them. Offsets count from the window's first byte. Steps may
// read elements past `count`, up to the next multiple of 16; `pad` in stats.c fills those.
enum { batch_size = ckernels_stats_batch };
struct batch {
  size_t count;
  uint32_t start[batch_size], passed[batch_size]; // where a line begins, and how many newlines come before it
  uint32_t number[batch_size], number_end[batch_size], key[batch_size], key_end[batch_size];
  // What each line adds to the last four fields of its group: number, square, the square's bits above the lowest 32,
  // and 1. A line without a number has INT64_MIN in the first, and nothing in the others.
  int64_t parts[4 * batch_size] __attribute__((aligned(64)));
  uint64_t words[4 * batch_size] __attribute__((aligned(32))); // short keys as groups hold them, and 0
  uint32_t place[batch_size]; // of the group that a short key should have; of each line taken, the group that it has
  bool is_narrow; // every line has a number, and of no more than 31 bits and a sign
};

// Why a line was not taken: it needs a parser, its number has more decimal places than are kept, there is no room for
// its group, its group's sums are full, or there is no room for its value. `come_back` turns each into the caller's event.
enum refusal { none = 0, not_plain, too_fine, full_table, full_sums, full_values };

// A window of the input and how far its lines are cut into fields.
struct cutting {
  const uint8_t *base;
  const uint16_t *places; // of separators; before the first stands 65535, which plus 1 in 16 bits is 0
  size_t found, next;   // separators, and how many of them are used up
  uint32_t start;       // of the line to come
  enum refusal refusal; // not_plain: the line to come
  uint64_t lines; // newlines passed
};

typedef uint32_t hash_function(const uint64_t key[3], const struct ckernels_seed *seed);

// The steps for one instruction set.
struct steps {
  // Places of delimiters, newlines and quotation marks; `are_pairs` when they are delimiter and newline in turn.
  size_t (*separators)(const uint8_t *bytes, size_t count, uint8_t delimiter, uint16_t *places, bool *are_pairs);
  // Reads the numbers; an empty field is INT64_MIN. Returns how many lines are good, from the batch's first.
  size_t (*parse)(struct ckernels_stats *s, struct batch *b, const uint8_t *base, enum refusal *refusal);
  // Finds the fields of lines of a key and a number. NULL where `separators` never reports pairs.
  void (*cut_pairs)(struct cutting *c, struct batch *b);
  // Adds the first `count` numbers to their groups; returns how many lines were taken.
  size_t (*take)(
      struct ckernels_stats *s, struct batch *b, const uint8_t *base, size_t count, enum refusal *refusal);
  // The hash of a group's key of no more than 23 bytes. Levels have different ones, which is no matter: an index is
  // made and read at one level, and no result depends on it.
  hash_function *hash;
};

// Steps of `take` and `hash`.
hash_function ckernels_stats_hash_portable, ckernels_stats_hash_avx2;
size_t ckernels_stats_take_portable(
    struct ckernels_stats *s, struct batch *b, const uint8_t *base, size_t count, enum refusal *refusal);
size_t ckernels_stats_take_avx2(
    struct ckernels_stats *s, struct batch *b, const uint8_t *base, size_t count, enum refusal *refusal);

// Longest key that a group holds itself.
enum { short_key = 23 };

// The steps for the level in use.
const struct steps *ckernels_stats_steps(void);

#endif
