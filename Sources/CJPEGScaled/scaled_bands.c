// Entropy decoding of AC scans of progressive files (G.1.2, G.2). Words about a block's coefficients have coefficient k
// in bit 63 - k: the first coefficient on top, as the reader has the first bit on top. Bits of corrections are then
// spread over the coefficients that they are for by one instruction (PDEP), and added to all kept ones of a block at
// once.
//
// 25 progressive photographs, decoded for 512 × 512, take 970 ms instead of 1,130 on an EPYC of 2024. Of 1,050 in a
// slower run, 390 went to the last bits of AC (23 MB of 55), 130 to those above, 240 to first AC scans and 150 to DC,
// whose scans wait for memory. A refined coefficient's code waits for the one before it and for where the next zero
// stands.
#include "scaled_bits.h"
#if CSIMD_X86
#include <immintrin.h>
#endif

// How a scan reads one block.
struct block_scan {
  const struct scaled_huffman *table;
  int first, last, low;
  bool careful; // values of the table may be too large
  int run; // blocks without anything new, this one included (EOBRUN)
};

static const uint64_t top = 1ull << 63;

// Reads a code by itself: where pairs do not tell. Returns the place of the coefficient after `k`, or 64.
CSIMD_INLINE int read_slowly(
  struct block_scan *scan, const struct scaled_component *component, struct scaled_bits *bits, int16_t *kept,
  uint64_t *found, int k) {
  const int symbol = take_symbol(bits, scan->table), size = symbol & 15, run = symbol >> 4;
  if (size == 0 && run != 15) {
    scan->run = (1 << run) - 1;
    if (run) scan->run += take(bits, run);
    return 64;
  }
  const int value = take_value(bits, size) * (1 << scan->low);
  k += run + 1;
  if (k > scan->last || value != (int16_t)value) {
    bits->bad = true;
    return 64;
  }
  if (size) *found |= top >> k;
  if (component->keep & top >> k) kept[component->place[k]] = (int16_t)value;
  return k;
}

// One block of a first scan.
CSIMD_INLINE void read_first(
  struct block_scan *scan, const struct scaled_component *component, struct scaled_bits *bits, int16_t *kept,
  uint64_t *nonzero) {
  uint64_t found = 0;
  int k = scan->first - 1;
  const int last = scan->last, none = component->kept_count;
  int16_t nowhere;
  do {
    fill(bits);
    const uint64_t entry = scan->table->pairs[bits->buffer >> (64 - scaled_look)];
    const int to = k + (int)(entry >> 24 & 255);
    const bool is_beyond = to > last && (unsigned)(to - scaled_block_end) >= (unsigned)last;
    if (__builtin_expect(entry == 0 || is_beyond || scan->careful, 0)) {
      k = read_slowly(scan, component, bits, kept, &found, k);
      continue;
    }
    const int one = k + (int)(entry >> 8 & 255), two = k + (int)(entry >> 16 & 255);
    const int value = (int16_t)(entry >> 32), value2 = (int16_t)(entry >> 48);
    // Places behind the block come with a value of 0.
    found |= (uint64_t)(value != 0) << (~one & 63) | (uint64_t)(value2 != 0) << (~two & 63);
    const int place = component->place[one], place2 = component->place[two];
    *(place < none ? kept + place : &nowhere) = (int16_t)(value * (1 << scan->low));
    *(place2 < none ? kept + place2 : &nowhere) = (int16_t)(value2 * (1 << scan->low));
    skip(bits, (int)(entry & 63));
    k = to;
  } while (k < last);
  *nonzero |= found;
}

#if CSIMD_X86
// The lowest bits of `word`, one at each bit of `mask`. By its name, since functions for all levels call it.
CSIMD_INLINE uint64_t deposit(uint64_t word, uint64_t mask) {
  uint64_t found;
  __asm__("pdep %2, %1, %0" : "=r"(found) : "r"(word), "r"(mask));
  return found;
}
#endif

// Which of `zeros` comes after `run` others of those that are left; `behind` more come after it.
CSIMD_INLINE uint64_t zero_after(uint64_t zeros, uint64_t left, int run, int behind, const bool is_wide) {
#if CSIMD_X86
  if (is_wide) return deposit(1ull << behind, zeros);
#endif
  (void)is_wide, (void)behind;
  for (zeros &= left; run > 0; run--) zeros &= ~(top >> __builtin_clzll(zeros));
  return top >> __builtin_clzll(zeros);
}

// Takes a bit for each of `which`, of which there are `count`, all of them in the buffer. Returns which of them are 1,
// at least of those in `keep`.
CSIMD_INLINE uint64_t take_for(uint64_t which, int count, uint64_t keep, struct scaled_bits *bits, const bool is_wide) {
  const uint64_t buffer = bits->buffer;
  uint64_t found = 0;
  skip(bits, count);
#if CSIMD_X86
  // Without a branch for none of them, which would often be guessed wrong: what the shift gives then goes nowhere.
  if (is_wide) return deposit(buffer >> (-count & 63), which);
#endif
  (void)is_wide;
  for (uint64_t left = which & keep; left;) {
    const int place = __builtin_clzll(left);
    const int index = __builtin_popcountll(which & ~(~0ull >> place));
    found |= (buffer << index & top) >> place;
    left &= ~(top >> place);
  }
  return found;
}

// `take_for` for any number of them.
CSIMD_INLINE uint64_t corrections(uint64_t which, uint64_t keep, struct scaled_bits *bits, const bool is_wide) {
  const int count = __builtin_popcountll(which);
  if (__builtin_expect(count <= bits->count, 1)) return take_for(which, count, keep, bits, is_wide);
  // A refill brings at least 56 bits, and a half has at most 32.
  const uint64_t above = which & ~0ull << 32;
  fill(bits);
  const uint64_t first = take_for(above, __builtin_popcountll(above), keep, bits, is_wide);
  fill(bits);
  return first | take_for(which ^ above, __builtin_popcountll(which ^ above), keep, bits, is_wide);
}

#if CSIMD_X86
// `apply` for sixteen coefficients at a time, also the zeros and the next block's, which stay as they are.
CSIMD_AVX2 static inline void apply_wide(
  const struct scaled_component *component, int16_t *kept, uint64_t changed, uint64_t negative, int low) {
  const __m256i change = _mm256_set1_epi64x((long long)changed), sign = _mm256_set1_epi64x((long long)negative);
  const __m256i one = _mm256_set1_epi16((short)(1 << low)), zero = _mm256_setzero_si256();
  for (int at = 0; at < component->kept_count; at += 16) {
    const __m256i byte = _mm256_loadu_si256((const void *)(component->mask_byte + 2 * at));
    const __m256i bit = _mm256_loadu_si256((const void *)(component->mask_bit + 2 * at));
    const __m256i is_changed = _mm256_cmpgt_epi16(_mm256_and_si256(_mm256_shuffle_epi8(change, byte), bit), zero);
    const __m256i is_negative = _mm256_cmpgt_epi16(_mm256_and_si256(_mm256_shuffle_epi8(sign, byte), bit), zero);
    const __m256i value = _mm256_loadu_si256((const void *)(kept + at));
    const __m256i below = _mm256_or_si256(_mm256_srai_epi16(value, 15), is_negative);
    const __m256i by = _mm256_and_si256(_mm256_sub_epi16(_mm256_xor_si256(one, below), below), is_changed);
    _mm256_storeu_si256((void *)(kept + at), _mm256_add_epi16(value, by));
  }
}
#endif

// Adds 1 << low to the magnitude of each of the coefficients `changed`; those that are 0 become as large, and less
// than 0 where `negative` says so.
CSIMD_INLINE void apply(
  const struct scaled_component *component, int16_t *kept, uint64_t changed, uint64_t negative, int low,
  const bool is_wide) {
  changed &= component->keep;
  if (changed == 0) return;
#if CSIMD_X86
  if (is_wide) return apply_wide(component, kept, changed, negative, low);
#endif
  (void)is_wide;
  for (; changed; changed &= changed - 1) {
    const int bit = __builtin_ctzll(changed);
    int16_t *value = kept + component->place[63 - bit];
    *value = (int16_t)(*value + (*value < 0 || negative >> bit & 1 ? -(1 << low) : 1 << low));
  }
}

// G.1.2.3: coefficients that are not 0 get one more bit; between them stand new ones, of one bit and a sign.
CSIMD_INLINE void refine(
  struct block_scan *scan, const struct scaled_component *component, struct scaled_bits *bits, int16_t *kept,
  uint64_t *nonzero, const bool is_wide) {
  const uint64_t band = ~0ull >> scan->first & ~0ull << (63 - scan->last);
  const uint64_t old = *nonzero & band, zeros = band & ~old;
  uint64_t left = band, changed = 0, fresh = 0, negative = 0;
  int zeros_left = __builtin_popcountll(zeros);
  fill(bits);
  while (scan->run == 0 && left) {
    fill(bits);
    const int symbol = take_symbol(bits, scan->table), size = symbol & 15, run = symbol >> 4;
    if (size == 0 && run != 15) {
      scan->run = 1 << run;
      if (run) scan->run += take(bits, run);
      break;
    }
    zeros_left -= run + 1;
    if (size > 1 || zeros_left < 0) {
      bits->bad = true;
      return;
    }
    const uint64_t found = zero_after(zeros, left, run, zeros_left, is_wide), is_new = size ? found : 0;
    negative |= bits->buffer & top ? 0 : is_new;
    skip(bits, size);
    fresh |= is_new;
    changed |= corrections(left & old & ~(found | (found - 1)), component->keep, bits, is_wide);
    left &= found - 1;
  }
  if (scan->run > 0) {
    scan->run--;
    changed |= corrections(left & old, component->keep, bits, is_wide);
  }
  *nonzero |= fresh;
  apply(component, kept, changed | fresh, negative, scan->low, is_wide);
}

// A scan of one component's AC coefficients: its blocks row by row, those that only pad MCUs left out (A.2.2).
CSIMD_INLINE enum scaled_status decode_ac(
  struct scaled_jpeg *decoder, const struct scaled_scan *scan, const bool refines, const bool is_wide) {
  struct scaled_component *component = decoder->component + scan->component[0];
  struct scaled_huffman *table = decoder->ac + scan->ac_table[0];
  if (!table->defined) return scaled_odd;
  if (!refines && !table->has_pairs) scaled_define_pairs(table);
  struct block_scan blocks = {table, scan->first, scan->last, scan->low, table->largest + scan->low > 15, 0};
  struct scaled_bits bits = scaled_begin_bits(decoder, decoder->bytes + scan->start);
  int to_restart = decoder->restart_interval, next_restart = 0;
  for (int row = 0; row < component->rows; row++) {
    int16_t *kept = component->kept + (size_t)row * component->kept_row;
    uint64_t *nonzero = component->nonzero + (size_t)row * (size_t)component->blocks_across;
    for (int column = 0; column < component->columns; column++, nonzero++, kept += component->kept_count) {
      if (decoder->restart_interval && to_restart-- == 0) {
        if (blocks.run > 0) return scaled_odd;
        bits = scaled_restart(decoder, bits, &next_restart);
        if (bits.bad) return scaled_odd;
        to_restart = decoder->restart_interval - 1;
      }
      fetch(&bits);
      if (refines) refine(&blocks, component, &bits, kept, nonzero, is_wide);
      else if (blocks.run > 0) blocks.run--;
      else read_first(&blocks, component, &bits, kept, nonzero);
    }
    if (!is_sound(&bits)) return scaled_odd;
    if (!scaled_go_on(decoder)) return scaled_stopped;
  }
  return blocks.run == 0 ? scaled_end_scan(decoder, bits) : scaled_odd;
}

// `refines` is a constant in each call, so each version of the loop is compiled without the question.
CSIMD_INLINE enum scaled_status decode_band(struct scaled_jpeg *decoder, const bool is_wide) {
  const struct scaled_scan *scan = &decoder->scan;
  return scan->high > 0 ? decode_ac(decoder, scan, true, is_wide) : decode_ac(decoder, scan, false, is_wide);
}

#if CSIMD_X86
CSIMD_AVX2 static enum scaled_status decode_band_avx2(struct scaled_jpeg *decoder) {
  return decode_band(decoder, true);
}
#endif

enum scaled_status scaled_decode_band(struct scaled_jpeg *decoder) {
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2) return decode_band_avx2(decoder);
#endif
  return decode_band(decoder, false);
}
