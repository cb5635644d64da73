// Crops and turns of JPEGs without loss: blocks change places, and their coefficients signs and places.
//
// In a block, mirroring from left to right negates every second column of coefficients, mirroring from top to bottom
// every second row, and swapping the axes swaps their indices: the DCT's basis functions are even or odd. This is what
// jpegtran does, whose code is in no library; TurboJPEG's tjTransform (2.1) cannot be stopped, nor fit Huffman codes,
// and refuses unusual subsampling.
#include "internal.h"
#include <assert.h>
#include <jerror.h>
#include <stdlib.h>

struct transform {
  struct ccodecs_jpeg_errors errors;
  struct jpeg_decompress_struct in;
  struct jpeg_compress_struct out;
  struct jpeg_progress_mgr progress;
  struct ccodecs_jpeg_destination destination;
  struct ccodecs_limits limits;
  struct ccodecs_turn turn;
};

// Asked by reader and writer alike; only the reader counts scans.
static void on_progress(j_common_ptr info) {
  struct transform *transform = info->client_data;
  if (info->is_decompressor && transform->in.input_scan_number > ccodecs_max_scans)
    ccodecs_jpeg_throw(info, ccodecs_unsupported, ccodecs_many_scans);
  if (transform->limits.go_on && !transform->limits.go_on(transform->limits.context))
    ccodecs_jpeg_throw(info, ccodecs_stopped, "stopped");
}

static void set_up(struct transform *transform, const uint8_t *bytes, size_t count) {
  jpeg_create_decompress(&transform->in);
  jpeg_create_compress(&transform->out);
  transform->in.client_data = transform->out.client_data = transform;
  transform->progress.progress_monitor = on_progress;
  transform->in.progress = transform->out.progress = &transform->progress;
  jpeg_mem_src(&transform->in, bytes, count);
}

// Pixels of an MCU along one axis; a scan of one component has MCUs of one block (ITU-T T.81, A.2.2).
static uint32_t unit(const struct transform *transform, int factor) {
  return transform->in.num_components == 1 ? DCTSIZE : (uint32_t)factor * DCTSIZE;
}

// The side of the crop that becomes the left or upper one must lie between MCUs; the other may cut blocks, since what
// hangs over is not shown.
static bool is_exact(const struct transform *transform) {
  // libjpeg marks every CMYK file as Adobe's, whose inks are inverted.
  if (transform->in.num_components == 4 && !transform->in.saw_Adobe_marker) return false;
  const struct ccodecs_turn *turn = &transform->turn;
  uint32_t first_x = turn->reverse_x ? turn->x + turn->width : turn->x;
  uint32_t first_y = turn->reverse_y ? turn->y + turn->height : turn->y;
  return first_x % unit(transform, transform->in.max_h_samp_factor) == 0 &&
         first_y % unit(transform, transform->in.max_v_samp_factor) == 0;
}

// A quantizer belongs to its coefficient, which changes rows and columns with it.
static void transpose_tables(struct jpeg_compress_struct *out) {
  for (int index = 0; index < NUM_QUANT_TBLS; index++) {
    JQUANT_TBL *table = out->quant_tbl_ptrs[index];
    if (!table) continue;
    for (int row = 0; row < DCTSIZE; row++)
      for (int column = 0; column < row; column++) {
        UINT16 held = table->quantval[row * DCTSIZE + column];
        table->quantval[row * DCTSIZE + column] = table->quantval[column * DCTSIZE + row];
        table->quantval[column * DCTSIZE + row] = held;
      }
  }
}

static void configure(struct transform *transform, bool progressive) {
  struct jpeg_compress_struct *out = &transform->out;
  const struct ccodecs_turn *turn = &transform->turn;
  jpeg_copy_critical_parameters(&transform->in, out);
  out->image_width = turn->transpose ? turn->height : turn->width;
  out->image_height = turn->transpose ? turn->width : turn->height;
  if (turn->transpose) transpose_tables(out);
  for (int index = 0; index < out->num_components; index++) {
    jpeg_component_info *component = out->comp_info + index;
    int across = component->h_samp_factor, down = component->v_samp_factor;
    component->h_samp_factor = turn->transpose ? down : across;
    component->v_samp_factor = turn->transpose ? across : down;
  }
  // Factors of a single component mean nothing (A.2.2).
  if (out->num_components == 1) out->comp_info[0].h_samp_factor = out->comp_info[0].v_samp_factor = 1;
  out->optimize_coding = TRUE;
  if (progressive) jpeg_simple_progression(out);
}

// Where a coefficient of the result comes from, and whether it changes its sign.
struct move {
  uint8_t from;
  bool negated;
};

static void plan_moves(const struct ccodecs_turn *turn, struct move moves[DCTSIZE2]) {
  for (int row = 0; row < DCTSIZE; row++)
    for (int column = 0; column < DCTSIZE; column++) {
      int from_row = turn->transpose ? column : row, from_column = turn->transpose ? row : column;
      // What both mirrorings negate stays as it is.
      bool is_odd = (turn->reverse_x && from_column % 2) != (turn->reverse_y && from_row % 2);
      moves[row * DCTSIZE + column] = (struct move){(uint8_t)(from_row * DCTSIZE + from_column), is_odd};
    }
}

// A block of coefficients in one of libjpeg's virtual arrays.
static JCOEF *block_at(j_common_ptr info, jvirt_barray_ptr array, JDIMENSION row, JDIMENSION column, boolean writing) {
  return info->mem->access_virt_barray(info, array, row, 1, writing)[0][column];
}

static void move_component(
  struct transform *transform, int index, const struct move moves[DCTSIZE2], jvirt_barray_ptr from,
  jvirt_barray_ptr to) {
  const struct ccodecs_turn *turn = &transform->turn;
  const jpeg_component_info *stored = transform->in.comp_info + index, *made = transform->out.comp_info + index;
  bool is_alone = transform->in.num_components == 1;
  uint32_t across = is_alone ? 1 : (uint32_t)stored->h_samp_factor, down = is_alone ? 1 : (uint32_t)stored->v_samp_factor;
  uint32_t unit_x = unit(transform, transform->in.max_h_samp_factor);
  uint32_t unit_y = unit(transform, transform->in.max_v_samp_factor);
  // The stored block after (reversed) or at the result's first one.
  uint32_t first_x = (turn->x + (turn->reverse_x ? turn->width : 0)) / unit_x * across;
  uint32_t first_y = (turn->y + (turn->reverse_y ? turn->height : 0)) / unit_y * down;
  for (JDIMENSION row = 0; row < made->height_in_blocks; row++)
    for (JDIMENSION column = 0; column < made->width_in_blocks; column++) {
      uint32_t x = turn->transpose ? row : column, y = turn->transpose ? column : row;
      x = turn->reverse_x ? first_x - 1 - x : first_x + x;
      y = turn->reverse_y ? first_y - 1 - y : first_y + y;
      const JCOEF *source = block_at((j_common_ptr)&transform->in, from, y, x, FALSE);
      JCOEF *target = block_at((j_common_ptr)&transform->out, to, row, column, TRUE);
      for (int place = 0; place < DCTSIZE2; place++) {
        JCOEF value = source[moves[place].from];
        target[place] = moves[place].negated ? (JCOEF)-value : value;
      }
    }
}

// Whether every block stays where it is, so that the writer may take them from the reader's arrays.
static bool is_unmoved(const struct transform *transform) {
  const struct ccodecs_turn *turn = &transform->turn;
  return !turn->transpose && !turn->reverse_x && !turn->reverse_y && turn->x == 0 && turn->y == 0
         && turn->width == transform->in.image_width && turn->height == transform->in.image_height;
}

// Room for whole MCUs, since that is how the encoder goes through it.
static void request_arrays(struct transform *transform, jvirt_barray_ptr arrays[MAX_COMPONENTS]) {
  struct jpeg_compress_struct *out = &transform->out;
  int most_across = 1, most_down = 1;
  for (int index = 0; index < out->num_components; index++) {
    if (out->comp_info[index].h_samp_factor > most_across) most_across = out->comp_info[index].h_samp_factor;
    if (out->comp_info[index].v_samp_factor > most_down) most_down = out->comp_info[index].v_samp_factor;
  }
  JDIMENSION width = (JDIMENSION)most_across * DCTSIZE, height = (JDIMENSION)most_down * DCTSIZE;
  JDIMENSION mcus_across = (out->image_width + width - 1) / width, mcus_down = (out->image_height + height - 1) / height;
  for (int index = 0; index < out->num_components; index++) {
    const jpeg_component_info *component = out->comp_info + index;
    JDIMENSION across = (JDIMENSION)component->h_samp_factor, down = (JDIMENSION)component->v_samp_factor;
    arrays[index] = out->mem->request_virt_barray(
      (j_common_ptr)out, JPOOL_IMAGE, TRUE, mcus_across * across, mcus_down * down, down);
  }
}

static void run(
  struct transform *transform, bool progressive, const struct ccodecs_metadata *metadata,
  const struct ccodecs_sink *sink) {
  struct jpeg_decompress_struct *in = &transform->in;
  struct jpeg_compress_struct *out = &transform->out;
  jvirt_barray_ptr made[MAX_COMPONENTS];
  struct move moves[DCTSIZE2];
  jpeg_read_header(in, TRUE);
  if (!is_exact(transform)) ccodecs_jpeg_throw((j_common_ptr)in, ccodecs_inexact, "blocks would be cut");
  ccodecs_jpeg_check_scans(in);
  // From here on the coefficients of the whole image are held, twice where they move: held once, a file whose codes are only
  // fitted takes 0.8 of the time.
  jvirt_barray_ptr *stored = jpeg_read_coefficients(in);
  configure(transform, progressive || in->progressive_mode);
  ccodecs_jpeg_direct(out, &transform->destination, sink);
  const bool moves_blocks = !is_unmoved(transform);
  if (moves_blocks) request_arrays(transform, made);
  jpeg_write_coefficients(out, moves_blocks ? made : stored);
  ccodecs_jpeg_write_metadata(out, metadata);
  if (moves_blocks) {
    plan_moves(&transform->turn, moves);
    for (int index = 0; index < out->num_components; index++)
      move_component(transform, index, moves, stored[index], made[index]);
  }
  jpeg_finish_compress(out);
  jpeg_finish_decompress(in);
}

// Frees everything, also what was never set up: libjpeg's destroy functions take zeroed structures.
static void release(struct transform *transform) {
  jpeg_destroy_compress(&transform->out);
  jpeg_destroy_decompress(&transform->in);
  free(transform);
}

bool ccodecs_jpeg_transform(
  const uint8_t *bytes, size_t count, const struct ccodecs_limits *limits, const struct ccodecs_turn *turn,
  bool progressive, const struct ccodecs_metadata *metadata, const struct ccodecs_sink *sink,
  struct ccodecs_result *result) {
  assert(turn->width > 0 && turn->height > 0);
  struct transform *transform = calloc(1, sizeof *transform);
  if (!transform) return ccodecs_fail(result, ccodecs_no_memory, "out of memory");
  transform->limits = *limits;
  transform->turn = *turn;
  transform->errors.result = result;
  ccodecs_jpeg_catch(&transform->errors);
  transform->in.err = transform->out.err = &transform->errors.manager;
  if (setjmp(transform->errors.jump)) {
    // Tables that change between scans cannot be written once for all.
    if (transform->errors.manager.msg_code == JERR_MISMATCHED_QUANT_TABLE) result->status = ccodecs_inexact;
    release(transform);
    return false;
  }
  set_up(transform, bytes, count);
  run(transform, progressive, metadata, sink);
  release(transform);
  return true;
}
