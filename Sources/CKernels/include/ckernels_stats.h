// Statistics of a column, grouped by another one.
#ifndef CKERNELS_STATS_H
#define CKERNELS_STATS_H

#include "ckernels_top.h"

#include <stddef.h>
#include <stdint.h>

// What is known of the lines that have one key, in one cache line. Numbers are integers, in units of the last decimal
// place that `ckernels_stats.scale` keeps. Those of no more than 31 bits and a sign are added up here, without checks
// for overflow: a walk has fewer than 2^30 lines, so `sum` stays below 2^61.
struct ckernels_group {
  // Up to 23 bytes, padded with zeros, and the length in the last byte. For a longer key: its hash, its address, which is
  // in the input at first, and its length with 255 in the last byte.
  uint64_t key[3];
  int32_t least, greatest;
  int64_t sum;
  uint64_t squares;      // their sum modulo 2^64
  uint64_t squares_high; // the sum of what each has above its lowest 32 bits
  int64_t count;
};

// What is known of numbers of more bits; the sum of their squares has 128.
struct ckernels_moments {
  uint64_t count;
  int64_t least, greatest; // nothing where `count` is 0
  int64_t sum;
  uint64_t squares_low, squares_high;
};

// The number of one line and the place of its group, where numbers are kept one by one.
struct ckernels_value {
  int64_t number; // in units of the last decimal place, as in the sums
  size_t place;
};

// Why the kernel came back.
enum ckernels_stats_event {
  ckernels_stats_end = 0,   // all lines are done
  ckernels_stats_line = 1,  // the line at..<line_end needs a parser: quotes, exponents, too few fields, no newline
  ckernels_stats_grow = 2,  // there is no room for one more group
  ckernels_stats_scale = 3, // a number has `places` decimal places, more than `scale`
  ckernels_stats_spill = 4, // the sums of the group in `place` are full: take them away and clear it
  ckernels_stats_keep = 5   // there may be no room for the values of the next lines: take those there are, or make room
};

// A walk over whole lines, fewer than 2^30. The caller sets the first part, answers each event and calls again, until
// the end. It may then go on with more lines elsewhere: it sets `bytes`, `count` and `at` anew, and before that has copied
// long keys that are in the old input and told their groups where to.
struct ckernels_stats {
  const uint8_t *bytes;
  size_t count;
  int32_t column;    // the number's column, from 0
  int32_t by;        // the key's column, or -1: every line belongs to one group, whose key is empty
  uint8_t delimiter; // neither newline nor quotation mark
  uint8_t scale;     // decimal places kept, to 16
  uint8_t places;    // of the number that has more
  struct ckernels_seed seed;
  struct ckernels_group *groups; // room for `capacity`; place 0 belongs to no key, since a 0 in the index means free
  struct ckernels_moments *wide; // of the same groups, zeroed at first
  size_t capacity;
  size_t used;     // groups there are; they are in places 1...used
  uint32_t *index; // places by hash, or 0; zeroed at first
  size_t slots;    // of the index, a power of two and at least twice the capacity
  struct ckernels_value *values; // every number is written down here as well; NULL where none is to be
  size_t values_room;  // at least `ckernels_stats_batch` more than there are at any call
  size_t values_count;
  size_t at;                     // where the next line begins
  size_t line_end;               // the line's newline, or `count`
  size_t place; // of the group whose sums are full
  size_t window; // bytes looked at in one go; short after an event, since all of them are looked at again then
  uint64_t lines; // newlines passed; the caller adds those of lines that it took itself
};

// Goes on to the next event. A line that caused one has not been counted yet; `at` is its beginning. A number is taken
// here when it is plain: an optional minus, up to 16 characters of digits with at most one point among them. A field
// that is empty counts for nothing, but its group exists.
enum ckernels_stats_event ckernels_stats_run(struct ckernels_stats *stats);

// Lines that are taken between two looks at the room for values, at most.
enum { ckernels_stats_batch = 128 };

// The hash of a key of no more than 23 bytes, as a group holds it.
uint32_t ckernels_stats_hash(const uint64_t key[3], const struct ckernels_seed *seed);

// Enters all groups in an index that is zeroed.
void ckernels_stats_reindex(struct ckernels_stats *stats);

// All that is known of the numbers of a group.
struct ckernels_moments ckernels_stats_moments(const struct ckernels_stats *stats, size_t group);

// Forgets the numbers of a group.
void ckernels_stats_clear(struct ckernels_stats *stats, size_t group);

#endif
