// Compressing what the rows of a PNG became by their filters.
#ifndef CCODECS_PNG_DEFLATE_H
#define CCODECS_PNG_DEFLATE_H

#include "png_stream.h"

// Makes zlib's format of `rows` rows of `row` bytes, in pieces of 2 MiB: whatever the size of the image, it holds no more at a
// time, and the same bytes come out of it. `level` is 0…12. Rows may come in several `ways`, filtered differently, at most
// png_most_ways: of each piece the one stays that becomes smallest at a level that takes a sixtieth of the time of 12. NULL
// when memory is short.
enum { png_most_ways = 4 };
struct png_deflater;
struct png_deflater *png_deflater_open(int level, size_t ways, size_t row, size_t rows);
// Where the next row is to be put in one of the ways, from 0 on; all `row` bytes of it.
uint8_t *png_deflater_row(struct png_deflater *deflater, size_t way);
// Takes the row that was put there, in all ways. Now and then, and with the last row, there are bytes of the result, which are valid until
// the next row is put; else `*count` is 0. False when compressing failed.
bool png_deflater_take(struct png_deflater *deflater, const uint8_t **bytes, size_t *count);
void png_deflater_close(struct png_deflater *deflater);

#endif
