// Rows to WebP. libwebp encodes whole pictures: rows are kept until the last one, lossy ones as the planes that are
// encoded, 16 rows at a time, so that the image is never held as colors too.
#ifdef LANES_WEBP
#include "internal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>

// An even number, so that pairs of rows, which share color samples, stay together.
enum { band_rows = 16 };

struct cwebp_encoder {
  WebPConfig config;
  WebPPicture picture;
  WebPMemoryWriter output;
  struct ccodecs_limits limits;
  int channels;
  int row;       // the next row
  uint8_t *band; // of a lossy image: `band_rows` rows of four channels
};

// Quality means effort in what is encoded without loss. The steps are those of libwebp's own presets
// (WebPConfigLosslessPreset), of which each method has one here.
static const int lossless_quality[] = {0, 20, 25, 50, 75, 90, 100};

static int on_progress(int percent, const WebPPicture *picture) {
  (void)percent;
  const struct ccodecs_limits *limits = &((const struct cwebp_encoder *)picture->user_data)->limits;
  return !limits->go_on || limits->go_on(limits->context);
}

static bool set_up(
  struct cwebp_encoder *encoder, const struct ccodecs_image *image, const struct cwebp_settings *settings) {
  if (!WebPConfigInit(&encoder->config) || !WebPPictureInit(&encoder->picture)) return false;
  WebPConfig *config = &encoder->config;
  config->lossless = settings->lossless;
  config->method = settings->effort;
  config->quality = (float)(settings->lossless ? lossless_quality[settings->effort] : settings->quality);
  config->exact = settings->lossless; // colors that nothing shows are pixels too
  config->thread_level = 0;
  if (!WebPValidateConfig(config)) return false;
  WebPPicture *picture = &encoder->picture;
  picture->width = (int)image->width;
  picture->height = (int)image->height;
  picture->use_argb = settings->lossless;
  picture->colorspace = image->alpha ? WEBP_YUV420A : WEBP_YUV420;
  picture->writer = WebPMemoryWrite;
  picture->custom_ptr = &encoder->output;
  picture->progress_hook = on_progress;
  picture->user_data = encoder;
  if (!WebPPictureAlloc(picture)) return false;
  if (settings->lossless) return true;
  encoder->band = malloc((size_t)band_rows * 4 * image->width);
  return encoder->band != NULL;
}

struct cwebp_encoder *cwebp_create(
  const struct ccodecs_image *image, const struct cwebp_settings *settings, const struct ccodecs_limits *limits,
  struct ccodecs_result *result) {
  assert(image->depth == 8 && image->width <= cwebp_max_side && image->height <= cwebp_max_side);
  assert(settings->effort >= 0 && settings->effort <= 6);
  struct cwebp_encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder) return cwebp_fail(result, ccodecs_no_memory, "out of memory"), NULL;
  encoder->limits = *limits;
  encoder->channels = image->channels;
  WebPMemoryWriterInit(&encoder->output);
  if (set_up(encoder, image, settings)) return encoder;
  cwebp_fail(result, ccodecs_no_memory, "out of memory");
  cwebp_destroy(encoder);
  return NULL;
}

// A pixel of any number of channels as red, green, blue and alpha.
static inline void widen(const uint8_t *pixel, int channels, bool alpha, uint8_t colors[4]) {
  const bool gray = channels < 4;
  for (int channel = 0; channel < 3; channel++) colors[channel] = pixel[gray ? 0 : channel];
  colors[3] = alpha ? pixel[channels - 1] : 255;
}

static void copy_plane(
  uint8_t *to, int to_stride, const uint8_t *from, int from_stride, int width, int height) {
  for (int y = 0; y < height; y++) memcpy(to + (ptrdiff_t)y * to_stride, from + (ptrdiff_t)y * from_stride, (size_t)width);
}

// Makes planes of the `count` rows in the band, which begin at `first`.
static bool import_band(struct cwebp_encoder *encoder, int first, int count) {
  WebPPicture *picture = &encoder->picture, part;
  if (!WebPPictureInit(&part)) return false;
  part.width = picture->width;
  part.height = count;
  const bool done = picture->a ? WebPPictureImportRGBA(&part, encoder->band, 4 * picture->width)
                               : WebPPictureImportRGBX(&part, encoder->band, 4 * picture->width);
  if (done) {
    const ptrdiff_t top = first, half = first / 2;
    const int uv_width = (picture->width + 1) / 2, uv_count = (count + 1) / 2;
    copy_plane(picture->y + top * picture->y_stride, picture->y_stride, part.y, part.y_stride, picture->width, count);
    copy_plane(picture->u + half * picture->uv_stride, picture->uv_stride, part.u, part.uv_stride, uv_width, uv_count);
    copy_plane(picture->v + half * picture->uv_stride, picture->uv_stride, part.v, part.uv_stride, uv_width, uv_count);
    // A band without any transparency has no plane for it.
    for (int y = 0; picture->a && y < count; y++) {
      uint8_t *target = picture->a + (top + y) * picture->a_stride;
      if (part.a)
        memcpy(target, part.a + (ptrdiff_t)y * part.a_stride, (size_t)picture->width);
      else
        memset(target, 255, (size_t)picture->width);
    }
  }
  WebPPictureFree(&part);
  return done;
}

bool cwebp_write(struct cwebp_encoder *encoder, const uint8_t *row, struct ccodecs_result *result) {
  WebPPicture *picture = &encoder->picture;
  const int y = encoder->row++, width = picture->width, channels = encoder->channels;
  assert(y < picture->height);
  const bool alpha = picture->colorspace == WEBP_YUV420A;
  if (encoder->config.lossless) {
    uint32_t *target = picture->argb + (ptrdiff_t)y * picture->argb_stride;
    for (int x = 0; x < width; x++) {
      uint8_t colors[4];
      widen(row + (ptrdiff_t)x * channels, channels, alpha, colors);
      target[x] = (uint32_t)colors[3] << 24 | (uint32_t)colors[0] << 16 | (uint32_t)colors[1] << 8 | colors[2];
    }
    return true;
  }
  const int place = y % band_rows;
  uint8_t *target = encoder->band + (ptrdiff_t)place * 4 * width;
  if (channels == 4)
    memcpy(target, row, 4 * (size_t)width);
  else
    for (int x = 0; x < width; x++) widen(row + (ptrdiff_t)x * channels, channels, alpha, target + 4 * (ptrdiff_t)x);
  if (place + 1 < band_rows && y + 1 < picture->height) return true;
  return import_band(encoder, y - place, place + 1) || cwebp_fail(result, ccodecs_no_memory, "out of memory");
}

static bool fail(const WebPPicture *picture, struct ccodecs_result *result) {
  char text[64];
  switch (picture->error_code) {
  case VP8_ENC_ERROR_OUT_OF_MEMORY:
  case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
  case VP8_ENC_ERROR_BAD_WRITE: return cwebp_fail(result, ccodecs_no_memory, "out of memory");
  case VP8_ENC_ERROR_USER_ABORT: return cwebp_fail(result, ccodecs_stopped, "stopped");
  case VP8_ENC_ERROR_PARTITION0_OVERFLOW:
    return cwebp_fail(result, ccodecs_sink_failed, "it has more detail than a WebP of its size can describe; lower --quality");
  case VP8_ENC_ERROR_FILE_TOO_BIG: return cwebp_fail(result, ccodecs_sink_failed, "its result is larger than 4 GiB");
  default:
    snprintf(text, sizeof text, "libwebp cannot encode it (error %d)", (int)picture->error_code);
    return cwebp_fail(result, ccodecs_sink_failed, text);
  }
}

bool cwebp_complete(
  struct cwebp_encoder *encoder, const uint8_t **file, size_t *count, struct ccodecs_result *result) {
  assert(encoder->row == encoder->picture.height);
  free(encoder->band);
  encoder->band = NULL;
  // How blocks are predicted has to fit into 512 KiB (RFC 6386, 9.3), which large images with much detail may not. libwebp
  // then asks for less choice among predictions.
  for (int limit = 0; limit <= 100; limit += 50) {
    encoder->config.partition_limit = limit;
    WebPMemoryWriterClear(&encoder->output);
    if (WebPEncode(&encoder->config, &encoder->picture)) {
      *file = encoder->output.mem;
      *count = encoder->output.size;
      return true;
    }
    if (encoder->picture.error_code != VP8_ENC_ERROR_PARTITION0_OVERFLOW) break;
    encoder->picture.error_code = VP8_ENC_OK;
  }
  return fail(&encoder->picture, result);
}

void cwebp_destroy(struct cwebp_encoder *encoder) {
  WebPPictureFree(&encoder->picture);
  WebPMemoryWriterClear(&encoder->output);
  free(encoder->band);
  free(encoder);
}
#endif
