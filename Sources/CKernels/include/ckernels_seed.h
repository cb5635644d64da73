// What makes the hashes of a run its own.
#ifndef CKERNELS_SEED_H
#define CKERNELS_SEED_H

#include <stdint.h>

// Four words that nobody can foresee. All tables whose hashes meet, in this process or in others, have the same; results
// and their order do not depend on it.
struct ckernels_seed {
  uint64_t words[4];
};

// Makes them of one word by SplitMix64 (Steele, Lea and Flood 2014).
struct ckernels_seed ckernels_seed_of(uint64_t word);

#endif
