// gzip (RFC 1952): by libdeflate where a member says its size or is the whole rest and small, by zlib otherwise. Both check
// CRC-32 and size.
#include "packed.h"
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

struct gzip_state {
  z_stream stream;
  bool has_stream;
  struct libdeflate_decompressor *whole;
};

static bool make(struct cpacked_decoder *decoder) {
  if (!decoder->gzip) decoder->gzip = calloc(1, sizeof *decoder->gzip);
  return decoder->gzip;
}

enum step gzip_begin(struct cpacked_decoder *decoder) {
  if (!make(decoder)) return failed(decoder, cpacked_no_memory, "");
  struct gzip_state *gzip = decoder->gzip;
  // 16: the header and trailer of gzip.
  int code = gzip->has_stream ? inflateReset(&gzip->stream) : inflateInit2(&gzip->stream, 15 + 16);
  if (code != Z_OK) return failed(decoder, cpacked_no_memory, "");
  gzip->has_stream = true;
  return step_going;
}

enum step gzip_step(struct cpacked_decoder *decoder, struct flow *flow) {
  z_stream *stream = &decoder->gzip->stream;
  const size_t most = 1u << 30;
  const uInt count = (uInt)(flow->count < most ? flow->count : most), room = (uInt)(flow->room < most ? flow->room : most);
  stream->next_in = flow->in;
  stream->avail_in = count;
  stream->next_out = flow->out;
  stream->avail_out = room;
  int code = inflate(stream, Z_NO_FLUSH);
  flow->in += count - stream->avail_in;
  flow->count -= count - stream->avail_in;
  flow->out += room - stream->avail_out;
  flow->room -= room - stream->avail_out;
  switch (code) {
  case Z_STREAM_END: return step_ended;
  case Z_OK:
  case Z_BUF_ERROR: return step_going;
  case Z_MEM_ERROR: return failed(decoder, cpacked_no_memory, "");
  default: return failed(decoder, cpacked_damaged, stream->msg ? stream->msg : "");
  }
}

static uint32_t last_word(const uint8_t *end) {
  return (uint32_t)end[-4] | (uint32_t)end[-3] << 8 | (uint32_t)end[-2] << 16 | (uint32_t)end[-1] << 24;
}

enum step gzip_whole(struct cpacked_decoder *decoder, struct flow *flow, bool is_last) {
  // libdeflate passes over the check of the header (FHCRC).
  if (flow->count > 3 && flow->in[3] & 2) return step_failed;
  size_t size = cpacked_bgzf_size(flow->in, flow->count);
  if (size > flow->count) {
    // The rest of the block has not come yet.
    if (!is_last) return step_ended;
    size = 0;
  }
  // The last member of the file: what its trailer says is a guess, since another member may lie ahead of that.
  if (size == 0 && is_last && flow->count >= cpacked_head) size = flow->count;
  if (size == 0) return step_failed;
  const size_t unpacked = last_word(flow->in + size);
  if (unpacked > flow->room) return size == cpacked_bgzf_size(flow->in, flow->count) && unpacked <= 65536 ? step_ended : step_failed;
  if (!make(decoder)) return step_failed;
  if (!decoder->gzip->whole) decoder->gzip->whole = libdeflate_alloc_decompressor();
  if (!decoder->gzip->whole) return step_failed;
  size_t used, made;
  // What it refuses zlib refuses as well, and tells why.
  if (libdeflate_gzip_decompress_ex(decoder->gzip->whole, flow->in, size, flow->out, flow->room, &used, &made) !=
      LIBDEFLATE_SUCCESS)
    return step_failed;
  flow->in += used;
  flow->count -= used;
  flow->out += made;
  flow->room -= made;
  return step_going;
}

void gzip_end(struct cpacked_decoder *decoder) {
  if (!decoder->gzip) return;
  if (decoder->gzip->has_stream) inflateEnd(&decoder->gzip->stream);
  libdeflate_free_decompressor(decoder->gzip->whole);
  free(decoder->gzip);
}
