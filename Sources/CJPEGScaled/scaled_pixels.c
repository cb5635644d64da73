// From coefficients to rows of pixels. A block of 8 × 8 samples becomes one of any number of points: the cosines that
// the kept coefficients stand for are evaluated at the middles of those points, so that planes of a coarser grid need
// no other enlarging. The vectors are treated as in resample.c, for the same reasons.
#include "scaled.h"
#include <assert.h>
#include <csimd.h>
#include <math.h>
#include <string.h>
#if CSIMD_X86
#include <immintrin.h>
#endif

// A fused multiply-add rounds once instead of twice, and would give other bits where the processor has it.
#pragma STDC FP_CONTRACT OFF

typedef float floats __attribute__((vector_size(32), aligned(4), may_alias));
typedef float floats4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int ints __attribute__((vector_size(32), aligned(4), may_alias));
typedef int16_t shorts __attribute__((vector_size(16), aligned(2), may_alias));
typedef int16_t shorts4 __attribute__((vector_size(8), aligned(2), may_alias));

// The basis functions at the middles of `points` points instead of 8 (A.3.3). More than 8 points enlarge a coarser
// plane.
static void fill_cosines(float table[8][16], int kept, int points) {
  for (int u = 0; u < kept; u++)
    for (int x = 0; x < points; x++) table[u][x] = (float)cos((2 * x + 1) * u * 3.14159265358979323846 / (2 * points));
}

// Everything of A.3.3 that does not depend on coefficients: quantizer and the constants C(u) C(v) / 4 become one
// factor.
void scaled_prepare(struct scaled_component *component) {
  fill_cosines(component->across, component->kept_across, component->points_across);
  fill_cosines(component->down, component->kept_down, component->points_down);
  for (int k = 0; k < 64; k++) {
    int place = component->place[k];
    // Coefficients that are not kept share one place, which has no factor.
    if (place == component->kept_count) continue;
    int v = scaled_natural_order[k] / 8, u = scaled_natural_order[k] % 8;
    double both = (u ? 1 : sqrt(0.5)) * (v ? 1 : sqrt(0.5));
    component->factor[place] = (float)(component->quantizer[k] * both / 4);
  }
  for (int k = 0; k < 4; k++)
    for (int sample = 0; sample < 16; sample++) {
      component->across_4[k][sample] = sample % 4 < component->points_across ? component->across[k][sample % 4] : 0;
      component->down_4[k][sample] = sample / 4 < component->points_down ? component->down[k][sample / 4] : 0;
    }
  // Running maxima: a block whose last nonzero coefficient is k has nothing beyond rows_to[k] rows, columns_to[k]
  // columns.
  int rows = 1, columns = 1;
  for (int k = 0; k < 64; k++) {
    int v = scaled_natural_order[k] / 8, u = scaled_natural_order[k] % 8;
    if (component->keep >> (63 - k) & 1 && v >= rows) rows = v + 1;
    if (component->keep >> (63 - k) & 1 && u >= columns) columns = u + 1;
    component->rows_to[k] = (uint8_t)rows;
    component->columns_to[k] = (uint8_t)columns;
  }
}

// The amplitudes of one row of eight or four coefficients. Vectors are handed on by pointers: without AVX there is no
// register for them, and the compiler warns.
#define amplitudes(type, integers)                                                                                     \
  CSIMD_INLINE void amplitudes_##type(                                                                                      \
    const struct scaled_component *component, const int16_t *kept, int at, type *out) {                               \
    const type value = __builtin_convertvector(*(const integers *)(kept + at), type);                                  \
    *out = value * *(const type *)(component->factor + at);                                                            \
  }
amplitudes(floats, shorts)
amplitudes(floats4, shorts4)

// The transform is separable: first down the columns, then along the rows. It makes `down` rows of samples from `rows`
// × `columns` coefficients, outside of which all are 0. `type` holds a row of coefficients; `parts` of `result` hold a
// row of samples.
#define transform(name, type, result, parts)                                                                           \
  CSIMD_INLINE void name(                                                                                                   \
    const struct scaled_component *component, const int16_t *kept, float *out, const int down, const int rows,        \
    const int columns) {                                                                                               \
    type sums[16], row;                                                                                                \
    amplitudes_##type(component, kept, 0, &row);                                                                       \
    for (int y = 0; y < down; y++) sums[y] = row;                                                                      \
    for (int v = 1; v < rows; v++) {                                                                                   \
      amplitudes_##type(component, kept, v * component->kept_stride, &row);                                            \
      for (int y = 0; y < down; y++) sums[y] += row * component->down[v][y];                                           \
    }                                                                                                                  \
    for (int part = 0; part < parts; part++) {                                                                         \
      const int start = part * (int)(sizeof(result) / sizeof(float));                                                  \
      result samples[16];                                                                                              \
      for (int y = 0; y < down; y++) samples[y] = (result){0} + sums[y][0];                                            \
      for (int u = 1; u < columns; u++) {                                                                              \
        const result cosines = *(const result *)(component->across[u] + start);                                        \
        for (int y = 0; y < down; y++) samples[y] += ((const float *)(sums + y))[u] * cosines;                         \
      }                                                                                                                \
      for (int y = 0; y < down; y++) *(result *)(out + y * component->samples_stride + start) = samples[y];            \
    }                                                                                                                  \
  }
transform(transform_4, floats4, floats4, 1)
transform(transform_8, floats, floats, 1)
transform(transform_16, floats, floats, 2)
transform(transform_4_to_8, floats4, floats, 1)

// The commonest shapes are known to the compiler, which unrolls their loops. `highest` is the last coefficient in
// zigzag order that is not 0: up to the tenth, the block's upper left quarter holds all of them.
CSIMD_INLINE void transform_block(
  const struct scaled_component *component, const int16_t *kept, float *out, const int highest) {
  const int down = component->points_down, across = component->points_across;
  const int rows = component->rows_to[highest], columns = component->columns_to[highest];
  if (across == 4 && down == 4) transform_4(component, kept, out, 4, 4, 4);
  else if (across == 8 && down == 8 && highest < 10) transform_8(component, kept, out, 8, 4, 4);
  else if (across == 8 && down == 8) transform_8(component, kept, out, 8, rows, columns);
  else if (across == 3 && down == 3) transform_4(component, kept, out, 3, 3, 3);
  else if (across == 8 && down == 4) transform_8(component, kept, out, 4, rows, columns);
  else if (across == 6 && down == 6) transform_8(component, kept, out, 6, rows, columns);
  else if (across == 6 && down == 3) transform_8(component, kept, out, 3, rows, columns);
  else if (across == 12 && down == 12) transform_16(component, kept, out, 12, rows, columns);
  else if (across == 12 && down == 6) transform_16(component, kept, out, 6, rows, columns);
  else if (across == 2 && down == 2) transform_4(component, kept, out, 2, 2, 2);
  else if (across > 8) transform_16(component, kept, out, down, rows, columns);
  else if (component->kept_stride > 4) transform_8(component, kept, out, down, rows, columns);
  else if (across > 4) transform_4_to_8(component, kept, out, down, rows, columns);
  else transform_4(component, kept, out, down, rows, columns);
}

// A block of one level, which most blocks of skies and walls are at a small scale.
CSIMD_INLINE void fill_flat(const struct scaled_component *component, int16_t dc, float *out) {
  const floats level = (floats){0} + dc * component->factor[0];
  for (int y = 0; y < component->points_down; y++, out += component->samples_stride) {
    *(floats *)out = level;
    if (component->points_across > 8) *(floats *)(out + 8) = level;
  }
}

// The samples of a row of blocks. Vectors may write past a block's last sample of a row, where the next block's samples
// or the 16 spare ones of `samples_stride` come. Blocks are therefore made from left to right.
CSIMD_INLINE void make_row(
  const struct scaled_component *component, const int16_t *kept, const uint64_t *nonzero, float *out) {
  for (int column = 0; column < component->blocks_across; column++) {
    // DC counts as known, so that there is a lowest bit.
    const int highest = 63 - __builtin_ctzll((nonzero[column] & component->keep) | 1ull << 63);
    if (highest == 0) fill_flat(component, kept[0], out);
    else transform_block(component, kept, out, highest);
    kept += component->kept_count;
    out += component->points_across;
  }
}

#if CSIMD_X86
// `make_row` for blocks that become 4 × 4 samples, or 3 × 3: eight at a time, and without a look at which coefficients
// are 0. What lies behind three rows of coefficients is the next block's, and has no factor.
CSIMD_AVX2 static void make_row_4(const struct scaled_component *component, const int16_t *kept, float *out) {
  const int down = component->points_down, across = component->points_across, stride = component->samples_stride;
  const __m256 factor = _mm256_loadu_ps(component->factor), factor2 = _mm256_loadu_ps(component->factor + 8);
  __m256 across_4[4], down_4[4][2];
  for (int k = 0; k < 4; k++) {
    across_4[k] = _mm256_loadu_ps(component->across_4[k]);
    down_4[k][0] = _mm256_loadu_ps(component->down_4[k]);
    down_4[k][1] = _mm256_loadu_ps(component->down_4[k] + 8);
  }
  for (int column = 0; column < component->blocks_across; column++) {
    const __m256i values = _mm256_loadu_si256((const void *)kept);
    const __m256 upper = _mm256_mul_ps(
      _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm256_castsi256_si128(values))), factor);
    const __m256 lower = _mm256_mul_ps(
      _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm256_extracti128_si256(values, 1))), factor2);
    const __m256 row0 = _mm256_permute2f128_ps(upper, upper, 0x00), row1 = _mm256_permute2f128_ps(upper, upper, 0x11);
    const __m256 row2 = _mm256_permute2f128_ps(lower, lower, 0x00), row3 = _mm256_permute2f128_ps(lower, lower, 0x11);
    __m256 samples[2];
    for (int half = 0; half < 2; half++) {
      __m256 sum = _mm256_add_ps(row0, _mm256_mul_ps(row1, down_4[1][half]));
      sum = _mm256_add_ps(sum, _mm256_mul_ps(row2, down_4[2][half]));
      sum = _mm256_add_ps(sum, _mm256_mul_ps(row3, down_4[3][half]));
      __m256 sample = _mm256_add_ps(
        _mm256_permute_ps(sum, 0x00), _mm256_mul_ps(_mm256_permute_ps(sum, 0x55), across_4[1]));
      sample = _mm256_add_ps(sample, _mm256_mul_ps(_mm256_permute_ps(sum, 0xAA), across_4[2]));
      samples[half] = _mm256_add_ps(sample, _mm256_mul_ps(_mm256_permute_ps(sum, 0xFF), across_4[3]));
    }
    _mm_storeu_ps(out, _mm256_castps256_ps128(samples[0]));
    _mm_storeu_ps(out + stride, _mm256_extractf128_ps(samples[0], 1));
    _mm_storeu_ps(out + 2 * stride, _mm256_castps256_ps128(samples[1]));
    if (down == 4) _mm_storeu_ps(out + 3 * stride, _mm256_extractf128_ps(samples[1], 1));
    kept += component->kept_count;
    out += across;
  }
}

// The same with sixteen, a whole block: the same products and sums, in three quarters of the time.
CSIMD_AVX512 static void make_row_4_avx512(const struct scaled_component *component, const int16_t *kept, float *out) {
  const int down = component->points_down, across = component->points_across, stride = component->samples_stride;
  const __m512 factor = _mm512_loadu_ps(component->factor);
  __m512 across_4[4], down_4[4];
  for (int k = 0; k < 4; k++) {
    across_4[k] = _mm512_loadu_ps(component->across_4[k]);
    down_4[k] = _mm512_loadu_ps(component->down_4[k]);
  }
  for (int column = 0; column < component->blocks_across; column++) {
    const __m512i values = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const void *)kept));
    const __m512 rows = _mm512_mul_ps(_mm512_cvtepi32_ps(values), factor);
    __m512 sum = _mm512_add_ps(
      _mm512_shuffle_f32x4(rows, rows, 0x00), _mm512_mul_ps(_mm512_shuffle_f32x4(rows, rows, 0x55), down_4[1]));
    sum = _mm512_add_ps(sum, _mm512_mul_ps(_mm512_shuffle_f32x4(rows, rows, 0xAA), down_4[2]));
    sum = _mm512_add_ps(sum, _mm512_mul_ps(_mm512_shuffle_f32x4(rows, rows, 0xFF), down_4[3]));
    __m512 sample = _mm512_add_ps(
      _mm512_permute_ps(sum, 0x00), _mm512_mul_ps(_mm512_permute_ps(sum, 0x55), across_4[1]));
    sample = _mm512_add_ps(sample, _mm512_mul_ps(_mm512_permute_ps(sum, 0xAA), across_4[2]));
    sample = _mm512_add_ps(sample, _mm512_mul_ps(_mm512_permute_ps(sum, 0xFF), across_4[3]));
    _mm_storeu_ps(out, _mm512_castps512_ps128(sample));
    _mm_storeu_ps(out + stride, _mm512_extractf32x4_ps(sample, 1));
    _mm_storeu_ps(out + 2 * stride, _mm512_extractf32x4_ps(sample, 2));
    if (down == 4) _mm_storeu_ps(out + 3 * stride, _mm512_extractf32x4_ps(sample, 3));
    kept += component->kept_count;
    out += across;
  }
}
#endif

CSIMD_INLINE void make_samples(const struct scaled_component *component, const enum csimd_level level) {
  const int down = component->points_down;
  const bool is_small = level >= csimd_avx2 && down == component->points_across && (down == 4 || down == 3);
  for (size_t row = 0; row < (size_t)component->v; row++) {
    const int16_t *kept = component->kept + row * component->kept_row;
    const uint64_t *nonzero = component->nonzero + row * (size_t)component->blocks_across;
    float *out = component->samples + row * (size_t)(down * component->samples_stride);
#if CSIMD_X86
    if (is_small) {
      if (level >= csimd_avx512) make_row_4_avx512(component, kept, out);
      else make_row_4(component, kept, out);
      continue;
    }
#endif
    (void)is_small;
    make_row(component, kept, nonzero, out);
  }
}

// Limits to 0…255 and rounds: no value is negative, so adding a half and cutting off is enough.
CSIMD_INLINE void round_to_levels(const floats *values, ints *levels) {
  const floats lowest = {0}, highest = lowest + 255;
  *levels = __builtin_convertvector(
    __builtin_elementwise_min(__builtin_elementwise_max(*values, lowest), highest) + 0.5f, ints);
}

// A row of the samples that `scaled_make_samples` made last.
static const float *row_of(const struct scaled_jpeg *decoder, int component, int row) {
  return decoder->component[component].samples + row * decoder->component[component].samples_stride;
}

// The matrix of JFIF (T.871, 7), which is that of BT.601. Luma gets back the level shift of A.3.1; chroma is centered
// on 0.
CSIMD_INLINE void color(const struct scaled_jpeg *decoder, int row, uint8_t *out) {
  const float *luma = row_of(decoder, 0, row), *blue = row_of(decoder, 1, row), *red = row_of(decoder, 2, row);
  for (int x = 0; x < decoder->out_width; x += 8) {
    floats y = *(const floats *)(luma + x) + 128, cb = *(const floats *)(blue + x), cr = *(const floats *)(red + x);
    const floats exact[3] = {y + 1.402f * cr, y - 0.344136f * cb - 0.714136f * cr, y + 1.772f * cb};
    ints levels[3];
    for (int channel = 0; channel < 3; channel++) round_to_levels(exact + channel, levels + channel);
    // The lowest byte comes first in memory: R, G, B, 255.
    const ints pixels = levels[0] | levels[1] << 8 | levels[2] << 16 | (int)0xFF000000;
    if (x + 8 <= decoder->out_width) memcpy(out + 4 * x, &pixels, sizeof pixels);
    else memcpy(out + 4 * x, &pixels, 4 * (size_t)(decoder->out_width - x));
  }
}

// One channel: luma as it is, with the level shift of A.3.1 taken back.
CSIMD_INLINE void gray(const struct scaled_jpeg *decoder, int row, uint8_t *out) {
  const float *luma = row_of(decoder, 0, row);
  for (int x = 0; x < decoder->out_width; x += 8) {
    const floats exact = *(const floats *)(luma + x) + 128;
    ints level;
    round_to_levels(&exact, &level);
    for (int channel = 0; channel < 8 && x + channel < decoder->out_width; channel++) out[x + channel] = (uint8_t)level[channel];
  }
}

CSIMD_INLINE void color_or_gray(const struct scaled_jpeg *decoder, int row, uint8_t *out) {
  if (decoder->component_count == 3) color(decoder, row, out);
  else gray(decoder, row, out);
}

// The same code, compiled with wider vectors: products and sums are the same, and so are the bits.
#if CSIMD_X86
CSIMD_AVX2 static void make_samples_avx2(const struct scaled_component *component) {
  make_samples(component, csimd_avx2);
}
CSIMD_AVX512 static void make_samples_avx512(const struct scaled_component *component) {
  make_samples(component, csimd_avx512);
}
CSIMD_AVX2 static void color_avx2(const struct scaled_jpeg *decoder, int row, uint8_t *out) {
  color_or_gray(decoder, row, out);
}
#endif

void scaled_make_samples(const struct scaled_component *component) {
#if CSIMD_X86
  const enum csimd_level level = csimd_level_in_use();
  if (level >= csimd_avx512) return make_samples_avx512(component);
  if (level >= csimd_avx2) return make_samples_avx2(component);
#endif
  make_samples(component, csimd_portable);
}

void scaled_color(const struct scaled_jpeg *decoder, int row, uint8_t *out) {
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2) return color_avx2(decoder, row, out);
#endif
  color_or_gray(decoder, row, out);
}
