// JPEG to rows. libjpeg-turbo reads the header of every file; the pixels come from it or, where they are wanted
// smaller, from the decoder of cjpegscaled.h. What stands in segments is read in Swift, which walks the file once for
// all of them.
#include "internal.h"
#include <assert.h>
#include <cjpegscaled.h>
#include <stdlib.h>
#include <string.h>

struct ccodecs_jpeg_decoder {
  struct ccodecs_jpeg_errors errors;
  struct jpeg_decompress_struct info;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  struct ccodecs_limits limits;
  uint8_t *cmyk; // one row in libjpeg's own order, for conversion
  bool inks;     // which is not wanted
  bool broken;   // an error in the middle of what is salvaged: the rest is gray
  const uint8_t *bytes;
  size_t count;
  bool library_only; // also for salvage: libjpeg goes on after damage where the scaled decoder ends
  struct scaled_jpeg *scaled; // decodes in place of libjpeg when there is one
};

// The whole file is in memory: there is nothing to begin, to refill or to end.
static void begin_source(j_decompress_ptr info) { (void)info; }
// The file ends too early. What is salvaged gets an EOI, with which libjpeg fills the rest of the image.
static boolean on_end_of_bytes(j_decompress_ptr info) {
  static const JOCTET end[] = {0xFF, JPEG_EOI};
  struct ccodecs_jpeg_decoder *decoder = info->client_data;
  if (decoder->errors.salvage) {
    ccodecs_note_damage(decoder->errors.damage, "it ends inside the image data");
    info->src->next_input_byte = end;
    info->src->bytes_in_buffer = sizeof end;
    return TRUE;
  }
  ccodecs_jpeg_throw((j_common_ptr)info, ccodecs_truncated, "it ends inside the image data");
}
// A segment that claims to go on past the end of the file counts as its end.
static void skip_bytes(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  if ((size_t)count > info->src->bytes_in_buffer) {
    on_end_of_bytes(info);
    return;
  }
  info->src->next_input_byte += count;
  info->src->bytes_in_buffer -= (size_t)count;
}

// Called at least once per row of MCUs, also while a progressive file is read as a whole, so that time is asked for
// often enough.
static void on_progress(j_common_ptr common) {
  j_decompress_ptr info = (j_decompress_ptr)common;
  struct ccodecs_jpeg_decoder *decoder = info->client_data;
  if (info->input_scan_number > ccodecs_max_scans)
    ccodecs_jpeg_throw(common, ccodecs_unsupported, ccodecs_many_scans);
  if (decoder->limits.go_on && !decoder->limits.go_on(decoder->limits.context))
    ccodecs_jpeg_throw(common, ccodecs_stopped, "stopped");
}

static void set_up(struct ccodecs_jpeg_decoder *decoder, const uint8_t *bytes, size_t count) {
  struct jpeg_decompress_struct *info = &decoder->info;
  jpeg_create_decompress(info);
  info->client_data = decoder;
  decoder->source = (struct jpeg_source_mgr){
    .next_input_byte = bytes, .bytes_in_buffer = count, .init_source = begin_source,
    .fill_input_buffer = on_end_of_bytes, .skip_input_data = skip_bytes,
    .resync_to_restart = jpeg_resync_to_restart, .term_source = begin_source};
  info->src = &decoder->source;
  decoder->progress.progress_monitor = on_progress;
  info->progress = &decoder->progress;
}

// The shape of rows: gray, or RGBX without alpha.
static void fill_image(const struct jpeg_decompress_struct *info, struct ccodecs_image *image) {
  image->width = info->output_width;
  image->height = info->output_height;
  image->channels = info->jpeg_color_space == JCS_GRAYSCALE ? 1 : 4;
  image->depth = 8;
  image->alpha = false;
}

// `output_width` and `output_height` are those of the full size until decoding starts.
static void read_header(struct ccodecs_jpeg_decoder *decoder, struct ccodecs_header *header) {
  struct jpeg_decompress_struct *info = &decoder->info;
  jpeg_read_header(info, TRUE);
  if (info->jpeg_color_space == JCS_UNKNOWN)
    ccodecs_jpeg_throw((j_common_ptr)info, ccodecs_unsupported, "a JPEG of unknown color space");
  info->output_width = info->image_width;
  info->output_height = info->image_height;
  fill_image(info, &header->image);
  header->progressive = info->progressive_mode;
  header->cmyk = info->num_components == 4;
  if ((uint64_t)info->image_width * info->image_height > decoder->limits.max_pixels)
    ccodecs_jpeg_throw((j_common_ptr)info, ccodecs_too_large, "too many pixels");
}

struct ccodecs_jpeg_decoder *ccodecs_jpeg_open(
  const uint8_t *bytes, size_t count, const struct ccodecs_limits *limits, struct ccodecs_header *header,
  struct ccodecs_result *result) {
  struct ccodecs_jpeg_decoder *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return ccodecs_fail(result, ccodecs_no_memory, "out of memory"), NULL;
  decoder->limits = *limits;
  decoder->bytes = bytes;
  decoder->count = count;
  decoder->errors.result = result;
  decoder->errors.salvage = decoder->library_only = limits->salvage;
  ccodecs_jpeg_catch(&decoder->errors);
  decoder->info.err = &decoder->errors.manager;
  // From here on an error of libjpeg comes back to this line.
  if (setjmp(decoder->errors.jump)) return ccodecs_jpeg_close(decoder), NULL;
  set_up(decoder, bytes, count);
  read_header(decoder, header);
  return decoder;
}

void ccodecs_jpeg_use_library(struct ccodecs_jpeg_decoder *decoder) { decoder->library_only = true; }

void ccodecs_jpeg_use_inks(struct ccodecs_jpeg_decoder *decoder) { decoder->inks = true; }

// What cjpegscaled.h needs to know, or false for a file that it does not read.
static bool describe(struct jpeg_decompress_struct *info, struct scaled_frame *frame) {
  if (info->arith_code || info->data_precision != 8) return false;
  if (info->jpeg_color_space != JCS_YCbCr && info->jpeg_color_space != JCS_GRAYSCALE) return false;
  *frame = (struct scaled_frame){
    .width = (int)info->image_width, .height = (int)info->image_height, .progressive = info->progressive_mode,
    .component_count = info->num_components};
  for (int index = 0; index < info->num_components; index++) {
    const jpeg_component_info *component = info->comp_info + index;
    // libjpeg looks at this number later only.
    if (component->quant_tbl_no < 0 || component->quant_tbl_no >= NUM_QUANT_TBLS) return false;
    const JQUANT_TBL *table = info->quant_tbl_ptrs[component->quant_tbl_no];
    if (!table) return false;
    frame->component[index].id = component->component_id;
    frame->component[index].h = component->h_samp_factor;
    frame->component[index].v = component->v_samp_factor;
    // libjpeg keeps a table row by row.
    for (int k = 0; k < 64; k++) frame->component[index].quantizer[k] = table->quantval[scaled_natural_order[k]];
  }
  return true;
}

// Lets cjpegscaled.h decode; false when libjpeg has to.
static bool start_scaled(
  struct ccodecs_jpeg_decoder *decoder, struct ccodecs_scale scale, struct ccodecs_image *image) {
  struct jpeg_decompress_struct *info = &decoder->info;
  struct scaled_frame frame;
  if (decoder->library_only || (scale.across > 7 && scale.down > 7) || !describe(info, &frame)) return false;
  const struct scaled_check check = {decoder->limits.go_on, decoder->limits.context};
  const struct scaled_ratio ratio = {scale.across, scale.down};
  enum scaled_status status = scaled_open(decoder->bytes, decoder->count, &frame, ratio, &check, &decoder->scaled);
  if (status == scaled_stopped) ccodecs_jpeg_throw((j_common_ptr)info, ccodecs_stopped, "stopped");
  if (status == scaled_no_memory) ccodecs_jpeg_throw((j_common_ptr)info, ccodecs_no_memory, "out of memory");
  if (status != scaled_good) return false;
  // As libjpeg rounds, so that both decoders give the same size.
  info->output_width = (unsigned)((frame.width * scale.across + 7) / 8);
  info->output_height = (unsigned)((frame.height * scale.down + 7) / 8);
  fill_image(info, image);
  return true;
}

// What cjpegscaled.h finds odd is for libjpeg to judge.
static bool fail_scaled(enum scaled_status status, struct ccodecs_result *result) {
  switch (status) {
  case scaled_good: return true;
  case scaled_stopped: return ccodecs_fail(result, ccodecs_stopped, "stopped");
  case scaled_no_memory: return ccodecs_fail(result, ccodecs_no_memory, "out of memory");
  default: return ccodecs_fail(result, ccodecs_undecided, "something odd in the image data");
  }
}

// Whether luma has fewer samples than other components. libjpeg smooths it when it makes it larger, which decoding at a
// scale leaves out.
static bool has_coarse_luma(const struct jpeg_decompress_struct *info) {
  for (int index = 1; index < info->num_components; index++)
    if (
      info->comp_info[index].h_samp_factor > info->comp_info->h_samp_factor
      || info->comp_info[index].v_samp_factor > info->comp_info->v_samp_factor)
      return true;
  return false;
}

bool ccodecs_jpeg_start(
  struct ccodecs_jpeg_decoder *decoder, struct ccodecs_scale *scale, struct ccodecs_image *image,
  struct ccodecs_result *result) {
  struct jpeg_decompress_struct *info = &decoder->info;
  assert(scale->across >= 1 && scale->across <= 8 && scale->down >= 1 && scale->down <= 8);
  decoder->errors.result = result;
  if (setjmp(decoder->errors.jump)) return false;
  ccodecs_jpeg_check_scans(info);
  // Full size in both directions: start_scaled then declines, and libjpeg decodes.
  if (has_coarse_luma(info)) *scale = (struct ccodecs_scale){8, 8};
  if (start_scaled(decoder, *scale, image)) return true;
  // libjpeg has one scale for both directions.
  const int eighths = scale->across > scale->down ? scale->across : scale->down;
  *scale = (struct ccodecs_scale){eighths, eighths};
  info->scale_num = (unsigned)eighths;
  info->scale_denom = 8;
  info->out_color_space = info->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE
                          : info->num_components == 4             ? JCS_CMYK
                                                                  : JCS_EXT_RGBX;
  // Reads all of a progressive file; `on_progress` may stop it.
  jpeg_start_decompress(info);
  fill_image(info, image);
  if (info->out_color_space == JCS_CMYK && !(decoder->cmyk = malloc((size_t)info->output_width * 4)))
    ccodecs_jpeg_throw((j_common_ptr)info, ccodecs_no_memory, "out of memory");
  return true;
}

// Red is (1 − cyan)(1 − black) and so on, rounded to the nearest level. Files marked by Adobe store the complements
// already.
static void convert_cmyk(const uint8_t *cmyk, uint8_t *row, size_t width, bool inverted) {
  const unsigned flip = inverted ? 0 : 255;
  for (size_t x = 0; x < width; x++) {
    unsigned black = cmyk[4 * x + 3] ^ flip;
    for (int channel = 0; channel < 3; channel++)
      row[4 * x + channel] = (uint8_t)(((cmyk[4 * x + channel] ^ flip) * black + 127) / 255);
    row[4 * x + 3] = 255;
  }
}

// Inks as amounts: files marked by Adobe store the complements.
static void copy_inks(const uint8_t *cmyk, uint8_t *row, size_t width, bool inverted) {
  const uint8_t flip = inverted ? 255 : 0;
  for (size_t at = 0; at < 4 * width; at++) row[at] = cmyk[at] ^ flip;
}

// After an error in the middle of the rows: false, or true when the rest is made up for.
static bool give_up(struct ccodecs_jpeg_decoder *decoder) {
  enum ccodecs_status status = decoder->errors.result->status;
  if (!decoder->errors.salvage || (status != ccodecs_damaged && status != ccodecs_truncated)) return false;
  ccodecs_note_damage(decoder->errors.damage, decoder->errors.result->message);
  return decoder->broken = true;
}

bool ccodecs_jpeg_read(
  struct ccodecs_jpeg_decoder *decoder, uint8_t *rows, size_t stride, int count, struct ccodecs_result *result) {
  struct jpeg_decompress_struct *info = &decoder->info;
  assert(count >= 0);
  if (decoder->scaled) {
    enum scaled_status status = scaled_good;
    for (int row = 0; row < count && status == scaled_good; row++)
      status = scaled_row(decoder->scaled, rows + (size_t)row * stride);
    return fail_scaled(status, result);
  }
  decoder->errors.result = result;
  // Gray is what a JPEG shows where it says nothing (level shift, ITU-T T.81, A.3.1).
  if (decoder->errors.salvage) memset(rows, 128, (size_t)count * stride);
  if (decoder->broken) return true;
  if (setjmp(decoder->errors.jump)) return give_up(decoder);
  // No variable of this function changes between setjmp and a jump back, except those in `decoder`.
  for (int row = 0; row < count; row++) {
    uint8_t *place = rows + (size_t)row * stride;
    JSAMPROW target = decoder->cmyk ? decoder->cmyk : place;
    if (jpeg_read_scanlines(info, &target, 1) != 1)
      ccodecs_jpeg_throw((j_common_ptr)info, ccodecs_damaged, "a row is missing");
    if (decoder->cmyk && decoder->inks) copy_inks(decoder->cmyk, place, info->output_width, info->saw_Adobe_marker);
    else if (decoder->cmyk) convert_cmyk(decoder->cmyk, place, info->output_width, info->saw_Adobe_marker);
  }
  return true;
}

bool ccodecs_jpeg_finish(struct ccodecs_jpeg_decoder *decoder, struct ccodecs_result *result) {
  if (decoder->scaled) return fail_scaled(scaled_finish(decoder->scaled), result);
  decoder->errors.result = result;
  if (decoder->broken) return true;
  if (setjmp(decoder->errors.jump)) return give_up(decoder);
  jpeg_finish_decompress(&decoder->info);
  return true;
}

const char *ccodecs_jpeg_damage(const struct ccodecs_jpeg_decoder *decoder) {
  return decoder->errors.damage[0] ? decoder->errors.damage : NULL;
}

void ccodecs_jpeg_close(struct ccodecs_jpeg_decoder *decoder) {
  jpeg_destroy_decompress(&decoder->info);
  free(decoder->cmyk);
  scaled_close(decoder->scaled);
  free(decoder);
}
