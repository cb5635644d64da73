// How often each word or line occurs, and each byte.
#ifndef CKERNELS_TOP_H
#define CKERNELS_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Four words that nobody can predict. All tables whose hashes meet, in this process or in others, have the same;
// results and their order do not depend on it.
struct ckernels_seed {
  uint64_t words[4];
};

// Makes them from one word by SplitMix64 (Steele, Lea and Flood 2014), whose steps are one to one: four different
// words.
struct ckernels_seed ckernels_seed_of(uint64_t word);

// A word or a line and how often it occurs.
struct ckernels_tally {
  uint64_t key[2]; // up to 16 bytes, padded with zeros; of a longer key its hash and its place in the input
  uint64_t count;
  uint32_t tag; // 1 + the key's bytes; 0 where there is none
  uint32_t unused;
};

// A walk over words or lines. The caller sets all fields before the first call, and new `tallies` and `slots` when the
// table must grow; `bytes` must stay in place, since tallies of long keys are places in them.
struct ckernels_top {
  const uint8_t *bytes; // whole lines; the last may lack its newline
  size_t count;
  struct ckernels_seed seed;
  bool are_lines; // lines without their newlines; otherwise runs of bytes without white space (0x09-0x0D, 0x20)
  struct ckernels_tally *tallies; // zeroed at first
  size_t slots;                   // a power of two, at least 256
  size_t used;                    // tallies there are
  size_t at;                      // bytes done
};

// Goes on to the end, or until the table is half full: returns true when it must grow before the next call, and false
// at the end.
bool ckernels_top_run(struct ckernels_top *top);

// Moves all tallies of `from` to an empty table of more places.
void ckernels_top_move(
    const struct ckernels_tally *from, size_t from_slots, struct ckernels_tally *to, size_t to_slots,
    const struct ckernels_seed *seed);

// The hash of a tally's key, the same on every machine under the same seed.
uint64_t ckernels_top_hash(const struct ckernels_tally *tally, const struct ckernels_seed *seed);

// How many different pairs of bytes there are.
enum { ckernels_pairs = 65536 };

// Whether `ckernels_histogram` is quicker with pairs for `count` bytes, at the level in use.
bool ckernels_histogram_takes_pairs(size_t count);

// Adds how often each byte occurs, partly to `counts`, of 256, and partly to `pairs`, which has ckernels_pairs elements
// and is zeroed at first, or is NULL. At most 2^32 bytes may be counted before `pairs` is closed, so that no element
// overflows.
void ckernels_histogram(const uint8_t *bytes, size_t count, uint32_t *pairs, uint64_t *counts);

// Adds the pairs to `counts`, of 256, and sets them to zero.
void ckernels_histogram_close(uint32_t *pairs, uint64_t *counts);

#endif
