// Rows of a PNG compressed by libdeflate, at a bounded cost of memory.
//
// libdeflate compresses whole buffers only. An image of more than `most` bytes is compressed in pieces, and the pieces become
// one stream: the mark of the last block is taken off each but the last, and an empty block of plain bytes leads to
// the next byte (RFC 1951, 3.2.3 and 3.2.4). Where its last block begins, and where it ends, is found by inflating the piece,
// which takes a twentieth of the time of compressing it.
#include "png_deflate.h"
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

struct png_deflater {
  struct libdeflate_compressor *compressor, *quick; // the second tells which way is the smallest
  size_t ways;
  uint8_t *raw[png_most_ways], *packed;
  size_t row, filled, room, packed_room;
  uint64_t left; // bytes of rows that have not come
  uint32_t adler;
  bool has_begun;
  struct png_piece_reader *reader; // for images of several pieces
};

// libdeflate's level for one of zlib's. Where they are not the same, libdeflate's own would make larger files than zlib does,
// measured on 46 photographs of 512 pixels; 12 is 11 with several ways of filtering.
static int libdeflate_level(int level) {
  static const int levels[13] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 12};
  return levels[level];
}

struct png_deflater *png_deflater_open(int level, size_t ways, size_t row, size_t rows) {
  enum { most = 1 << 21 };
  struct png_deflater *deflater = calloc(1, sizeof *deflater);
  if (!deflater) return NULL;
  deflater->compressor = libdeflate_alloc_compressor(libdeflate_level(level));
  if (ways > 1) deflater->quick = libdeflate_alloc_compressor(1);
  deflater->ways = ways;
  deflater->row = row;
  deflater->left = (uint64_t)row * rows;
  deflater->adler = 1;
  deflater->room = deflater->left <= most ? (size_t)deflater->left : row < most ? most / row * row : row;
  bool has_room = true;
  for (size_t way = 0; way < ways; way++) has_room &= (deflater->raw[way] = malloc(deflater->room)) != NULL;
  // Around it: a header of two bytes; an empty block and a checksum; what the inflater reads beyond the end.
  const size_t around = 2 + 8 + png_slack;
  const bool several = deflater->left > deflater->room;
  if (several) deflater->reader = png_piece_reader_open();
  if (deflater->compressor && (ways == 1 || deflater->quick)) {
    deflater->packed_room = libdeflate_deflate_compress_bound(deflater->compressor, deflater->room);
    deflater->packed = malloc(deflater->packed_room + around);
  }
  if (has_room && deflater->packed && (!several || deflater->reader)) return deflater;
  png_deflater_close(deflater);
  return NULL;
}

void png_deflater_close(struct png_deflater *deflater) {
  if (!deflater) return;
  libdeflate_free_compressor(deflater->compressor);
  libdeflate_free_compressor(deflater->quick);
  for (size_t way = 0; way < deflater->ways; way++) free(deflater->raw[way]);
  free(deflater->packed);
  free(deflater->reader);
  free(deflater);
}

uint8_t *png_deflater_row(struct png_deflater *deflater, size_t way) { return deflater->raw[way] + deflater->filled; }

// The way whose rows become the smallest, nearly.
static const uint8_t *smallest(const struct png_deflater *deflater) {
  size_t best = 0, least = SIZE_MAX;
  for (size_t way = 0; way < deflater->ways && deflater->ways > 1; way++) {
    const size_t size = libdeflate_deflate_compress(
      deflater->quick, deflater->raw[way], deflater->filled, deflater->packed, deflater->packed_room);
    if (size > 0 && size < least) best = way, least = size;
  }
  return deflater->raw[best];
}

// Makes the piece of `count` bytes one that others follow; returns its new length, 0 if that cannot be.
static size_t open_end(struct png_deflater *deflater, uint8_t *piece, size_t count) {
  size_t start, end;
  memset(piece + count, 0, 8 + png_slack);
  if (!png_piece_read(deflater->reader, piece, count, &start, &end)) return 0;
  piece[start / 8] &= (uint8_t)~(1u << start % 8);
  // Three bits of 0 stand for a block of plain bytes that is not the last; its length begins with the next byte.
  size_t next = (end + 3 + 7) / 8;
  memcpy(piece + next, (const uint8_t[4]){0, 0, 0xFF, 0xFF}, 4);
  return next + 4;
}

bool png_deflater_take(struct png_deflater *deflater, const uint8_t **bytes, size_t *count) {
  *count = 0;
  deflater->filled += deflater->row;
  deflater->left -= deflater->row;
  if (deflater->filled < deflater->room && deflater->left > 0) return true;
  const size_t before = deflater->has_begun ? 0 : 2;
  const uint8_t *raw = smallest(deflater);
  uint8_t *at = deflater->packed + before;
  size_t size = libdeflate_deflate_compress(deflater->compressor, raw, deflater->filled, at, deflater->packed_room);
  // Method 8, a window of 32 KiB, and a level that nobody reads (RFC 1950, 2.2).
  if (before) memcpy(deflater->packed, (const uint8_t[2]){0x78, 0x9C}, 2);
  deflater->has_begun = true;
  deflater->adler = libdeflate_adler32(deflater->adler, raw, deflater->filled);
  deflater->filled = 0;
  if (deflater->left > 0) size = open_end(deflater, at, size);
  if (size == 0) return false;
  at += size;
  if (deflater->left == 0)
    for (int shift = 24; shift >= 0; shift -= 8) *at++ = (uint8_t)(deflater->adler >> shift);
  *bytes = deflater->packed;
  *count = (size_t)(at - deflater->packed);
  return true;
}
