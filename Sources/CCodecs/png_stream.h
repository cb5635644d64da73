// A PNG's pixels without libpng: its IDAT chunks inflated and unfiltered row by row. Sound files only: whatever is odd is
// left to libpng, which alone says what is wrong.
#ifndef CCODECS_PNG_STREAM_H
#define CCODECS_PNG_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where the IDAT chunks of a file stand, one behind the other, and what is read of them so far.
struct png_chunks {
  const uint8_t *bytes;   // the file
  size_t start, end;      // of the chunks, from the first length to behind the last checksum
  size_t longest;         // bytes of one
  size_t next;            // of the next chunk, or `end`
  const uint8_t *payload; // what is left of the present chunk
  size_t left;
  uint32_t checksum;      // of the present chunk, as far as it was read
};
// Finds the chunks of a file, from the first to the last of those that follow one another; false where there are none, or no
// whole chunk behind them. No checksum is verified.
bool png_chunks_find(struct png_chunks *chunks, const uint8_t *bytes, size_t count);
// Copies the next bytes to `target`, at most `room`, and verifies the checksum of each chunk that ends. False for a wrong
// one. `*count` is 0 behind the last.
bool png_chunks_read(struct png_chunks *chunks, uint8_t *target, size_t room, size_t *count);

// Bytes that stand readable and writable behind an inflater's input and output: vectors are read and written whole.
enum { png_slack = 320 };

// How far matches reach back at most (RFC 1951, 2).
enum { png_window = 1 << 15 };

enum { png_litlen_bits = 11, png_offset_bits = 8, png_precode_bits = 7 };
enum { png_litlen_size = 2400, png_offset_size = 420, png_staged = 1 << 16 };

// Inflates zlib's format (RFC 1950 and 1951), as strictly as zlib does. It stops between two symbols and goes on there,
// so that an image takes 32 KiB and a few rows instead of all its rows.
struct png_inflater {
  enum png_inflater_state {
    png_at_block,    // before the header of a block
    png_in_stored,   // inside a block of plain bytes
    png_in_codes,    // inside a block of Huffman codes
    png_at_checksum, // behind the last block
    png_at_end,
  } state;
  bool last; // the present block is
  uint64_t bits;  // the next bits, the first of them lowest
  unsigned count; // how many of them there are: the lowest six bits count
  const uint8_t *in, *in_end;
  bool all_staged; // there is no more input than what lies before `in_end`; zeros follow it
  size_t stored;   // bytes left of a block of plain bytes
  // What is inflated goes from `out` up to `out_stop`, and at most 258 bytes and some vectors beyond. Matches reach back to
  // `history`.
  uint8_t *history, *out, *out_stop;
  uint32_t litlen[png_litlen_size], offset[png_offset_size];
  uint8_t staging[png_staged + png_slack];
};
// Starts at a zlib header. False when a window is asked for that is smaller than `total`, the size of all that is expected:
// how far back matches may then reach depends on zlib's calls.
bool png_inflater_start(struct png_inflater *inflater, struct png_chunks *chunks, size_t total);
// Inflates until `out_stop` is reached or the stream has ended; false for whatever zlib might object to. `adler` is the
// checksum of all that was inflated before; it is brought up to date and compared at the end.
bool png_inflater_run(struct png_inflater *inflater, struct png_chunks *chunks, uint32_t *adler);

// Finds the first bit of the last block of a deflated piece, and the one behind it; zeros follow the piece, png_slack bytes at
// least. False for what cannot be read. The reader is memory for it, to be freed; NULL when there is too little.
struct png_piece_reader;
struct png_piece_reader *png_piece_reader_open(void);
bool png_piece_read(struct png_piece_reader *reader, const uint8_t *piece, size_t count, size_t *start, size_t *end);

// Undoes the filters of `count` rows, one behind the other from `raw` (each a byte for its filter and `width` pixels of
// `bytes` bytes), and puts them at `target`, `stride` bytes apart. Pixels of three bytes get a fourth, 255. `above` is the
// row above the first as it was put out. `raw` is readable for png_slack bytes behind the rows. False for an unknown filter.
struct png_rows {
  size_t width, bytes, count;
  const uint8_t *raw, *above;
  uint8_t *target;
  size_t stride;
};
bool png_unfilter(const struct png_rows *rows);
// How many rows it undoes together at most.
size_t png_unfiltered_together(size_t bytes);

// Pixels as they are stored, and what they stand for.
struct png_image {
  size_t width, height;
  size_t samples; // of a pixel: 1 to 4
  int depth;      // bits of a sample: 1, 2, 4, 8 or 16
  bool stored;    // indices are put out as they are, bits as small numbers, and there is no transparent color
  bool indexed;   // samples are indices into a palette
  size_t colors;  // of the palette
  uint8_t palette[256][4]; // red, green, blue, alpha
  bool has_key;            // one color is transparent
  uint16_t key[3];         // a level of gray, or red, green and blue
};
// The rows of `image`, from chunks that were found; NULL when memory is short.
struct png_stream;
struct png_stream *png_stream_open(const struct png_chunks *chunks, const struct png_image *image);
// Puts the next `count` rows out, `stride` bytes apart: samples of 8 bits, or of 16 in this machine's order; pixels of three with
// a fourth of all ones or, where they have the transparent color, of 0; gray levels with such an alpha only if there is that
// color; colors of a palette as four bytes. False for whatever is odd; the stream is then of no more use.
bool png_stream_read(struct png_stream *stream, uint8_t *rows, size_t stride, size_t count);
// After the last row: true when everything is used up and the checksum is right.
bool png_stream_finish(struct png_stream *stream);
void png_stream_close(struct png_stream *stream);

// The filters 0…4 of a row of `count` bytes, pixels of `bytes` bytes: candidates[k] gets that of filter k, and costs[k] tells
// how many bits its differences take, nearly (see png_filter.c). `above` and `row` are preceded by `bytes` zeros, and all are
// readable and writable for png_slack bytes behind the row.
void png_filter(
  const uint8_t *row, const uint8_t *above, size_t count, size_t bytes, uint8_t *const candidates[5], uint64_t costs[5]);
// How many bits `count` differences take by their frequencies, nearly.
uint64_t png_entropy(const uint8_t *differences, size_t count);

#endif
