// gzip (RFC 1952): by libdeflate where a member says its size, is the whole rest and fits into the room, or follows small
// ones, by zlib otherwise. Both check CRC-32 and size.
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
  // Bytes of the last member, compressed and not; 0 before the first one.
  size_t last_in, last_out;
  // Members to be streamed before the next is tried as a whole, and how many they are after the next attempt that fails.
  unsigned pause, next_pause;
};

// Attempts that fail cost what was unpacked until then. After so many in a row they cost next to nothing.
static const unsigned longest_pause = 63;

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
  case Z_STREAM_END:
    decoder->gzip->last_in = stream->total_in;
    decoder->gzip->last_out = stream->total_out;
    return step_ended;
  case Z_OK:
  case Z_BUF_ERROR: return step_going;
  case Z_MEM_ERROR: return failed(decoder, cpacked_no_memory, "");
  default: return failed(decoder, cpacked_damaged, stream->msg ? stream->msg : "");
  }
}

static uint32_t last_word(const uint8_t *end) {
  return (uint32_t)end[-4] | (uint32_t)end[-3] << 8 | (uint32_t)end[-2] << 16 | (uint32_t)end[-1] << 24;
}

// Unpacks the member that `flow` begins with by libdeflate, from at most `size` bytes of input.
static enum step take_whole(struct cpacked_decoder *decoder, struct flow *flow, size_t size) {
  struct gzip_state *gzip = decoder->gzip;
  if (!gzip->whole) gzip->whole = libdeflate_alloc_decompressor();
  if (!gzip->whole) return step_failed;
  size_t used, made;
  // What it refuses zlib refuses as well, and tells why.
  if (libdeflate_gzip_decompress_ex(gzip->whole, flow->in, size, flow->out, flow->room, &used, &made) != LIBDEFLATE_SUCCESS)
    return step_failed;
  flow->in += used;
  flow->count -= used;
  flow->out += made;
  flow->room -= made;
  gzip->last_in = used;
  gzip->last_out = made;
  return step_going;
}

// Takes a member as a whole where members as large as twice the last one would fit: web archives have thousands of small ones.
static enum step try_whole(struct cpacked_decoder *decoder, struct flow *flow) {
  struct gzip_state *gzip = decoder->gzip;
  if (gzip->last_in == 0 || gzip->last_in > flow->count / 2 || gzip->last_out > flow->room / 2) return step_failed;
  if (gzip->pause > 0) {
    gzip->pause--;
    return step_failed;
  }
  enum step step = take_whole(decoder, flow, flow->count);
  if (step == step_failed) gzip->pause = gzip->next_pause;
  gzip->next_pause = step == step_failed ? gzip->next_pause * 2 + 1 : 0;
  if (gzip->next_pause > longest_pause) gzip->next_pause = longest_pause;
  return step;
}

enum step gzip_whole(struct cpacked_decoder *decoder, struct flow *flow, bool is_last) {
  // libdeflate passes over the check of the header (FHCRC).
  if (flow->count > 3 && flow->in[3] & 2) return step_failed;
  if (!make(decoder)) return step_failed;
  const size_t size = cpacked_bgzf_size(flow->in, flow->count);
  if (size > flow->count) {
    // The rest of the block has not come yet.
    return is_last ? step_failed : step_ended;
  }
  if (size > 0) {
    const size_t unpacked = last_word(flow->in + size);
    if (unpacked > flow->room) return unpacked <= 65536 ? step_ended : step_failed;
    return take_whole(decoder, flow, size);
  }
  // The last member of the file: what its trailer says is a guess, since another member may lie ahead of that.
  if (is_last && flow->count >= cpacked_head && last_word(flow->in + flow->count) <= flow->room) {
    enum step step = take_whole(decoder, flow, flow->count);
    if (step != step_failed) return step;
  }
  return try_whole(decoder, flow);
}

void gzip_end(struct cpacked_decoder *decoder) {
  if (!decoder->gzip) return;
  if (decoder->gzip->has_stream) inflateEnd(&decoder->gzip->stream);
  libdeflate_free_decompressor(decoder->gzip->whole);
  free(decoder->gzip);
}
