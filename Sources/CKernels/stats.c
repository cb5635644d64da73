#include "stats.h"

#include <assert.h>

// Why this is C: 50 million lines of `name;number` with 413 names take one core of a Sapphire Rapids 0.33 s with
// AVX-512, 1.1 s with AVX2 and 2.1 s byte by byte. One loop that took a line after the other needed 1.03 s with
// AVX-512: it is the steps, each over many lines, that let the processor work on several at once. Swift cannot turn a
// comparison into a mask of bits, and has no gathers.
//
// What single steps saved, in nanoseconds per line. A line took 10.2 at first, when keys of 16 bytes were hashed eight
// at a time and a group stood where its hash said, in a table of a megabyte.
//   1.6  groups one after the other with an index before them; keys of 23 bytes, masked, hashed (then by CRC-32C) and
//        looked up in one pass, compared and added up in a second one
//   1.4  sixteen short numbers at once, with their point at the same place
//   0.8  prefetching the next window while this one is worked on
//   0.35 on a Zen 5: loads of 8 bytes in place of gathers, and rows of the tables of masks for all lines at once
// Without effect: an index of 16 bits, half or twice the lines in a batch, half the window, a shorter chain of CRCs, a
// pass between masking and hashing, and prefetching groups. Taking all of a group as one vector of 512 bits takes
// longer, and up to two thirds more where there are few groups, since each line waits for what the one before has
// stored. AES in place of the CRC, for the sake of the seed, costs nothing: 4.4 and 4.7 on an EPYC, where a sum of two
// products takes 5.4.

// The end of a line's last field: a carriage return before the newline is part of the line end (RFC 4180, section 2).
CSIMD_INLINE uint32_t without_return(const uint8_t *base, uint32_t start, uint32_t end) {
  return end - (end > start && base[end - 1] == '\r');
}

// Finds the fields of the next lines. Empty lines are passed over. Stops after the last whole line, or before one that
// is not plain: it has a quotation mark or too few fields.
static void cut(
    struct cutting *c, struct batch *b, size_t column, size_t by, uint8_t delimiter) {
  const size_t needed = (column > by ? column : by) + 1;
  const uint8_t *base = c->base;
  size_t next = c->next, count = 0, last;
  uint32_t start = c->start;
  uint64_t lines = 0;
  while (count < batch_size) {
    const uint16_t *places = c->places + next;
    // A line ends at the first separator that is no delimiter. `places` also finds the one before `next`, at -1.
    for (last = next; last < c->found && base[c->places[last]] == delimiter;) last++;
    if (last == c->found) break;
    const size_t fields = last - next + 1;
    const uint32_t end = c->places[last];
    if (__builtin_expect(base[end] != '\n' || fields < needed, 0)) {
      c->refusal = not_plain;
      break;
    }
    b->start[count] = start;
    b->passed[count] = (uint32_t)(c->lines + lines);
    b->number[count] = column ? places[column - 1] + 1u : start;
    b->number_end[count] = column + 1 == fields ? without_return(base, b->number[count], end) : places[column];
    b->key[count] = by ? places[by - 1] + 1u : start;
    b->key_end[count] = by + 1 == fields ? without_return(base, b->key[count], end) : places[by];
    // An empty line is written down and not counted, so the next one replaces it.
    count += fields > 1 || b->number_end[count] > b->number[count];
    lines++;
    start = end + 1;
    next = last + 1;
  }
  b->count = count;
  b->is_narrow = true;
  c->next = next;
  c->start = start;
  c->lines += lines;
}

// Repeats the last line up to a multiple of sixteen. Steps that take so many at a time gather from these offsets, which
// must therefore lie inside the window; what they make of the repetitions is not used.
static void pad(struct batch *b) {
  for (size_t i = b->count; i > 0 && i % 16 != 0; i++) {
    b->number[i] = b->number[i - 1];
    b->number_end[i] = b->number_end[i - 1];
    b->key[i] = b->key[i - 1];
    b->key_end[i] = b->key_end[i - 1];
  }
}

// Tells the caller why the walk stopped before the line at `at`, which the next call sees again. The window shrinks:
// after one line that needs help the rest of a full window would be cut into fields a second time.
static enum ckernels_stats_event come_back(struct ckernels_stats *s, size_t at, enum refusal refusal) {
  s->at = at;
  s->window = 512;
  switch (refusal) {
    case none: return ckernels_stats_end;
    case too_fine: return ckernels_stats_scale;
    case full_table: return ckernels_stats_grow;
    case full_sums: return ckernels_stats_spill;
    case full_values: return ckernels_stats_keep;
    case not_plain: break;
  }
  // The line may be longer than the window, so its end is looked for in all of the input.
  const uint8_t *newline = memchr(s->bytes + at, '\n', s->count - at);
  s->line_end = newline ? (size_t)(newline - s->bytes) : s->count;
  return ckernels_stats_line;
}

// Writes down the numbers of the first `taken` lines, each with its group.
static void keep_values(struct ckernels_stats *s, const struct batch *b, size_t taken) {
  struct ckernels_value *next = s->values + s->values_count;
  for (size_t i = 0; i < taken; i++) {
    *next = (struct ckernels_value){.number = b->parts[4 * i], .place = b->place[i]};
    // A line without a number is written over by the next one.
    next += next->number != INT64_MIN;
  }
  s->values_count = (size_t)(next - s->values);
}

enum ckernels_stats_event ckernels_stats_run(struct ckernels_stats *s) {
  assert(s->scale <= 16 && s->column >= 0 && s->delimiter != '\n' && s->delimiter != '"');
  assert((s->slots & (s->slots - 1)) == 0 && s->slots >= 2 * s->capacity && s->used < s->capacity);
  const struct steps *steps = ckernels_stats_steps();
  const size_t count = s->count, column = (size_t)s->column, by = s->by < 0 ? 0 : (size_t)s->by;
  uint16_t memory[places_size + 1], *places = memory + 1;
  struct batch b;
  // See `cutting.places`.
  memory[0] = UINT16_MAX;
  // No key has this length, so nothing compares equal to what a free place of the index names.
  s->groups[0].key[2] = (uint64_t)254 << 56;
  while (s->at < count) {
    const size_t at = s->at, length = count - at < s->window ? count - at : s->window;
    const uint64_t lines = s->lines;
    bool are_pairs = false;
    struct cutting c = {.base = s->bytes + at, .places = places};
    c.found = steps->separators(c.base, length, s->delimiter, places, &are_pairs);
    // `cut_pairs` knows one layout: key, number, newline. Whether lines end in CRLF is taken from the first; the number
    // of a later line that does is then not plain, and goes to the parser.
    if (column != 1 || by != 0 || (c.found > 1 && places[1] && c.base[places[1] - 1] == '\r')) are_pairs = false;
    do {
      enum refusal refusal = none;
      if (are_pairs) steps->cut_pairs(&c, &b);
      else cut(&c, &b, column, by, s->delimiter);
      if (s->values && s->values_room - s->values_count < b.count) {
        s->lines = lines + b.passed[0];
        return come_back(s, at + b.start[0], full_values);
      }
      pad(&b);
      const size_t good = steps->parse(s, &b, c.base, &refusal);
      // Without a key's column all keys are empty.
      if (s->by < 0) memcpy(b.key_end, b.key, sizeof b.key);
      const size_t taken = steps->take(s, &b, c.base, good, &refusal);
      if (s->values) keep_values(s, &b, taken);
      if (taken < b.count) {
        // Lines before the refused one are in their groups already.
        s->lines = lines + b.passed[taken];
        return come_back(s, at + b.start[taken], refusal);
      }
    } while (b.count == batch_size);
    s->lines = lines + c.lines;
    // Not one whole line: it is the last one and has no end, or is longer than any window. In a window that was
    // shortened it may only be cut off; the next one is twice as long.
    if (c.start == 0 && (at + length == count || length == window_size)) c.refusal = not_plain;
    if (c.refusal != none) return come_back(s, at + c.start, c.refusal);
    s->at = at + c.start;
    s->window = 2 * s->window < window_size ? 2 * s->window : window_size;
  }
  return come_back(s, count, none);
}
