// The IDAT chunks of a PNG, which hold one stream between them (PNG specification, 5.3 and 11.2.3).
#include "png_stream.h"
#include <libdeflate.h>
#include <string.h>

// All numbers of PNG have the highest byte first (PNG, 7.1).
static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// The place behind the chunk at `at`, or 0 when it does not end before the file does.
static size_t behind(const uint8_t *bytes, size_t count, size_t at) {
  if (count < 12 || at > count - 12) return 0;
  size_t length = big_endian(bytes + at);
  return length <= count - 12 - at && length <= INT32_MAX ? at + 12 + length : 0;
}

static bool is_named(const uint8_t *bytes, size_t at, const char *name) { return memcmp(bytes + at + 4, name, 4) == 0; }

bool png_chunks_find(struct png_chunks *chunks, const uint8_t *bytes, size_t count) {
  size_t at = 8, next = behind(bytes, count, at);
  for (; next && !is_named(bytes, at, "IDAT"); next = behind(bytes, count, at)) {
    if (is_named(bytes, at, "IEND")) return false;
    at = next;
  }
  if (!next) return false;
  *chunks = (struct png_chunks){.bytes = bytes, .start = at, .next = at};
  for (; next && is_named(bytes, at, "IDAT"); next = behind(bytes, count, at)) {
    if (next - at - 12 > chunks->longest) chunks->longest = next - at - 12;
    at = next;
  }
  chunks->end = at;
  return next != 0;
}

// Goes to the next chunk; its checksum covers its name as well (PNG, 5.5).
static void enter(struct png_chunks *chunks) {
  const uint8_t *chunk = chunks->bytes + chunks->next;
  chunks->left = big_endian(chunk);
  chunks->payload = chunk + 8;
  chunks->checksum = libdeflate_crc32(0, chunk + 4, 4);
  chunks->next += 12 + chunks->left;
}

bool png_chunks_read(struct png_chunks *chunks, uint8_t *target, size_t room, size_t *count) {
  *count = 0;
  while (chunks->left == 0) {
    if (chunks->payload && big_endian(chunks->payload) != chunks->checksum) return false;
    chunks->payload = NULL;
    if (chunks->next == chunks->end) return true;
    enter(chunks);
  }
  size_t size = chunks->left < room ? chunks->left : room;
  chunks->checksum = libdeflate_crc32(chunks->checksum, chunks->payload, size);
  memcpy(target, chunks->payload, size);
  chunks->payload += size, chunks->left -= size;
  *count = size;
  return true;
}
