#include "internal.h"
#include <stdlib.h>
#include <string.h>

enum { buffer_size = 1 << 16 };

struct ccodecs_jpeg_encoder {
  struct ccodecs_jpeg_errors errors;
  struct jpeg_compress_struct info;
  struct jpeg_destination_mgr destination;
  struct ccodecs_sink sink;
  uint8_t buffer[buffer_size];
};

static void begin_buffer(j_compress_ptr info) {
  struct ccodecs_jpeg_encoder *encoder = info->client_data;
  encoder->destination.next_output_byte = encoder->buffer;
  encoder->destination.free_in_buffer = buffer_size;
}

static void hand_over(j_compress_ptr info, size_t count) {
  struct ccodecs_jpeg_encoder *encoder = info->client_data;
  if (!encoder->sink.take(encoder->sink.context, encoder->buffer, count))
    ccodecs_jpeg_throw((j_common_ptr)info, ccodecs_sink_failed, "the output could not be taken");
}

static boolean on_full_buffer(j_compress_ptr info) {
  hand_over(info, buffer_size);
  begin_buffer(info);
  return TRUE;
}

static void end_buffer(j_compress_ptr info) {
  struct ccodecs_jpeg_encoder *encoder = info->client_data;
  hand_over(info, buffer_size - encoder->destination.free_in_buffer);
}

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
  info->client_data = encoder;
  encoder->destination.init_destination = begin_buffer;
  encoder->destination.empty_output_buffer = on_full_buffer;
  encoder->destination.term_destination = end_buffer;
  info->dest = &encoder->destination;
  info->image_width = image->width;
  info->image_height = image->height;
  info->input_components = image->lanes;
  info->in_color_space = image->lanes == 1 ? JCS_GRAYSCALE : JCS_EXT_RGBX;
  jpeg_set_defaults(info);
  jpeg_set_quality(info, settings->quality, TRUE);
  set_subsampling(info, settings->subsampling);
  info->optimize_coding = settings->optimize;
  if (settings->progressive) jpeg_simple_progression(info);
}

static void write_metadata(struct jpeg_compress_struct *info, const struct ccodecs_metadata *metadata) {
  static const char name[] = "Exif\0"; // six bytes with the literal's own NUL
  // A marker holds 65,533 bytes; longer Exif, which only PNG can carry, does not fit into a JPEG.
  if (metadata->exif && metadata->exif_size + sizeof name <= 65533) {
    jpeg_write_m_header(info, JPEG_APP0 + 1, (unsigned)(metadata->exif_size + sizeof name));
    for (size_t i = 0; i < sizeof name; i++) jpeg_write_m_byte(info, name[i]);
    for (size_t i = 0; i < metadata->exif_size; i++) jpeg_write_m_byte(info, metadata->exif[i]);
  }
  if (metadata->icc) jpeg_write_icc_profile(info, metadata->icc, (unsigned)metadata->icc_size);
}

struct ccodecs_jpeg_encoder *ccodecs_jpeg_create(
  const struct ccodecs_image *image, const struct ccodecs_jpeg_settings *settings,
  const struct ccodecs_metadata *metadata, const struct ccodecs_sink *sink, struct ccodecs_result *result) {
  struct ccodecs_jpeg_encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder) return ccodecs_fail(result, ccodecs_no_memory, "out of memory"), NULL;
  encoder->sink = *sink;
  encoder->errors.result = result;
  ccodecs_jpeg_catch(&encoder->errors);
  encoder->info.err = &encoder->errors.manager;
  if (setjmp(encoder->errors.jump)) return ccodecs_jpeg_destroy(encoder), NULL;
  configure(encoder, image, settings);
  jpeg_start_compress(&encoder->info, TRUE);
  write_metadata(&encoder->info, metadata);
  return encoder;
}

bool ccodecs_jpeg_write(struct ccodecs_jpeg_encoder *encoder, const uint8_t *row, struct ccodecs_result *result) {
  encoder->errors.result = result;
  if (setjmp(encoder->errors.jump)) return false;
  JSAMPROW source = (JSAMPROW)row; // libjpeg only reads through it
  jpeg_write_scanlines(&encoder->info, &source, 1);
  return true;
}

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
