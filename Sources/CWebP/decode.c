// WebP to rows.
//
// libwebp decodes into memory for the whole image. It is given the file in pieces, so that rows are handed on as soon as
// they are there and time is asked for in between: nothing else stops a decoder that is at work.
#ifdef LANES_WEBP
#include "internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

struct cwebp_decoder {
  const uint8_t *bytes;
  size_t count, given; // `given` of them are libwebp's already
  struct ccodecs_limits limits;
  int width, height;
  uint8_t *pixels; // four channels, all rows
  WebPIDecoder *library;
  int row, decoded; // the next row to hand out, and how many are decoded
  bool alpha, complete;
  char damage[224]; // not empty once damage is made up for
};

// Pieces that a file is given in; small ones are given at once.
enum { piece_count = 32, least_piece = 1 << 15 };

static const char *const ends_early = "it ends inside the image data";

static bool fail(VP8StatusCode status, struct ccodecs_result *result) {
  switch (status) {
  case VP8_STATUS_OUT_OF_MEMORY: return cwebp_fail(result, ccodecs_no_memory, "out of memory");
  case VP8_STATUS_NOT_ENOUGH_DATA:
  case VP8_STATUS_SUSPENDED: return cwebp_fail(result, ccodecs_truncated, ends_early);
  case VP8_STATUS_UNSUPPORTED_FEATURE:
    return cwebp_fail(result, ccodecs_unsupported, "a WebP of a kind that libwebp does not read");
  default: return cwebp_fail(result, ccodecs_damaged, "invalid bitstream");
  }
}

struct cwebp_decoder *cwebp_open(
  const uint8_t *bytes, size_t count, const struct ccodecs_limits *limits, struct cwebp_header *header,
  struct ccodecs_result *result) {
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(bytes, count, &features);
  if (status == VP8_STATUS_NOT_ENOUGH_DATA) return cwebp_fail(result, ccodecs_truncated, "it ends inside the header"), NULL;
  if (status != VP8_STATUS_OK) return fail(status, result), NULL;
  header->image = (struct ccodecs_image){
    .width = (uint32_t)features.width, .height = (uint32_t)features.height, .channels = 4, .depth = 8,
    .alpha = features.has_alpha};
  header->lossless = features.format == 2;
  if (features.has_animation) return cwebp_fail(result, ccodecs_unsupported, "an animated WebP"), NULL;
  if ((uint64_t)features.width * (uint64_t)features.height > limits->max_pixels)
    return cwebp_fail(result, ccodecs_too_large, "too many pixels"), NULL;
  struct cwebp_decoder *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return cwebp_fail(result, ccodecs_no_memory, "out of memory"), NULL;
  decoder->bytes = bytes;
  decoder->count = count;
  decoder->limits = *limits;
  decoder->width = features.width;
  decoder->height = features.height;
  decoder->alpha = features.has_alpha;
  return decoder;
}

bool cwebp_start(struct cwebp_decoder *decoder, struct ccodecs_result *result) {
  assert(!decoder->pixels);
  const size_t stride = 4 * (size_t)decoder->width, size = stride * (size_t)decoder->height;
  decoder->pixels = ccodecs_allocate(size);
  if (!decoder->pixels) return cwebp_fail(result, ccodecs_no_memory, "out of memory");
  decoder->library = WebPINewRGB(MODE_RGBA, decoder->pixels, size, (int)stride);
  return decoder->library || cwebp_fail(result, ccodecs_no_memory, "out of memory");
}

// Gives libwebp the next piece of the file. False when the image is damaged or ends, or time is over.
static bool decode_more(struct cwebp_decoder *decoder, struct ccodecs_result *result) {
  const struct ccodecs_limits *limits = &decoder->limits;
  if (limits->go_on && !limits->go_on(limits->context)) return cwebp_fail(result, ccodecs_stopped, "stopped");
  if (decoder->given == decoder->count) return cwebp_fail(result, ccodecs_truncated, ends_early);
  size_t piece = decoder->count / piece_count + 1;
  if (piece < least_piece) piece = least_piece;
  if (piece > decoder->count - decoder->given) piece = decoder->count - decoder->given;
  decoder->given += piece;
  const VP8StatusCode status = WebPIUpdate(decoder->library, decoder->bytes, decoder->given);
  int rows = 0;
  // NULL until the first row is there.
  if (WebPIDecGetRGB(decoder->library, &rows, NULL, NULL, NULL)) decoder->decoded = rows;
  decoder->complete = status == VP8_STATUS_OK;
  return decoder->complete || status == VP8_STATUS_SUSPENDED || fail(status, result);
}

// What a salvaged image shows where it has no pixels: nothing, or the background where it cannot be transparent.
static void fill(const struct cwebp_decoder *decoder, uint8_t *row) {
  if (decoder->alpha) {
    memset(row, 0, 4 * (size_t)decoder->width);
    return;
  }
  for (int x = 0; x < decoder->width; x++) {
    memcpy(row + 4 * (size_t)x, decoder->limits.background, 3);
    row[4 * (size_t)x + 3] = 255;
  }
}

// Whether a failure is made up for, which is kept in mind.
static bool makes_up(struct cwebp_decoder *decoder, const struct ccodecs_result *result) {
  const bool is_damage = result->status == ccodecs_damaged || result->status == ccodecs_truncated;
  if (!decoder->limits.salvage || !is_damage) return false;
  snprintf(decoder->damage, sizeof decoder->damage, "%s", result->message);
  return true;
}

bool cwebp_read(
  struct cwebp_decoder *decoder, uint8_t *rows, size_t stride, int count, struct ccodecs_result *result) {
  assert(count >= 0 && count <= decoder->height - decoder->row);
  while (!decoder->complete && !decoder->damage[0] && decoder->decoded < decoder->row + count)
    if (!decode_more(decoder, result) && !makes_up(decoder, result)) return false;
  const size_t width = 4 * (size_t)decoder->width;
  for (int index = 0; index < count; index++, decoder->row++) {
    uint8_t *target = rows + (size_t)index * stride;
    if (decoder->row < decoder->decoded)
      memcpy(target, decoder->pixels + (size_t)decoder->row * width, width);
    else
      fill(decoder, target);
  }
  return true;
}

bool cwebp_finish(struct cwebp_decoder *decoder, struct ccodecs_result *result) {
  while (!decoder->complete && !decoder->damage[0])
    if (!decode_more(decoder, result) && !makes_up(decoder, result)) return false;
  return true;
}

const char *cwebp_damage(const struct cwebp_decoder *decoder) { return decoder->damage[0] ? decoder->damage : NULL; }

void cwebp_close(struct cwebp_decoder *decoder) {
  WebPIDelete(decoder->library);
  ccodecs_free(decoder->pixels);
  free(decoder);
}
#endif
