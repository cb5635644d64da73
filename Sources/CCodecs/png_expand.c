// What becomes of a PNG's samples when they are put out: indices become colors, bits bytes, two bytes a number, and what has
// the transparent color gets an alpha of 0. It is what libpng's transforms come to, which compare as many bits of a
// transparent color as samples have.
#include "png_expand.h"
#include <string.h>

// A sample of few bits is a byte that says as much, when it is not an index (PNG, 13.12).
static unsigned scale(const struct png_image *image) {
  return image->depth < 8 && !image->indexed && !image->stored ? 255 / ((1u << image->depth) - 1) : 1;
}

static enum png_form form_of(const struct png_image *image) {
  if (image->depth == 16) return png_deep;
  if (image->indexed) return image->stored ? png_indices : png_colors;
  if (!image->has_key || image->stored) return png_as_is;
  return image->samples == 1 ? png_gray_alpha : png_transparent;
}

void png_expander_prepare(struct png_expander *expander, const struct png_image *image) {
  const unsigned depth = (unsigned)image->depth, top = (1u << depth) - 1;
  expander->form = form_of(image);
  expander->has_bits = depth < 8;
  expander->width = image->width;
  expander->samples = image->samples;
  expander->colors = image->colors;
  expander->depth = image->depth;
  expander->has_key = image->has_key && !image->stored;
  for (int sample = 0; sample < 3; sample++)
    expander->key[sample] = (uint16_t)((image->key[sample] & top) * scale(image));
  memcpy(expander->palette, image->palette, sizeof expander->palette);
  if (!expander->has_bits) return;
  for (unsigned byte = 0; byte < 256; byte++)
    for (unsigned place = 0; place < 8 / depth; place++)
      expander->spread[byte][place] = (uint8_t)((byte >> (8 - depth * (place + 1)) & top) * scale(image));
}

bool png_expander_is_direct(const struct png_expander *expander) {
  const enum png_form form = expander->form;
  return !expander->has_bits && (form == png_as_is || form == png_indices || form == png_transparent);
}

static void spread_bits(const struct png_expander *expander, const uint8_t *row, uint8_t *target) {
  const size_t width = expander->width, some = 8 / (size_t)expander->depth;
  size_t x = 0;
  for (; x + 8 <= width; x += some) memcpy(target + x, expander->spread[*row++], 8);
  for (; x < width; x += some) memcpy(target + x, expander->spread[*row++], width - x < some ? width - x : some);
}

// Two bytes of a sample, the higher one first (PNG, 7.1).
static void put_deep(const struct png_expander *expander, const uint8_t *row, uint16_t *out) {
  const size_t samples = expander->samples;
  const uint16_t *key = expander->has_key ? expander->key : NULL;
  for (size_t x = 0; x < expander->width; x++) {
    bool is_key = key != NULL;
    for (size_t sample = 0; sample < samples; sample++, row += 2) {
      *out = (uint16_t)(row[0] << 8 | row[1]);
      if (is_key) is_key = *out == key[sample];
      out++;
    }
    if (samples == 3 || key) *out++ = is_key ? 0 : 0xFFFF;
  }
}

static void put_gray_alpha(const uint8_t *row, uint8_t *out, size_t width, uint8_t key) {
  for (size_t x = 0; x < width; x++) {
    out[2 * x] = row[x];
    out[2 * x + 1] = row[x] == key ? 0 : 255;
  }
}

static void set_transparent(const uint16_t *key, uint8_t *pixels, size_t width) {
  uint32_t transparent, blank, pixel;
  memcpy(&transparent, (const uint8_t[4]){(uint8_t)key[0], (uint8_t)key[1], (uint8_t)key[2], 255}, 4);
  memcpy(&blank, (const uint8_t[4]){(uint8_t)key[0], (uint8_t)key[1], (uint8_t)key[2], 0}, 4);
  for (size_t x = 0; x < width; x++) {
    memcpy(&pixel, pixels + 4 * x, 4);
    pixel = pixel == transparent ? blank : pixel;
    memcpy(pixels + 4 * x, &pixel, 4);
  }
}

static bool are_within(const uint8_t *indices, size_t width, size_t colors) {
  uint8_t highest = 0;
  for (size_t x = 0; x < width; x++) highest = indices[x] > highest ? indices[x] : highest;
  return highest < colors;
}

static void put_colors(const uint8_t (*palette)[4], const uint8_t *indices, uint8_t *out, size_t width) {
  for (size_t x = 0; x < width; x++) memcpy(out + 4 * x, palette[indices[x]], 4);
}

bool png_expand(const struct png_expander *expander, const uint8_t *row, uint8_t *spare, uint8_t *target) {
  const size_t width = expander->width;
  const enum png_form form = expander->form;
  if (expander->has_bits) {
    uint8_t *bytes = form == png_as_is || form == png_indices ? target : spare;
    spread_bits(expander, row, bytes);
    row = bytes;
  }
  if ((form == png_indices || form == png_colors) && !are_within(row, width, expander->colors)) return false;
  if (form == png_colors) put_colors(expander->palette, row, target, width);
  if (form == png_gray_alpha) put_gray_alpha(row, target, width, (uint8_t)expander->key[0]);
  if (form == png_transparent) set_transparent(expander->key, target, width);
  if (form == png_deep) put_deep(expander, row, (uint16_t *)target);
  return true;
}
