// xz: streams, blocks by themselves, and the indexes that tell where the blocks of a file are (the .xz file format, 1.1.0).
#include "packed.h"
#include <stdlib.h>
#include <string.h>

#ifdef LANES_XZ
#include <lzma.h>

struct xz_state {
  lzma_stream stream;
  lzma_block block;
  lzma_filter filters[LZMA_FILTERS_MAX + 1];
};

static bool make(struct cpacked_decoder *decoder) {
  if (decoder->xz) return true;
  decoder->xz = calloc(1, sizeof *decoder->xz);
  if (!decoder->xz) return false;
  decoder->xz->stream = (lzma_stream)LZMA_STREAM_INIT;
  return true;
}

static enum step refuse(struct cpacked_decoder *decoder, lzma_ret code) {
  switch (code) {
  case LZMA_MEM_ERROR: return failed(decoder, cpacked_no_memory, "");
  case LZMA_MEMLIMIT_ERROR:
    if (decoder->needed == 0) decoder->needed = lzma_memusage(&decoder->xz->stream);
    return failed(decoder, cpacked_too_large, "");
  case LZMA_OPTIONS_ERROR: return failed(decoder, cpacked_damaged, "it has options that liblzma does not know");
  case LZMA_UNSUPPORTED_CHECK: return failed(decoder, cpacked_damaged, "its check is of a kind that liblzma does not know");
  case LZMA_FORMAT_ERROR: return failed(decoder, cpacked_damaged, "no stream begins there");
  default: return failed(decoder, cpacked_damaged, "a check or the structure is wrong");
  }
}

enum step xz_begin(struct cpacked_decoder *decoder) {
  if (!make(decoder)) return failed(decoder, cpacked_no_memory, "");
  lzma_ret code = lzma_stream_decoder(&decoder->xz->stream, decoder->memory, LZMA_TELL_UNSUPPORTED_CHECK);
  return code == LZMA_OK ? step_going : refuse(decoder, code);
}

enum step xz_begin_block(struct cpacked_decoder *decoder, struct flow *flow, bool is_last) {
  if (!make(decoder)) return failed(decoder, cpacked_no_memory, "");
  struct xz_state *xz = decoder->xz;
  // 0 stands where a block's header does for the index that follows the last block.
  if (flow->in[0] == 0) return failed(decoder, cpacked_damaged, "no block begins there");
  const uint32_t size = lzma_block_header_size_decode(flow->in[0]);
  if (flow->count < size) return is_last ? failed(decoder, cpacked_cut_off, "") : step_ended;
  memset(&xz->block, 0, sizeof xz->block);
  xz->block.version = 0;
  xz->block.check = (lzma_check)decoder->xz_check;
  xz->block.header_size = size;
  xz->block.filters = xz->filters;
  lzma_ret code = lzma_block_header_decode(&xz->block, NULL, flow->in);
  if (code != LZMA_OK) return refuse(decoder, code);
  const uint64_t memory = lzma_raw_decoder_memusage(xz->filters);
  if (memory > decoder->memory && memory != UINT64_MAX) {
    decoder->needed = memory;
    code = LZMA_MEMLIMIT_ERROR;
  } else {
    code = lzma_block_decoder(&xz->stream, &xz->block);
  }
  for (lzma_filter *filter = xz->filters; filter->id != LZMA_VLI_UNKNOWN; filter++) free(filter->options);
  if (code != LZMA_OK) return refuse(decoder, code);
  flow->in += size;
  flow->count -= size;
  decoder->is_inside = true;
  return step_going;
}

enum step xz_step(struct cpacked_decoder *decoder, struct flow *flow) {
  lzma_stream *stream = &decoder->xz->stream;
  stream->next_in = flow->in;
  stream->avail_in = flow->count;
  stream->next_out = flow->out;
  stream->avail_out = flow->room;
  lzma_ret code = lzma_code(stream, LZMA_RUN);
  flow->in = stream->next_in;
  flow->count = stream->avail_in;
  flow->out = stream->next_out;
  flow->room = stream->avail_out;
  switch (code) {
  case LZMA_STREAM_END: return step_ended;
  case LZMA_OK:
  case LZMA_BUF_ERROR: return step_going;
  default: return refuse(decoder, code);
  }
}

void xz_end(struct cpacked_decoder *decoder) {
  if (!decoder->xz) return;
  lzma_end(&decoder->xz->stream);
  free(decoder->xz);
}

struct cpacked_index {
  lzma_stream stream;
  lzma_index *index;
  lzma_index_iter blocks;
};

struct cpacked_index *cpacked_index_start(uint64_t file_size, uint64_t memory) {
  struct cpacked_index *index = calloc(1, sizeof *index);
  if (!index) return NULL;
  index->stream = (lzma_stream)LZMA_STREAM_INIT;
  if (lzma_file_info_decoder(&index->stream, &index->index, memory, file_size) == LZMA_OK) return index;
  cpacked_index_end(index);
  return NULL;
}

void cpacked_index_end(struct cpacked_index *index) {
  if (!index) return;
  lzma_end(&index->stream);
  lzma_index_end(index->index, NULL);
  free(index);
}

int cpacked_index_read(struct cpacked_index *index, const uint8_t *in, size_t count, uint64_t *offset) {
  index->stream.next_in = in;
  index->stream.avail_in = count;
  lzma_ret code = lzma_code(&index->stream, LZMA_RUN);
  if (code == LZMA_STREAM_END) {
    lzma_index_iter_init(&index->blocks, index->index);
    return 0;
  }
  *offset = code == LZMA_SEEK_NEEDED ? index->stream.seek_pos : *offset + count;
  return code == LZMA_OK || code == LZMA_SEEK_NEEDED ? 1 : -1;
}

bool cpacked_index_next(struct cpacked_index *index, struct cpacked_block *block) {
  if (lzma_index_iter_next(&index->blocks, LZMA_INDEX_ITER_NONEMPTY_BLOCK)) return false;
  *block = (struct cpacked_block){
    .offset = index->blocks.block.compressed_file_offset,
    .size = index->blocks.block.total_size,
    .unpacked = index->blocks.block.uncompressed_size,
    .check = index->blocks.stream.flags ? (int)index->blocks.stream.flags->check : 0,
  };
  return true;
}
#else
enum step xz_begin(struct cpacked_decoder *decoder) { return failed(decoder, cpacked_unsupported, ""); }
enum step xz_begin_block(struct cpacked_decoder *decoder, struct flow *flow, bool is_last) {
  (void)flow, (void)is_last;
  return xz_begin(decoder);
}
enum step xz_step(struct cpacked_decoder *decoder, struct flow *flow) {
  (void)flow;
  return xz_begin(decoder);
}
void xz_end(struct cpacked_decoder *decoder) { (void)decoder; }
struct cpacked_index *cpacked_index_start(uint64_t file_size, uint64_t memory) {
  (void)file_size, (void)memory;
  return NULL;
}
void cpacked_index_end(struct cpacked_index *index) { (void)index; }
int cpacked_index_read(struct cpacked_index *index, const uint8_t *in, size_t count, uint64_t *offset) {
  (void)index, (void)in, (void)count, (void)offset;
  return -1;
}
bool cpacked_index_next(struct cpacked_index *index, struct cpacked_block *block) {
  (void)index, (void)block;
  return false;
}
#endif
