// Sharpening: kernels for one row. Plain loops that compilers turn into vectors; each value is made by the same products
// and sums in the same order whatever their width, and so are the bits.
#include "ccodecs.h"
#include <csimd.h>

// A fused multiply-add rounds once instead of twice, and would give other bits where the processor has it.
#pragma STDC FP_CONTRACT OFF

// What a loop is compiled for; constants in each of its copies, so that nothing is decided for each pixel.
struct form {
  int depth, channels;
  bool alpha;
};

CSIMD_INLINE float sample_at(const uint8_t *row, struct form form, size_t at) {
  return form.depth == 8 ? (float)row[at] : (float)((const uint16_t *)(const void *)row)[at];
}

CSIMD_INLINE float top_of(struct form form) { return form.depth == 8 ? 255 : 65535; }

CSIMD_INLINE void luma_of(const uint8_t *row, const struct form form, size_t width, float *luma, float *alpha) {
  const size_t channels = (size_t)form.channels;
  for (size_t x = 0; x < width; x++) {
    const size_t at = x * channels;
    float bright = sample_at(row, form, at);
    if (channels == 4)
      bright = bright * 0.2126f + sample_at(row, form, at + 1) * 0.7152f + sample_at(row, form, at + 2) * 0.0722f;
    const float part = form.alpha ? sample_at(row, form, at + channels - 1) * (1 / top_of(form)) : 1;
    luma[x + 1] = bright * part;
    alpha[x + 1] = part;
  }
  luma[0] = luma[1];
  alpha[0] = alpha[1];
  luma[width + 1] = luma[width];
  alpha[width + 1] = alpha[width];
}

// Sixteen times the mean around pixel x.
CSIMD_INLINE float around(const float *const rows[3], size_t x) {
  const float left = rows[0][x] + 2 * rows[1][x] + rows[2][x];
  const float middle = rows[0][x + 1] + 2 * rows[1][x + 1] + rows[2][x + 1];
  const float right = rows[0][x + 2] + 2 * rows[1][x + 2] + rows[2][x + 2];
  return left + 2 * middle + right;
}

CSIMD_INLINE float limited(float value, float top) { return value < 0 ? 0 : value > top ? top : value; }

CSIMD_INLINE void sharpen_of(
  const uint8_t *row, const struct form form, size_t width, const float *const lumas[3], const float *const alphas[3],
  float amount, uint8_t *out) {
  const size_t channels = (size_t)form.channels;
  for (size_t x = 0; x < width; x++) {
    const float alpha = alphas[1][x + 1], weight = form.alpha ? around(alphas, x) : 16;
    // A pixel that is not seen has no brightness, and stays as it is.
    const float own = form.alpha ? lumas[1][x + 1] / (alpha > 0 ? alpha : 1) : lumas[1][x + 1];
    const float mean = around(lumas, x) / (weight > 0 ? weight : 1);
    const float more = alpha > 0 ? amount * (own - mean) : 0;
    for (size_t channel = 0; channel < channels; channel++) {
      const size_t at = x * channels + channel;
      const float old = sample_at(row, form, at);
      const bool is_color = channels == 1 || channel + 1 < channels;
      // Limited values are never negative, so adding a half and cutting off rounds them.
      const int level = (int)(is_color ? limited(old + more, top_of(form)) + 0.5f : old);
      if (form.depth == 8) out[at] = (uint8_t)level;
      else ((uint16_t *)(void *)out)[at] = (uint16_t)level;
    }
  }
}

// Calls `kernel` with the form of `image` as a constant.
#define for_form(kernel, image, ...)                                                                                   \
  do {                                                                                                                 \
    const int kind = (image)->channels == 1 ? 0 : (image)->channels == 2 ? 1 : (image)->alpha ? 2 : 3;                 \
    switch ((image)->depth == 8 ? kind : kind + 4) {                                                                   \
    case 0: kernel(row, (struct form){8, 1, false}, (image)->width, __VA_ARGS__); break;                               \
    case 1: kernel(row, (struct form){8, 2, true}, (image)->width, __VA_ARGS__); break;                                \
    case 2: kernel(row, (struct form){8, 4, true}, (image)->width, __VA_ARGS__); break;                                \
    case 3: kernel(row, (struct form){8, 4, false}, (image)->width, __VA_ARGS__); break;                               \
    case 4: kernel(row, (struct form){16, 1, false}, (image)->width, __VA_ARGS__); break;                              \
    case 5: kernel(row, (struct form){16, 2, true}, (image)->width, __VA_ARGS__); break;                               \
    case 6: kernel(row, (struct form){16, 4, true}, (image)->width, __VA_ARGS__); break;                               \
    default: kernel(row, (struct form){16, 4, false}, (image)->width, __VA_ARGS__); break;                             \
    }                                                                                                                  \
  } while (0)

CSIMD_INLINE void luma(const uint8_t *row, const struct ccodecs_image *image, float *lumas, float *alphas) {
  for_form(luma_of, image, lumas, alphas);
}

CSIMD_INLINE void sharpen(
  const uint8_t *row, const struct ccodecs_image *image, const float *const lumas[3], const float *const alphas[3],
  float amount, uint8_t *out) {
  for_form(sharpen_of, image, lumas, alphas, amount, out);
}

// Each kernel twice on x86-64: with 256-bit vectors where the processor has AVX2, else with the 128-bit ones of SSE2.
#if CSIMD_X86
#define each_level(name, parameters, arguments)                                                                        \
  CSIMD_AVX2 static void name##_avx2 parameters { name arguments; }                                                    \
  static void name##_portable parameters { name arguments; }                                                           \
  void ccodecs_##name parameters {                                                                                     \
    if (csimd_level_in_use() >= csimd_avx2) name##_avx2 arguments;                                                     \
    else name##_portable arguments;                                                                                    \
  }
#else
#define each_level(name, parameters, arguments)                                                                        \
  void ccodecs_##name parameters { name arguments; }
#endif

each_level(
  luma, (const uint8_t *row, const struct ccodecs_image *image, float *lumas, float *alphas),
  (row, image, lumas, alphas))
each_level(
  sharpen,
  (const uint8_t *row, const struct ccodecs_image *image, const float *const lumas[3], const float *const alphas[3],
   float amount, uint8_t *out),
  (row, image, lumas, alphas, amount, out))
