// Members one after the other, of whichever formats.
//
//   between ──header──▶ inside ──end of member──▶ between ──end of input──▶ ended
//
// Between members zeros are passed over: tapes and xz pad with them. Anything else there is an error, since nobody could tell
// whether data is lost.
#include "packed.h"
#include <stdlib.h>
#include <string.h>

enum cpacked_format cpacked_detect(const uint8_t *bytes, size_t count) {
  if (count >= 3 && memcmp(bytes, "\x1f\x8b\x08", 3) == 0) return cpacked_gzip;
  if (count >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0) return cpacked_zstd;
  // A frame to be skipped, as pzstd writes one ahead of each. LZ4 has the same, but hardly anybody begins a file with one.
  if (count >= 4 && (bytes[0] & 0xF0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0) return cpacked_zstd;
  if (count >= 6 && memcmp(bytes, "\xfd\x37zXZ\0", 6) == 0) return cpacked_xz;
  // A block's mark (pi), or that of an empty file (its root), follows the header.
  if (count >= 10 && memcmp(bytes, "BZh", 3) == 0 && bytes[3] >= '1' && bytes[3] <= '9' &&
      (memcmp(bytes + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 || memcmp(bytes + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0))
    return cpacked_bzip2;
  // The third byte has a bit for blocks, two that are always zero and the width of codes, 9 to 16.
  if (count >= 3 && bytes[0] == 0x1f && bytes[1] == 0x9d && (bytes[2] & 0x60) == 0 && (bytes[2] & 0x1f) >= 9 &&
      (bytes[2] & 0x1f) <= 16)
    return cpacked_compress;
  if (count >= 4 && memcmp(bytes, "\x04\x22\x4d\x18", 4) == 0) return cpacked_lz4;
  if (count >= 6 && memcmp(bytes, "LZIP\x01", 5) == 0) return cpacked_lzip;
  return cpacked_plain;
}

size_t cpacked_bgzf_size(const uint8_t *bytes, size_t count) {
  // Flags of FEXTRA alone; the field BC of two bytes comes first in whatever htslib and its like write.
  if (count < cpacked_head || memcmp(bytes, "\x1f\x8b\x08\x04", 4) != 0) return 0;
  if (bytes[10] + 256 * bytes[11] < 6 || memcmp(bytes + 12, "BC\x02\x00", 4) != 0) return 0;
  size_t size = (size_t)bytes[16] + 256 * (size_t)bytes[17] + 1;
  return size >= 12 + (size_t)bytes[10] + 256 * (size_t)bytes[11] + 8 ? size : 0;
}

struct cpacked_decoder *cpacked_start(uint64_t offset, uint64_t memory, int xz_check) {
  struct cpacked_decoder *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return NULL;
  decoder->offset = offset;
  decoder->memory = memory;
  decoder->xz_check = xz_check;
  decoder->message = "";
  if (xz_check >= 0) decoder->format = cpacked_xz;
  return decoder;
}

void cpacked_end(struct cpacked_decoder *decoder) {
  if (!decoder) return;
  gzip_end(decoder);
  zstd_end(decoder);
  xz_end(decoder);
  bzip2_end(decoder);
  free(decoder);
}

uint64_t cpacked_offset(const struct cpacked_decoder *decoder) { return decoder->offset; }
enum cpacked_format cpacked_format(const struct cpacked_decoder *decoder) { return decoder->format; }
const char *cpacked_message(const struct cpacked_decoder *decoder) { return decoder->message; }
uint64_t cpacked_needed(const struct cpacked_decoder *decoder) { return decoder->needed; }

static enum step begin(struct cpacked_decoder *decoder) {
  switch (decoder->format) {
  case cpacked_gzip: return gzip_begin(decoder);
  case cpacked_zstd: return zstd_begin(decoder);
  case cpacked_xz: return xz_begin(decoder);
  case cpacked_bzip2: return bzip2_begin(decoder);
  default: return failed(decoder, cpacked_unsupported, "");
  }
}

static enum step go_on(struct cpacked_decoder *decoder, struct flow *flow) {
  switch (decoder->format) {
  case cpacked_gzip: return gzip_step(decoder, flow);
  case cpacked_zstd: return zstd_step(decoder, flow);
  case cpacked_xz: return xz_step(decoder, flow);
  case cpacked_bzip2: return bzip2_step(decoder, flow);
  default: return failed(decoder, cpacked_unsupported, "");
  }
}

// Finds the next member and begins it. step_going: one has begun, or was taken whole; step_ended: more input is needed, or
// room for a member that is taken whole.
static enum step find_member(struct cpacked_decoder *decoder, struct flow *flow, bool is_last) {
  if (decoder->xz_check >= 0) {
    if (flow->count == 0) return step_ended;
    return xz_begin_block(decoder, flow, is_last);
  }
  while (flow->count > 0 && *flow->in == 0) flow->in++, flow->count--;
  if (flow->count == 0 || (flow->count < cpacked_head && !is_last)) return step_ended;
  enum cpacked_format format = cpacked_detect(flow->in, flow->count);
  if (format == cpacked_plain) return failed(decoder, cpacked_followed, "");
  decoder->format = format;
  if (format == cpacked_gzip) {
    enum step step = gzip_whole(decoder, flow, is_last);
    if (step != step_failed) return step;
  }
  enum step step = begin(decoder);
  decoder->is_inside = step == step_going;
  return step;
}

enum cpacked_result cpacked_run(
  struct cpacked_decoder *decoder, const uint8_t *in, size_t count, bool is_last, size_t *used, uint8_t *out, size_t room,
  size_t *made) {
  struct flow flow = {in, count, out, room};
  enum cpacked_result result = cpacked_going;
  while (result == cpacked_going) {
    const struct flow before = flow;
    const bool was_inside = decoder->is_inside;
    enum step step = was_inside ? go_on(decoder, &flow) : find_member(decoder, &flow, is_last);
    if (step == step_failed) {
      result = decoder->failure;
    } else if (step == step_ended) {
      if (was_inside) {
        decoder->is_inside = false;
        continue;
      }
      if (is_last && flow.count == 0) result = cpacked_ended;
      break;
    } else if (was_inside) {
      const bool has_moved = flow.count != before.count || flow.room != before.room;
      if (flow.room == 0) break;
      if (flow.count > 0 && !has_moved) {
        decoder->message = "it leads nowhere";
        result = cpacked_damaged;
      } else if (flow.count == 0 && !has_moved && is_last) {
        result = cpacked_cut_off;
      } else if (flow.count == 0 && !is_last) {
        break;
      }
    }
  }
  *used = (size_t)(flow.in - in);
  *made = (size_t)(flow.out - out);
  decoder->offset += *used;
  return result;
}
