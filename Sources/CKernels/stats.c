#include "stats.h"

/* Why this is C: 50 million lines of `name;number` with 413 names take one core of a Sapphire Rapids 0.40 s with AVX-512,
   1.2 s with AVX2 and 1.8 s byte by byte. One loop that took a line after the other needed 1.03 s with AVX-512: it is the
   steps, each over many lines, that let the processor work on several at once. Swift cannot turn a comparison into a mask
   of bits, and has no gathers. */

static inline __attribute__((always_inline)) uint32_t without_return(const uint8_t *base, uint32_t start, uint32_t end) {
  return end - (end > start && base[end - 1] == '\r');
}

/* Finds the fields of the next lines. Lines with nothing on them are passed over. Stops behind the last whole line, or
   before one that is not plain. */
static void cut(
    struct cutting *c, struct batch *b, size_t column, size_t by, uint8_t delimiter) {
  const size_t needed = (column > by ? column : by) + 1;
  const uint8_t *base = c->base;
  size_t next = c->next, count = 0, last;
  uint32_t start = c->start;
  uint64_t lines = 0;
  while (count < BATCH) {
    const uint16_t *places = c->places + next;
    for (last = next; last < c->found && base[c->places[last]] == delimiter;) last++;
    if (last == c->found) break;
    const size_t fields = last - next + 1;
    const uint32_t end = c->places[last];
    if (__builtin_expect(base[end] != '\n' || fields < needed, 0)) {
      c->refusal = NOT_PLAIN;
      break;
    }
    b->start[count] = start;
    b->passed[count] = (uint32_t)(c->lines + lines);
    b->number[count] = column ? places[column - 1] + 1u : start;
    b->number_end[count] = column + 1 == fields ? without_return(base, b->number[count], end) : places[column];
    b->key[count] = by ? places[by - 1] + 1u : start;
    b->key_end[count] = by + 1 == fields ? without_return(base, b->key[count], end) : places[by];
    count += fields > 1 || b->number_end[count] > b->number[count];
    lines++;
    start = end + 1;
    next = last + 1;
  }
  b->count = count;
  b->is_narrow = 1;
  c->next = next;
  c->start = start;
  c->lines += lines;
}

/* Steps that take eight lines at a time find the last line again behind it. */
static void pad(struct batch *b) {
  for (size_t i = b->count; i > 0 && i % 8 != 0; i++) {
    b->number[i] = b->number[i - 1];
    b->number_end[i] = b->number_end[i - 1];
    b->key[i] = b->key[i - 1];
    b->key_end[i] = b->key_end[i - 1];
  }
}

/* The place of a key's group, or the free one where it belongs. */
static inline __attribute__((always_inline)) size_t place_of(
    const struct ckernels_group *groups, size_t mask, const uint8_t *bytes, const struct batch *b, size_t i) {
  const size_t length = b->key_end[i] - b->key[i];
  const uint32_t tag = (uint32_t)length + 1;
  size_t place = b->hash[i] & mask;
  if (__builtin_expect(length <= 16, 1)) {
    while (((groups[place].tag ^ tag) | (groups[place].key[0] ^ b->words[2 * i]) | (groups[place].key[1] ^ b->words[2 * i + 1]))
           && groups[place].tag)
      place = (place + 1) & mask;
    return place;
  }
  while (groups[place].tag
         && (groups[place].tag != tag || groups[place].key[0] != b->words[2 * i]
             || memcmp(bytes + groups[place].key[1], bytes + b->words[2 * i + 1], length) != 0))
    place = (place + 1) & mask;
  return place;
}

/* Adds one number to a group; zero when a sum would be too large, and nothing is added then. Sums keep half their range
   free: what is added elsewhere, up to 2^30 numbers of 32 bits, needs no look at it. */
static inline int add(struct ckernels_group *group, int64_t value) {
  const int64_t most = (int64_t)1 << 62;
  int64_t sum;
  unsigned __int128 squares = ((unsigned __int128)group->squares_high << 64) | group->squares_low;
  int full = __builtin_add_overflow(group->sum, value, &sum) || sum > most || sum < -most;
  full |= __builtin_add_overflow(squares, (unsigned __int128)((__int128)value * value), &squares);
  if (__builtin_expect(full, 0)) return 0;
  group->sum = sum;
  group->squares_low = (uint64_t)squares;
  group->squares_high = (uint64_t)(squares >> 64);
  group->count++;
  group->least = value < group->least ? value : group->least;
  group->greatest = value > group->greatest ? value : group->greatest;
  return 1;
}

int ckernels_stats_take_one(struct ckernels_stats *s, const struct batch *b, size_t i, enum refusal *refusal) {
  const int is_grouped = s->by >= 0;
  const size_t place = is_grouped ? place_of(s->groups, s->slots - 1, s->bytes, b, i) : 0;
  struct ckernels_group *group = s->groups + place;
  if (__builtin_expect(group->tag == 0, 0)) {
    if (is_grouped && 2 * s->used >= s->slots) {
      *refusal = FULL_TABLE;
      return 0;
    }
    *group = (struct ckernels_group){.tag = 1, .least = INT64_MAX, .greatest = INT64_MIN};
    if (is_grouped) {
      group->tag = b->key_end[i] - b->key[i] + 1;
      group->key[0] = b->words[2 * i];
      group->key[1] = b->words[2 * i + 1];
    }
    s->used++;
  }
  if (b->value[2 * i] == INT64_MIN || add(group, b->value[2 * i])) return 1;
  *refusal = FULL_SUMS;
  s->index = place;
  return 0;
}

static enum ckernels_stats_event come_back(struct ckernels_stats *s, size_t at, enum refusal refusal) {
  s->at = at;
  s->window = 512;
  switch (refusal) {
    case NONE: return CKERNELS_STATS_END;
    case TOO_FINE: return CKERNELS_STATS_SCALE;
    case FULL_TABLE: return CKERNELS_STATS_GROW;
    case FULL_SUMS: return CKERNELS_STATS_SPILL;
    case NOT_PLAIN: break;
  }
  const uint8_t *newline = memchr(s->bytes + at, '\n', s->count - at);
  s->line_end = newline ? (size_t)(newline - s->bytes) : s->count;
  return CKERNELS_STATS_LINE;
}

enum ckernels_stats_event ckernels_stats_run(struct ckernels_stats *s) {
  const struct steps *steps = ckernels_stats_steps(s->level);
  const size_t count = s->count, column = (size_t)s->column, by = s->by < 0 ? 0 : (size_t)s->by;
  uint16_t memory[PLACES + 1], *places = memory + 1;
  struct batch b;
  memory[0] = UINT16_MAX;
  while (s->at < count) {
    const size_t at = s->at, length = count - at < s->window ? count - at : s->window;
    const uint64_t lines = s->lines;
    int are_pairs = 0;
    struct cutting c = {.base = s->bytes + at, .places = places};
    c.found = steps->separators(c.base, length, s->delimiter, places, &are_pairs);
    if (column != 1 || by != 0 || (c.found > 1 && places[1] && c.base[places[1] - 1] == '\r')) are_pairs = 0;
    do {
      enum refusal refusal = NONE;
      if (are_pairs) steps->cut_pairs(&c, &b);
      else cut(&c, &b, column, by, s->delimiter);
      pad(&b);
      const size_t good = steps->parse(s, &b, c.base, &refusal);
      if (s->by >= 0) steps->hash(s, &b, c.base);
      const size_t taken = steps->take(s, &b, good, &refusal);
      if (taken < b.count) {
        s->lines = lines + b.passed[taken];
        return come_back(s, at + b.start[taken], refusal);
      }
    } while (b.count == BATCH);
    s->lines = lines + c.lines;
    /* Not one whole line: it is the last one and has no end, or is longer than any window. */
    if (c.start == 0 && (at + length == count || length == WINDOW)) c.refusal = NOT_PLAIN;
    if (c.refusal != NONE) return come_back(s, at + c.start, c.refusal);
    s->at = at + c.start;
    s->window = 2 * s->window < WINDOW ? 2 * s->window : WINDOW;
  }
  return come_back(s, count, NONE);
}

void ckernels_stats_move(
    const struct ckernels_group *from, size_t from_slots, struct ckernels_group *to, size_t to_slots) {
  for (size_t i = 0; i < from_slots; i++) {
    if (!from[i].tag) continue;
    uint64_t hash = from[i].tag <= 17 ? mix(from[i].key[0], from[i].key[1]) : from[i].key[0];
    size_t place = hash & (to_slots - 1);
    while (to[place].tag) place = (place + 1) & (to_slots - 1);
    to[place] = from[i];
  }
}
