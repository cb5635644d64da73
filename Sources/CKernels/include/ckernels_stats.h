/* Statistics of a column, grouped by another one. */
#ifndef CKERNELS_STATS_H
#define CKERNELS_STATS_H

#include <stddef.h>
#include <stdint.h>

/* What is known of the lines that have one key: a line of the cache. Numbers are integers, in units of the last decimal
   place that `ckernels_stats.scale` keeps. */
struct ckernels_group {
  uint64_t key[2]; /* up to 16 bytes, zeros behind them; of a longer key its hash and its place in the input */
  int64_t sum;
  uint64_t squares_low;
  int64_t greatest;
  uint32_t tag;   /* 1 + the key's bytes; 0 where there is no group */
  uint32_t count; /* numbers taken */
  int64_t least;
  uint64_t squares_high;
};

/* Why the kernel came back. */
enum ckernels_stats_event {
  CKERNELS_STATS_END = 0,   /* all lines are done */
  CKERNELS_STATS_LINE = 1,  /* the line at..<line_end needs a parser: quotes, exponents, too few fields, no newline */
  CKERNELS_STATS_GROW = 2,  /* the table is half full */
  CKERNELS_STATS_SCALE = 3, /* a number has `places` decimal places, more than `scale` */
  CKERNELS_STATS_SPILL = 4  /* the sums of group `index` are full: take them away and set them to zero */
};

/* A walk over whole lines, fewer than 2^30. The caller sets the first part, answers each event and calls again, until the end. */
struct ckernels_stats {
  const uint8_t *bytes;
  size_t count;
  int32_t column;    /* the number's column, from 0 */
  int32_t by;        /* the key's column, or -1: every line belongs to one group without a key, in place 0 */
  uint8_t delimiter; /* neither newline nor quotation mark */
  uint8_t level;     /* the instruction set */
  uint8_t scale;     /* decimal places kept, to 16 */
  uint8_t places;
  struct ckernels_group *groups; /* zeroed at first */
  size_t slots;                  /* a power of two */
  size_t used;                   /* groups there are */
  size_t at;                     /* where the next line begins */
  size_t line_end;               /* the line's newline, or `count` */
  size_t index;
  size_t window; /* bytes looked at in one go; short after an event, since they are looked at again then */
  uint64_t lines; /* newlines passed, without those of lines that were handed out */
};

/* Goes on to the next event. A line that caused one has not been counted yet; `at` is its beginning. A number is taken
   here when it is plain: an optional minus, up to 16 characters of digits with at most one point among them. A field
   that is empty counts for nothing, but its group exists. */
enum ckernels_stats_event ckernels_stats_run(struct ckernels_stats *stats);

/* Moves all groups of `from` to an empty table of more places. */
void ckernels_stats_move(
    const struct ckernels_group *from, size_t from_slots, struct ckernels_group *to, size_t to_slots);

#endif
