#define LEVEL_FEATURES CSIMD_AVX2_FEATURES
#define XXH_VECTOR XXH_AVX2
#define LEVEL_NAME cdigests_xxh3_update_avx2
#include "xxh3_level.h"
