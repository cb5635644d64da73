// Whether libwebp is there, and what stands in its place where it is not.
#include "internal.h"

#ifdef LANES_WEBP
#include <webp/decode.h>

bool cwebp_is_built(void) { return true; }

int cwebp_version(void) { return WebPGetDecoderVersion(); }
#else
#include <stdlib.h>

bool cwebp_is_built(void) { return false; }
int cwebp_version(void) { return 0; }

// Nobody calls these: the format is not in the table then.
struct cwebp_decoder *cwebp_open(
  const uint8_t *bytes, size_t count, const struct ccodecs_limits *limits, struct cwebp_header *header,
  struct ccodecs_result *result) {
  (void)bytes, (void)count, (void)limits, (void)header;
  return cwebp_fail(result, ccodecs_unsupported, "a WebP"), NULL;
}
bool cwebp_start(struct cwebp_decoder *decoder, struct ccodecs_result *result) {
  (void)decoder, (void)result;
  abort();
}
bool cwebp_read(
  struct cwebp_decoder *decoder, uint8_t *rows, size_t stride, int count, struct ccodecs_result *result) {
  (void)decoder, (void)rows, (void)stride, (void)count, (void)result;
  abort();
}
bool cwebp_finish(struct cwebp_decoder *decoder, struct ccodecs_result *result) {
  (void)decoder, (void)result;
  abort();
}
const char *cwebp_damage(const struct cwebp_decoder *decoder) {
  (void)decoder;
  abort();
}
void cwebp_close(struct cwebp_decoder *decoder) { (void)decoder; }
struct cwebp_encoder *cwebp_create(
  const struct ccodecs_image *image, const struct cwebp_settings *settings, const struct ccodecs_limits *limits,
  struct ccodecs_result *result) {
  (void)image, (void)settings, (void)limits;
  return cwebp_fail(result, ccodecs_sink_failed, "this program was built without libwebp"), NULL;
}
bool cwebp_write(struct cwebp_encoder *encoder, const uint8_t *row, struct ccodecs_result *result) {
  (void)encoder, (void)row, (void)result;
  abort();
}
bool cwebp_complete(
  struct cwebp_encoder *encoder, const uint8_t **file, size_t *count, struct ccodecs_result *result) {
  (void)encoder, (void)file, (void)count, (void)result;
  abort();
}
void cwebp_destroy(struct cwebp_encoder *encoder) { (void)encoder; }
#endif
