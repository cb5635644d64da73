#include "csimd.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

// One more than the level, so that 0 means that nobody asked yet.
static atomic_int best_plus_one;
// One more than the limit of the thread; 0 where there is none.
static _Thread_local int limit_plus_one;

static enum csimd_level find_supported(void) {
#if CSIMD_X86
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("aes") || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2")
      || !__builtin_cpu_supports("popcnt"))
    return csimd_sse2;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512cd")
      || !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
    return csimd_avx2;
  if (!__builtin_cpu_supports("avx512vbmi") || !__builtin_cpu_supports("avx512vbmi2")
      || !__builtin_cpu_supports("avx512ifma") || !__builtin_cpu_supports("avx512vpopcntdq")
      || !__builtin_cpu_supports("gfni"))
    return csimd_avx512;
  return csimd_avx512_vbmi;
#else
  return csimd_portable;
#endif
}

int csimd_environment(void) {
  static const char *const names[] = {"portable", "sse2", "avx2", "avx512", "avx512-vbmi"};
  const char *word = getenv(CSIMD_VARIABLE);
  if (word == NULL || word[0] == 0) return csimd_avx512_vbmi;
  for (size_t level = 0; level < sizeof names / sizeof *names; level++)
    if (strcmp(word, names[level]) == 0) return (int)level;
  return -1;
}

static enum csimd_level find_best(void) {
  const enum csimd_level supported = find_supported();
  const int limit = csimd_environment();
  return limit >= 0 && limit < (int)supported ? (enum csimd_level)limit : supported;
}

enum csimd_level csimd_best(void) {
  // Relaxed: two threads that ask at once find the same, and nothing else depends on it.
  int known = atomic_load_explicit(&best_plus_one, memory_order_relaxed);
  if (known == 0) {
    known = (int)find_best() + 1;
    atomic_store_explicit(&best_plus_one, known, memory_order_relaxed);
  }
  return (enum csimd_level)(known - 1);
}

enum csimd_level csimd_level_in_use(void) {
  const enum csimd_level best = csimd_best();
  const int limit = limit_plus_one;
  return limit > 0 && limit - 1 < (int)best ? (enum csimd_level)(limit - 1) : best;
}

void csimd_limit(enum csimd_level level) { limit_plus_one = (int)level + 1; }
