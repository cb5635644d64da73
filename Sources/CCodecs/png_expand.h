// Rows of a PNG's samples made into rows of whole, plain channels.
#ifndef CCODECS_PNG_EXPAND_H
#define CCODECS_PNG_EXPAND_H

#include "png_stream.h"

struct png_expander {
  // What is done to rows whose samples have 8 bits, or got them.
  enum png_form {
    png_as_is,
    png_indices,     // nothing but the check that all are in the palette
    png_colors,      // indices become colors with alpha
    png_gray_alpha,  // a gray level gets an alpha of 0 or 255
    png_transparent, // pixels of four bytes get an alpha of 0 where the other three are the key
    png_deep,        // 16 bits in this machine's order, pixels of three samples with a fourth
  } form;
  bool has_bits; // there are several samples to a byte, which come first
  size_t width, samples, colors;
  int depth;
  bool has_key;
  uint16_t key[3];
  uint8_t palette[256][4];
  uint8_t spread[256][8]; // the samples of a byte
};
void png_expander_prepare(struct png_expander *expander, const struct png_image *image);
// True when unfiltered rows of 8 bits, pixels of three with a fourth, have the size of those that are put out, so that
// `png_expand` may be given the same row twice.
bool png_expander_is_direct(const struct png_expander *expander);
// Makes a row of unfiltered samples one to be put out. `spare` has room for a sample of each pixel in a byte. False for an
// index that is not in the palette.
bool png_expand(const struct png_expander *expander, const uint8_t *row, uint8_t *spare, uint8_t *target);

#endif
