// How alike two pictures are. Sums are in the same order on every processor, and so are the bits.
#include "ccodecs.h"
#include <assert.h>
#include <csimd.h>

#pragma STDC FP_CONTRACT OFF

CSIMD_INLINE unsigned sample(const uint8_t *row, size_t at, int depth) {
  return depth == 8 ? row[at] : ((const uint16_t *)(const void *)row)[at];
}

CSIMD_INLINE void put(uint8_t *row, size_t at, int depth, unsigned value) {
  if (depth == 8) row[at] = (uint8_t)value;
  else ((uint16_t *)(void *)row)[at] = (uint16_t)value;
}

void ccodecs_spread(const uint8_t *row, uint8_t *out, const struct ccodecs_image *image, int depth) {
  assert(depth >= image->depth);
  const size_t channels = (size_t)image->channels;
  const unsigned scale = depth == image->depth ? 1 : 257, top = depth == 8 ? 255 : 65535;
  for (size_t x = 0; x < image->width; x++) {
    const unsigned alpha = image->alpha ? scale * sample(row, x * channels + channels - 1, image->depth) : top;
    for (size_t channel = 0; channel < 3; channel++) {
      const unsigned color = scale * sample(row, x * channels + (channels == 4 ? channel : 0), image->depth);
      put(out, 4 * x + channel, depth, (unsigned)(((uint64_t)color * alpha + top / 2) / top));
    }
    put(out, 4 * x + 3, depth, alpha);
  }
}

uint64_t ccodecs_squared_error(const uint8_t *one, const uint8_t *other, size_t samples, int depth) {
  uint64_t sum = 0;
  for (size_t at = 0; at < samples; at++) {
    const int64_t difference = (int64_t)sample(one, at, depth) - (int64_t)sample(other, at, depth);
    sum += (uint64_t)(difference * difference);
  }
  return sum;
}

void ccodecs_shown_luma(const uint8_t *row, float *out, size_t width, int depth, bool on_white) {
  const float scale = depth == 8 ? 1 : 1.0f / 257;
  const unsigned top = depth == 8 ? 255 : 65535;
  for (size_t x = 0; x < width; x++) {
    const float red = (float)sample(row, 4 * x, depth), green = (float)sample(row, 4 * x + 1, depth),
                blue = (float)sample(row, 4 * x + 2, depth);
    const float light = on_white ? (float)(top - sample(row, 4 * x + 3, depth)) : 0;
    out[x] = (0.2126f * red + 0.7152f * green + 0.0722f * blue + light) * scale - 128;
  }
}

// Means of luma, of its squares and of the product, down the window for each column, then across.
CSIMD_INLINE void ssim_row(
  const struct ccodecs_ssim_window *window, const float *one, const float *other, size_t width, float *scratch,
  float *out) {
  const size_t stride = width + 16, count = width - (size_t)window->columns + 1;
  float *restrict sums = scratch;
  for (size_t x = 0; x < 5 * stride; x++) sums[x] = 0;
  for (int row = 0; row < window->rows; row++) {
    const float weight = window->down[row];
    const float *restrict a = one + (size_t)row * width, *restrict b = other + (size_t)row * width;
    for (size_t x = 0; x < width; x++) {
      sums[x] += weight * a[x];
      sums[stride + x] += weight * b[x];
      sums[2 * stride + x] += weight * (a[x] * a[x]);
      sums[3 * stride + x] += weight * (b[x] * b[x]);
      // The same whichever picture comes first.
      sums[4 * stride + x] += weight * (a[x] * b[x]);
    }
  }
  // (0.01 · 255)² and (0.03 · 255)²
  const float c1 = 6.5025f, c2 = 58.5225f;
  for (size_t x = 0; x < count; x++) {
    float mean[5] = {0, 0, 0, 0, 0};
    for (int tap = 0; tap < window->columns; tap++)
      for (size_t kind = 0; kind < 5; kind++)
        mean[kind] += window->across[tap] * sums[kind * stride + x + (size_t)tap];
    const float deviation_one = mean[2] - mean[0] * mean[0], deviation_other = mean[3] - mean[1] * mean[1],
                common = mean[4] - mean[0] * mean[1], a = mean[0] + 128, b = mean[1] + 128;
    out[x] = ((2 * a * b + c1) * (2 * common + c2)) / ((a * a + b * b + c1) * (deviation_one + deviation_other + c2));
  }
}

#if CSIMD_X86
CSIMD_AVX2 static void ssim_row_avx2(
  const struct ccodecs_ssim_window *window, const float *one, const float *other, size_t width, float *scratch,
  float *out) {
  ssim_row(window, one, other, width, scratch, out);
}
#endif

void ccodecs_ssim_row(
  const struct ccodecs_ssim_window *window, const float *one, const float *other, size_t width, float *scratch,
  float *out) {
  assert(width >= (size_t)window->columns && window->columns >= 1 && window->columns <= 11);
#if CSIMD_X86
  if (csimd_level_in_use() >= csimd_avx2) return ssim_row_avx2(window, one, other, width, scratch, out);
#endif
  ssim_row(window, one, other, width, scratch, out);
}
