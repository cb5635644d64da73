// Adding bytes to a state of XXH3, an XXH3_state_t, at each level of instructions; the state is the same for all.
#ifndef CDIGESTS_XXH3_LEVELS_H
#define CDIGESTS_XXH3_LEVELS_H

#include <stddef.h>
#include <stdint.h>

void cdigests_xxh3_update_avx2(void *state, const uint8_t *bytes, size_t count);
void cdigests_xxh3_update_avx512(void *state, const uint8_t *bytes, size_t count);

#endif
