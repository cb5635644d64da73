// Where encoded JPEGs go: through a buffer to a callback, metadata before the first scan.
#include "internal.h"
#include <assert.h>

static void begin_buffer(j_compress_ptr info) {
  struct ccodecs_jpeg_destination *destination = (struct ccodecs_jpeg_destination *)info->dest;
  destination->manager.next_output_byte = destination->buffer;
  destination->manager.free_in_buffer = sizeof destination->buffer;
}

// Leaves by the jump only after the callback has returned: no jump crosses a Swift frame.
static void hand_over(j_compress_ptr info, size_t count) {
  struct ccodecs_jpeg_destination *destination = (struct ccodecs_jpeg_destination *)info->dest;
  if (!destination->sink.take(destination->sink.context, destination->buffer, count))
    ccodecs_jpeg_throw((j_common_ptr)info, ccodecs_sink_failed, "the output could not be taken");
}

// libjpeg calls this with the whole buffer filled; `free_in_buffer` must not be looked at (libjpeg.txt, "Compressed
// data handling").
static boolean on_full_buffer(j_compress_ptr info) {
  hand_over(info, sizeof((struct ccodecs_jpeg_destination *)info->dest)->buffer);
  begin_buffer(info);
  return TRUE;
}

static void end_buffer(j_compress_ptr info) {
  hand_over(info, sizeof((struct ccodecs_jpeg_destination *)info->dest)->buffer - info->dest->free_in_buffer);
}

void ccodecs_jpeg_direct(
  j_compress_ptr info, struct ccodecs_jpeg_destination *destination, const struct ccodecs_sink *sink) {
  destination->manager.init_destination = begin_buffer;
  destination->manager.empty_output_buffer = on_full_buffer;
  destination->manager.term_destination = end_buffer;
  destination->sink = *sink;
  info->dest = &destination->manager;
}

void ccodecs_jpeg_write_metadata(j_compress_ptr info, const struct ccodecs_metadata *metadata) {
  enum { most = 65533 }; // bytes that may follow a segment's length (ITU-T T.81, B.1.1.4)
  // Exif 2.32, 4.7.2.1; six bytes with the literal's own NUL. The only word of a segment that is spelled in C: the
  // others come as blocks, or from libjpeg.
  static const char name[] = "Exif\0";
  // Longer Exif, which only PNG can carry, does not fit into a JPEG.
  if (metadata->exif && metadata->exif_size + sizeof name <= most) {
    jpeg_write_m_header(info, JPEG_APP0 + 1, (unsigned)(metadata->exif_size + sizeof name));
    for (size_t i = 0; i < sizeof name; i++) jpeg_write_m_byte(info, name[i]);
    for (size_t i = 0; i < metadata->exif_size; i++) jpeg_write_m_byte(info, metadata->exif[i]);
  }
  if (metadata->icc) jpeg_write_icc_profile(info, metadata->icc, (unsigned)metadata->icc_size);
  for (size_t i = 0; i < metadata->block_count; i++) {
    const struct ccodecs_block *block = metadata->blocks + i;
    assert(block->size <= most);
    jpeg_write_marker(info, block->name[0], block->bytes, (unsigned)block->size);
  }
}
