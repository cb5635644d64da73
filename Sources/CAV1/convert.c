// Planes to rows of pixels, and back.
//
// Loops are plain, over arrays that do not overlap, so that the compiler makes vectors of them. Between half-size color planes and
// pixels, color is interpolated linearly between the centers of its samples, as libavif and libyuv do: 9, 3, 3 and 1 sixteenths.
#include "cav1.h"
#include <assert.h>
#include <string.h>

// Floats for luma, both colors and alpha of a row, and 16-bit room for two rows of color samples under way.
size_t cav1_scratch_size(uint32_t width) { return (size_t)width * 4 * sizeof(float) + ((size_t)width + 2) * sizeof(uint32_t); }

static void widen(const uint8_t *restrict row, bool is_wide, uint32_t count, float *restrict out) {
  if (is_wide) {
    const uint16_t *samples = (const uint16_t *)row;
    for (uint32_t x = 0; x < count; x++) out[x] = (float)samples[x];
  } else {
    for (uint32_t x = 0; x < count; x++) out[x] = (float)row[x];
  }
}

// 3 · `near` + `far`.
static void blend_rows(
  const uint8_t *near, const uint8_t *far, bool is_wide, uint32_t count, uint32_t *restrict out) {
  if (is_wide) {
    const uint16_t *one = (const uint16_t *)near, *other = (const uint16_t *)far;
    for (uint32_t x = 0; x < count; x++) out[x] = 3u * one[x] + other[x];
  } else {
    for (uint32_t x = 0; x < count; x++) out[x] = 3u * near[x] + far[x];
  }
}

// Row `y` of a color plane for all pixels.
static void color_row(
  const struct cav1_picture *picture, int plane, uint32_t y, float *restrict out, uint32_t *restrict blended) {
  const uint8_t *start = picture->planes[plane];
  size_t stride = picture->strides[plane];
  if (!picture->shift_x) {
    widen(start + y * stride, picture->is_wide, picture->width, out);
    return;
  }
  uint32_t width = (picture->width + 1) / 2;
  uint32_t near = y, far = y;
  if (picture->shift_y) {
    uint32_t height = (picture->height + 1) / 2;
    near = y / 2;
    far = y & 1 ? (near + 1 < height ? near + 1 : near) : near > 0 ? near - 1 : 0;
  }
  // One more sample at either end, which is what the nearest one is.
  blend_rows(start + near * stride, start + far * stride, picture->is_wide, width, blended + 1);
  blended[0] = blended[1];
  blended[width + 1] = blended[width];
  const float unit = 1.0f / 16;
  uint32_t pairs = picture->width / 2;
  for (uint32_t x = 0; x < pairs; x++) {
    out[2 * x] = (float)(int32_t)(3 * blended[x + 1] + blended[x]) * unit;
    out[2 * x + 1] = (float)(int32_t)(3 * blended[x + 1] + blended[x + 2]) * unit;
  }
  if (picture->width & 1) out[2 * pairs] = (float)(int32_t)(3 * blended[pairs + 1] + blended[pairs]) * unit;
}

// Rounds and cuts to 0…`most`. Not a number does not come: weights and samples are finite.
static inline uint32_t cut(float value, float most) {
  value += 0.5f;
  value = value > 0 ? value : 0;
  value = value < most ? value : most;
  return (uint32_t)(int32_t)value;
}

struct row {
  const float *luma, *blue, *red, *alpha; // blue and red are NULL for gray, alpha for none
  uint32_t width;
};

static void gray_row(const struct row *row, const struct cav1_conversion *conversion, uint8_t *restrict out) {
  const float weight = conversion->weights[0][0], offset = conversion->weights[0][3];
  const float most = conversion->depth == 8 ? 255 : 65535;
  const int channels = conversion->channels;
  for (uint32_t x = 0; x < row->width; x++) {
    uint32_t value = cut(row->luma[x] * weight + offset, most);
    if (conversion->depth == 8) {
      out[x * (uint32_t)channels] = (uint8_t)value;
    } else {
      ((uint16_t *)out)[x * (uint32_t)channels] = (uint16_t)value;
    }
  }
  if (channels == 1) return;
  for (uint32_t x = 0; x < row->width; x++) {
    uint32_t value = row->alpha ? (uint32_t)row->alpha[x] : (uint32_t)most;
    if (conversion->depth == 8) {
      out[2 * x + 1] = (uint8_t)value;
    } else {
      ((uint16_t *)out)[2 * x + 1] = (uint16_t)value;
    }
  }
}

static void color_row_of_8(const struct row *row, const struct cav1_conversion *conversion, uint32_t *restrict out) {
  const float(*w)[4] = conversion->weights;
  const float r0 = w[0][0], r1 = w[0][1], r2 = w[0][2], r3 = w[0][3];
  const float g0 = w[1][0], g1 = w[1][1], g2 = w[1][2], g3 = w[1][3];
  const float b0 = w[2][0], b1 = w[2][1], b2 = w[2][2], b3 = w[2][3];
  const float *restrict luma = row->luma, *restrict blue = row->blue, *restrict red = row->red;
  for (uint32_t x = 0; x < row->width; x++) {
    float y = luma[x], u = blue[x], v = red[x];
    out[x] = cut(r0 * y + r1 * u + r2 * v + r3, 255) | cut(g0 * y + g1 * u + g2 * v + g3, 255) << 8 |
             cut(b0 * y + b1 * u + b2 * v + b3, 255) << 16 | 0xFF000000u;
  }
  if (!row->alpha) return;
  for (uint32_t x = 0; x < row->width; x++) out[x] = (out[x] & 0xFFFFFFu) | (uint32_t)(int32_t)row->alpha[x] << 24;
}

static void color_row_of_16(const struct row *row, const struct cav1_conversion *conversion, uint16_t *restrict out) {
  const float(*w)[4] = conversion->weights;
  for (int channel = 0; channel < 3; channel++) {
    const float a = w[channel][0], b = w[channel][1], c = w[channel][2], d = w[channel][3];
    for (uint32_t x = 0; x < row->width; x++)
      out[4 * x + (uint32_t)channel] =
        (uint16_t)cut(a * row->luma[x] + b * row->blue[x] + c * row->red[x] + d, 65535);
  }
  for (uint32_t x = 0; x < row->width; x++) out[4 * x + 3] = row->alpha ? (uint16_t)row->alpha[x] : 65535;
}

// Divides colors by alpha; where that is 0 they become 0.
static void undo_alpha(const struct cav1_conversion *conversion, uint32_t width, uint8_t *row) {
  const uint32_t most = conversion->depth == 8 ? 255 : 65535;
  const int channels = conversion->channels;
  for (uint32_t x = 0; x < width; x++) {
    for (int channel = 0; channel < channels - 1; channel++) {
      size_t at = (size_t)x * (size_t)channels + (size_t)channel, end = (size_t)(x + 1) * (size_t)channels - 1;
      bool is_byte = conversion->depth == 8;
      uint64_t alpha = is_byte ? row[end] : ((uint16_t *)row)[end];
      uint64_t value = is_byte ? row[at] : ((uint16_t *)row)[at];
      uint64_t whole = alpha ? (value * most + alpha / 2) / alpha : 0;
      if (whole > most) whole = most;
      if (is_byte) row[at] = (uint8_t)whole;
      else ((uint16_t *)row)[at] = (uint16_t)whole;
    }
  }
}

void cav1_to_rows(
  const struct cav1_picture *picture, const struct cav1_picture *alpha, const struct cav1_conversion *conversion,
  uint32_t first, uint32_t count, uint8_t *rows, size_t stride, void *scratch) {
  assert(first + count <= picture->height && (!alpha || (alpha->width == picture->width && alpha->height == picture->height)));
  assert(conversion->channels == 1 || conversion->channels == 2 || conversion->channels == 4);
  const uint32_t width = picture->width;
  float *luma = scratch, *blue = luma + width, *red = blue + width, *opacity = red + width;
  uint32_t *blended = (uint32_t *)(opacity + width);
  struct row row = {.luma = luma, .alpha = alpha ? opacity : NULL, .width = width};
  if (!picture->is_monochrome) row.blue = blue, row.red = red;
  const float most = conversion->depth == 8 ? 255 : 65535;
  for (uint32_t y = first; y < first + count; y++, rows += stride) {
    widen(picture->planes[0] + y * picture->strides[0], picture->is_wide, width, luma);
    if (alpha) {
      widen(alpha->planes[0] + y * alpha->strides[0], alpha->is_wide, width, opacity);
      for (uint32_t x = 0; x < width; x++)
        opacity[x] = (float)(int32_t)cut(opacity[x] * conversion->alpha_weight + conversion->alpha_offset, most);
    }
    if (conversion->channels < 4) {
      gray_row(&row, conversion, rows);
    } else {
      color_row(picture, 1, y, blue, blended);
      color_row(picture, 2, y, red, blended);
      if (conversion->depth == 8) color_row_of_8(&row, conversion, (uint32_t *)rows);
      else color_row_of_16(&row, conversion, (uint16_t *)rows);
    }
    if (conversion->is_premultiplied && alpha && conversion->channels != 1) undo_alpha(conversion, width, rows);
  }
}

// BT.601's weights (ITU-T H.273, table 4, value 6) times 1 << 16. Those of luma add up to 1 << 16, those of a color to 0.
enum { red_luma = 19595, green_luma = 38470, blue_luma = 7471 };
enum { red_blue = -11059, green_blue = -21709, blue_blue = 32768 };
enum { red_red = 32768, green_red = -27439, blue_red = -5329 };

static void luma_row(const uint8_t *restrict row, uint32_t width, uint8_t *restrict luma) {
  for (uint32_t x = 0; x < width; x++)
    luma[x] = (uint8_t)((red_luma * row[4 * x] + green_luma * row[4 * x + 1] + blue_luma * row[4 * x + 2] + 32768) >> 16);
}

// One color sample, of the sums of `1 << shift` pixels.
static inline uint8_t color(int red, int green, int blue, int by_red, int by_green, int by_blue, int shift) {
  // 128 · 2^16, rounded half up; the largest sums, of pure blue and pure red, would become 256.
  int value = (by_red * red + by_green * green + by_blue * blue + ((128 << 16 | 32767) << shift)) >> (16 + shift);
  return (uint8_t)(value > 255 ? 255 : value < 0 ? 0 : value);
}

void cav1_from_rows(
  const uint8_t *first, const uint8_t *second, uint32_t width, const struct cav1_row_target *target) {
  luma_row(first, width, target->luma);
  if (target->shift_y && second) luma_row(second, width, target->luma_second);
  if (!target->shift_x) {
    for (uint32_t x = 0; x < width; x++) {
      const uint8_t *pixel = first + 4 * x;
      target->blue[x] = color(pixel[0], pixel[1], pixel[2], red_blue, green_blue, blue_blue, 0);
      target->red[x] = color(pixel[0], pixel[1], pixel[2], red_red, green_red, blue_red, 0);
    }
    return;
  }
  // What is missing at the edges counts as what is beside it.
  const uint8_t *other = target->shift_y && second ? second : first;
  uint8_t *restrict blue = target->blue, *restrict red = target->red;
  for (uint32_t x = 0; x < width / 2; x++) {
    const uint8_t *a = first + 8 * x, *b = other + 8 * x;
    int r = a[0] + a[4] + b[0] + b[4], g = a[1] + a[5] + b[1] + b[5], l = a[2] + a[6] + b[2] + b[6];
    blue[x] = color(r, g, l, red_blue, green_blue, blue_blue, 2);
    red[x] = color(r, g, l, red_red, green_red, blue_red, 2);
  }
  if (width & 1) {
    const uint8_t *a = first + 4 * (size_t)(width - 1), *b = other + 4 * (size_t)(width - 1);
    int r = a[0] + b[0], g = a[1] + b[1], l = a[2] + b[2];
    blue[width / 2] = color(r, g, l, red_blue, green_blue, blue_blue, 1);
    red[width / 2] = color(r, g, l, red_red, green_red, blue_red, 1);
  }
}

void cav1_take_channel(const uint8_t *row, uint32_t width, int channels, int index, uint8_t *plane) {
  if (channels == 1) {
    memcpy(plane, row, width);
    return;
  }
  for (uint32_t x = 0; x < width; x++) plane[x] = row[x * (uint32_t)channels + (uint32_t)index];
}
