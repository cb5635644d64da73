// Rows of a PNG by our own inflater and filters.
#include "internal.h"
#include "png_expand.h"
#include <stdlib.h>
#include <string.h>

// How much is inflated at a time, which the second level of cache has room for.
enum { ahead = 1 << 17 };

struct png_stream {
  struct png_chunks chunks;
  struct png_expander expander;
  size_t pixels, bytes; // of a row, and of a pixel: 1 where it is smaller, and as many of them then
  size_t height;
  size_t row;           // bytes of a row, its filter included
  size_t together;      // how many rows can be unfiltered together
  uint64_t left;        // bytes that are not inflated yet
  uint8_t *buffer, *stop; // what is inflated: 32 KiB that matches may reach back to, and rows
  uint8_t *next;        // the first row that was not put out
  uint8_t *rows;          // memory for three rows
  uint8_t *above, *below; // the last row that was unfiltered, and the next, unless it is put out as it is
  uint8_t *spare;         // for `png_expand`
  uint32_t adler;
  struct png_inflater inflater;
};

struct png_stream *png_stream_open(const struct png_chunks *chunks, const struct png_image *image) {
  struct png_stream *stream = malloc(sizeof *stream);
  if (!stream) return NULL;
  stream->chunks = *chunks;
  png_expander_prepare(&stream->expander, image);
  const size_t bits = image->samples * (size_t)image->depth;
  stream->bytes = bits < 8 ? 1 : bits / 8;
  stream->pixels = bits < 8 ? (image->width * bits + 7) / 8 : image->width;
  stream->height = image->height;
  stream->row = stream->pixels * stream->bytes + 1;
  stream->together = png_unfiltered_together(stream->bytes);
  stream->left = (uint64_t)stream->row * image->height;
  stream->adler = 1;
  size_t some = stream->together * stream->row, room = png_window + (some > ahead ? some : ahead), wide = 8 * image->width + png_slack;
  stream->next = stream->buffer = malloc(room + png_slack);
  // The row above the first is 0 (PNG, 9.2).
  stream->rows = calloc(3, wide);
  if (!stream->buffer || !stream->rows) return png_stream_close(stream), NULL;
  stream->stop = stream->buffer + room;
  stream->above = stream->rows;
  stream->below = stream->rows + wide;
  stream->spare = stream->rows + 2 * wide;
  stream->inflater.history = stream->inflater.out = stream->inflater.out_stop = stream->buffer;
  return stream;
}

void png_stream_close(struct png_stream *stream) {
  if (!stream) return;
  free(stream->buffer);
  free(stream->rows);
  free(stream);
}

// Keeps what matches may reach back to and what was not put out, and moves it to the front.
static void slide(struct png_stream *stream) {
  uint8_t *keep = stream->inflater.out - png_window;
  if (keep < stream->buffer) return;
  if (keep > stream->next) keep = stream->next;
  memmove(stream->buffer, keep, (size_t)(stream->inflater.out - keep));
  stream->next -= keep - stream->buffer;
  stream->inflater.out -= keep - stream->buffer;
}

// Inflates `count` rows at least, of which there are at most as many as are unfiltered together.
static bool inflate_rows(struct png_stream *stream, size_t count) {
  struct png_inflater *inflater = &stream->inflater;
  while ((size_t)(inflater->out - stream->next) < count * stream->row) {
    if (stream->next + count * stream->row > stream->stop) slide(stream);
    uint8_t *before = inflater->out;
    size_t room = (size_t)(stream->stop - before);
    inflater->out_stop = before + (room < stream->left ? room : stream->left);
    if (!png_inflater_run(inflater, &stream->chunks, &stream->adler)) return false;
    size_t made = (size_t)(inflater->out - before);
    if (made == 0 || made > stream->left) return false;
    stream->left -= made;
  }
  return true;
}

// Puts out `count` rows that are inflated.
static bool put(struct png_stream *stream, uint8_t *target, size_t stride, size_t count) {
  const struct png_expander *expander = &stream->expander;
  struct png_rows rows = {stream->pixels, stream->bytes, count, stream->next, stream->above, target, stride};
  stream->next += count * stream->row;
  if (png_expander_is_direct(expander)) {
    if (!png_unfilter(&rows)) return false;
    memcpy(stream->above, target + (count - 1) * stride, stream->pixels * (stream->bytes == 3 ? 4 : stream->bytes));
    for (; count > 0; count--, target += stride)
      if (!png_expand(expander, target, stream->spare, target)) return false;
    return true;
  }
  rows.count = 1;
  for (; count > 0; count--, rows.raw += stream->row, target += stride) {
    rows.target = stream->below, rows.above = stream->above;
    if (!png_unfilter(&rows) || !png_expand(expander, stream->below, stream->spare, target)) return false;
    stream->below = stream->above;
    stream->above = rows.target;
  }
  return true;
}

bool png_stream_read(struct png_stream *stream, uint8_t *rows, size_t stride, size_t count) {
  if (stream->inflater.history == stream->inflater.out
      && !png_inflater_start(&stream->inflater, &stream->chunks, stream->row * stream->height))
    return false;
  while (count > 0) {
    const size_t together = stream->together;
    if (!inflate_rows(stream, count < together ? count : together)) return false;
    size_t there = (size_t)(stream->inflater.out - stream->next) / stream->row;
    size_t some = there < count ? there - there % together : count;
    if (!put(stream, rows, stride, some)) return false;
    rows += some * stride, count -= some;
  }
  return true;
}

bool png_stream_finish(struct png_stream *stream) {
  struct png_inflater *inflater = &stream->inflater;
  if (inflater->out >= stream->stop) slide(stream);
  const uint8_t *before = inflater->out;
  inflater->out_stop = inflater->out + 1;
  return stream->left == 0 && png_inflater_run(inflater, &stream->chunks, &stream->adler) && inflater->out == before
         && inflater->state == png_at_end;
}
