#include "stats.h"

_Static_assert(sizeof(struct ckernels_group) == 64, "a group is a line of the cache");
_Static_assert(
    offsetof(struct ckernels_group, squares) == offsetof(struct ckernels_group, sum) + 8
        && offsetof(struct ckernels_group, squares_high) == offsetof(struct ckernels_group, sum) + 16
        && offsetof(struct ckernels_group, count) == offsetof(struct ckernels_group, sum) + 24,
    "the four sums are brought up to date as one vector, in the order of `parts` of a batch");
// `take` compares three of the vector's four words and leaves out the fourth, `least` and `greatest`.
_Static_assert(offsetof(struct ckernels_group, key) == 0, "the key and what follows it are loaded as one vector");

// The hash of a key of no more than 23 bytes as a group holds it: a sum of products like NH of UMAC (RFC 4418, section
// 5.2.2), where key and seed are combined by exclusive or instead of addition.
uint32_t ckernels_stats_hash_portable(const uint64_t key[3], const struct ckernels_seed *seed) {
  return (uint32_t)folded(
      (unsigned __int128)(key[0] ^ seed->words[0]) * (key[1] ^ seed->words[1])
      + (unsigned __int128)(key[2] ^ seed->words[2]) * seed->words[3]);
}

// A group's key; reads no byte outside of the input.
CSIMD_INLINE void load_group_key(
    const struct ckernels_stats *s, const uint8_t *key, size_t length, uint64_t words[3]) {
  if (__builtin_expect(length > short_key, 0)) {
    words[0] = hash_long(key, length, &s->seed);
    words[1] = (uint64_t)(uintptr_t)key;
    words[2] = (uint64_t)length | (uint64_t)255 << 56;
    return;
  }
  const size_t room = s->count - (size_t)(key - s->bytes), rest = length > 16 ? length - 16 : 0;
  load_key(key, length - rest, room, words);
  words[2] = 0;
  if (rest > 0) memcpy(words + 2, key + 16, rest);
  words[2] |= (uint64_t)length << 56;
}

// A long key's hash is made when the key is loaded, and kept in its first word.
static inline uint32_t hash_of(const uint64_t key[3], const struct ckernels_seed *seed, hash_function hash) {
  return key[2] >> 56 <= short_key ? hash(key, seed) : (uint32_t)key[0];
}

// Equal last words mean that both keys are of one kind and length. Long ones are compared where they lie: equal hashes do
// not make them equal.
static inline bool is_same(const uint64_t a[3], const uint64_t b[3]) {
  if (a[0] != b[0] || a[2] != b[2]) return false;
  if (a[2] >> 56 <= short_key) return a[1] == b[1];
  return memcmp((const void *)(uintptr_t)a[1], (const void *)(uintptr_t)b[1], a[2] & UINT32_MAX) == 0;
}

// Groups stand one after the other in the order in which they were met, and `index` says by hash where: 4 bytes per
// place instead of 64, so that the places of a few hundred groups stay in L1 however sparse the index is. Group 0
// belongs to no key: a place of 0 is free, and what is looked up there compares unequal, without a branch.

// The place of a key's group, which exists from then on; 0 when there is no room for one more.
static inline uint32_t find_group(struct ckernels_stats *s, const uint64_t key[3], hash_function hash) {
  const size_t mask = s->slots - 1;
  size_t slot = hash_of(key, &s->seed, hash) & mask;
  // Linear probing ends: the index has at least twice as many places as there can be groups.
  for (; s->index[slot]; slot = (slot + 1) & mask)
    if (is_same(s->groups[s->index[slot]].key, key)) return s->index[slot];
  if (s->used + 1 >= s->capacity) return 0;
  const uint32_t place = (uint32_t)++s->used;
  s->index[slot] = place;
  s->groups[place] = (struct ckernels_group){.key = {key[0], key[1], key[2]}};
  ckernels_stats_clear(s, place);
  return place;
}

// Adds a number of more than 31 bits to the sums of such; false when a sum would be too large, and then nothing is
// added. The sums keep half their range free, so that `ckernels_stats_moments` can add those of narrow numbers to them.
static bool add_wide(struct ckernels_moments *wide, int64_t value) {
  const int64_t most = (int64_t)1 << 62;
  int64_t sum;
  unsigned __int128 squares = ((unsigned __int128)wide->squares_high << 64) | wide->squares_low;
  bool full = __builtin_add_overflow(wide->sum, value, &sum) || sum > most || sum < -most;
  squares += (unsigned __int128)((__int128)value * value);
  if (full || squares >> 127) return false;
  wide->sum = sum;
  wide->squares_low = (uint64_t)squares;
  wide->squares_high = (uint64_t)(squares >> 64);
  wide->least = wide->count == 0 || value < wide->least ? value : wide->least;
  wide->greatest = wide->count == 0 || value > wide->greatest ? value : wide->greatest;
  wide->count++;
  return true;
}

// Adds the number of one line to its group; false where it is refused. A line without a number still makes its group.
CSIMD_INLINE bool take_one(
    struct ckernels_stats *s, struct batch *b, const uint8_t *base, size_t i, enum refusal *refusal,
    hash_function hash) {
  const int64_t *part = b->parts + 4 * i, value = part[0];
  uint64_t key[3];
  load_group_key(s, base + b->key[i], b->key_end[i] - b->key[i], key);
  const uint32_t place = find_group(s, key, hash);
  if (place == 0) {
    *refusal = full_table;
    return false;
  }
  b->place[i] = place;
  if (value == INT64_MIN) return true;
  if (value > INT32_MAX || value < -INT32_MAX) {
    if (add_wide(s->wide + place, value)) return true;
    *refusal = full_sums;
    s->place = place;
    return false;
  }
  struct ckernels_group *group = s->groups + place;
  group->sum += value;
  group->squares += (uint64_t)part[1];
  group->squares_high += (uint64_t)part[2];
  group->count++;
  if (value < group->least) group->least = (int32_t)value;
  if (value > group->greatest) group->greatest = (int32_t)value;
  return true;
}

size_t ckernels_stats_take_portable(
    struct ckernels_stats *s, struct batch *b, const uint8_t *base, size_t count, enum refusal *refusal) {
  for (size_t i = 0; i < count; i++)
    if (!take_one(s, b, base, i, refusal, ckernels_stats_hash_portable)) return i;
  return count;
}

#if CSIMD_X86
// The same in vectors, where the sum of products takes a fifth longer for the whole of `stats`: three rounds of AES,
// after which each bit depends on all of the key. The seed is added before the first substitution, and so no two keys
// collide under every seed.
CSIMD_AVX2 CSIMD_INLINE uint32_t hash_vectors(__m128i low, __m128i high, __m128i first, __m128i second) {
  const __m128i mixed = _mm_aesenc_si128(_mm_xor_si128(low, first), high);
  return (uint32_t)_mm_cvtsi128_si32(_mm_aesenc_si128(_mm_aesenc_si128(mixed, second), first));
}

CSIMD_AVX2 uint32_t ckernels_stats_hash_avx2(const uint64_t key[3], const struct ckernels_seed *seed) {
  return hash_vectors(
      _mm_loadu_si128((const __m128i *)key), _mm_loadl_epi64((const __m128i *)(key + 2)),
      _mm_loadu_si128((const __m128i *)seed->words), _mm_loadu_si128((const __m128i *)(seed->words + 2)));
}

// By a key's length: a mask of its bytes among 32, and the length in the last of its 24. A longer key gets 253 there,
// which no group has, and so is taken alone.
static const struct { uint8_t inside[short_key + 2][32], length[short_key + 2][32]; } keys __attribute__((aligned(32))) = {
#define INSIDE(n) \
{-(n > 0), -(n > 1), -(n > 2), -(n > 3), -(n > 4), -(n > 5), -(n > 6), -(n > 7), -(n > 8), -(n > 9), -(n > 10), -(n > 11), \
 -(n > 12), -(n > 13), -(n > 14), -(n > 15), -(n > 16), -(n > 17), -(n > 18), -(n > 19), -(n > 20), -(n > 21), -(n > 22)}
    {INSIDE(0), INSIDE(1), INSIDE(2), INSIDE(3), INSIDE(4), INSIDE(5), INSIDE(6), INSIDE(7), INSIDE(8), INSIDE(9),
     INSIDE(10), INSIDE(11), INSIDE(12), INSIDE(13), INSIDE(14), INSIDE(15), INSIDE(16), INSIDE(17), INSIDE(18),
     INSIDE(19), INSIDE(20), INSIDE(21), INSIDE(22), INSIDE(23)},
#undef INSIDE
#define LENGTH(n) [n] = {[short_key] = n}
    {LENGTH(1), LENGTH(2), LENGTH(3), LENGTH(4), LENGTH(5), LENGTH(6), LENGTH(7), LENGTH(8), LENGTH(9), LENGTH(10),
     LENGTH(11), LENGTH(12), LENGTH(13), LENGTH(14), LENGTH(15), LENGTH(16), LENGTH(17), LENGTH(18), LENGTH(19),
     LENGTH(20), LENGTH(21), LENGTH(22), LENGTH(23), [short_key + 1] = {[short_key] = 253}}};
#undef LENGTH
// Finds the group that each line's hash names, without comparing keys: no line waits for another, and there is no
// branch to predict.
CSIMD_AVX2 CSIMD_INLINE void find_groups(
    const struct ckernels_stats *s, struct batch *b, const uint8_t *base, size_t count) {
  const size_t mask = s->slots - 1;
  const uint32_t *const index = s->index;
  const __m128i first = _mm_loadu_si128((const __m128i *)s->seed.words);
  const __m128i second = _mm_loadu_si128((const __m128i *)(s->seed.words + 2));
  // In vectors: four instructions less for each line below.
  uint16_t rows[batch_size];
  for (size_t i = 0; i < count; i++) {
    const uint32_t length = b->key_end[i] - b->key[i];
    rows[i] = (uint16_t)(32 * (length > short_key ? short_key + 1 : length));
  }
  for (size_t i = 0; i < count; i++) {
    const uint32_t start = b->key[i];
    const size_t row = rows[i];
    const __m256i text = _mm256_loadu_si256((const __m256i *)(base + start));
    uint64_t *words = b->words + 4 * i;
    const __m256i key = _mm256_or_si256(
        _mm256_and_si256(text, _mm256_load_si256((const __m256i *)(keys.inside[0] + row))),
        _mm256_load_si256((const __m256i *)(keys.length[0] + row)));
    _mm256_store_si256((__m256i *)words, key);
    b->place[i] =
        index[hash_vectors(_mm256_castsi256_si128(key), _mm256_extracti128_si256(key, 1), first, second) & mask];
  }
}

CSIMD_AVX2 static __attribute__((noinline)) bool take_alone(
    struct ckernels_stats *s, struct batch *b, const uint8_t *base, size_t i, enum refusal *refusal) {
  return take_one(s, b, base, i, refusal, ckernels_stats_hash_avx2);
}

// A line of a short key whose group is the first one at its place takes no branch that is mispredicted: the key is
// compared and the sums are brought up to date in a register each. Everything else is taken alone: a new group, one
// that stands elsewhere, a long key, and every line of a batch that has a wide number or an empty field.
CSIMD_AVX2 size_t ckernels_stats_take_avx2(
    struct ckernels_stats *s, struct batch *b, const uint8_t *base, size_t count, enum refusal *refusal) {
  const size_t room = s->count - (size_t)(base - s->bytes);
  struct ckernels_group *const groups = s->groups;
  // Keys are loaded as 32 bytes; lines at the input's end whose keys have fewer after them are taken alone.
  size_t safe = b->is_narrow ? count : 0;
  while (safe > 0 && b->key[safe - 1] + 32 > room) safe--;
  find_groups(s, b, base, safe);
  for (size_t i = 0; i < safe; i++) {
    struct ckernels_group *group = groups + b->place[i];
    const __m256i same = _mm256_cmpeq_epi64(
        _mm256_load_si256((const __m256i *)(b->words + 4 * i)), _mm256_loadu_si256((const __m256i *)group->key));
    if (__builtin_expect((_mm256_movemask_pd(_mm256_castsi256_pd(same)) & 7) != 7, 0)) {
      if (!take_alone(s, b, base, i, refusal)) return i;
      continue;
    }
    __m256i *const sums = (__m256i *)&group->sum;
    const int32_t value = (int32_t)b->parts[4 * i];
    _mm256_storeu_si256(
        sums, _mm256_add_epi64(_mm256_loadu_si256(sums), _mm256_load_si256((const __m256i *)(b->parts + 4 * i))));
    if (__builtin_expect(value < *(volatile int32_t *)&group->least, 0)) group->least = value;
    if (__builtin_expect(value > *(volatile int32_t *)&group->greatest, 0)) group->greatest = value;
  }
  for (size_t i = safe; i < count; i++)
    if (!take_alone(s, b, base, i, refusal)) return i;
  return count;
}
#endif

uint32_t ckernels_stats_hash(const uint64_t key[3], const struct ckernels_seed *seed) {
  return ckernels_stats_steps()->hash(key, seed);
}

void ckernels_stats_reindex(struct ckernels_stats *s) {
  hash_function *const hash = ckernels_stats_steps()->hash;
  for (size_t place = 1; place <= s->used; place++) {
    size_t slot = hash_of(s->groups[place].key, &s->seed, hash) & (s->slots - 1);
    while (s->index[slot]) slot = (slot + 1) & (s->slots - 1);
    s->index[slot] = (uint32_t)place;
  }
}

struct ckernels_moments ckernels_stats_moments(const struct ckernels_stats *s, size_t place) {
  const struct ckernels_group *group = s->groups + place;
  struct ckernels_moments all = s->wide[place];
  if (group->count == 0) return all;
  // Sum of squares = 2^32 * squares_high + the sum of their lowest 32 bits. The latter is below 2^62, since there are
  // fewer than 2^30 numbers, so it is what is left modulo 2^64.
  const uint64_t low = group->squares - (group->squares_high << 32);
  const unsigned __int128 squares = (((unsigned __int128)all.squares_high << 64) | all.squares_low)
      + ((unsigned __int128)group->squares_high << 32) + low;
  all.squares_low = (uint64_t)squares;
  all.squares_high = (uint64_t)(squares >> 64);
  all.sum += group->sum;
  all.least = all.count == 0 || group->least < all.least ? group->least : all.least;
  all.greatest = all.count == 0 || group->greatest > all.greatest ? group->greatest : all.greatest;
  all.count += (uint64_t)group->count;
  return all;
}

void ckernels_stats_clear(struct ckernels_stats *s, size_t place) {
  struct ckernels_group *group = s->groups + place;
  s->wide[place] = (struct ckernels_moments){0};
  // So that the first number replaces both.
  group->least = INT32_MAX;
  group->greatest = INT32_MIN;
  group->sum = group->count = 0;
  group->squares = group->squares_high = 0;
}

struct ckernels_seed ckernels_seed_of(uint64_t word) {
  struct ckernels_seed seed;
  for (int i = 0; i < 4; i++) {
    word += 0x9E3779B97F4A7C15;
    uint64_t mixed = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    seed.words[i] = mixed ^ (mixed >> 31);
  }
  return seed;
}
