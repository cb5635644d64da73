// Inflating what stands compressed in texts and profiles.
#include "ccodecs.h"
#include <stdlib.h>
#include <zlib.h>

uint8_t *ccodecs_inflate(const uint8_t *bytes, size_t count, size_t limit, size_t *size) {
  // zlib counts input in 32 bits.
  enum { most = 1u << 30 };
  if (count > most) return NULL;
  z_stream stream = {.next_in = (Bytef *)bytes, .avail_in = (uInt)count}; // zlib only reads through it
  if (inflateInit(&stream) != Z_OK) return NULL;
  uint8_t *result = NULL;
  size_t room = 0;
  int state = Z_OK;
  // Room doubles until everything fits or `limit` is reached: what a file says of sizes is not believed.
  while (state == Z_OK && stream.avail_out == 0 && room < limit) {
    size_t larger = room ? 2 * room : 4096;
    if (larger > limit) larger = limit;
    uint8_t *moved = realloc(result, larger);
    if (!moved) break;
    result = moved;
    stream.next_out = result + room;
    stream.avail_out = (uInt)(larger - room);
    room = larger;
    state = inflate(&stream, Z_NO_FLUSH);
  }
  *size = stream.total_out;
  inflateEnd(&stream);
  if (state == Z_STREAM_END) return result;
  free(result);
  return NULL;
}
