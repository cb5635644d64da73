// Compressing what the rows of a PNG became by their filters.
#ifndef CCODECS_PNG_DEFLATE_H
#define CCODECS_PNG_DEFLATE_H

#include "png_stream.h"

// Makes zlib's format of `rows` rows of `row` bytes, in pieces of 2 MiB: whatever the size of the image, it holds no more at a
// time, and the same bytes come out of it. `level` is 0…12; at 12 `filtered` rows are compressed without filters as well, and
// of each piece the smaller result stays. NULL when memory is short.
struct png_deflater;
struct png_deflater *png_deflater_open(int level, bool filtered, size_t row, size_t rows);
// Where the next row is to be put, all `row` bytes of it.
uint8_t *png_deflater_row(struct png_deflater *deflater);
// Where the same row is to be put without a filter; NULL where nobody asks for it.
uint8_t *png_deflater_plain_row(struct png_deflater *deflater);
// Takes the row that was put there. Now and then, and with the last row, there are bytes of the result, which are valid until
// the next row is put; else `*count` is 0. False when compressing failed.
bool png_deflater_take(struct png_deflater *deflater, const uint8_t **bytes, size_t *count);
void png_deflater_close(struct png_deflater *deflater);

#endif
