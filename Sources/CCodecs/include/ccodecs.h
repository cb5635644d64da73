// JPEG and PNG as rows of pixels, from memory and into a callback, and the kernels that resize rows.
//
// libjpeg-turbo and libpng report errors by longjmp. Every function here arms its own jump, so that none ever crosses a
// Swift frame: callbacks into Swift return a Boolean and the jump starts after they returned. A function that fails
// fills `struct ccodecs_result`; the object stays valid for its `close` and for nothing else.
//
// Call order: open, start (JPEG), read … read, finish, close; open, write … write, finish, close.
// An object belongs to one thread at a time.
#ifndef CCODECS_H
#define CCODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ccodecs_status {
  ccodecs_ok,
  ccodecs_damaged,     // the bytes contradict the format; message: the library's words
  ccodecs_truncated,   // the bytes end too early
  ccodecs_unsupported, // valid, but of a kind that is not read; message: a clause naming the kind
  ccodecs_too_large,   // more pixels than allowed; header.width and header.height say how many
  ccodecs_no_memory,
  ccodecs_stopped,     // go_on returned false
  ccodecs_sink_failed, // the sink returned false
  ccodecs_inexact,     // it cannot be done without encoding anew
  ccodecs_undecided,   // to be decoded again from the start, by libjpeg-turbo or libpng alone
};

struct ccodecs_result {
  enum ccodecs_status status;
  char message[224];
};

// Pixels lie in channels of 8 or 16 bits (native byte order): 1 gray, 2 gray and alpha, 4 red, green, blue and alpha.
// In an image without alpha the fourth channel holds no meaning. Alpha is not premultiplied.
struct ccodecs_image {
  uint32_t width, height;
  int channels;
  int depth;
  bool alpha;
};

// What a PNG says of its colors without a profile (chunks sRGB, gAMA and cHRM), in libpng's fixed point of 1/100,000.
struct ccodecs_color {
  bool srgb, primaries;
  int intent;
  int32_t gamma;     // 0 for none
  int32_t points[8]; // x and y of white, red, green and blue
};

struct ccodecs_header {
  struct ccodecs_image image;
  bool progressive; // progressive JPEG or interlaced PNG
  struct ccodecs_color color;
  bool cmyk;        // rows are converted to RGB, so that the profile does not describe them
  // Of a PNG; owned by the decoder until it is closed; NULL when there is none. Exif starts at the TIFF header. A
  // JPEG's are read in Swift: libjpeg would take a broken profile for damage of the image.
  const uint8_t *icc, *exif;
  size_t icc_size, exif_size;
};

struct ccodecs_limits {
  uint64_t max_pixels;
  // Asked every few rows, also between the scans of a progressive file; false stops the decoder.
  bool (*go_on)(void *context);
  void *context;
  // Damage after the header is made up for and told by `…_damage` instead of failing: a JPEG's missing pixels are gray,
  // a PNG's missing rows transparent, or `background` (8-bit red, green, blue) where there is no alpha.
  bool salvage;
  uint8_t background[3];
  bool stored; // PNG only: samples as they are stored, palette indices included, one of fewer than 8 bits per byte
  bool library; // PNG only: everything is read by libpng, and nothing is `ccodecs_undecided`
};

// A JPEG's marker segment (name[0] is the marker) or a PNG's chunk, without length and checksum.
struct ccodecs_block {
  uint8_t name[4];
  const uint8_t *bytes;
  size_t size; // at most 65,533 for JPEG
};

struct ccodecs_metadata {
  const uint8_t *icc, *exif; // NULL for none
  size_t icc_size, exif_size;
  struct ccodecs_color color; // for PNG only
  const struct ccodecs_block *blocks; // written as they are, before the pixels
  size_t block_count;
};

// Takes the next encoded bytes; false stops the encoder.
struct ccodecs_sink {
  bool (*take)(void *context, const uint8_t *bytes, size_t count);
  void *context;
};

// JPEG. `bytes` must outlive the decoder. Any warning of the library counts as damage.
struct ccodecs_jpeg_decoder;
// Reads the header. NULL on failure, with `result` filled.
struct ccodecs_jpeg_decoder *ccodecs_jpeg_open(
  const uint8_t *bytes, size_t count, const struct ccodecs_limits *limits, struct ccodecs_header *header,
  struct ccodecs_result *result);
// Keeps to libjpeg-turbo, also where a decoder of our own is quicker. To be called before start. Without it, reading
// and finishing may end with `ccodecs_undecided`, never with a verdict that libjpeg-turbo would not give.
void ccodecs_jpeg_use_library(struct ccodecs_jpeg_decoder *decoder);
// Hands out four inks as they are, 0 for none, instead of red, green and blue. To be called before start.
void ccodecs_jpeg_use_inks(struct ccodecs_jpeg_decoder *decoder);
// How many points 8 samples become in each direction, 1…8.
struct ccodecs_scale {
  int across, down;
};
// Starts decoding at `scale`, or at a larger one where that cannot be done or not well, which `scale` then is; `image`
// receives the rows' shape.
bool ccodecs_jpeg_start(
  struct ccodecs_jpeg_decoder *decoder, struct ccodecs_scale *scale, struct ccodecs_image *image,
  struct ccodecs_result *result);
// Reads the next `count` rows, `stride` bytes apart.
bool ccodecs_jpeg_read(
  struct ccodecs_jpeg_decoder *decoder, uint8_t *rows, size_t stride, int count, struct ccodecs_result *result);
// Checks what follows the last row: damage after it fails the file as well.
bool ccodecs_jpeg_finish(struct ccodecs_jpeg_decoder *decoder, struct ccodecs_result *result);
// The first damage that was made up for, or NULL; owned by the decoder.
const char *ccodecs_jpeg_damage(const struct ccodecs_jpeg_decoder *decoder);
void ccodecs_jpeg_close(struct ccodecs_jpeg_decoder *decoder);

// Subsampling is 444, 422 or 420; `image` has 1 or 4 channels of 8 bits.
struct ccodecs_jpeg_settings {
  int quality, subsampling;
  bool progressive, optimize;
};
struct ccodecs_jpeg_encoder;
struct ccodecs_jpeg_encoder *ccodecs_jpeg_create(
  const struct ccodecs_image *image, const struct ccodecs_jpeg_settings *settings,
  const struct ccodecs_metadata *metadata, const struct ccodecs_sink *sink, struct ccodecs_result *result);
// Takes the next row. Encoded bytes reach the sink when the buffer is full, metadata and header first.
bool ccodecs_jpeg_write(struct ccodecs_jpeg_encoder *encoder, const uint8_t *row, struct ccodecs_result *result);
// Writes what is left, after the last row.
bool ccodecs_jpeg_complete(struct ccodecs_jpeg_encoder *encoder, struct ccodecs_result *result);
void ccodecs_jpeg_destroy(struct ccodecs_jpeg_encoder *encoder);

// A crop and then a turn of what is left, both of stored pixels. A turn swaps columns and rows (`transpose`) after it
// reversed the order of stored columns or rows.
struct ccodecs_turn {
  uint32_t x, y, width, height;
  bool transpose, reverse_x, reverse_y;
};
// Crops and turns a JPEG by moving its coefficients: no pixel is decoded. Nothing is written where the crop or the turn
// would cut blocks (ccodecs_inexact), and where the file is damaged. Huffman codes are fitted to the image; a
// progressive file stays progressive. Metadata is only what `metadata` holds.
bool ccodecs_jpeg_transform(
  const uint8_t *bytes, size_t count, const struct ccodecs_limits *limits, const struct ccodecs_turn *turn,
  bool progressive, const struct ccodecs_metadata *metadata, const struct ccodecs_sink *sink,
  struct ccodecs_result *result);

// PNG. `bytes` must outlive the decoder. Wrong checksums count as damage; an interlaced image is held whole. Without
// `library` in the limits, reading and finishing may end with `ccodecs_undecided`, never with a verdict that libpng would not
// give.
struct ccodecs_png_decoder;
// Reads the header and all chunks before the pixels. NULL on failure, with `result` filled.
struct ccodecs_png_decoder *ccodecs_png_open(
  const uint8_t *bytes, size_t count, const struct ccodecs_limits *limits, struct ccodecs_header *header,
  struct ccodecs_result *result);
// Reads the next `count` rows, `stride` bytes apart.
bool ccodecs_png_read(
  struct ccodecs_png_decoder *decoder, uint8_t *rows, size_t stride, int count, struct ccodecs_result *result);
// Reads what follows the pixels, up to IEND.
bool ccodecs_png_finish(struct ccodecs_png_decoder *decoder, struct ccodecs_result *result);
// The first damage that was made up for, or NULL; owned by the decoder.
const char *ccodecs_png_damage(const struct ccodecs_png_decoder *decoder);

// How a PNG stores its samples, beside their number.
struct ccodecs_png_storage {
  int kind, depth;      // color type and bit depth of IHDR
  int colors, alphas;  // entries of palette and alpha
  uint8_t palette[256][3], alpha[256];
  bool has_key;         // one color is transparent
  uint16_t key[4];      // red, green, blue, gray
};
// Known once the decoder is open.
void ccodecs_png_storage(const struct ccodecs_png_decoder *decoder, struct ccodecs_png_storage *storage);
void ccodecs_png_close(struct ccodecs_png_decoder *decoder);

struct ccodecs_png_settings {
  int level;  // 0…12: up to 9 nearly as zlib's, and above them slower and smaller
  int filter; // type 0…4 of every row, 5 for the one that looks best for each row, -1 for 5, or 0 where filters seldom pay
  // NULL for plain samples; else rows hold samples as a decoder of `stored` ones gives them.
  const struct ccodecs_png_storage *storage;
};
struct ccodecs_png_encoder;
struct ccodecs_png_encoder *ccodecs_png_create(
  const struct ccodecs_image *image, const struct ccodecs_png_settings *settings,
  const struct ccodecs_metadata *metadata, const struct ccodecs_sink *sink, struct ccodecs_result *result);
bool ccodecs_png_write(struct ccodecs_png_encoder *encoder, const uint8_t *row, struct ccodecs_result *result);
// Writes what is left, after the last row.
bool ccodecs_png_complete(struct ccodecs_png_encoder *encoder, struct ccodecs_result *result);
void ccodecs_png_destroy(struct ccodecs_png_encoder *encoder);

// What zlib made of something, undone: memory for ccodecs_free, or NULL when it is damaged or larger than `limit`
// bytes.
uint8_t *ccodecs_inflate(const uint8_t *bytes, size_t count, size_t limit, size_t *size);

// Memory that may be refused, zeroed: NULL instead of the end of the process. Aligned for any vector.
void *ccodecs_allocate(size_t count);
void ccodecs_free(void *memory);

// Kernels. They use no fused multiply-add and a fixed order of additions: every processor gives the same bits.

// How a sample's weight depends on x, its distance from the center.
enum ccodecs_filter {
  ccodecs_lanczos3,    // sinc(x)·sinc(x/3)
  ccodecs_mitchell,    // the cubic of Mitchell and Netravali, Reconstruction Filters in Computer Graphics, B = C = 1/3
  ccodecs_catmull_rom, // the same with B = 0, C = 1/2
  ccodecs_linear,      // 1 − |x|
  ccodecs_box,         // 1 from −1/2 up to 1/2
  ccodecs_nearest,     // the one sample that the center lies in
};
// The distance from which on weights are 0, in samples of an axis that is not stretched.
double ccodecs_radius(enum ccodecs_filter filter);

// The weights, of sum 1, of the input samples (0 ≤ sample < count) around `center`. The distance of a sample is that of
// its middle divided by `stretch` (at least 1). `weights` has room for 2·radius·stretch + 3. Returns how many there
// are; the first belongs to sample `first`.
int ccodecs_window(
  enum ccodecs_filter filter, double center, double stretch, int count, int *first, double *weights);

// How one axis is resampled: output sample i is the sum of weights[i·stride + k] · input[first[i] + k], k < taps.
// Weights after those of a sample are 0; stride is a multiple of 8 and at least `taps`.
struct ccodecs_axis {
  const int32_t *first;
  const float *weights;
  int count, taps, stride;
};

// The curve of sRGB (IEC 61966-2-1), for colors that are added up in proportion to their light. `light` tells for each
// of 256 or 65,536 levels how much light it is, `level` for every 1/16,384 of light which level that is; both from 0 to
// 1.
enum { ccodecs_curve_steps = 16384 };
struct ccodecs_curve {
  const float *light, *level; // `level` has ccodecs_curve_steps + 2 entries
};
// `light` has room for 2^`depth` levels, 8 or 16 bits.
void ccodecs_fill_light(float *light, int depth);
void ccodecs_fill_level(float *level);

// 8- or 16-bit channels to floats of the same range, to light when there is a `curve`; colors are multiplied by
// alpha/max when there is alpha.
void ccodecs_widen(
  const uint8_t *row, float *out, const struct ccodecs_image *image, const struct ccodecs_curve *curve);
// Resamples four rows. They must be readable for axis->stride pixels after their end, and finite there.
void ccodecs_resample(const struct ccodecs_axis *axis, int channels, const float *const rows[4], float *const out[4]);
// Adds up `count` rows of `samples` floats (a multiple of 8), each times its weight.
void ccodecs_blend(const float *const *rows, const float *weights, int count, float *out, size_t samples);

// Floats as `from` has them, light when there is a `curve`, to channels as `to` has them, rounded and limited. When
// `from` has alpha and `to` has not, the image lies on `background` (8-bit red, green, blue). `row` must be readable
// for a multiple of 8 floats.
void ccodecs_narrow(
  const float *row, const struct ccodecs_image *from, uint8_t *out, const struct ccodecs_image *to,
  const uint8_t background[3], const struct ccodecs_curve *curve);

// From three amounts of light to levels of sRGB.
struct ccodecs_srgb {
  float matrix[4][4];    // what each amount gives to sRGB's light, and what is there without; the fourth is 0
  const float *level;    // as in `ccodecs_curve`
  const uint8_t *level8; // the same at every whole step, in levels of 8 bits: ccodecs_curve_steps + 1 entries
};

// What becomes of red, green and blue by curves and a matrix.
struct ccodecs_matrix_colors {
  const float *light[3]; // light of each of 256 or 65,536 levels
  struct ccodecs_srgb srgb;
};
// Rows of four channels. The fourth stays. `out` may be `row`.
void ccodecs_color_by_matrix(
  const uint8_t *row, uint8_t *out, const struct ccodecs_image *image, const struct ccodecs_matrix_colors *colors);

// Colors at the nodes of a grid of up to four axes, the last of which varies fastest. Missing axes come first and have
// one node.
struct ccodecs_color_table {
  const float *nodes; // four floats each
  int side[4];        // nodes along an axis
  int stride[4];      // nodes from one to the next along it
};
// The color at `place`, counted in nodes and limited to the grid: a straight line along the first axis between what
// tetrahedra of the others give.
void ccodecs_color_at(const struct ccodecs_color_table *table, const float place[4], float out[4]);

struct ccodecs_table_colors {
  const float *place[4]; // where on the axis each of 256 or 65,536 levels lies: of three channels or of four inks
  struct ccodecs_color_table table; // Lab's roots of X, Y and Z: (L + 16) / 116 and a / 500 more, and b / 200 less
  struct ccodecs_srgb srgb;
};
// Rows of four channels: four inks, or three channels and one that stays.
void ccodecs_color_by_table(
  const uint8_t *row, uint8_t *out, const struct ccodecs_image *image, bool inks,
  const struct ccodecs_table_colors *colors);

// How alike two pictures are, by rows of four channels (red, green, blue and alpha) of one depth, colors times alpha.

// One row of any shape as such, of `depth` bits, no fewer than those of `image`.
void ccodecs_spread(const uint8_t *row, uint8_t *out, const struct ccodecs_image *image, int depth);
// The squares of the differences of `samples` samples, added up.
uint64_t ccodecs_squared_error(const uint8_t *one, const uint8_t *other, size_t samples, int depth);
// Luma (Rec. ITU-R BT.709) of a row of `width` pixels on black, or on white, less 128, of levels from 0 to 255.
void ccodecs_shown_luma(const uint8_t *row, float *out, size_t width, int depth, bool on_white);

// The window of the structural similarity, at least one row and one column: `weights` of sum 1 along each side.
struct ccodecs_ssim_window {
  float across[11], down[11];
  int columns, rows;
};
// The similarity of `width` − columns + 1 windows that lie side by side. `one` and `other` are the window's rows of luma,
// `width` floats each, one behind the other; `scratch` has room for 5 · (`width` + 16) floats.
void ccodecs_ssim_row(
  const struct ccodecs_ssim_window *window, const float *one, const float *other, size_t width, float *scratch,
  float *out);

// What Swift has without Foundation only here.
double ccodecs_power(double base, double exponent);
double ccodecs_log10(double value);
double ccodecs_exp(double value);

// The luma (Rec. ITU-R BT.709) of a row's pixels times alpha, 0…1, and that alpha; gray is its own luma, and alpha is 1
// where there is none. Pixel x stands at x + 1; what stands before the first and after the last is the same as they.
void ccodecs_luma(const uint8_t *row, const struct ccodecs_image *image, float *luma, float *alpha);
// Adds to each color of a row `amount` times the difference of its luma and that of its neighborhood (1 2 1, both
// ways), limited and rounded. `lumas` and `alphas` are those of the row above, of the row itself and of the row below.
void ccodecs_sharpen(
  const uint8_t *row, const struct ccodecs_image *image, const float *const lumas[3], const float *const alphas[3],
  float amount, uint8_t *out);

// Versions of the libraries, such as 1.6.39: of libjpeg-turbo as its header has it, of the others as they say at run
// time.
const char *ccodecs_jpeg_version(void);
const char *ccodecs_png_version(void);
const char *ccodecs_zlib_version(void);

#endif
