// WebP as rows of pixels, from memory and into memory, by libwebp. Where the library was not there when this was built,
// `cwebp_is_built` says so and nothing else may be called.
//
// Results, limits and shapes are those of ccodecs.h. libwebp's own threads are never started: images run beside each
// other. An object belongs to one thread at a time.
//
// Call order: open, start, read … read, finish, close; create, write … write, complete, destroy.
#ifndef CWEBP_H
#define CWEBP_H

#include <ccodecs.h>

bool cwebp_is_built(void);
// Of libwebp's decoder, as it says at run time: a byte for each of three numbers, 0x010204 for 1.2.4.
int cwebp_version(void);

// The format's limit on each side (RFC 9649, 2.5).
enum { cwebp_max_side = 16383 };

struct cwebp_header {
  struct ccodecs_image image; // four channels of 8 bits
  bool lossless;
};

// `bytes` is the whole file and must outlive the decoder, as far as it belongs to the image.
struct cwebp_decoder;
// Reads the header; no pixel is looked at. NULL on failure, with `result` filled.
struct cwebp_decoder *cwebp_open(
  const uint8_t *bytes, size_t count, const struct ccodecs_limits *limits, struct cwebp_header *header,
  struct ccodecs_result *result);
// Makes room for all pixels: libwebp keeps no fewer.
bool cwebp_start(struct cwebp_decoder *decoder, struct ccodecs_result *result);
// Reads the next `count` rows, `stride` bytes apart. Decoding stops at the last row that is asked for, nearly.
bool cwebp_read(
  struct cwebp_decoder *decoder, uint8_t *rows, size_t stride, int count, struct ccodecs_result *result);
// Decodes what is left of the image.
bool cwebp_finish(struct cwebp_decoder *decoder, struct ccodecs_result *result);
// The first damage that was made up for, or NULL; owned by the decoder.
const char *cwebp_damage(const struct cwebp_decoder *decoder);
void cwebp_close(struct cwebp_decoder *decoder);

struct cwebp_settings {
  int quality; // 1…100; means nothing without loss
  int effort;  // 0…6, libwebp's method
  bool lossless;
};
// `image` has 1, 2 or 4 channels of 8 bits and sides of up to `cwebp_max_side`. Of `limits`, only `go_on` counts: it is
// asked while rows are encoded, after the last one was taken.
struct cwebp_encoder;
struct cwebp_encoder *cwebp_create(
  const struct ccodecs_image *image, const struct cwebp_settings *settings, const struct ccodecs_limits *limits,
  struct ccodecs_result *result);
// Takes the next row. Lossy images are kept as 1.5 bytes a pixel, 2.5 with alpha; those without loss as 4.
bool cwebp_write(struct cwebp_encoder *encoder, const uint8_t *row, struct ccodecs_result *result);
// Encodes the image. `file` receives a WebP file without metadata, owned by the encoder.
bool cwebp_complete(
  struct cwebp_encoder *encoder, const uint8_t **file, size_t *count, struct ccodecs_result *result);
void cwebp_destroy(struct cwebp_encoder *encoder);

#endif
