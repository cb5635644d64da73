#include "stats.h"

// A number is loaded so that it ends where the register ends. Each digit's weight then depends on its place in the
// register alone, and the length only says what to mask away. Pairs of digits are put together by multiply-add, then
// pairs of pairs, as simdjson does (Langdale and Lemire 2019).

// As many as `ckernels_stats.scale` can ask for.
static const int64_t tens[17] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
    1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000};

CSIMD_INLINE size_t separators_portable(
    const uint8_t *bytes, size_t count, uint8_t delimiter, uint16_t *places, bool *are_pairs) {
  size_t found = 0;
  *are_pairs = false;
  for (size_t at = 0; at < count; at++) {
    places[found] = (uint16_t)at;
    found += (bytes[at] == delimiter) | (bytes[at] == '\n') | (bytes[at] == '"');
  }
  return found;
}

// What a field holds: digits with at most one point. The sign is taken off before.
struct plain {
  uint64_t digits; // all digits without the point
  unsigned places; // how many of them come after it
  bool good;
};

// Reads `length` bytes, 1 to 16: so many digits cannot overflow. `before` is how much of the input precedes `start`;
// the vector versions load bytes from there.
CSIMD_INLINE struct plain parse_portable(
    const uint8_t *start, size_t length, size_t before) {
  (void)before;
  struct plain number = {0, 0, false};
  bool seen = false;
  for (size_t at = 0; at < length; at++) {
    uint8_t digit = (uint8_t)(start[at] - '0');
    if (digit > 9) {
      if (start[at] != '.' || seen) return number;
      seen = true;
      continue;
    }
    number.digits = number.digits * 10 + digit;
    number.places += (unsigned)seen;
  }
  number.good = length > (size_t)seen; // a point alone is no number
  return number;
}

#if CSIMD_X86
CSIMD_AVX2 CSIMD_INLINE size_t separators_avx2(
    const uint8_t *bytes, size_t count, uint8_t delimiter, uint16_t *places, bool *are_pairs) {
  const __m256i a = _mm256_set1_epi8((char)delimiter), b = _mm256_set1_epi8('\n'), c = _mm256_set1_epi8('"');
  size_t found = 0, at = 0;
  for (; at + 64 <= count; at += 64) {
    uint64_t mask = 0;
    for (int half = 0; half < 2; half++) {
      __m256i v = _mm256_loadu_si256((const __m256i *)(bytes + at + 32 * half));
      __m256i hit = _mm256_or_si256(
          _mm256_or_si256(_mm256_cmpeq_epi8(v, a), _mm256_cmpeq_epi8(v, b)), _mm256_cmpeq_epi8(v, c));
      mask |= (uint64_t)(unsigned)_mm256_movemask_epi8(hit) << (32 * half);
    }
    found += spread(mask, at, places + found);
  }
  size_t rest = separators_portable(bytes + at, count - at, delimiter, places + found, are_pairs);
  for (size_t i = 0; i < rest; i++) places[found + i] = (uint16_t)(places[found + i] + at);
  return found + rest;
}

CSIMD_AVX512_VBMI CSIMD_INLINE size_t separators_vbmi(
    const uint8_t *bytes, size_t count, uint8_t delimiter, uint16_t *places, bool *are_pairs) {
  const __m512i a = _mm512_set1_epi8((char)delimiter), b = _mm512_set1_epi8('\n'), c = _mm512_set1_epi8('"');
  size_t found = 0;
  uint64_t odd = 0;
  for (size_t at = 0; at < count; at += 64) {
    __m512i v = load_vbmi(bytes + at, count - at);
    uint64_t delimiters = _mm512_cmpeq_epi8_mask(v, a), newlines = _mm512_cmpeq_epi8_mask(v, b);
    uint64_t mask = delimiters | newlines | _mm512_cmpeq_epi8_mask(v, c);
    if (count - at < 64) mask &= _bzhi_u64(~0ull, (unsigned)(count - at));
    // Packed by `mask`, bit i of `newlines` tells whether separator i of this block is one.
    // Newlines among the separators must be every second one, counted from the window's start.
    uint64_t wanted = 0xAAAAAAAAAAAAAAAA >> (found & 1), number = (uint64_t)_mm_popcnt_u64(mask);
    odd |= (_pext_u64(newlines, mask) ^ wanted) & _bzhi_u64(~0ull, (unsigned)number);
    odd |= mask & ~(delimiters | newlines);
    found += spread_vbmi(mask, at, places + found);
  }
  *are_pairs = odd == 0;
  return found;
}

// Takes the 16 bytes that end with the number: the digits keep their weight by standing at the end, whatever comes
// before is masked away, and a shuffle closes the gap of the point.
CSIMD_AVX2 CSIMD_INLINE struct plain parse_avx2(
    const uint8_t *start, size_t length, size_t before) {
  // Row p takes out byte p; row 16 none. A byte with the top bit set becomes zero.
  static const uint8_t closing[17][16] __attribute__((aligned(16))) = {
#define ROW(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) {0x80, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o}
      ROW(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), ROW(0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
      ROW(0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), ROW(0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
      ROW(0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), ROW(0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
      ROW(0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15), ROW(0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15),
      ROW(0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15), ROW(0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15),
      ROW(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15), ROW(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15),
      ROW(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15), ROW(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15),
      ROW(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15), ROW(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14),
#undef ROW
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
  // Near the input's beginning there are no 16 bytes to load.
  if (__builtin_expect(before + length < 16, 0)) return parse_portable(start, length, before);
  __m128i text = _mm_loadu_si128((const __m128i *)(start + length - 16));
  unsigned inside = (0xFFFFu << (16 - length)) & 0xFFFF;
  unsigned points = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('.'))) & inside;
  unsigned point = (unsigned)__builtin_ctz(points | 0x10000);
  // Bytes 16 - length and later stay.
  __m128i order = _mm_set_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  __m128i stays = _mm_cmpgt_epi8(order, _mm_set1_epi8((char)(15 - length)));
  __m128i digits = _mm_and_si128(_mm_sub_epi8(text, _mm_set1_epi8('0')), stays);
  digits = _mm_shuffle_epi8(digits, _mm_load_si128((const __m128i *)closing[point]));
  __m128i nine = _mm_set1_epi8(9);
  bool good = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, nine), nine)) == 0xFFFF;
  // Weights 10 and 1 for digits, 100 and 1 for pairs, 10000 and 1 for fours; the lower half has the first eight digits.
  __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));
  __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010064));
  __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x00012710));
  uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
  unsigned has_point = points != 0;
  return (struct plain){
      (both & 0xFFFFFFFF) * 100000000 + (both >> 32), has_point ? 15 - point : 0, good & (length > has_point)};
}
#endif

typedef struct plain (*parse_function)(const uint8_t *start, size_t length, size_t before);

// Reads the numbers first..<count of a batch, one by one. Returns the first that is refused, or `count`.
CSIMD_INLINE size_t parse_some(
    struct ckernels_stats *s, struct batch *b, const uint8_t *base, size_t first, size_t count, enum refusal *refusal,
    parse_function parse) {
  for (size_t i = first; i < count; i++) {
    const uint8_t *number = base + b->number[i];
    const size_t is_negative = b->number_end[i] > b->number[i] && *number == '-';
    const size_t length = b->number_end[i] - b->number[i] - is_negative;
    b->parts[4 * i] = INT64_MIN;
    // An empty field: adding its parts as vectors would count it, so the batch is taken line by line.
    if (length == 0 && !is_negative) {
      b->is_narrow = false;
      continue;
    }
    *refusal = not_plain;
    if (length == 0 || length > 16) return i; // a minus alone, or more than `parse` reads
    const struct plain plain =
        parse(number + is_negative, length, (size_t)(number - s->bytes) + is_negative);
    if (!plain.good) return i;
    if (plain.places > s->scale) {
      s->places = (uint8_t)plain.places;
      *refusal = too_fine;
      return i;
    }
    int64_t value;
    if (__builtin_mul_overflow((int64_t)plain.digits, tens[s->scale - plain.places], &value)) return i;
    // Below 2^61 one number always fits the sums of a group that was just cleared, so a spill makes room for it.
    if (value >> 61) return i;
    *refusal = none;
    const uint64_t square = (uint64_t)value * (uint64_t)value;
    b->parts[4 * i] = is_negative ? -value : value;
    b->parts[4 * i + 1] = (int64_t)square;
    b->parts[4 * i + 2] = (int64_t)(square >> 32);
    b->parts[4 * i + 3] = 1;
    if (value >> 31) b->is_narrow = false;
  }
  return count;
}

#if CSIMD_X86
// Eight elements of 32 bits, widened.
CSIMD_AVX512_VBMI CSIMD_INLINE __m512i widen(const uint32_t *from) {
  return _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)from));
}

// The 16 bytes that are the 8 before each of two ends.
CSIMD_AVX512_VBMI CSIMD_INLINE __m128i load_two(const uint8_t *base, const uint32_t *ends) {
  const __m128i first = _mm_loadl_epi64((const __m128i *)(base + ends[0] - 8));
  return _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(first), (const __m64 *)(base + ends[1] - 8)));
}

// The 8 bytes before each of eight ends. A gather takes 0.27 ns for each on a Zen 5, and this 0.20.
CSIMD_AVX512_VBMI CSIMD_INLINE __m512i load_ends(const uint8_t *base, const uint32_t *ends) {
  const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(load_two(base, ends)), load_two(base, ends + 2), 1);
  const __m256i high =
      _mm256_inserti128_si256(_mm256_castsi128_si256(load_two(base, ends + 4)), load_two(base, ends + 6), 1);
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

// Stores the parts of eight lines: transposes four vectors, so that the four parts of a line lie side by side.
CSIMD_AVX512_VBMI CSIMD_INLINE void store_parts(
    int64_t *parts, __m512i value, __m512i square, __m512i high, __m512i one) {
  const __m512i lower = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0), upper = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
  for (int odd = 0; odd < 2; odd++) {
    __m512i first = odd ? _mm512_unpackhi_epi64(value, square) : _mm512_unpacklo_epi64(value, square);
    __m512i second = odd ? _mm512_unpackhi_epi64(high, one) : _mm512_unpacklo_epi64(high, one);
    __m512i low = _mm512_permutex2var_epi64(first, lower, second), up = _mm512_permutex2var_epi64(first, upper, second);
    int64_t *to = parts + 4 * odd;
    _mm256_store_si256((__m256i *)to, _mm512_castsi512_si256(low));
    _mm256_store_si256((__m256i *)(to + 8), _mm512_extracti64x4_epi64(low, 1));
    _mm256_store_si256((__m256i *)(to + 16), _mm512_castsi512_si256(up));
    _mm256_store_si256((__m256i *)(to + 24), _mm512_extracti64x4_epi64(up, 1));
  }
}

// Reads eight numbers of up to 8 bytes at once, each in the 8 bytes that end with it; false when one of them asks for
// more than that.
CSIMD_AVX512_VBMI CSIMD_INLINE bool parse_eight(
    struct batch *b, const uint8_t *base, size_t i, size_t before, unsigned scale) {
  const __m512i zero = _mm512_setzero_si512(), eight = _mm512_set1_epi64(8), all = _mm512_set1_epi64(-1);
  const __m512i end = widen(b->number_end + i), length = _mm512_sub_epi64(end, widen(b->number + i));
  // `powers` holds 10^0 to 10^7. Ends rise from line to line, so the first tells whether there are 8 bytes before each.
  if (scale > 7 || before + b->number_end[i] < 8 || _mm512_cmpgt_epu64_mask(length, eight)) return false;
  __m512i text = load_ends(base, b->number_end + i);
  // Bits before the number; a shift by 64 leaves nothing.
  __m512i ahead = _mm512_slli_epi64(_mm512_sub_epi64(eight, length), 3);
  __m512i first = _mm512_and_si512(_mm512_srlv_epi64(text, ahead), _mm512_set1_epi64(0xFF));
  __mmask8 negative = _mm512_cmpeq_epi64_mask(first, _mm512_set1_epi64('-'));
  ahead = _mm512_mask_add_epi64(ahead, negative, ahead, eight);
  __m512i digits = _mm512_and_si512(
      _mm512_xor_si512(text, _mm512_set1_epi8('0')), _mm512_sllv_epi64(all, ahead));
  __m512i point = _mm512_movm_epi8(_mm512_cmpeq_epi8_mask(digits, _mm512_set1_epi8('.' ^ '0')));
  __mmask8 has_point = _mm512_test_epi64_mask(point, point);
  // Ones below the first point. What stands before the point moves up by a byte into its place.
  __m512i below = _mm512_add_epi64(_mm512_and_si512(point, _mm512_sub_epi64(zero, point)), all);
  __m512i closed = _mm512_or_si512(
      // A second point stays, and is no digit.
      _mm512_andnot_si512(_mm512_or_si512(_mm512_slli_epi64(below, 8), _mm512_set1_epi64(0xFF)), digits),
      _mm512_slli_epi64(_mm512_and_si512(digits, below), 8));
  digits = _mm512_mask_blend_epi64(has_point, digits, closed);
  __m512i places = _mm512_maskz_srli_epi64(has_point, _mm512_lzcnt_epi64(point), 3);
  // Bits of one digit, and of the point.
  __m512i least = _mm512_mask_add_epi64(eight, has_point, eight, eight);
  if (_mm512_cmpgt_epu8_mask(digits, _mm512_set1_epi8(9)) | _mm512_cmpgt_epu64_mask(places, _mm512_set1_epi64(scale))
      | _mm512_cmpgt_epi64_mask(_mm512_add_epi64(ahead, least), _mm512_set1_epi64(64)))
    return false;
  const __m512i powers = _mm512_loadu_si512(tens);
  __m512i pairs = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010A));
  __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00010064));
  __m512i value = _mm512_add_epi64(
      _mm512_mul_epu32(fours, _mm512_set1_epi64(10000)), _mm512_srli_epi64(fours, 32));
  __m512i power = _mm512_permutexvar_epi64(_mm512_sub_epi64(_mm512_set1_epi64(scale), places), powers);
  value = _mm512_mul_epu32(value, power);
  if (_mm512_cmpgt_epu64_mask(value, _mm512_set1_epi64(INT32_MAX))) b->is_narrow = false;
  // Of a value beyond 32 bits this is wrong, and not used: wide numbers are squared in `add_wide`.
  __m512i square = _mm512_mul_epu32(value, value);
  store_parts(
      b->parts + 4 * i, _mm512_mask_sub_epi64(value, negative, zero, value), square, _mm512_srli_epi64(square, 32),
      _mm512_set1_epi64(1));
  return true;
}

// Stores the parts of sixteen lines whose numbers have four digits; their squares fit 32 bits, so that `high` is 0.
CSIMD_AVX512_VBMI CSIMD_INLINE void store_small_parts(
    int64_t *parts, __m512i value, __m512i square) {
  const __m512i rest = _mm512_set_epi64(1, 0, 1, 0, 1, 0, 1, 0);
  const __m512i lower = _mm512_set_epi64(9, 8, 3, 2, 9, 8, 1, 0), upper = _mm512_set_epi64(9, 8, 7, 6, 9, 8, 5, 4);
  const __m512i sign = _mm512_srai_epi32(value, 31), zero = _mm512_setzero_si512();
  for (int i = 0; i < 4; i++) {
    __m512i a = i & 2 ? _mm512_unpackhi_epi32(value, sign) : _mm512_unpacklo_epi32(value, sign);
    __m512i b = i & 2 ? _mm512_unpackhi_epi32(square, zero) : _mm512_unpacklo_epi32(square, zero);
    // Of lines i, i + 4, i + 8 and i + 12.
    __m512i pairs = i & 1 ? _mm512_unpackhi_epi64(a, b) : _mm512_unpacklo_epi64(a, b);
    __m512i low = _mm512_permutex2var_epi64(pairs, lower, rest), up = _mm512_permutex2var_epi64(pairs, upper, rest);
    int64_t *to = parts + 4 * i;
    _mm256_store_si256((__m256i *)to, _mm512_castsi512_si256(low));
    _mm256_store_si256((__m256i *)(to + 16), _mm512_extracti64x4_epi64(low, 1));
    _mm256_store_si256((__m256i *)(to + 32), _mm512_castsi512_si256(up));
    _mm256_store_si256((__m256i *)(to + 48), _mm512_extracti64x4_epi64(up, 1));
  }
}

// Reads sixteen numbers of a sign and up to four characters, with exactly as many decimal places as are kept: what a
// table of measurements or of small amounts has. The point is then at the same place in all of them. False when one
// differs.
CSIMD_AVX512_VBMI CSIMD_INLINE bool parse_sixteen(
    struct batch *b, const uint8_t *base, size_t i, size_t before, unsigned scale) {
  // What is not '0' where there should be a point; the weights of the bytes, and of pairs of them.
  static const struct { uint8_t point[4]; int8_t bytes[4]; int16_t pairs[2]; } forms[4] = {
      {{0, 0, 0, 0}, {10, 1, 10, 1}, {100, 1}}, {{0, 0, '.' ^ '0', 0}, {10, 1, 0, 1}, {10, 1}},
      {{0, '.' ^ '0', 0, 0}, {1, 0, 10, 1}, {100, 1}}, {{'.' ^ '0', 0, 0, 0}, {0, 1, 10, 1}, {100, 1}}};
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
  const __m512i zero = _mm512_setzero_si512(), all = _mm512_set1_epi32(-1), eight = _mm512_set1_epi32(8);
  if (scale > 3 || before + b->number_end[i] < 8) return false;
  int32_t form[3];
  memcpy(form, forms + scale, sizeof form);
  const __m512i end = _mm512_loadu_si512(b->number_end + i);
  const __m512i length = _mm512_sub_epi32(end, _mm512_loadu_si512(b->number + i));
  const __m512i first = load_ends(base, b->number_end + i), second = load_ends(base, b->number_end + i + 8);
  const __m512i text = _mm512_permutex2var_epi32(first, odd, second);
  const __m512i behind = _mm512_permutex2var_epi32(first, even, second);
  // Bits of the four bytes that stand before the number.
  __m512i ahead = _mm512_sub_epi32(_mm512_set1_epi32(32), _mm512_slli_epi32(length, 3));
  const __mmask16 is_five = _mm512_cmpeq_epi32_mask(length, _mm512_set1_epi32(5));
  const __m512i sign = _mm512_mask_srli_epi32(_mm512_srlv_epi32(text, ahead), is_five, behind, 24);
  const __mmask16 negative =
      _mm512_cmpeq_epi32_mask(_mm512_and_si512(sign, _mm512_set1_epi32(0xFF)), _mm512_set1_epi32('-'));
  ahead = _mm512_mask_add_epi32(ahead, negative, ahead, eight);
  const __m512i inside = _mm512_and_si512(_mm512_xor_si512(text, _mm512_set1_epi8('0')), _mm512_sllv_epi32(all, ahead));
  const __m512i digits = _mm512_xor_si512(inside, _mm512_set1_epi32(form[0]));
  // One byte at least, and no more than four: a fifth that is no minus leaves `ahead` negative, which is large here.
  if (_mm512_cmpgt_epu8_mask(digits, _mm512_set1_epi8(9)) | _mm512_cmpgt_epu32_mask(ahead, _mm512_set1_epi32(24)))
    return false;
  const __m512i value = _mm512_madd_epi16(
      _mm512_maddubs_epi16(digits, _mm512_set1_epi32(form[1])), _mm512_set1_epi32(form[2]));
  store_small_parts(
      b->parts + 4 * i, _mm512_mask_sub_epi32(value, negative, zero, value), _mm512_madd_epi16(value, value));
  return true;
}

// Finds the fields of the next lines, each of a key and a number. Two places of 16 bits make an element of 32:
// delimiter below, newline above. Loaded one place earlier, the lower half is the newline of the line before.
CSIMD_AVX512_VBMI CSIMD_INLINE void cut_pairs(struct cutting *c, struct batch *b) {
  const size_t left = (c->found - c->next) / 2, count = left < batch_size ? left : batch_size;
  const uint16_t *places = c->places + c->next;
  const __m512i low = _mm512_set1_epi32(0xFFFF), one = _mm512_set1_epi32(1);
  const __m512i order = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  for (size_t i = 0; i < count; i += 16) {
    const __m512i both = _mm512_loadu_si512(places + 2 * i), delimiter = _mm512_and_si512(both, low);
    const __m512i before = _mm512_and_si512(_mm512_loadu_si512(places + 2 * i - 1), low);
    const __m512i start = _mm512_and_si512(_mm512_add_epi32(before, one), low);
    _mm512_storeu_si512(b->start + i, start);
    _mm512_storeu_si512(b->key + i, start);
    _mm512_storeu_si512(b->key_end + i, delimiter);
    _mm512_storeu_si512(b->number + i, _mm512_add_epi32(delimiter, one));
    _mm512_storeu_si512(b->number_end + i, _mm512_srli_epi32(both, 16));
    _mm512_storeu_si512(b->passed + i, _mm512_add_epi32(order, _mm512_set1_epi32((int)(c->lines + i))));
  }
  b->count = count;
  b->is_narrow = true;
  c->next += 2 * count;
  c->lines += count;
  if (count > 0) c->start = places[2 * count - 1] + 1u;
}

CSIMD_AVX512_VBMI static void cut_pairs_vbmi(struct cutting *c, struct batch *b) { cut_pairs(c, b); }

CSIMD_AVX2 static size_t parse_batch_avx2(
    struct ckernels_stats *s, struct batch *b, const uint8_t *base, enum refusal *refusal) {
  return parse_some(s, b, base, 0, b->count, refusal, parse_avx2);
}

CSIMD_AVX512_VBMI static size_t parse_batch_vbmi(
    struct ckernels_stats *s, struct batch *b, const uint8_t *base, enum refusal *refusal) {
  const size_t before = (size_t)(base - s->bytes);
  for (size_t i = 0; i < b->count; i += 16) {
    // Memory that sixteen lines of the next window take, as long as they are as short as these: 256 bytes.
    for (int line = 0; line < 4; line++)
      _mm_prefetch((const char *)base + b->start[i] + window_size + 64 * line, _MM_HINT_T0);
    if (parse_sixteen(b, base, i, before, s->scale)) continue;
    for (size_t j = i; j < i + 16 && j < b->count; j += 8) {
      if (parse_eight(b, base, j, before, s->scale)) continue;
      const size_t end = j + 8 < b->count ? j + 8 : b->count;
      const size_t good = parse_some(s, b, base, j, end, refusal, parse_avx2);
      if (good < end) return good;
    }
  }
  return b->count;
}

#endif

static size_t parse_batch_portable(
    struct ckernels_stats *s, struct batch *b, const uint8_t *base, enum refusal *refusal) {
  return parse_some(s, b, base, 0, b->count, refusal, parse_portable);
}

static const struct steps portable = {separators_portable, parse_batch_portable, 0, ckernels_stats_take_portable, ckernels_stats_hash_portable};
#if CSIMD_X86
static const struct steps avx2 = {separators_avx2, parse_batch_avx2, 0, ckernels_stats_take_avx2, ckernels_stats_hash_avx2};
static const struct steps vbmi = {separators_vbmi, parse_batch_vbmi, cut_pairs_vbmi, ckernels_stats_take_avx2, ckernels_stats_hash_avx2};
#endif

const struct steps *ckernels_stats_steps(void) {
#if CSIMD_X86
  const enum csimd_level level = csimd_level_in_use();
  if (level >= csimd_avx512_vbmi) return &vbmi;
  if (level >= csimd_avx2) return &avx2;
#endif
  return &portable;
}
