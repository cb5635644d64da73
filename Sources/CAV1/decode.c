// One temporal unit to planes, by libaom.
#include "internal.h"

#ifdef LANES_AVIF
#include <aom/aom_decoder.h>
#include <aom/aomdx.h>
#include <stdlib.h>

struct cav1_decoder {
  aom_codec_ctx_t codec;
};

const char *cav1_version(void) {
  const char *text = aom_codec_version_str();
  return *text == 'v' ? text + 1 : text;
}

// The error of libaom's last call on `codec`.
static bool fail(struct cav1_result *result, aom_codec_ctx_t *codec, aom_codec_err_t error) {
  const char *detail = aom_codec_error_detail(codec);
  enum cav1_status status = error == AOM_CODEC_MEM_ERROR                                               ? cav1_no_memory
                            : error == AOM_CODEC_UNSUP_BITSTREAM || error == AOM_CODEC_UNSUP_FEATURE ? cav1_unsupported
                                                                                                       : cav1_damaged;
  return cav1_fail(result, status, detail ? detail : aom_codec_err_to_string(error));
}

static void describe(const aom_image_t *image, struct cav1_picture *picture) {
  *picture = (struct cav1_picture){
    .width = image->d_w,
    .height = image->d_h,
    .depth = (int)image->bit_depth,
    .is_wide = (image->fmt & AOM_IMG_FMT_HIGHBITDEPTH) != 0,
    .is_monochrome = image->monochrome != 0,
    .shift_x = (int)image->x_chroma_shift,
    .shift_y = (int)image->y_chroma_shift,
    .is_full_range = image->range == AOM_CR_FULL_RANGE,
    .primaries = (int)image->cp,
    .transfer = (int)image->tc,
    .matrix = (int)image->mc,
  };
  for (int plane = 0; plane < 3; plane++) {
    picture->planes[plane] = image->planes[plane];
    picture->strides[plane] = (size_t)image->stride[plane];
  }
}

static bool decode(
  struct cav1_decoder *decoder, const uint8_t *bytes, size_t count, int operating_point, struct cav1_picture *picture,
  struct cav1_result *result) {
  aom_codec_err_t error = aom_codec_control(&decoder->codec, AV1D_SET_OPERATING_POINT, operating_point);
  // Of several layers the last one is wanted, which is the finest.
  if (!error) error = aom_codec_control(&decoder->codec, AV1D_SET_OUTPUT_ALL_LAYERS, 0);
  if (!error) error = aom_codec_decode(&decoder->codec, bytes, count, NULL);
  if (error) return fail(result, &decoder->codec, error);
  const aom_image_t *image = NULL, *last = NULL;
  aom_codec_iter_t position = NULL;
  while ((image = aom_codec_get_frame(&decoder->codec, &position))) last = image;
  if (!last) return cav1_fail(result, cav1_damaged, "it shows no picture");
  describe(last, picture);
  return true;
}

struct cav1_decoder *cav1_decode(
  const uint8_t *bytes, size_t count, int operating_point, struct cav1_picture *picture, struct cav1_result *result) {
  struct cav1_decoder *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return cav1_fail(result, cav1_no_memory, "out of memory"), NULL;
  // Samples of 8 bits stay bytes.
  aom_codec_dec_cfg_t config = {.threads = 1, .allow_lowbitdepth = 1};
  aom_codec_err_t error = aom_codec_dec_init(&decoder->codec, aom_codec_av1_dx(), &config, 0);
  if (error) {
    fail(result, &decoder->codec, error);
    free(decoder);
    return NULL;
  }
  if (decode(decoder, bytes, count, operating_point, picture, result)) return decoder;
  cav1_close(decoder);
  return NULL;
}

void cav1_close(struct cav1_decoder *decoder) {
  aom_codec_destroy(&decoder->codec);
  free(decoder);
}
#else
const char *cav1_version(void) { return 0; }

struct cav1_decoder *cav1_decode(
  const uint8_t *bytes, size_t count, int operating_point, struct cav1_picture *picture, struct cav1_result *result) {
  (void)bytes, (void)count, (void)operating_point, (void)picture;
  return cav1_fail(result, cav1_unsupported, "AV1 is not in this build"), NULL;
}

void cav1_close(struct cav1_decoder *decoder) { (void)decoder; }
#endif
