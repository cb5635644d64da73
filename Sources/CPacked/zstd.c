// zstd (RFC 8878), and bzip2: streamed by their own libraries, where the program was built with them.
#include "packed.h"
#include <stdlib.h>
#include <string.h>

#ifdef LANES_ZSTD
#include <zstd.h>
#include <zstd_errors.h>

struct zstd_state {
  ZSTD_DCtx *context;
};

enum step zstd_begin(struct cpacked_decoder *decoder) {
  if (decoder->zstd) {
    ZSTD_DCtx_reset(decoder->zstd->context, ZSTD_reset_session_only);
    return step_going;
  }
  struct zstd_state *zstd = calloc(1, sizeof *zstd);
  if (!zstd) return failed(decoder, cpacked_no_memory, "");
  decoder->zstd = zstd;
  zstd->context = ZSTD_createDCtx();
  if (!zstd->context) return failed(decoder, cpacked_no_memory, "");
  // The largest window within the limit.
  int most = 10;
  while (most < 31 && (2ull << most) <= decoder->memory) most++;
  ZSTD_DCtx_setParameter(zstd->context, ZSTD_d_windowLogMax, most);
  return step_going;
}

enum step zstd_step(struct cpacked_decoder *decoder, struct flow *flow) {
  ZSTD_inBuffer in = {flow->in, flow->count, 0};
  ZSTD_outBuffer out = {flow->out, flow->room, 0};
  size_t code = ZSTD_decompressStream(decoder->zstd->context, &out, &in);
  const struct flow before = *flow;
  flow->in += in.pos;
  flow->count -= in.pos;
  flow->out += out.pos;
  flow->room -= out.pos;
  if (!ZSTD_isError(code)) return code == 0 ? step_ended : step_going;
  switch (ZSTD_getErrorCode(code)) {
  case ZSTD_error_memory_allocation: return failed(decoder, cpacked_no_memory, "");
  case ZSTD_error_dictionary_wrong: return failed(decoder, cpacked_needs_dictionary, "");
  case ZSTD_error_frameParameter_windowTooLarge:
    // The window's descriptor stands behind magic number and frame's descriptor (RFC 8878, 3.1.1.1.2).
    if (before.count > 5 && !(before.in[4] & 0x20)) {
      uint64_t base = 1ull << (10 + (before.in[5] >> 3));
      decoder->needed = base + base / 8 * (before.in[5] & 7);
    }
    return failed(decoder, cpacked_too_large, "");
  default: return failed(decoder, cpacked_damaged, ZSTD_getErrorName(code));
  }
}

void zstd_end(struct cpacked_decoder *decoder) {
  if (!decoder->zstd) return;
  ZSTD_freeDCtx(decoder->zstd->context);
  free(decoder->zstd);
}
#else
enum step zstd_begin(struct cpacked_decoder *decoder) { return failed(decoder, cpacked_unsupported, ""); }
enum step zstd_step(struct cpacked_decoder *decoder, struct flow *flow) {
  (void)flow;
  return zstd_begin(decoder);
}
void zstd_end(struct cpacked_decoder *decoder) { (void)decoder; }
#endif

#ifdef LANES_BZIP2
#include <bzlib.h>

struct bzip2_state {
  bz_stream stream;
  bool has_stream;
};

enum step bzip2_begin(struct cpacked_decoder *decoder) {
  if (!decoder->bzip2) decoder->bzip2 = calloc(1, sizeof *decoder->bzip2);
  if (!decoder->bzip2) return failed(decoder, cpacked_no_memory, "");
  struct bzip2_state *bzip2 = decoder->bzip2;
  if (bzip2->has_stream) BZ2_bzDecompressEnd(&bzip2->stream);
  memset(&bzip2->stream, 0, sizeof bzip2->stream);
  bzip2->has_stream = BZ2_bzDecompressInit(&bzip2->stream, 0, 0) == BZ_OK;
  return bzip2->has_stream ? step_going : failed(decoder, cpacked_no_memory, "");
}

enum step bzip2_step(struct cpacked_decoder *decoder, struct flow *flow) {
  bz_stream *stream = &decoder->bzip2->stream;
  const size_t most = 1u << 30;
  const unsigned count = (unsigned)(flow->count < most ? flow->count : most);
  const unsigned room = (unsigned)(flow->room < most ? flow->room : most);
  stream->next_in = (char *)(uintptr_t)flow->in;
  stream->avail_in = count;
  stream->next_out = (char *)flow->out;
  stream->avail_out = room;
  int code = BZ2_bzDecompress(stream);
  flow->in += count - stream->avail_in;
  flow->count -= count - stream->avail_in;
  flow->out += room - stream->avail_out;
  flow->room -= room - stream->avail_out;
  switch (code) {
  case BZ_STREAM_END: return step_ended;
  case BZ_OK: return step_going;
  case BZ_MEM_ERROR: return failed(decoder, cpacked_no_memory, "");
  case BZ_DATA_ERROR: return failed(decoder, cpacked_damaged, "a block's check or structure is wrong");
  default: return failed(decoder, cpacked_damaged, "no block begins there");
  }
}

void bzip2_end(struct cpacked_decoder *decoder) {
  if (!decoder->bzip2) return;
  if (decoder->bzip2->has_stream) BZ2_bzDecompressEnd(&decoder->bzip2->stream);
  free(decoder->bzip2);
}
#else
enum step bzip2_begin(struct cpacked_decoder *decoder) { return failed(decoder, cpacked_unsupported, ""); }
enum step bzip2_step(struct cpacked_decoder *decoder, struct flow *flow) {
  (void)flow;
  return bzip2_begin(decoder);
}
void bzip2_end(struct cpacked_decoder *decoder) { (void)decoder; }
#endif
