#include "ckernels_top.h"
#include "positions.h"

#include <assert.h>

// Why this is C: Swift cannot turn a comparison into a mask of bits. 67 million words of text on one core of a Sapphire
// Rapids take 9.5 ns each with AVX-512 and 15.5 ns byte by byte.

// Words or lines that are looked up together, so that the table's memory is on its way for all of them at once.
enum { together = 32 };

// isspace(3) in the C locale: tab, newline, vertical tab, form feed, carriage return and space.
CSIMD_INLINE bool is_space(uint8_t byte) {
  return byte == ' ' || (uint8_t)(byte - 9) < 5;
}

// Places where words begin and end in turn.
static size_t word_edges_portable(const uint8_t *bytes, size_t count, uint16_t *places) {
  size_t found = 0;
  bool inside = false;
  for (size_t at = 0; at < count; at++) {
    // Written always and kept only where `found` moves on: no branch to mispredict.
    places[found] = (uint16_t)at;
    const bool is_word = !is_space(bytes[at]);
    found += (size_t)(is_word ^ inside);
    inside = is_word;
  }
  return found;
}

static size_t newlines_portable(const uint8_t *bytes, size_t count, uint16_t *places) {
  size_t found = 0;
  for (size_t at = 0; at < count; at++) {
    places[found] = (uint16_t)at;
    found += bytes[at] == '\n';
  }
  return found;
}

#if CSIMD_X86
// Bit i: byte i begins a run of marked bytes or is the first after one; `inside` is 1 when the byte before was marked,
// and is carried from block to block.
CSIMD_INLINE uint64_t edges(uint64_t inside_bits, uint64_t *inside) {
  uint64_t changes = inside_bits ^ ((inside_bits << 1) | *inside);
  *inside = inside_bits >> 63;
  return changes;
}

CSIMD_AVX2 static inline uint64_t words_avx2(const uint8_t *bytes) {
  uint64_t mask = 0;
  for (int half = 0; half < 2; half++) {
    __m256i b = _mm256_loadu_si256((const __m256i *)(bytes + 32 * half));
    __m256i control = _mm256_sub_epi8(b, _mm256_set1_epi8(9));
    __m256i space = _mm256_or_si256(
        _mm256_cmpeq_epi8(b, _mm256_set1_epi8(' ')),
        _mm256_cmpeq_epi8(_mm256_min_epu8(control, _mm256_set1_epi8(4)), control));
    mask |= (uint64_t)(unsigned)~_mm256_movemask_epi8(space) << (32 * half);
  }
  return mask;
}

CSIMD_AVX2 static size_t word_edges_avx2(const uint8_t *bytes, size_t count, uint16_t *places) {
  uint64_t inside = 0;
  size_t found = 0, at = 0;
  for (; at + 64 <= count; at += 64) found += spread(edges(words_avx2(bytes + at), &inside), at, places + found);
  if (at == count) return found;
  uint8_t rest[64];
  memset(rest, ' ', 64);
  memcpy(rest, bytes + at, count - at);
  return found + spread(edges(words_avx2(rest), &inside) & ((1ull << (count - at)) - 1), at, places + found);
}

CSIMD_AVX2 static inline uint64_t newlines_mask_avx2(const uint8_t *bytes) {
  const __m256i newline = _mm256_set1_epi8('\n');
  __m256i a = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)bytes), newline);
  __m256i b = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(bytes + 32)), newline);
  return (uint64_t)(unsigned)_mm256_movemask_epi8(a) | (uint64_t)(unsigned)_mm256_movemask_epi8(b) << 32;
}

CSIMD_AVX2 static size_t newlines_avx2(const uint8_t *bytes, size_t count, uint16_t *places) {
  size_t found = 0, at = 0;
  for (; at + 64 <= count; at += 64) found += spread(newlines_mask_avx2(bytes + at), at, places + found);
  for (; at < count; at++)
    if (bytes[at] == '\n') places[found++] = (uint16_t)at;
  return found;
}

CSIMD_AVX512_VBMI static size_t word_edges_vbmi(const uint8_t *bytes, size_t count, uint16_t *places) {
  uint64_t inside = 0;
  size_t found = 0;
  for (size_t at = 0; at < count; at += 64) {
    __m512i b = load_vbmi(bytes + at, count - at);
    uint64_t space = _mm512_cmpeq_epi8_mask(b, _mm512_set1_epi8(' '))
        | _mm512_cmplt_epu8_mask(_mm512_sub_epi8(b, _mm512_set1_epi8(9)), _mm512_set1_epi8(5));
    uint64_t changes = edges(~space, &inside);
    if (count - at < 64) changes = _bzhi_u64(changes, (unsigned)(count - at));
    found += spread_vbmi(changes, at, places + found);
  }
  return found;
}

CSIMD_AVX512_VBMI static size_t newlines_vbmi(const uint8_t *bytes, size_t count, uint16_t *places) {
  size_t found = 0;
  for (size_t at = 0; at < count; at += 64)
    found += spread_vbmi(
        _mm512_cmpeq_epi8_mask(load_vbmi(bytes + at, count - at), _mm512_set1_epi8('\n')), at, places + found);
  return found;
}
#endif

typedef size_t (*finder)(const uint8_t *bytes, size_t count, uint16_t *places);

static finder finder_of(bool are_lines) {
#if CSIMD_X86
  const enum csimd_level level = csimd_level_in_use();
  if (level >= csimd_avx512_vbmi) return are_lines ? newlines_vbmi : word_edges_vbmi;
  if (level >= csimd_avx2) return are_lines ? newlines_avx2 : word_edges_avx2;
#endif
  return are_lines ? newlines_portable : word_edges_portable;
}

// Bytes start..<end of the input: a word or a line.
struct stretch {
  size_t start, end;
};

// Counts some stretches; returns how many were counted before the table was half full.
//
// Two passes: the first makes hashes and asks memory for the slots, so that up to 32 misses are under way at once; the
// second compares and counts. Keys of up to 16 bytes are in the slot itself; of a longer one the slot has the hash,
// which nearly always tells two keys apart, and the place of its first occurrence, where all of it is compared. Linear
// probing, at most half full (Knuth, The Art of Computer Programming 3, section 6.4): 1.5 probes on average for a key
// that is there.
CSIMD_INLINE size_t count_some(
    struct ckernels_top *t, const struct stretch *stretches, size_t number) {
  struct ckernels_tally *const tallies = t->tallies;
  const uint8_t *const bytes = t->bytes;
  const size_t mask = t->slots - 1, count = t->count;
  uint64_t words[together][2], hashes[together];
  for (size_t i = 0; i < number; i++) {
    const uint8_t *key = bytes + stretches[i].start;
    const size_t length = stretches[i].end - stretches[i].start;
    if (__builtin_expect(length <= 16, 1)) {
      load_key(key, length, count - stretches[i].start, words[i]);
      hashes[i] = hash_pair(words[i][0], words[i][1], &t->seed);
    } else {
      words[i][0] = hashes[i] = hash_long(key, length, &t->seed);
      words[i][1] = stretches[i].start;
    }
    __builtin_prefetch(tallies + (hashes[i] & mask), 1);
  }
  for (size_t i = 0; i < number; i++) {
    const size_t length = stretches[i].end - stretches[i].start;
    const uint32_t tag = (uint32_t)length + 1;
    size_t place = hashes[i] & mask;
    if (__builtin_expect(length <= 16, 1)) {
      // Differences are joined by "or" and tested once, which leaves one branch per probe.
      while (((tallies[place].tag ^ tag) | (tallies[place].key[0] ^ words[i][0]) | (tallies[place].key[1] ^ words[i][1]))
             && tallies[place].tag)
        place = (place + 1) & mask;
    } else {
      while (tallies[place].tag
             && (tallies[place].tag != tag || tallies[place].key[0] != words[i][0]
                 || memcmp(bytes + tallies[place].key[1], bytes + words[i][1], length) != 0))
        place = (place + 1) & mask;
    }
    if (__builtin_expect(tallies[place].tag == 0, 0)) {
      // Asked for new keys only: a full table still counts the keys that it has.
      if (2 * t->used >= t->slots) return i;
      tallies[place] = (struct ckernels_tally){{words[i][0], words[i][1]}, 0, tag, 0};
      t->used++;
    }
    tallies[place].count++;
  }
  return number;
}

// The end of the word or line that reaches up to `at`, at least.
static size_t end_of(const struct ckernels_top *t, size_t at) {
  if (t->are_lines) {
    const uint8_t *newline = memchr(t->bytes + at, '\n', t->count - at);
    return newline ? (size_t)(newline - t->bytes) : t->count;
  }
  while (at < t->count && !is_space(t->bytes[at])) at++;
  return at;
}

bool ckernels_top_run(struct ckernels_top *t) {
  assert(t->slots >= 256 && (t->slots & (t->slots - 1)) == 0 && t->at <= t->count);
  const finder find = finder_of(t->are_lines);
  uint16_t places[places_size];
  struct stretch stretches[together];
  while (t->at < t->count) {
    const size_t base = t->at, length = t->count - base < window_size ? t->count - base : window_size;
    const size_t found = find(t->bytes + base, length, places), step = t->are_lines ? 1 : 2;
    size_t next = 0, start = base;
    while (next + step <= found) {
      size_t number = 0;
      for (; number < together && next + step <= found; number++, next += step) {
        if (!t->are_lines) start = base + places[next];
        stretches[number] = (struct stretch){start, base + places[next + step - 1]};
        start = stretches[number].end + 1;
      }
      const size_t counted = count_some(t, stretches, number);
      // The rest is counted by the next call, in a larger table.
      if (counted < number) {
        t->at = stretches[counted].start;
        return true;
      }
    }
    // What begins in this window and does not end in it is for the next one, unless it fills a window or ends the
    // input.
    if (!t->are_lines) start = next < found ? base + places[next] : base + length;
    const bool is_last = base + length == t->count;
    if (start < base + length && (start == base || is_last)) {
      stretches[0] = (struct stretch){start, is_last ? t->count : end_of(t, base + length)};
      t->at = start;
      if (count_some(t, stretches, 1) == 0) return true;
      start = stretches[0].end + 1;
    }
    t->at = start < t->count ? start : t->count;
  }
  return false;
}

uint64_t ckernels_top_hash(const struct ckernels_tally *tally, const struct ckernels_seed *seed) {
  return tally->tag <= 17 ? hash_pair(tally->key[0], tally->key[1], seed) : tally->key[0];
}

void ckernels_top_move(
    const struct ckernels_tally *from, size_t from_slots, struct ckernels_tally *to, size_t to_slots,
    const struct ckernels_seed *seed) {
  assert(to_slots > from_slots && (to_slots & (to_slots - 1)) == 0);
  for (size_t i = 0; i < from_slots; i++) {
    if (!from[i].tag) continue;
    size_t place = ckernels_top_hash(from + i, seed) & (to_slots - 1);
    while (to[place].tag) place = (place + 1) & (to_slots - 1);
    to[place] = from[i];
  }
}
