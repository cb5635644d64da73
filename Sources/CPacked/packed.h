// The parts of a decoder: one file for each library.
#ifndef PACKED_H
#define PACKED_H

#include "cpacked.h"

// What a step of one format did.
enum step { step_going, step_ended, step_failed };

// A run of input and room for output; steps move them on.
struct flow {
  const uint8_t *in;
  size_t count;
  uint8_t *out;
  size_t room;
};

struct cpacked_decoder {
  uint64_t offset;
  uint64_t memory;
  // -1, or the check of the blocks that come without their stream.
  int xz_check;
  enum cpacked_format format;
  // Between two members, and inside one.
  bool is_inside;
  // Why a step failed.
  enum cpacked_result failure;
  const char *message;
  uint64_t needed;
  struct gzip_state *gzip;
  struct zstd_state *zstd;
  struct xz_state *xz;
  struct bzip2_state *bzip2;
};

static inline enum step failed(struct cpacked_decoder *decoder, enum cpacked_result why, const char *message) {
  decoder->failure = why;
  decoder->message = message;
  return step_failed;
}

// For each format: begin a member, go on with it, and let go of everything. A member may be begun when the last is over.
enum step gzip_begin(struct cpacked_decoder *decoder);
enum step gzip_step(struct cpacked_decoder *decoder, struct flow *flow);
void gzip_end(struct cpacked_decoder *decoder);
// A member that says its size and fits into input and room, unpacked in one call; step_failed where it is to be streamed instead.
enum step gzip_whole(struct cpacked_decoder *decoder, struct flow *flow, bool is_last);
enum step zstd_begin(struct cpacked_decoder *decoder);
enum step zstd_step(struct cpacked_decoder *decoder, struct flow *flow);
void zstd_end(struct cpacked_decoder *decoder);
enum step xz_begin(struct cpacked_decoder *decoder);
// A block by itself, whose header is at the start of `flow`.
enum step xz_begin_block(struct cpacked_decoder *decoder, struct flow *flow, bool is_last);
enum step xz_step(struct cpacked_decoder *decoder, struct flow *flow);
void xz_end(struct cpacked_decoder *decoder);
enum step bzip2_begin(struct cpacked_decoder *decoder);
enum step bzip2_step(struct cpacked_decoder *decoder, struct flow *flow);
void bzip2_end(struct cpacked_decoder *decoder);

#endif
