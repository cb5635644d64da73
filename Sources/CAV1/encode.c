// Planes to one still picture, by libaom. Settings are those of libavif (src/codec_aom.c) for a single image.
#include "internal.h"

#ifdef LANES_AVIF
#include <aom/aom_encoder.h>
#include <aom/aomcx.h>
#include <assert.h>

// The error of libaom's last call on `codec`.
static bool fail(struct cav1_result *result, aom_codec_ctx_t *codec, aom_codec_err_t error) {
  const char *detail = aom_codec_error_detail(codec);
  return cav1_fail(
    result, error == AOM_CODEC_MEM_ERROR ? cav1_no_memory : cav1_failed,
    detail ? detail : aom_codec_err_to_string(error));
}

// AV1's profiles (specification, 6.4.1): main holds 4:2:0 and gray, high 4:4:4, professional 4:2:2.
static unsigned profile(const struct cav1_picture *picture) {
  if (picture->is_monochrome || picture->shift_y) return 0;
  return picture->shift_x ? 2 : 1;
}

static bool start(
  aom_codec_ctx_t *codec, const struct cav1_picture *picture, const struct cav1_settings *settings,
  struct cav1_result *result) {
  aom_codec_enc_cfg_t config;
  aom_codec_err_t error = aom_codec_enc_config_default(aom_codec_av1_cx(), &config, AOM_USAGE_ALL_INTRA);
  if (error) return cav1_fail(result, cav1_failed, aom_codec_err_to_string(error));
  config.g_profile = profile(picture);
  config.g_bit_depth = AOM_BITS_8;
  config.g_input_bit_depth = 8;
  config.g_w = picture->width;
  config.g_h = picture->height;
  config.g_threads = 1;
  config.monochrome = picture->is_monochrome;
  // One picture: sequence and frame get their short headers.
  config.g_limit = 1;
  config.g_lag_in_frames = 0;
  config.kf_mode = AOM_KF_DISABLED;
  config.kf_max_dist = 0;
  // The same quantizer everywhere, whatever the size becomes.
  config.rc_end_usage = AOM_Q;
  config.rc_min_quantizer = 0;
  config.rc_max_quantizer = settings->is_lossless ? 0 : 63;
  error = aom_codec_enc_init(codec, aom_codec_av1_cx(), &config, 0);
  if (error) return fail(result, codec, error);
  return true;
}

static bool configure(
  aom_codec_ctx_t *codec, const struct cav1_picture *picture, const struct cav1_settings *settings,
  struct cav1_result *result) {
  const uint64_t area = (uint64_t)picture->width * picture->height;
  aom_codec_err_t error = aom_codec_control(codec, AOME_SET_CPUUSED, settings->speed);
  if (!error) error = aom_codec_control(codec, AOME_SET_CQ_LEVEL, (unsigned)settings->quantizer);
  if (!error && settings->is_lossless) error = aom_codec_control(codec, AV1E_SET_LOSSLESS, 1u);
  if (!error && !settings->is_lossless) error = aom_codec_control(codec, AOME_SET_TUNING, AOM_TUNE_SSIM);
  if (!error) error = aom_codec_control(codec, AV1E_SET_ROW_MT, 0u);
  if (!error) error = aom_codec_control(codec, AV1E_SET_ENABLE_INTRABC, area <= cav1_most_repeating ? 1 : 0);
  if (!error) error = aom_codec_control(codec, AV1E_SET_COLOR_RANGE, picture->is_full_range ? 1 : 0);
  if (!error) error = aom_codec_control(codec, AV1E_SET_COLOR_PRIMARIES, picture->primaries);
  if (!error) error = aom_codec_control(codec, AV1E_SET_TRANSFER_CHARACTERISTICS, picture->transfer);
  if (!error) error = aom_codec_control(codec, AV1E_SET_MATRIX_COEFFICIENTS, picture->matrix);
  return error ? fail(result, codec, error) : true;
}

static aom_image_t image(const struct cav1_picture *picture) {
  bool is_full = !picture->is_monochrome && !picture->shift_x;
  aom_image_t image = {
    .fmt = is_full ? AOM_IMG_FMT_I444 : picture->is_monochrome || picture->shift_y ? AOM_IMG_FMT_I420 : AOM_IMG_FMT_I422,
    .cp = (aom_color_primaries_t)picture->primaries,
    .tc = (aom_transfer_characteristics_t)picture->transfer,
    .mc = (aom_matrix_coefficients_t)picture->matrix,
    .monochrome = picture->is_monochrome,
    .range = picture->is_full_range ? AOM_CR_FULL_RANGE : AOM_CR_STUDIO_RANGE,
    .w = picture->width,
    .h = picture->height,
    .d_w = picture->width,
    .d_h = picture->height,
    .bit_depth = 8,
    .x_chroma_shift = is_full ? 0 : 1,
    .y_chroma_shift = is_full || (!picture->is_monochrome && !picture->shift_y) ? 0 : 1,
  };
  image.bps = is_full ? 24 : image.y_chroma_shift ? 12 : 16;
  for (int plane = 0; plane < (picture->is_monochrome ? 1 : 3); plane++) {
    image.planes[plane] = (unsigned char *)picture->planes[plane]; // libaom copies from it
    image.stride[plane] = (int)picture->strides[plane];
  }
  return image;
}

// Hands on what libaom has encoded; `count` goes up with the packets.
static bool drain(aom_codec_ctx_t *codec, const struct cav1_sink *sink, int *count, struct cav1_result *result) {
  const aom_codec_cx_pkt_t *packet;
  aom_codec_iter_t position = NULL;
  while ((packet = aom_codec_get_cx_data(codec, &position))) {
    if (packet->kind != AOM_CODEC_CX_FRAME_PKT) continue;
    (*count)++;
    if (!sink->take(sink->context, packet->data.frame.buf, packet->data.frame.sz))
      return cav1_fail(result, cav1_sink_failed, "the sink takes no more");
  }
  return true;
}

bool cav1_encode(
  const struct cav1_picture *picture, const struct cav1_settings *settings, const struct cav1_sink *sink,
  struct cav1_result *result) {
  assert(picture->depth == 8 && !picture->is_wide);
  assert(settings->quantizer >= 0 && settings->quantizer <= 63 && settings->speed >= 0 && settings->speed <= 9);
  aom_codec_ctx_t codec;
  if (!start(&codec, picture, settings, result)) return false;
  bool done = configure(&codec, picture, settings, result);
  if (done) {
    aom_image_t source = image(picture);
    aom_codec_err_t error = aom_codec_encode(&codec, &source, 0, 1, 0);
    int count = 0;
    if (error) done = fail(result, &codec, error);
    if (done) done = drain(&codec, sink, &count, result);
    if (done && (error = aom_codec_encode(&codec, NULL, 0, 1, 0))) done = fail(result, &codec, error);
    if (done) done = drain(&codec, sink, &count, result);
    if (done && count != 1) done = cav1_fail(result, cav1_failed, "the encoder made other than one picture");
  }
  aom_codec_destroy(&codec);
  return done;
}
#else
bool cav1_encode(
  const struct cav1_picture *picture, const struct cav1_settings *settings, const struct cav1_sink *sink,
  struct cav1_result *result) {
  (void)picture, (void)settings, (void)sink;
  return cav1_fail(result, cav1_unsupported, "AV1 is not in this build");
}
#endif
