// Entropy decoding of AC scans of progressive files (G.1.2, G.2). Words about a block's coefficients have coefficient k
// in bit 63 - k: the first coefficient on top, as the reader has the first bit on top. Bits of corrections are then
// spread over the coefficients that they are for by one instruction (PDEP), and added to all kept ones of a block at
// once.
//
// 20 progressive photographs (55 MB), decoded for 512 × 512, took 660 ms on an EPYC of 2024: 720 before `refining` and
// corrections that are seen to at the end of a block, 850 when scans were read one after the other, whose coefficients
// waited for memory. Three quarters of it are AC scans. Of 25 such photographs, refining ones have 51 million codes, first
// ones 21 million look-ups. A refined coefficient's code waits for the one before it and for where the next zero stands.
// Half of the codes come behind a block's last coefficient that is corrected, where nothing of that kind is to be waited
// for: to take those two at a time, and ends with their runs from tables, takes 650 ms for the 25 instead of 685.
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

// Which of `zeros` comes after `run` others of those behind place `k`; `behind` more come after it.
CSIMD_INLINE uint64_t zero_after(uint64_t zeros, int k, int run, int behind, const bool is_wide) {
#if CSIMD_X86
  if (is_wide) return deposit(1ull << behind, zeros);
#endif
  (void)is_wide, (void)behind;
  for (zeros &= ~0ull >> k >> 1; run > 0; run--) zeros &= ~(top >> __builtin_clzll(zeros));
  return top >> __builtin_clzll(zeros);
}

// Which of the coefficients `which` are corrected: there is a bit for each, that of the last one lowest.
CSIMD_INLINE uint64_t corrected(uint64_t corrections, uint64_t which, const bool is_wide) {
#if CSIMD_X86
  if (is_wide) return deposit(corrections, which);
#endif
  (void)is_wide;
  uint64_t found = 0;
  for (; which; which &= which - 1, corrections >>= 1) found |= corrections & 1 ? which & -which : 0;
  return found;
}

// Takes `count` bits of corrections, up to 63, and appends them to those before.
CSIMD_INLINE void take_corrections(struct scaled_bits *bits, int count, uint64_t *corrections) {
  if (__builtin_expect(count > bits->count, 0)) {
    // A refill brings at least 56 bits.
    fill(bits);
    const int some = count > 32 ? 32 : count;
    *corrections = *corrections << some | bits->buffer >> 1 >> (63 - some);
    skip(bits, some);
    count -= some;
    fill(bits);
  }
  *corrections = *corrections << count | bits->buffer >> 1 >> (63 - count);
  skip(bits, count);
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

// Reads a code by itself: where `refining` does not tell. Returns such an entry that takes no more bits, or 0 where the block
// ends or cannot be.
CSIMD_INLINE unsigned read_refining_slowly(struct block_scan *scan, struct scaled_bits *bits) {
  const int symbol = take_symbol(bits, scan->table), size = symbol & 15, run = symbol >> 4;
  if (size == 0 && run != 15) {
    scan->run = 1 << run;
    if (run) scan->run += take(bits, run);
    return 0;
  }
  if (size > 1) bits->bad = true;
  if (bits->bad) return 0;
  return scaled_refining_entry(size, size && !take(bits, 1), run);
}

// What refining finds in a block.
struct refined {
  uint64_t fresh, negative; // new coefficients, and those of them that are less than 0
};

// The codes of a refining scan behind place `k`, from where on all coefficients are 0: no bits of corrections stand between
// them, so one look-up takes up to two, as in a first scan.
CSIMD_INLINE void refine_zeros(struct block_scan *scan, struct scaled_bits *bits, int k, struct refined *found) {
  const int last = scan->last;
  while (k < last) {
    fill(bits);
    const uint32_t entry = scan->table->fresh[bits->buffer >> (64 - scaled_look)];
    const int to = k + (int)(entry >> 16 & 255);
    const bool is_beyond = to > last && (unsigned)(to - scaled_block_end) >= (unsigned)last;
    if (__builtin_expect(entry == 0 || is_beyond, 0)) {
      const unsigned code = read_refining_slowly(scan, bits);
      k += (int)(code >> 8);
      if (code == 0) return;
      if (k > last) {
        bits->bad = true;
        return;
      }
      found->fresh |= code & scaled_refining_new ? top >> k : 0;
      found->negative |= code & scaled_refining_negative ? top >> k : 0;
      continue;
    }
    skip(bits, (int)(entry & 63));
    const int one = ~(k + (int)(entry >> 8 & 255)) & 63, two = ~to & 63;
    found->fresh |= (uint64_t)(entry >> 24 & 1) << one | (uint64_t)(entry >> 25 & 1) << two;
    found->negative |= (uint64_t)(entry >> 26 & 1) << one | (uint64_t)(entry >> 27 & 1) << two;
    scan->run = (int)(entry >> 28);
    k = to;
  }
}

// G.1.2.3: coefficients that are not 0 get one more bit; between them stand new ones, of one bit and a sign. The way from
// one code to the next is what takes time: where the next zero stands tells how many corrections come before the next
// code. What these say is only seen to when the block is over.
CSIMD_INLINE void refine(
  struct block_scan *scan, const struct scaled_component *component, struct scaled_bits *bits, int16_t *kept,
  uint64_t *nonzero, const bool is_wide) {
  const uint64_t band = ~0ull >> scan->first & ~0ull << (63 - scan->last);
  const uint64_t old = *nonzero & band, zeros = band & ~old;
  const int old_count = __builtin_popcountll(old);
  struct refined refined = {0};
  uint64_t corrections = 0;
  int zeros_left = scan->last + 1 - scan->first - old_count, taken = 0, k = scan->first - 1;
  fill(bits);
  while (scan->run == 0 && taken < old_count) {
    fill(bits);
    unsigned entry = scan->table->refining[bits->buffer >> (64 - scaled_refining_look)];
    if ((int16_t)entry <= 0) {
      if (entry & scaled_refining_end) {
        skip(bits, (int)(entry & 63));
        scan->run = (int)(entry >> 8 & 127);
        break;
      }
      if ((entry = read_refining_slowly(scan, bits)) == 0) break;
    }
    skip(bits, (int)(entry & 63));
    const int step = (int)(entry >> 8);
    zeros_left -= step;
    if (zeros_left < 0) {
      bits->bad = true;
      return;
    }
    const uint64_t found = zero_after(zeros, k, step - 1, zeros_left, is_wide);
    k = __builtin_clzll(found);
    // Of the coefficients behind `k`, `zeros_left` are 0.
    const int count = old_count - (scan->last - k - zeros_left) - taken;
    take_corrections(bits, count, &corrections);
    taken += count;
    refined.fresh |= entry & scaled_refining_new ? found : 0;
    refined.negative |= entry & scaled_refining_negative ? found : 0;
  }
  if (scan->run == 0 && !bits->bad) refine_zeros(scan, bits, k, &refined);
  if (bits->bad) return;
  if (scan->run > 0) {
    scan->run--;
    take_corrections(bits, old_count - taken, &corrections);
  }
  *nonzero |= refined.fresh;
  const uint64_t changed = corrected(corrections, old, is_wide) | refined.fresh;
  apply(component, kept, changed, refined.negative, scan->low, is_wide);
}

// A scan of one component's AC coefficients: its blocks row by row, those that only pad MCUs left out (A.2.2).
CSIMD_INLINE enum scaled_status decode_ac(
  const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row, const bool refines, const bool is_wide) {
  const struct scaled_component *component = decoder->component + scan->component[0];
  const struct scaled_huffman *table = scan->ac[0];
  struct block_scan blocks = {table, scan->first, scan->last, scan->low, table->largest + scan->low > 15, scan->run};
  struct scaled_bits bits = scan->bits;
  for (int row = 0; row < scaled_rows_in(component, mcu_row); row++) {
    int16_t *kept = component->kept + (size_t)row * component->kept_row;
    uint64_t *nonzero = component->nonzero + (size_t)row * (size_t)component->blocks_across;
    for (int column = 0; column < component->columns; column++, nonzero++, kept += component->kept_count) {
      if (scan->restart_interval) {
        scan->run = blocks.run;
        if (scan->to_restart == 0) bits = scaled_restart(scan, bits);
        if (bits.bad) return scaled_odd;
        scan->to_restart--;
      }
      fetch(&bits);
      if (refines) refine(&blocks, component, &bits, kept, nonzero, is_wide);
      else if (blocks.run > 0) blocks.run--;
      else read_first(&blocks, component, &bits, kept, nonzero);
    }
  }
  scan->run = blocks.run;
  scan->bits = bits;
  return is_sound(&bits) ? scaled_good : scaled_odd;
}

// `refines` is a constant in each call, so each version of the loop is compiled without the question.
CSIMD_INLINE enum scaled_status decode_band(
  const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row, const bool is_wide) {
  return scan->high > 0 ? decode_ac(decoder, scan, mcu_row, true, is_wide)
                        : decode_ac(decoder, scan, mcu_row, false, is_wide);
}

#if CSIMD_X86
CSIMD_AVX2 static enum scaled_status decode_band_avx2(
  const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row) {
  return decode_band(decoder, scan, mcu_row, true);
}
#endif

enum scaled_status scaled_decode_band(const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row) {
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2) return decode_band_avx2(decoder, scan, mcu_row);
#endif
  return decode_band(decoder, scan, mcu_row, false);
}
