// PNG to rows, by libpng with limits of our own.
//
// The pixels of files that are not interlaced come from png_stream.c, which is three times as fast. libpng then reads a file in which all IDAT
// chunks are replaced by one that holds no pixels, and so is the judge of everything around them. What png_stream.c objects to
// is `undecided`: libpng has to read the file as it is, from the start.
#include "internal.h"
#include "png_stream.h"
#include <png.h>
#include <stdlib.h>
#include <string.h>

// Limits far above sound images: a side, chunks that are kept, and bytes of one chunk once it is inflated.
enum { max_axis = 1000000, max_chunks = 1000, max_chunk_bytes = 16 << 20 };

struct ccodecs_png_decoder {
  png_structp png;
  png_infop info;
  jmp_buf jump;
  struct ccodecs_result *result;
  const uint8_t *bytes;
  size_t count, position;
  struct ccodecs_limits limits;
  struct ccodecs_image image;
  size_t row_bytes;
  uint8_t *whole; // an interlaced image, once it was read
  uint32_t next_row;
  struct ccodecs_png_storage storage;
  bool is_ours;            // pixels do not come from libpng
  struct png_chunks chunks; // if so
  size_t stand_in;         // bytes that libpng has read of what stands in for them
  struct png_stream *stream;
  bool broken; // an error in the middle of what is salvaged: the rest is blank
  char damage[224];
};

// Every error goes through here, to the entry point that armed the jump last.
static _Noreturn void leave(struct ccodecs_png_decoder *decoder, enum ccodecs_status status, const char *message) {
  ccodecs_fail(decoder->result, status, message);
  longjmp(decoder->jump, 1);
}

// libpng has no error numbers: a lack of memory is known by its messages alone.
static _Noreturn void on_error(png_structp png, png_const_charp message) {
  enum ccodecs_status status = strstr(message, "emory") ? ccodecs_no_memory : ccodecs_damaged;
  leave(png_get_error_ptr(png), status, message);
}

// libpng warns of oddities around the pixels, such as a wrong profile or a chunk out of order, and goes on without.
// What is salvaged has wrong checksums among them.
static void on_warning(png_structp png, png_const_charp message) {
  struct ccodecs_png_decoder *decoder = png_get_error_ptr(png);
  if (decoder->limits.salvage && strstr(message, "CRC")) ccodecs_note_damage(decoder->damage, message);
}

// libpng's input. Returning ends its request, so what is missing must be an error or made up.
static void on_read(png_structp png, png_bytep target, size_t count) {
  struct ccodecs_png_decoder *decoder = png_get_io_ptr(png);
  size_t rest = decoder->count - decoder->position;
  if (count > rest) {
    if (!decoder->limits.salvage || rest == 0) leave(decoder, ccodecs_truncated, "it ends inside the image data");
    // libpng asks for several kilobytes at a time: what there is of them is used, and it stops at the zeros after them.
    ccodecs_note_damage(decoder->damage, "it ends inside the image data");
    memset(target + rest, 0, count - rest);
    count = rest;
  }
  memcpy(target, decoder->bytes + decoder->position, count);
  decoder->position += count;
}

// An IDAT chunk with zlib's form of nothing.
static const uint8_t no_pixels[] = {0, 0, 0, 8, 'I', 'D', 'A', 'T', 0x78, 0x9C, 3, 0, 0, 0, 0, 1, 0x48, 0x06, 0x89, 0xD2};

// The same where pixels are not libpng's business.
static void on_read_around(png_structp png, png_bytep target, size_t count) {
  struct ccodecs_png_decoder *decoder = png_get_io_ptr(png);
  while (count > 0) {
    if (decoder->position == decoder->chunks.start && decoder->stand_in == sizeof no_pixels)
      decoder->position = decoder->chunks.end;
    const bool stands_in = decoder->position == decoder->chunks.start;
    const size_t end = decoder->position < decoder->chunks.start ? decoder->chunks.start : decoder->count;
    size_t size = stands_in ? sizeof no_pixels - decoder->stand_in : end - decoder->position;
    if (size == 0) leave(decoder, ccodecs_truncated, "it ends inside the image data");
    if (size > count) size = count;
    memcpy(target, stands_in ? no_pixels + decoder->stand_in : decoder->bytes + decoder->position, size);
    if (stands_in) decoder->stand_in += size;
    else decoder->position += size;
    target += size, count -= size;
  }
}

// Stops the decoder when the caller wants that; leaves by the jump.
static void go_on(struct ccodecs_png_decoder *decoder) {
  if (decoder->limits.go_on && !decoder->limits.go_on(decoder->limits.context))
    leave(decoder, ccodecs_stopped, "stopped");
}

static void set_limits(png_structp png, bool salvage) {
  // Chunks that nothing here uses, some of them compressed: their checksums are verified, their contents skipped.
  static const png_byte skipped[] = "tEXt\0zTXt\0iTXt\0sPLT\0hIST\0pCAL\0sCAL\0tIME\0oFFs";
  png_set_user_limits(png, max_axis, max_axis);
  png_set_chunk_cache_max(png, max_chunks);
  png_set_chunk_malloc_max(png, max_chunk_bytes);
  int wrong = salvage ? PNG_CRC_WARN_USE : PNG_CRC_ERROR_QUIT;
  png_set_crc_action(png, wrong, wrong);
  // libpng asks for so many compressed bytes at once, and what stands in the last, incomplete piece is lost.
  if (salvage) png_set_compression_buffer_size(png, 16);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, skipped, sizeof skipped / 5);
}

// All numbers of PNG have the highest byte first (PNG, 7.1).
static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// Width and height stand at a fixed place (PNG, 5.6 and 11.2.1); libpng's own refusal would not name them.
static void check_size(struct ccodecs_png_decoder *decoder, struct ccodecs_header *header) {
  if (decoder->count < 24) leave(decoder, ccodecs_truncated, "it ends inside the header");
  header->image.width = big_endian(decoder->bytes + 16);
  header->image.height = big_endian(decoder->bytes + 20);
  if ((uint64_t)header->image.width * header->image.height > decoder->limits.max_pixels)
    leave(decoder, ccodecs_too_large, "too many pixels");
  if (header->image.width > max_axis || header->image.height > max_axis)
    leave(decoder, ccodecs_unsupported, "a PNG of more than 1,000,000 pixels in one direction");
}

// How samples are stored, for results that keep palette, depth and transparent color. Must be asked before transforms,
// which change what libpng says.
static void find_storage(struct ccodecs_png_decoder *decoder) {
  struct ccodecs_png_storage *storage = &decoder->storage;
  png_structp png = decoder->png;
  png_colorp palette = NULL;
  png_bytep alpha = NULL;
  png_color_16p key = NULL;
  storage->kind = png_get_color_type(png, decoder->info);
  storage->depth = png_get_bit_depth(png, decoder->info);
  if (storage->kind == PNG_COLOR_TYPE_PALETTE) png_get_PLTE(png, decoder->info, &palette, &storage->colors);
  for (int index = 0; index < storage->colors; index++) {
    storage->palette[index][0] = palette[index].red;
    storage->palette[index][1] = palette[index].green;
    storage->palette[index][2] = palette[index].blue;
  }
  if (!png_get_tRNS(png, decoder->info, &alpha, &storage->alphas, &key)) return;
  if (storage->kind == PNG_COLOR_TYPE_PALETTE) {
    if (alpha) memcpy(storage->alpha, alpha, (size_t)storage->alphas);
    return;
  }
  storage->alphas = 0;
  if ((storage->has_key = key != NULL))
    memcpy(storage->key, (const uint16_t[4]){key->red, key->green, key->blue, key->gray}, sizeof storage->key);
}

void ccodecs_png_storage(const struct ccodecs_png_decoder *decoder, struct ccodecs_png_storage *storage) {
  *storage = decoder->storage;
}

// Makes rows of 1, 2 or 4 channels of 8 or 16 bits from every kind of PNG.
static void set_transforms(struct ccodecs_png_decoder *decoder) {
  png_structp png = decoder->png;
  bool stored = decoder->limits.stored;
  if (stored) png_set_packing(png); // fewer than 8 bits to a byte
  else png_set_expand(png);         // palettes to colors, fewer than 8 bits to 8, tRNS to alpha
  png_set_swap(png);                // 16-bit samples to the order of this machine; the format is big-endian
  bool transparent = !stored && png_get_valid(png, decoder->info, PNG_INFO_tRNS) != 0;
  int kind = png_get_color_type(png, decoder->info);
  if (stored && kind == PNG_COLOR_TYPE_PALETTE) kind = PNG_COLOR_TYPE_GRAY; // indices are one channel
  if ((kind & PNG_COLOR_MASK_COLOR) && !(kind & PNG_COLOR_MASK_ALPHA) && !transparent)
    png_set_filler(png, 0xFFFF, PNG_FILLER_AFTER);
  png_set_interlace_handling(png);
  png_read_update_info(png, decoder->info);

  struct ccodecs_image *image = &decoder->image;
  image->width = png_get_image_width(png, decoder->info);
  image->height = png_get_image_height(png, decoder->info);
  image->channels = (kind & PNG_COLOR_MASK_COLOR) ? 4 : png_get_channels(png, decoder->info);
  image->depth = png_get_bit_depth(png, decoder->info);
  image->alpha = (kind & PNG_COLOR_MASK_ALPHA) || transparent;
  decoder->row_bytes = (size_t)image->width * (size_t)(image->channels * image->depth / 8);
  // Rows are written into memory of this size, so libpng's own idea of it is checked.
  if (png_get_rowbytes(png, decoder->info) != decoder->row_bytes)
    leave(decoder, ccodecs_damaged, "rows have an unexpected size");
}

// What a PNG says of its colors beside a profile. Numbers are fixed-point: 100,000 is 1.
static void find_color(struct ccodecs_png_decoder *decoder, struct ccodecs_color *color) {
  int32_t *at = color->points;
  color->srgb = png_get_sRGB(decoder->png, decoder->info, &color->intent) != 0;
  if (!png_get_gAMA_fixed(decoder->png, decoder->info, &color->gamma)) color->gamma = 0;
  color->primaries = png_get_cHRM_fixed(
                        decoder->png, decoder->info, at, at + 1, at + 2, at + 3, at + 4, at + 5, at + 6, at + 7) != 0;
}

// Profile and Exif belong to libpng's structures and live until the decoder is closed.
static void find_metadata(struct ccodecs_png_decoder *decoder, struct ccodecs_header *header) {
  png_charp name;
  png_bytep bytes = NULL;
  png_uint_32 size = 0;
  int method;
  if (png_get_iCCP(decoder->png, decoder->info, &name, &method, &bytes, &size)) {
    header->icc = bytes;
    header->icc_size = size;
  }
  if (png_get_eXIf_1(decoder->png, decoder->info, &size, &bytes)) {
    header->exif = bytes;
    header->exif_size = size;
  }
}

// libpng's two structures; false when memory is short.
static bool begin(struct ccodecs_png_decoder *decoder) {
  decoder->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, decoder, on_error, on_warning);
  if (!decoder->png) return false;
  decoder->info = png_create_info_struct(decoder->png);
  return decoder->info != NULL;
}

// Whether pixels can come from png_stream.c: sound ones, in rows from top to bottom. IHDR stands at a fixed place (PNG, 5.6 and
// 11.2.1).
static bool find_ours(struct ccodecs_png_decoder *decoder, const struct ccodecs_header *header) {
  const uint8_t *bytes = decoder->bytes;
  const struct ccodecs_limits *limits = &decoder->limits;
  if (limits->salvage || limits->library || decoder->count < 33) return false;
  const uint8_t depth = bytes[24], interlacing = bytes[28];
  if (interlacing != PNG_INTERLACE_NONE) return false;
  if (!png_chunks_find(&decoder->chunks, bytes, decoder->count)) return false;
  // libpng has a limit for the length of a chunk, which is never below these.
  const uint64_t pixels = (uint64_t)header->image.width * header->image.height;
  return decoder->chunks.longest <= max_chunk_bytes || decoder->chunks.longest <= pixels * depth / 8;
}

struct ccodecs_png_decoder *ccodecs_png_open(
  const uint8_t *bytes, size_t count, const struct ccodecs_limits *limits, struct ccodecs_header *header,
  struct ccodecs_result *result) {
  struct ccodecs_png_decoder *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return ccodecs_fail(result, ccodecs_no_memory, "out of memory"), NULL;
  decoder->result = result;
  decoder->bytes = bytes;
  decoder->count = count;
  decoder->limits = *limits;
  if (setjmp(decoder->jump)) return ccodecs_png_close(decoder), NULL;
  if (!begin(decoder)) leave(decoder, ccodecs_no_memory, "out of memory");
  set_limits(decoder->png, limits->salvage);
  // Before libpng reads the header: a size that is refused must cost no memory.
  check_size(decoder, header);
  decoder->is_ours = find_ours(decoder, header);
  png_set_read_fn(decoder->png, decoder, decoder->is_ours ? on_read_around : on_read);
  png_read_info(decoder->png, decoder->info);
  find_metadata(decoder, header);
  find_color(decoder, &header->color);
  header->progressive = png_get_interlace_type(decoder->png, decoder->info) != PNG_INTERLACE_NONE;
  find_storage(decoder);
  set_transforms(decoder);
  header->image = decoder->image;
  return decoder;
}

// Luma as in Rec. ITU-R BT.709, in 256ths, for gray images. A transparent sample is 0 throughout.
static uint8_t background_sample(const struct ccodecs_png_decoder *decoder, int channel) {
  const uint8_t *color = decoder->limits.background;
  if (decoder->image.alpha) return 0;
  return decoder->image.channels == 4 ? color[channel % 3] : (uint8_t)((54 * color[0] + 183 * color[1] + 19 * color[2]) / 256);
}

// Makes rows transparent, or of the background's color. Both bytes of a 16-bit sample get the 8-bit level, which is
// times 257.
static void blank(const struct ccodecs_png_decoder *decoder, uint8_t *rows, size_t count) {
  size_t width = (size_t)decoder->image.depth / 8;
  for (size_t at = 0; at < count * decoder->row_bytes; at++)
    rows[at] = background_sample(decoder, (int)(at / width) % decoder->image.channels);
}

// After an error in the middle of the rows: false, or true when the rest is made up for.
static bool give_up(struct ccodecs_png_decoder *decoder) {
  enum ccodecs_status status = decoder->result->status;
  // Only damage is made up for: not a lack of memory, nor a request to stop.
  if (!decoder->limits.salvage || (status != ccodecs_damaged && status != ccodecs_truncated)) return false;
  ccodecs_note_damage(decoder->damage, decoder->result->message);
  return decoder->broken = true;
}

// An interlaced image arrives in seven passes over all rows (PNG, 8.2), so its rows can only be given out at the end.
static void read_whole(struct ccodecs_png_decoder *decoder) {
  decoder->whole = calloc(decoder->image.height, decoder->row_bytes);
  if (!decoder->whole) leave(decoder, ccodecs_no_memory, "out of memory");
  bool salvage = decoder->limits.salvage;
  if (salvage) blank(decoder, decoder->whole, decoder->image.height);
  for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++)
    for (uint32_t row = 0; row < decoder->image.height; row++) {
      if (row % 16 == 0) go_on(decoder);
      uint8_t *target = decoder->whole + row * decoder->row_bytes;
      // The second way spreads pixels over the place of those that may never come.
      png_read_row(decoder->png, salvage ? NULL : target, salvage ? target : NULL);
    }
}

static bool is_interlaced(const struct ccodecs_png_decoder *decoder) {
  return png_get_interlace_type(decoder->png, decoder->info) != PNG_INTERLACE_NONE;
}

// Arms the jump in a function of its own, so that no variable lives across it.
static bool hold_whole(struct ccodecs_png_decoder *decoder) {
  if (setjmp(decoder->jump)) return give_up(decoder);
  read_whole(decoder);
  return true;
}

// Decodes rows that are not interlaced.
static bool read_rows(struct ccodecs_png_decoder *decoder, uint8_t *rows, size_t stride, int count) {
  if (setjmp(decoder->jump)) return give_up(decoder);
  go_on(decoder);
  for (int row = 0; row < count; row++) {
    uint8_t *target = rows + (size_t)row * stride;
    if (decoder->limits.salvage) blank(decoder, target, 1);
    png_read_row(decoder->png, target, NULL);
    decoder->next_row++;
  }
  return true;
}

// The image as libpng has understood it: a palette or a transparent color that it refuses is not there.
static struct png_image plan(const struct ccodecs_png_decoder *decoder) {
  const struct ccodecs_png_storage *storage = &decoder->storage;
  struct png_image image = {decoder->image.width, decoder->image.height, .depth = storage->depth, .stored = decoder->limits.stored};
  const bool is_gray = !(storage->kind & PNG_COLOR_MASK_COLOR);
  image.indexed = storage->kind == PNG_COLOR_TYPE_PALETTE;
  image.samples = (is_gray || image.indexed ? 1 : 3) + (storage->kind & PNG_COLOR_MASK_ALPHA ? 1 : 0);
  image.colors = (size_t)storage->colors;
  for (int index = 0; index < storage->colors; index++) {
    memcpy(image.palette[index], storage->palette[index], 3);
    image.palette[index][3] = index < storage->alphas ? storage->alpha[index] : 255;
  }
  image.has_key = storage->has_key;
  memcpy(image.key, is_gray ? storage->key + 3 : storage->key, is_gray ? 2 : 6);
  return image;
}

// Rows from png_stream.c.
static bool read_ours(
  struct ccodecs_png_decoder *decoder, uint8_t *rows, size_t stride, int count, struct ccodecs_result *result) {
  const struct ccodecs_limits *limits = &decoder->limits;
  if (limits->go_on && !limits->go_on(limits->context)) return ccodecs_fail(result, ccodecs_stopped, "stopped");
  if (!decoder->stream) {
    const struct png_image image = plan(decoder);
    decoder->stream = png_stream_open(&decoder->chunks, &image);
    if (!decoder->stream) return ccodecs_fail(result, ccodecs_no_memory, "out of memory");
  }
  if (png_stream_read(decoder->stream, rows, stride, (size_t)count)) return true;
  return ccodecs_fail(result, ccodecs_undecided, "it is for libpng");
}

bool ccodecs_png_read(
  struct ccodecs_png_decoder *decoder, uint8_t *rows, size_t stride, int count, struct ccodecs_result *result) {
  decoder->result = result;
  if (decoder->is_ours) return read_ours(decoder, rows, stride, count, result);
  if (is_interlaced(decoder)) {
    if (!decoder->whole && !hold_whole(decoder)) return false;
    for (int row = 0; row < count; row++, decoder->next_row++)
      memcpy(rows + (size_t)row * stride, decoder->whole + decoder->next_row * decoder->row_bytes, decoder->row_bytes);
    return true;
  }
  // Rows that do not come are blank when the image is salvaged.
  uint32_t first = decoder->next_row;
  if (!decoder->broken && !read_rows(decoder, rows, stride, count)) return false;
  for (uint32_t row = decoder->next_row - first; row < (uint32_t)count; row++, decoder->next_row++)
    blank(decoder, rows + row * stride, 1);
  return true;
}

bool ccodecs_png_finish(struct ccodecs_png_decoder *decoder, struct ccodecs_result *result) {
  decoder->result = result;
  if (decoder->broken) return true;
  if (decoder->is_ours && !(decoder->stream && png_stream_finish(decoder->stream)))
    return ccodecs_fail(result, ccodecs_undecided, "it is for libpng");
  if (setjmp(decoder->jump)) return give_up(decoder);
  png_read_end(decoder->png, NULL);
  return true;
}

const char *ccodecs_png_damage(const struct ccodecs_png_decoder *decoder) {
  return decoder->damage[0] ? decoder->damage : NULL;
}

void ccodecs_png_close(struct ccodecs_png_decoder *decoder) {
  png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
  png_stream_close(decoder->stream);
  free(decoder->whole);
  free(decoder);
}
