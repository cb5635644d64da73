// XXH3's inner loop with the instructions of one level: the file that includes this names `LEVEL_FEATURES`, `XXH_VECTOR` and
// `LEVEL_NAME`. xxHash chooses them when it is compiled, so each level is a file of its own.
#include "csimd.h"

#if CSIMD_X86
#include "xxh3_levels.h"

// Headers of the system come first, so that none of their functions is compiled for the level.
#include <assert.h>
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target(LEVEL_FEATURES))), apply_to = function)
#define XXH_STATIC_LINKING_ONLY
#define XXH_INLINE_ALL
#include <xxhash.h>

void LEVEL_NAME(void *state, const uint8_t *bytes, size_t count) {
  XXH3_64bits_update((XXH3_state_t *)state, bytes, count);
}
#pragma clang attribute pop
#endif
