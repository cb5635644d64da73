// Rows to PNG, by libpng.
#include "internal.h"
#include <assert.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

struct ccodecs_png_encoder {
  png_structp png;
  png_infop info;
  jmp_buf jump;
  struct ccodecs_result *result;
  struct ccodecs_sink sink;
};

// Every error goes through here, to the entry point that armed the jump last.
static _Noreturn void leave(struct ccodecs_png_encoder *encoder, enum ccodecs_status status, const char *message) {
  ccodecs_fail(encoder->result, status, message);
  longjmp(encoder->jump, 1);
}

static _Noreturn void on_error(png_structp png, png_const_charp message) {
  enum ccodecs_status status = strstr(message, "emory") ? ccodecs_no_memory : ccodecs_damaged;
  leave(png_get_error_ptr(png), status, message);
}

// Such as a profile that does not fit the image, which is then left out.
static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

// libpng hands over each chunk in three pieces: header, data and checksum.
static void on_write(png_structp png, png_bytep bytes, size_t count) {
  struct ccodecs_png_encoder *encoder = png_get_io_ptr(png);
  if (!encoder->sink.take(encoder->sink.context, bytes, count))
    leave(encoder, ccodecs_sink_failed, "the output could not be taken");
}

// In place of libpng's own, which would flush a FILE.
static void on_flush(png_structp png) { (void)png; }

// What a PNG says of its colors where there is no profile.
static void set_color(struct ccodecs_png_encoder *encoder, const struct ccodecs_color *color) {
  const int32_t *at = color->points;
  if (color->srgb) png_set_sRGB(encoder->png, encoder->info, color->intent);
  if (color->gamma > 0) png_set_gAMA_fixed(encoder->png, encoder->info, color->gamma);
  if (color->primaries)
    png_set_cHRM_fixed(encoder->png, encoder->info, at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]);
}

// Palette and transparency as the source had them. libpng copies what it is given.
static void set_storage(struct ccodecs_png_encoder *encoder, const struct ccodecs_png_storage *storage) {
  png_color palette[256];
  for (int index = 0; index < storage->colors; index++)
    palette[index] = (png_color){storage->palette[index][0], storage->palette[index][1], storage->palette[index][2]};
  if (storage->colors > 0) png_set_PLTE(encoder->png, encoder->info, palette, storage->colors);
  if (storage->alphas > 0) png_set_tRNS(encoder->png, encoder->info, storage->alpha, storage->alphas, NULL);
  // libpng takes a transparent color as five numbers, of which the first is an index that no color type here uses.
  png_color_16 key = {0, storage->key[0], storage->key[1], storage->key[2], storage->key[3]};
  if (storage->has_key) png_set_tRNS(encoder->png, encoder->info, NULL, 0, &key);
}

// Chunks of metadata, in the order in which they are given. They must not come before IHDR and the color chunks, nor
// after the pixels, where some readers do not look.
static void write_blocks(png_structp png, const struct ccodecs_metadata *metadata) {
  for (size_t index = 0; index < metadata->block_count; index++) {
    const struct ccodecs_block *block = metadata->blocks + index;
    const png_byte name[5] = {block->name[0], block->name[1], block->name[2], block->name[3], 0};
    png_write_chunk(png, name, block->bytes, block->size);
  }
}

// `PNG_ALL_FILTERS` lets libpng try each filter on each row and take the one with the smallest sum of absolute values.
static void set_compression(png_structp png, const struct ccodecs_png_settings *settings) {
  static const int filters[] = {PNG_FILTER_NONE, PNG_FILTER_SUB, PNG_FILTER_UP, PNG_FILTER_AVG, PNG_FILTER_PAETH,
                                PNG_ALL_FILTERS};
  png_set_compression_level(png, settings->level);
  // Below 0 libpng chooses: none for palettes and fewer than 8 bits, and any of the five for the rest.
  if (settings->filter >= 0) png_set_filter(png, PNG_FILTER_TYPE_BASE, filters[settings->filter]);
}

static void write_header(
  struct ccodecs_png_encoder *encoder, const struct ccodecs_image *image, const struct ccodecs_png_settings *settings,
  const struct ccodecs_metadata *metadata) {
  png_structp png = encoder->png;
  int kind = image->channels < 4 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
  if (image->alpha) kind |= PNG_COLOR_MASK_ALPHA;
  // A profile or a chunk that libpng objects to is left out; the image is written all the same.
  png_set_benign_errors(png, 1);
  set_compression(png, settings);
  const struct ccodecs_png_storage *storage = settings->storage;
  png_set_IHDR(
    png, encoder->info, image->width, image->height, storage ? storage->depth : image->depth,
    storage ? storage->kind : kind, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (storage) set_storage(encoder, storage);
  // A profile says more than the other chunks and takes their place (PNG specification, 11.3.2.3).
  if (!metadata->icc) set_color(encoder, &metadata->color);
  else
    png_set_iCCP(png, encoder->info, "icc", PNG_COMPRESSION_TYPE_BASE, metadata->icc, (png_uint_32)metadata->icc_size);
  if (metadata->exif)
    png_set_eXIf_1(png, encoder->info, (png_uint_32)metadata->exif_size, (png_bytep)metadata->exif);
  png_write_info_before_PLTE(png, encoder->info);
  write_blocks(png, metadata);
  png_write_info(png, encoder->info);
  // The format is big-endian (PNG, 7.1); packing makes bits of indices that came one to a byte.
  png_set_swap(png);
  png_set_packing(png);
  if (image->channels == 4 && !image->alpha) png_set_filler(png, 0, PNG_FILLER_AFTER);
}

struct ccodecs_png_encoder *ccodecs_png_create(
  const struct ccodecs_image *image, const struct ccodecs_png_settings *settings,
  const struct ccodecs_metadata *metadata, const struct ccodecs_sink *sink, struct ccodecs_result *result) {
  assert(image->channels == 1 || image->channels == 2 || image->channels == 4);
  assert(image->depth == 8 || image->depth == 16);
  assert(settings->level >= 0 && settings->level <= 9 && settings->filter >= -1 && settings->filter <= 5);
  struct ccodecs_png_encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder) return ccodecs_fail(result, ccodecs_no_memory, "out of memory"), NULL;
  encoder->sink = *sink;
  encoder->result = result;
  if (setjmp(encoder->jump)) return ccodecs_png_destroy(encoder), NULL;
  encoder->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, encoder, on_error, on_warning);
  if (encoder->png) encoder->info = png_create_info_struct(encoder->png);
  if (!encoder->info) leave(encoder, ccodecs_no_memory, "out of memory");
  png_set_write_fn(encoder->png, encoder, on_write, on_flush);
  write_header(encoder, image, settings, metadata);
  return encoder;
}

bool ccodecs_png_write(struct ccodecs_png_encoder *encoder, const uint8_t *row, struct ccodecs_result *result) {
  encoder->result = result;
  if (setjmp(encoder->jump)) return false;
  png_write_row(encoder->png, row);
  return true;
}

bool ccodecs_png_complete(struct ccodecs_png_encoder *encoder, struct ccodecs_result *result) {
  encoder->result = result;
  if (setjmp(encoder->jump)) return false;
  png_write_end(encoder->png, NULL);
  return true;
}

void ccodecs_png_destroy(struct ccodecs_png_encoder *encoder) {
  png_destroy_write_struct(&encoder->png, &encoder->info);
  free(encoder);
}
