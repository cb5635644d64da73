// Rows to JPEG, by libjpeg-turbo.
#include "internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct ccodecs_jpeg_encoder {
  struct ccodecs_jpeg_errors errors;
  struct jpeg_compress_struct info;
  struct ccodecs_jpeg_destination destination;
};

// Factors of luma; both color planes keep 1 × 1 (ITU-T T.81, A.1.1). libjpeg's default is 4:2:0.
static void set_subsampling(struct jpeg_compress_struct *info, int subsampling) {
  if (info->num_components != 3) return;
  info->comp_info[0].h_samp_factor = subsampling == 444 ? 1 : 2;
  info->comp_info[0].v_samp_factor = subsampling == 420 ? 2 : 1;
}

static void configure(
  struct ccodecs_jpeg_encoder *encoder, const struct ccodecs_image *image,
  const struct ccodecs_jpeg_settings *settings) {
  struct jpeg_compress_struct *info = &encoder->info;
  jpeg_create_compress(info);
  info->image_width = image->width;
  info->image_height = image->height;
  info->input_components = image->channels;
  // RGBX skips the fourth channel, so that rows need not be packed first.
  info->in_color_space = image->channels == 1 ? JCS_GRAYSCALE : JCS_EXT_RGBX;
  jpeg_set_defaults(info);
  // TRUE keeps quantizers below 256, which baseline files need (B.2.4.1).
  jpeg_set_quality(info, settings->quality, TRUE);
  set_subsampling(info, settings->subsampling);
  info->optimize_coding = settings->optimize;
  // Chooses scans by the number of components.
  if (settings->progressive) jpeg_simple_progression(info);
}

struct ccodecs_jpeg_encoder *ccodecs_jpeg_create(
  const struct ccodecs_image *image, const struct ccodecs_jpeg_settings *settings,
  const struct ccodecs_metadata *metadata, const struct ccodecs_sink *sink, struct ccodecs_result *result) {
  assert((image->channels == 1 || image->channels == 4) && image->depth == 8 && !image->alpha);
  assert(settings->quality >= 1 && settings->quality <= 100);
  struct ccodecs_jpeg_encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder) return ccodecs_fail(result, ccodecs_no_memory, "out of memory"), NULL;
  encoder->errors.result = result;
  ccodecs_jpeg_catch(&encoder->errors);
  encoder->info.err = &encoder->errors.manager;
  if (setjmp(encoder->errors.jump)) return ccodecs_jpeg_destroy(encoder), NULL;
  configure(encoder, image, settings);
  ccodecs_jpeg_direct(&encoder->info, &encoder->destination, sink);
  jpeg_start_compress(&encoder->info, TRUE);
  ccodecs_jpeg_write_metadata(&encoder->info, metadata);
  return encoder;
}

bool ccodecs_jpeg_write(struct ccodecs_jpeg_encoder *encoder, const uint8_t *row, struct ccodecs_result *result) {
  encoder->errors.result = result;
  if (setjmp(encoder->errors.jump)) return false;
  JSAMPROW source = (JSAMPROW)row; // libjpeg only reads through it
  jpeg_write_scanlines(&encoder->info, &source, 1);
  return true;
}

// A second pass, for optimized or progressive files, runs here and asks nobody whether to go on.
bool ccodecs_jpeg_complete(struct ccodecs_jpeg_encoder *encoder, struct ccodecs_result *result) {
  encoder->errors.result = result;
  if (setjmp(encoder->errors.jump)) return false;
  jpeg_finish_compress(&encoder->info);
  return true;
}

void ccodecs_jpeg_destroy(struct ccodecs_jpeg_encoder *encoder) {
  jpeg_destroy_compress(&encoder->info);
  free(encoder);
}
