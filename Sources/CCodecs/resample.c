// Row kernels. The work is done in vectors of eight floats, which compilers lower to two vectors of four where the
// processor has no wider ones; products and sums are the same either way, and so are the bits.
#include "ccodecs.h"
#include <assert.h>
#include <csimd.h>
#include <math.h>
#include <stdlib.h>

// A fused multiply-add rounds once instead of twice, and would give other bits where the processor has it.
#pragma STDC FP_CONTRACT OFF

typedef float floats __attribute__((vector_size(32), aligned(4), may_alias));
typedef int ints __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint8_t bytes __attribute__((vector_size(8), aligned(1), may_alias));

// Whether `image` is as ccodecs.h says: 2 channels have alpha, 1 has none.
static inline __attribute__((unused)) bool is_shape(const struct ccodecs_image *image) {
  return (image->depth == 8 || image->depth == 16)
         && (image->channels == 4 || (image->channels == 2 && image->alpha) || (image->channels == 1 && !image->alpha));
}

// Whether samples of `depth` bits may lie at `row`.
static inline __attribute__((unused)) bool is_aligned(const uint8_t *row, int depth) { return depth == 8 || (uintptr_t)row % 2 == 0; }

// aligned_alloc(3) wants a multiple of the alignment; rounding up must not overflow.
void *ccodecs_allocate(size_t count) {
  size_t rounded = (count + 63) / 64 * 64;
  void *memory = rounded < count ? NULL : aligned_alloc(64, rounded ? rounded : 64);
  if (memory) __builtin_memset(memory, 0, rounded);
  return memory;
}
void ccodecs_free(void *memory) { free(memory); }

// The sinc function windowed by its own middle lobe, stretched to three samples (Duchon, 1979).
static double lanczos3(double x) {
  if (fabs(x) < 1e-9) return 1;
  if (fabs(x) >= 3) return 0;
  double angle = 3.14159265358979323846 * x;
  return 3 * sin(angle) * sin(angle / 3) / (angle * angle);
}

// Mitchell and Netravali's family of cubics, by their equation 8 (Reconstruction Filters in Computer Graphics, 1988).
static double cubic(double x, double b, double c) {
  double a = fabs(x);
  if (a < 1) return ((12 - 9 * b - 6 * c) * a * a * a + (-18 + 12 * b + 6 * c) * a * a + 6 - 2 * b) / 6;
  if (a < 2) return ((-b - 6 * c) * a * a * a + (6 * b + 30 * c) * a * a + (-12 * b - 48 * c) * a + 8 * b + 24 * c) / 6;
  return 0;
}

double ccodecs_radius(enum ccodecs_filter filter) {
  switch (filter) {
  case ccodecs_lanczos3: return 3;
  case ccodecs_mitchell:
  case ccodecs_catmull_rom: return 2;
  case ccodecs_linear: return 1;
  default: return 0.5;
  }
}

// Weight of a sample at distance x from the center, before weights are made to add up to 1.
static double weight_at(enum ccodecs_filter filter, double x) {
  switch (filter) {
  case ccodecs_lanczos3: return lanczos3(x);
  case ccodecs_mitchell: return cubic(x, 1.0 / 3, 1.0 / 3);
  case ccodecs_catmull_rom: return cubic(x, 0, 0.5);
  case ccodecs_linear: return fmax(0, 1 - fabs(x));
  default: return x >= -0.5 && x < 0.5; // half-open, so that no sample counts twice
  }
}

int ccodecs_window(
  enum ccodecs_filter filter, double center, double stretch, int count, int *first, double *weights) {
  assert(count > 0 && stretch >= 1);
  const double reach = ccodecs_radius(filter) * stretch;
  int low = (int)fmax(0, floor(center - reach)), high = (int)fmin(count - 1, ceil(center + reach));
  // Samples of no weight at both ends are left out, so that an axis that keeps its size has one weight of 1. Distances
  // are those of the middles of samples.
  while (high > low && fabs(weight_at(filter, (high + 0.5 - center) / stretch)) < 1e-7) high--;
  while (low < high && fabs(weight_at(filter, (low + 0.5 - center) / stretch)) < 1e-7) low++;
  double sum = 0;
  for (int at = low; at <= high; at++) sum += weights[at - low] = weight_at(filter, (at + 0.5 - center) / stretch);
  // Without weights to divide by, the sample in which the center lies is taken.
  if (filter == ccodecs_nearest || fabs(sum) < 1e-7) {
    *first = (int)fmin(fmax(0, floor(center)), count - 1);
    weights[0] = 1;
    return 1;
  }
  for (int at = low; at <= high; at++) weights[at - low] /= sum;
  *first = low;
  return high - low + 1;
}

// Eight channels from 8, 4 or 2 weights.
CSIMD_INLINE void spread(floats *out, const float *weights, int channels) {
  floats some = {0};
  if (channels == 1) {
    some = *(const floats *)weights;
  } else if (channels == 2) {
    some = (floats){weights[0], weights[0], weights[1], weights[1], weights[2], weights[2], weights[3], weights[3]};
  } else {
    some = (floats){weights[0], weights[0], weights[0], weights[0], weights[1], weights[1], weights[1], weights[1]};
  }
  *out = some;
}

// Adds up the eight sums of a pixel to one per channel, in halves: this order is the same on every processor.
CSIMD_INLINE void gather(const floats *sums, const int channels, float *out) {
  float part[8];
  *(floats *)part = *sums;
  for (int width = 4; width >= channels; width /= 2)
    for (int channel = 0; channel < width; channel++) part[channel] += part[channel + width];
  for (int channel = 0; channel < channels; channel++) out[channel] = part[channel];
}

// Four rows at a time share the spreading of the weights, and their sums do not wait for each other; one row at a time
// took 1.8 times as long on a Xeon of 2023 with AVX2.
CSIMD_INLINE void resample(
  const struct ccodecs_axis *axis, const int channels, const float *const rows[4], float *const out[4]) {
  // Pixels that one vector of eight floats holds. Taps are taken in steps of it: weights past the last are 0.
  const int step = 8 / channels;
  for (int x = 0; x < axis->count; x++) {
    const size_t start = (size_t)axis->first[x] * (size_t)channels;
    const float *weights = axis->weights + (size_t)x * (size_t)axis->stride;
    floats sums[4] = {{0}, {0}, {0}, {0}};
    for (int tap = 0; tap < axis->taps; tap += step) {
      floats weight;
      spread(&weight, weights + tap, channels);
      for (int row = 0; row < 4; row++) sums[row] += *(const floats *)(rows[row] + start + tap * channels) * weight;
    }
    for (int row = 0; row < 4; row++) gather(sums + row, channels, out[row] + x * channels);
  }
}

CSIMD_INLINE void resample_channels(
  const struct ccodecs_axis *axis, int channels, const float *const rows[4], float *const out[4]) {
  assert(axis->stride % 8 == 0 && axis->taps >= 1 && axis->taps <= axis->stride);
  assert(channels == 1 || channels == 2 || channels == 4);
  if (channels == 1) resample(axis, 1, rows, out);
  else if (channels == 2) resample(axis, 2, rows, out);
  else resample(axis, 4, rows, out);
}

// Thirty-two floats at a time keep four independent sums, so that additions do not wait for each other.
CSIMD_INLINE void blend(const float *const *rows, const float *weights, int count, float *out, size_t samples) {
  assert(count > 0 && samples % 8 == 0);
  size_t at = 0;
  for (; at + 32 <= samples; at += 32) {
    floats a = {0}, b = {0}, c = {0}, d = {0};
    for (int row = 0; row < count; row++) {
      const float *from = rows[row] + at;
      a += *(const floats *)(from) * weights[row];
      b += *(const floats *)(from + 8) * weights[row];
      c += *(const floats *)(from + 16) * weights[row];
      d += *(const floats *)(from + 24) * weights[row];
    }
    *(floats *)(out + at) = a;
    *(floats *)(out + at + 8) = b;
    *(floats *)(out + at + 16) = c;
    *(floats *)(out + at + 24) = d;
  }
  for (; at < samples; at += 8) {
    floats sum = {0};
    for (int row = 0; row < count; row++) sum += *(const floats *)(rows[row] + at) * weights[row];
    *(floats *)(out + at) = sum;
  }
}

// Multiplies the colors of `samples` floats by their pixel's alpha times `scale`.
CSIMD_INLINE void premultiply(float *out, const int channels, float scale, size_t samples) {
  const floats ones = {1, 1, 1, 1, 1, 1, 1, 1};
  size_t at = 0;
  for (; at + 8 <= samples; at += 8) {
    floats pixels = *(floats *)(out + at), scaled = pixels * scale;
    // Indices from 8 on name elements of `ones`: alpha itself stays.
    *(floats *)(out + at) = pixels
                            * (channels == 4 ? __builtin_shufflevector(scaled, ones, 3, 3, 3, 8, 7, 7, 7, 8)
                                          : __builtin_shufflevector(scaled, ones, 1, 8, 3, 8, 5, 8, 7, 8));
  }
  for (; at < samples; at += (size_t)channels) {
    float alpha = out[at + (size_t)channels - 1] * scale;
    for (int channel = 0; channel + 1 < channels; channel++) out[at + (size_t)channel] *= alpha;
  }
}

// The constants of both curves are those of IEC 61966-2-1: a straight line near black, a power of 2.4 above.
void ccodecs_fill_light(float *light, int depth) {
  const int top = depth == 8 ? 255 : 65535;
  for (int level = 0; level <= top; level++) {
    double x = (double)level / top;
    light[level] = (float)(x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4));
  }
}

void ccodecs_fill_level(float *level) {
  for (int step = 0; step <= ccodecs_curve_steps + 1; step++) {
    double x = fmin(1, (double)step / ccodecs_curve_steps);
    level[step] = (float)(x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055);
  }
}

CSIMD_INLINE bool is_alpha(const struct ccodecs_image *image, int channel) {
  return channel == 3 || (channel == 1 && image->channels == 2);
}

// Levels to light. Light is scaled to the range of the samples, so that alpha can stay as it is.
CSIMD_INLINE void lighten(const uint8_t *row, float *out, const struct ccodecs_image *image, const float *light) {
  const float top = image->depth == 8 ? 255 : 65535;
  for (int channel = 0; channel < image->channels; channel++) {
    if (is_alpha(image, channel)) continue;
    for (size_t x = 0; x < image->width; x++) {
      size_t at = x * (size_t)image->channels + (size_t)channel;
      out[at] = top * light[image->depth == 8 ? row[at] : ((const uint16_t *)(const void *)row)[at]];
    }
  }
}

// Colors times alpha: what is transparent must not bleed into its neighbors.
CSIMD_INLINE void widen(
  const uint8_t *row, float *out, const struct ccodecs_image *image, const struct ccodecs_curve *curve) {
  assert(is_shape(image) && is_aligned(row, image->depth));
  const size_t samples = (size_t)image->width * (size_t)image->channels;
  if (image->depth == 8)
    for (size_t i = 0; i < samples; i++) out[i] = (float)row[i];
  else
    for (size_t i = 0; i < samples; i++) out[i] = (float)((const uint16_t *)(const void *)row)[i];
  if (curve) lighten(row, out, image, curve->light);
  if (!image->alpha) return;
  const float scale = image->depth == 8 ? 1.0f / 255 : 1.0f / 65535;
  if (image->channels == 4) premultiply(out, 4, scale, samples);
  else premultiply(out, 2, scale, samples);
}

CSIMD_INLINE float limited(float value, float top) { return value < 0 ? 0 : value > top ? top : value; }

// Limits and rounds `samples` floats times `scale` to integers of `depth` bits. Limited values are never negative, so
// adding a half and cutting off rounds them.
CSIMD_INLINE void store(const float *row, float scale, uint8_t *out, int depth, size_t samples) {
  if (depth == 8)
    for (size_t i = 0; i < samples; i++) out[i] = (uint8_t)(int)(limited(row[i] * scale, 255) + 0.5f);
  else
    for (size_t i = 0; i < samples; i++)
      ((uint16_t *)(void *)out)[i] = (uint16_t)(int)(limited(row[i] * scale, 65535) + 0.5f);
}

// One pixel of premultiplied color and alpha (0…top) to plain color and alpha. Where the filter overshoots, alpha and
// color do so together: their quotient is right before either is limited.
CSIMD_INLINE void divide(const float *pixel, float *out, size_t channels, float top) {
  float alpha = pixel[channels - 1];
  // Of a transparent pixel no color is left.
  float factor = alpha > 0 ? top / alpha : 0;
  for (size_t channel = 0; channel + 1 < channels; channel++) out[channel] = pixel[channel] * factor;
  out[channels - 1] = alpha;
}

// One pixel of premultiplied color and alpha (0…top) laid on a background; `to` may have more channels.
CSIMD_INLINE void flatten(
  const float *pixel, float *out, size_t channels, size_t to, float top, const float background[3]) {
  float alpha = limited(pixel[channels - 1], top);
  float factor = pixel[channels - 1] > top ? top / pixel[channels - 1] : 1;
  for (size_t channel = 0; channel < to; channel++) {
    float color = limited(pixel[channel + 1 < channels ? channel : 0] * factor, alpha);
    out[channel] = channel < 3 ? color + (top - alpha) * background[channel] : top;
  }
}

// The level of `light` of at most `top`, in the same range; between the steps of the curve it is a straight line.
CSIMD_INLINE float level_of(float light, float top, const float *level) {
  float step = limited(light, top) * ((float)ccodecs_curve_steps / top);
  // At the top `below` is the last step, and the table has one more.
  int below = (int)step;
  return top * (level[below] + (level[below + 1] - level[below]) * (step - (float)below));
}

// Stores rows of light without alpha.
CSIMD_INLINE void darken(
  const float *row, const struct ccodecs_image *from, float scale, uint8_t *out, int depth, const float *level) {
  const float top = from->depth == 8 ? 255 : 65535;
  const size_t channels = (size_t)from->channels;
  for (size_t x = 0; x < from->width; x++) {
    float pixel[4];
    for (size_t channel = 0; channel < channels; channel++) pixel[channel] = level_of(row[x * channels + channel], top, level);
    store(pixel, scale, out + x * channels * (size_t)(depth / 8), depth, channels);
  }
}

// Two pixels at a time of four channels to four channels of 8 bits: divided by alpha or laid on a background as above,
// bit for bit. One pixel at a time took a third of the whole conversion of a PNG with alpha to a JPEG of the same size.
CSIMD_INLINE void narrow_pairs(
  const float *row, float top, float scale, uint8_t *out, const bool alpha, size_t width, const float background[3]) {
  const floats zeros = {0}, tops = zeros + top, most = zeros + 255;
  const floats behind = {background[0], background[1], background[2], 0, background[0], background[1], background[2], 0};
  for (size_t x = 0; x < width; x += 2) {
    const floats pixels = *(const floats *)(row + 4 * x);
    const floats alphas = __builtin_shufflevector(pixels, pixels, 3, 3, 3, 3, 7, 7, 7, 7);
    floats done;
    if (alpha) {
      floats factor = tops / alphas;
      // Clears the quotient where alpha is not above 0, as `divide` does by a branch.
      factor = (floats)((ints)factor & (alphas > zeros));
      done = pixels * factor;
      done = __builtin_shufflevector(done, pixels, 0, 1, 2, 11, 4, 5, 6, 15);
    } else {
      const floats limited = __builtin_elementwise_min(__builtin_elementwise_max(alphas, zeros), tops);
      const floats colors = pixels * (tops / __builtin_elementwise_max(alphas, tops));
      done = __builtin_elementwise_min(__builtin_elementwise_max(colors, zeros), limited) + (tops - limited) * behind;
      done = __builtin_shufflevector(done, tops, 0, 1, 2, 11, 4, 5, 6, 15);
    }
    done = __builtin_elementwise_min(__builtin_elementwise_max(done * scale, zeros), most) + 0.5f;
    const bytes levels = __builtin_convertvector(__builtin_convertvector(done, ints), bytes);
    __builtin_memcpy(out + 4 * x, &levels, x + 2 <= width ? 8 : 4);
  }
}

// The shortest way for each combination; the loop at the end takes all others. A background of 8 bits becomes one of 16
// when multiplied by 257.
CSIMD_INLINE void narrow(
  const float *row, const struct ccodecs_image *from, uint8_t *out, const struct ccodecs_image *to,
  const uint8_t background[3], const struct ccodecs_curve *curve) {
  assert(is_shape(from) && is_shape(to) && is_aligned(out, to->depth));
  assert(from->width == to->width && (from->alpha || !to->alpha));
  const float top = from->depth == 8 ? 255 : 65535, scale = (to->depth == 8 ? 255 : 65535) / top;
  const size_t channels = (size_t)from->channels, wanted = (size_t)to->channels;
  if (!from->alpha && curve) return darken(row, from, scale, out, to->depth, curve->level);
  if (!from->alpha) return store(row, scale, out, to->depth, (size_t)from->width * channels);
  float behind[3];
  for (int channel = 0; channel < 3; channel++)
    behind[channel] = curve ? curve->light[from->depth == 8 ? background[channel] : background[channel] * 257]
                         : (float)background[channel] * (1.0f / 255);
  if (!curve && channels == 4 && wanted == 4 && to->depth == 8)
    return narrow_pairs(row, top, scale, out, to->alpha, from->width, behind);
  for (size_t x = 0; x < from->width; x++) {
    float pixel[4];
    if (to->alpha) divide(row + x * channels, pixel, channels, top);
    else flatten(row + x * channels, pixel, channels, wanted, top, behind);
    for (size_t channel = 0; curve && channel < wanted; channel++)
      if (!is_alpha(to, (int)channel)) pixel[channel] = level_of(pixel[channel], top, curve->level);
    store(pixel, scale, out + x * wanted * (size_t)(to->depth / 8), to->depth, wanted);
  }
}

// Each kernel twice on x86-64: with 256-bit vectors where the processor has AVX2, else with the 128-bit ones of SSE2.
// Measured for 1280 × 800 RGB to 512 × 320 on a Xeon of 2023: widen 0.42 and 0.46 ms, resample 1.60 and 2.13 ms, blend
// 0.50 and 0.82 ms; decoding such an image takes about 15 ms. C, because it is optimized in debug builds too.
#if CSIMD_X86
#define each_level(name, parameters, arguments, body)                                                                  \
  CSIMD_AVX2 static void name##_avx2 parameters { body arguments; }                                                    \
  static void name##_portable parameters { body arguments; }                                                           \
  void ccodecs_##name parameters {                                                                                     \
    if (csimd_level_in_use() >= csimd_avx2) name##_avx2 arguments;                                                     \
    else name##_portable arguments;                                                                                    \
  }
#else
#define each_level(name, parameters, arguments, body)                                                                  \
  void ccodecs_##name parameters { body arguments; }
#endif

each_level(
  widen, (const uint8_t *row, float *out, const struct ccodecs_image *image, const struct ccodecs_curve *curve),
  (row, out, image, curve), widen)
each_level(
  resample, (const struct ccodecs_axis *axis, int channels, const float *const rows[4], float *const out[4]),
  (axis, channels, rows, out), resample_channels)
each_level(
  blend, (const float *const *rows, const float *weights, int count, float *out, size_t samples),
  (rows, weights, count, out, samples), blend)
each_level(
  narrow,
  (const float *row, const struct ccodecs_image *from, uint8_t *out, const struct ccodecs_image *to,
   const uint8_t background[3], const struct ccodecs_curve *curve),
  (row, from, out, to, background, curve), narrow)
