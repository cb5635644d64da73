// Inflating in pieces at the speed of inflating whole.
//
// zlib's inflate takes a third of the time of converting a PNG. libdeflate is three times as fast, but needs the whole
// image in memory, four times what the rest of a conversion takes. This decoder works as libdeflate's does: codes are looked up
// in tables whose entries hold all that is needed to go on, bits are loaded eight bytes at a time without a test for each
// code, and matches are copied in words.
#include "csimd.h"
#include "png_tables.h"
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#if CSIMD_X86
#include <immintrin.h>
#endif

// Loads bits until there are 56 at least. What is above those that count are the right ones as well, or zeros.
#define REFILL()                                                                                                          \
  do {                                                                                                                    \
    uint64_t word;                                                                                                        \
    memcpy(&word, in, 8);                                                                                                 \
    bits |= word << (count & 63);                                                                                         \
    in += 7 - ((count >> 3) & 7);                                                                                         \
    count |= 56;                                                                                                          \
  } while (0)
#define TAKE(amount) (bits >>= (amount) & 63, count -= (amount) & 0xFF)

// Codes are read while so many bytes are left of what is staged.
enum { margin = 32 };

// Repeats the `offset` bytes (1…15) before `out` up to `stop`, and up to 31 bytes further.
static void repeat_portable(uint8_t *out, uint8_t *stop, size_t offset) {
  uint8_t pattern[16];
  for (size_t index = 0; index < 16; index++) pattern[index] = index < offset ? out[index - offset] : pattern[index - offset];
  for (const size_t step = 16 - 16 % offset; out < stop; out += step) memcpy(out, pattern, 16);
}

#if CSIMD_X86
CSIMD_AVX2 static inline void repeat_avx2(uint8_t *out, uint8_t *stop, size_t offset) {
  // Which byte of the pattern stands in each place.
#define FOUR(n, first) (first) % n, (first + 1) % n, (first + 2) % n, (first + 3) % n
#define PLACES(n) {FOUR(n, 0), FOUR(n, 4), FOUR(n, 8), FOUR(n, 12)}
  static const uint8_t places[16][16] = {
    PLACES(1), PLACES(1), PLACES(2),  PLACES(3),  PLACES(4),  PLACES(5),  PLACES(6),  PLACES(7),
    PLACES(8), PLACES(9), PLACES(10), PLACES(11), PLACES(12), PLACES(13), PLACES(14), PLACES(15)};
  static const uint8_t steps[16] = {0, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15};
  const __m128i pattern = _mm_shuffle_epi8(
    _mm_loadu_si128((const __m128i *)(out - offset)), _mm_loadu_si128((const __m128i *)places[offset]));
  const size_t step = steps[offset];
  do {
    _mm_storeu_si128((__m128i *)out, pattern);
    out += step;
  } while (out < stop);
}
#endif

// Copies `length` bytes from `offset` bytes before, and up to 31 bytes further.
CSIMD_INLINE uint8_t *copy_match(uint8_t *out, size_t offset, size_t length, void (*repeat)(uint8_t *, uint8_t *, size_t)) {
  uint8_t *stop = out + length;
  if (offset < 16) return repeat(out, stop, offset), stop;
  do {
    memcpy(out, out - offset, 16);
    out += 16;
  } while (out < stop);
  return stop;
}

enum verdict { more, block_ended, refused };

CSIMD_INLINE enum verdict run_codes(struct png_inflater *inflater, void (*repeat)(uint8_t *, uint8_t *, size_t)) {
  const uint8_t *in = inflater->in;
  const uint8_t *const in_stop = inflater->all_staged ? inflater->in_end + 8 : inflater->in_end - margin;
  uint8_t *out = inflater->out;
  uint8_t *const out_stop = inflater->out_stop;
  uint64_t bits = inflater->bits;
  unsigned count = inflater->count;
  const uint32_t *const litlen = inflater->litlen;
  enum verdict verdict = more;
  while (in <= in_stop && out < out_stop) {
    REFILL();
    uint32_t entry = litlen[bits & ((1 << png_litlen_bits) - 1)];
    uint64_t before = bits;
    TAKE(entry);
    // Three literals of the first table take 33 bits, and a length behind two of them 42.
    if (entry & literal) {
      *out++ = (uint8_t)(entry >> 16);
      entry = litlen[bits & ((1 << png_litlen_bits) - 1)];
      before = bits;
      TAKE(entry);
      if (entry & literal) {
        *out++ = (uint8_t)(entry >> 16);
        entry = litlen[bits & ((1 << png_litlen_bits) - 1)];
        before = bits;
        TAKE(entry);
        if (entry & literal) {
          *out++ = (uint8_t)(entry >> 16);
          continue;
        }
      }
    }
    if (entry & odd) {
      if (entry & subtable) {
        entry = litlen[(entry >> 16) + (bits & ((1u << (entry >> 8 & 15)) - 1))];
        before = bits;
        TAKE(entry);
        if (entry & literal) {
          *out++ = (uint8_t)(entry >> 16);
          continue;
        }
      }
      if (entry & odd) {
        verdict = entry & end ? block_ended : refused;
        break;
      }
    }
    size_t length = (entry >> 16) + ((before & ((1ull << (entry & 63)) - 1)) >> (entry >> 8 & 15));
    REFILL();
    entry = inflater->offset[bits & ((1 << png_offset_bits) - 1)];
    if (entry & odd) {
      if (!(entry & subtable)) {
        verdict = refused;
        break;
      }
      TAKE(entry);
      entry = inflater->offset[(entry >> 16) + (bits & ((1u << (entry >> 8 & 15)) - 1))];
      if (entry & odd) {
        verdict = refused;
        break;
      }
    }
    before = bits;
    TAKE(entry);
    size_t offset = (entry >> 16) + ((before & ((1ull << (entry & 63)) - 1)) >> (entry >> 8 & 15));
    if (offset > (size_t)(out - inflater->history)) {
      verdict = refused;
      break;
    }
    out = copy_match(out, offset, length, repeat);
  }
  inflater->in = in;
  inflater->out = out;
  inflater->bits = bits;
  inflater->count = count & 63;
  return verdict;
}

#if CSIMD_X86
CSIMD_AVX2 static enum verdict run_codes_avx2(struct png_inflater *inflater) { return run_codes(inflater, repeat_avx2); }
#endif
static enum verdict run_codes_portable(struct png_inflater *inflater) { return run_codes(inflater, repeat_portable); }

// Moves what is left of the input to the front and fills up behind it.
static bool stage(struct png_inflater *inflater, struct png_chunks *chunks) {
  // Bytes that are loaded ahead are given back, so that none before `in` is needed any more.
  inflater->in -= inflater->count / 8;
  inflater->count &= 7;
  inflater->bits &= (1u << inflater->count) - 1;
  size_t left = (size_t)(inflater->in_end - inflater->in), count = 1;
  memmove(inflater->staging, inflater->in, left);
  inflater->in = inflater->staging;
  for (; left < png_staged && count > 0; left += count)
    if (!png_chunks_read(chunks, inflater->staging + left, png_staged - left, &count)) return false;
  inflater->in_end = inflater->staging + left;
  inflater->all_staged = count == 0;
  memset(inflater->staging + left, 0, png_slack);
  return true;
}

// True when bits beyond the end of the input have been used.
static bool overran(const struct png_inflater *inflater) {
  return inflater->in > inflater->in_end && 8 * (size_t)(inflater->in - inflater->in_end) > inflater->count;
}

static unsigned take_bits(struct png_inflater *inflater, unsigned amount) {
  const uint8_t *in = inflater->in;
  uint64_t bits = inflater->bits;
  unsigned count = inflater->count;
  REFILL();
  unsigned result = (unsigned)bits & ((1u << amount) - 1);
  inflater->in = in;
  inflater->bits = bits >> amount;
  inflater->count = count - amount;
  return result;
}

// The codes of RFC 1951, 3.2.6.
static bool use_fixed_codes(struct png_inflater *inflater) {
  uint8_t lengths[288];
  for (unsigned symbol = 0; symbol < 288; symbol++)
    lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
  if (!png_make_table(inflater->litlen, png_litlen_bits, lengths, 288, png_litlen_entry, false)) return false;
  memset(lengths, 5, 32);
  return png_make_table(inflater->offset, png_offset_bits, lengths, 32, png_offset_entry, false);
}

// RFC 1951, 3.2.7.
static bool read_codes(struct png_inflater *inflater) {
  static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  unsigned literals = 257 + take_bits(inflater, 5), offsets = 1 + take_bits(inflater, 5), codes = 4 + take_bits(inflater, 4);
  if (literals > 286 || offsets > 30) return false;
  uint8_t lengths[320] = {0};
  for (unsigned index = 0; index < codes; index++) lengths[order[index]] = (uint8_t)take_bits(inflater, 3);
  uint32_t precode[1 << png_precode_bits];
  if (!png_make_table(precode, png_precode_bits, lengths, 19, png_precode_entry, false)) return false;
  memset(lengths, 0, 19);
  for (unsigned index = 0; index < literals + offsets;) {
    take_bits(inflater, 0);
    uint32_t entry = precode[inflater->bits & ((1 << png_precode_bits) - 1)];
    unsigned symbol = entry >> 16, repeated = 0, times = 1;
    take_bits(inflater, entry & 15);
    if (symbol < 16) repeated = symbol;
    else if (symbol == 16 && index == 0) return false;
    else if (symbol == 16) repeated = lengths[index - 1], times = 3 + take_bits(inflater, 2);
    else if (symbol == 17) times = 3 + take_bits(inflater, 3);
    else times = 11 + take_bits(inflater, 7);
    if (times > literals + offsets - index) return false;
    for (; times > 0; times--) lengths[index++] = (uint8_t)repeated;
  }
  if (lengths[256] == 0) return false;
  return png_make_table(inflater->litlen, png_litlen_bits, lengths, literals, png_litlen_entry, true)
         && png_make_table(inflater->offset, png_offset_bits, lengths + literals, offsets, png_offset_entry, true);
}

// Drops the bits up to the next byte and takes back those that are loaded ahead.
static void align(struct png_inflater *inflater) {
  inflater->in -= inflater->count / 8;
  inflater->bits = 0;
  inflater->count = 0;
}

static bool read_block(struct png_inflater *inflater) {
  inflater->last = take_bits(inflater, 1);
  inflater->state = png_in_codes;
  switch (take_bits(inflater, 2)) {
    case 0: {
      align(inflater);
      const uint8_t *in = inflater->in;
      inflater->stored = (size_t)in[0] | (size_t)in[1] << 8;
      inflater->in += 4;
      inflater->state = png_in_stored;
      return inflater->stored == (0xFFFF ^ ((size_t)in[2] | (size_t)in[3] << 8));
    }
    case 1: return use_fixed_codes(inflater);
    case 2: return read_codes(inflater);
    default: return false;
  }
}

static bool run_stored(struct png_inflater *inflater) {
  if (inflater->in > inflater->in_end) return false;
  size_t size = inflater->stored, room = (size_t)(inflater->out_stop - inflater->out);
  size_t there = (size_t)(inflater->in_end - inflater->in);
  if (size > room) size = room;
  if (size > there) size = there;
  memcpy(inflater->out, inflater->in, size);
  inflater->out += size, inflater->in += size, inflater->stored -= size;
  if (inflater->stored == 0) inflater->state = inflater->last ? png_at_checksum : png_at_block;
  return size > 0 || inflater->stored == 0 || !inflater->all_staged || room == 0;
}

// One step in the present state; false for what is refused.
static bool step(struct png_inflater *inflater) {
  switch (inflater->state) {
    case png_at_block: return read_block(inflater);
    case png_in_stored: return run_stored(inflater);
    case png_in_codes: {
#if CSIMD_X86
      enum verdict verdict = csimd_level_in_use() >= csimd_avx2 ? run_codes_avx2(inflater) : run_codes_portable(inflater);
#else
      enum verdict verdict = run_codes_portable(inflater);
#endif
      if (verdict == block_ended) inflater->state = inflater->last ? png_at_checksum : png_at_block;
      return verdict != refused;
    }
    default: return true;
  }
}

// The checksum of all bytes stands at the end, highest byte first, and nothing may follow it.
static bool check_end(struct png_inflater *inflater, uint32_t adler) {
  align(inflater);
  const uint8_t *in = inflater->in;
  inflater->state = png_at_end;
  return inflater->in_end - in == 4
         && adler == ((uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3]);
}

bool png_inflater_run(struct png_inflater *inflater, struct png_chunks *chunks, uint32_t *adler) {
  const uint8_t *first = inflater->out;
  enum { whole_header = 512 }; // of a block, with room to spare
  while (inflater->out < inflater->out_stop && inflater->state < png_at_checksum) {
    if (!inflater->all_staged && inflater->in_end - inflater->in < whole_header && !stage(inflater, chunks)) return false;
    if (!step(inflater) || overran(inflater)) return false;
  }
  *adler = libdeflate_adler32(*adler, first, (size_t)(inflater->out - first));
  if (inflater->state != png_at_checksum) return true;
  if (!inflater->all_staged && !stage(inflater, chunks)) return false;
  return inflater->all_staged && check_end(inflater, *adler);
}

struct png_piece_reader {
  struct png_inflater inflater;
  uint8_t window[png_window + png_window + png_slack];
};

struct png_piece_reader *png_piece_reader_open(void) { return malloc(sizeof(struct png_piece_reader)); }

// The place of the next bit that is to be read.
static size_t bit_place(const struct png_inflater *inflater, const uint8_t *start) {
  return 8 * (size_t)(inflater->in - start) - inflater->count;
}

bool png_piece_read(struct png_piece_reader *reader, const uint8_t *piece, size_t count, size_t *start, size_t *end) {
  struct png_inflater *inflater = &reader->inflater;
  inflater->state = png_at_block;
  inflater->bits = inflater->count = 0;
  inflater->in = piece, inflater->in_end = piece + count, inflater->all_staged = true;
  inflater->history = inflater->out = reader->window;
  inflater->out_stop = reader->window + 2 * png_window;
  while (inflater->state < png_at_checksum) {
    if (inflater->state == png_at_block) *start = bit_place(inflater, piece);
    if (!step(inflater) || overran(inflater)) return false;
    if (inflater->out < inflater->out_stop) continue;
    // What matches may reach back to goes to the front.
    memmove(reader->window, inflater->out - png_window, png_window);
    inflater->out = reader->window + png_window;
  }
  *end = bit_place(inflater, piece);
  return true;
}

bool png_inflater_start(struct png_inflater *inflater, struct png_chunks *chunks, size_t total) {
  inflater->state = png_at_block;
  inflater->bits = 0;
  inflater->count = 0;
  inflater->in = inflater->in_end = inflater->staging;
  if (!stage(inflater, chunks) || inflater->in_end - inflater->in < 6) return false;
  // RFC 1950, 2.2: method 8, a window of 32 KiB at most, a checksum of the header, no dictionary.
  unsigned method = inflater->in[0], flags = inflater->in[1];
  if ((method & 15) != 8 || method >> 4 > 7 || (method << 8 | flags) % 31 != 0 || flags & 32) return false;
  if (method >> 4 < 7 && total > (size_t)256 << (method >> 4)) return false;
  inflater->in += 2;
  return true;
}
