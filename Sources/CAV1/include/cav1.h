// AV1 pictures by libaom, and the way between their planes and rows of red, green and blue.
//
// The container around a picture is read and written in Swift; here is only what libaom has to do and what runs once a pixel.
// libaom uses the calling thread alone. Nothing here keeps anything between two calls but the decoder that `cav1_decode` returns.
//
// Built without libaom (no LANES_AVIF), `cav1_version` returns NULL and nothing else may be called but the conversions.
#ifndef CAV1_H
#define CAV1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cav1_status {
  cav1_ok,
  cav1_damaged,     // the bytes contradict AV1; message: libaom's words
  cav1_unsupported, // valid, but of a kind that libaom was built without
  cav1_no_memory,
  cav1_sink_failed, // the sink returned false
  cav1_failed,      // libaom refused a setting or failed in itself; message: its words
};

struct cav1_result {
  enum cav1_status status;
  char message[200];
};

// Of libaom, such as "3.6.0"; NULL where the program was built without it.
const char *cav1_version(void);

// A picture in planes: luma, and two of color, each sample of which stands for 1 << shift_x by 1 << shift_y pixels.
struct cav1_picture {
  const uint8_t *planes[3]; // a monochrome picture has the first only
  size_t strides[3];        // bytes between two rows
  uint32_t width, height;
  int depth;                // 8, 10 or 12
  bool is_wide;             // samples take two bytes, in native order
  bool is_monochrome;
  int shift_x, shift_y;
  bool is_full_range;
  // Code points of ITU-T H.273: colors, transfer, matrix.
  int primaries, transfer, matrix;
};

// Decodes one temporal unit and keeps the last picture that it shows.
//
// `operating_point` selects among the layers of a scalable picture; 0 is all of them. `picture` points into the decoder, which is
// to be closed by `cav1_close`. NULL on failure, with `result` filled.
struct cav1_decoder;
struct cav1_decoder *cav1_decode(
  const uint8_t *bytes, size_t count, int operating_point, struct cav1_picture *picture, struct cav1_result *result);
void cav1_close(struct cav1_decoder *decoder);

// Pictures of more pixels are encoded without looking for what repeats in them, as text on a screen does. That made a picture of a web
// page of 2.5 megapixels 7 times as small, and took 8 times as long and 80 bytes of memory a pixel instead of 20.
enum { cav1_most_repeating = 1 << 22 };

struct cav1_settings {
  int quantizer; // 0 (best)…63; 0 without is_lossless is merely very good
  int speed;     // 0 (slowest)…9
  bool is_lossless;
};
// Takes the next encoded bytes; false stops the encoder.
struct cav1_sink {
  bool (*take)(void *context, const uint8_t *bytes, size_t count);
  void *context;
};
// Encodes a picture of 8 bits as one still temporal unit, on the calling thread, with nothing that depends on time.
bool cav1_encode(
  const struct cav1_picture *picture, const struct cav1_settings *settings, const struct cav1_sink *sink,
  struct cav1_result *result);

// From planes to rows of channels: 1 gray, 2 gray and alpha, 4 red, green, blue and alpha, each of 8 or 16 bits.
//
// A channel is weights[channel][0] · luma + weights[channel][1] · first color + weights[channel][2] · second color +
// weights[channel][3], cut to what it holds. Gray takes the first row of weights. Alpha is alpha_weight · sample + alpha_offset.
struct cav1_conversion {
  float weights[3][4];
  float alpha_weight, alpha_offset;
  bool is_premultiplied; // colors were multiplied by alpha, which is undone
  int channels, depth;   // of the rows
};
// Bytes of working memory that `cav1_to_rows` needs for pictures of `width`.
size_t cav1_scratch_size(uint32_t width);
// Makes rows `first` to `first` + `count`, `stride` bytes apart. `alpha` may be NULL: then the last of 2 or 4 channels is full.
void cav1_to_rows(
  const struct cav1_picture *picture, const struct cav1_picture *alpha, const struct cav1_conversion *conversion,
  uint32_t first, uint32_t count, uint8_t *rows, size_t stride, void *scratch);

// From two neighboring rows of 8-bit red, green, blue and alpha to BT.601 planes of full range. `second` may be NULL, after the
// last row of an image of odd height; it is ignored where shift_y is 0, as `luma_second` is.
//
// Color samples are made of the mean of the pixels that they stand for.
struct cav1_row_target {
  uint8_t *luma, *luma_second, *blue, *red;
  int shift_x, shift_y;
};
void cav1_from_rows(
  const uint8_t *first, const uint8_t *second, uint32_t width, const struct cav1_row_target *target);
// Splits a row: channel `index` of `channels` to `plane`.
void cav1_take_channel(const uint8_t *row, uint32_t width, int channels, int index, uint8_t *plane);

#endif
