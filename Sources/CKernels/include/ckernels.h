/* Kernels over bytes for which Swift has no vector instructions beyond the baseline of the machine: they are chosen at
   run time. No state, no allocation, no errors; every function may be called from any thread. */
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "ckernels_stats.h"
#include "ckernels_top.h"

/* Instruction sets, in rising order of speed. */
enum ckernels_level { CKERNELS_PORTABLE = 0, CKERNELS_SSE2 = 1, CKERNELS_AVX2 = 2, CKERNELS_AVX512 = 3 };

/* The fastest level that this processor and its operating system support. */
int ckernels_best_level(void);

/* What decides whether a place is inside a word: nothing yet, white space, or a printable character. */
enum ckernels_edge { CKERNELS_NEITHER = 0, CKERNELS_SPACE = 1, CKERNELS_PRINTABLE = 2 };

struct ckernels_words {
  uint64_t lines; /* bytes 0x0A */
  uint64_t words; /* words that begin in these bytes, when no word reaches into them */
  uint8_t first;  /* the first byte that is white space or printable, as a ckernels_edge */
  uint8_t last;   /* the last such byte */
};

/* Counts as GNU wc 9.1 does in the C locale: a word begins at a byte 0x21-0x7E unless such a byte came before it with no
   white space (0x09-0x0D, 0x20) between; all other bytes neither begin nor end a word. `level` is at most the best. */
struct ckernels_words ckernels_count_words(const uint8_t *bytes, size_t count, int level);

/* Counts bytes 0x0A. */
uint64_t ckernels_count_lines(const uint8_t *bytes, size_t count, int level);

#endif
