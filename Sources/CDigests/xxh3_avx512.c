#define LEVEL_FEATURES CSIMD_AVX512_FEATURES
#define XXH_VECTOR XXH_AVX512
#define LEVEL_NAME cdigests_xxh3_update_avx512
#include "xxh3_level.h"
