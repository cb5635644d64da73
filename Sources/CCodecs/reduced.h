// A JPEG decoder for images that are wanted smaller than they are stored: Huffman coding, sequential or progressive, 8 bits,
// gray or YCbCr. Everything else, and every file in which it finds anything odd, is left to libjpeg, whose verdict counts.
// It reads all that libjpeg reads, and takes nothing for sound that libjpeg complains about: the verdict on a file must not
// depend on the size that is asked for.
//
// Why it exists: of a block's 64 coefficients only those that the smaller image shows are kept, with one bit for each of
// the others, since later scans of a progressive file say nothing about coefficients of which it is not known whether they
// are 0. Measured on a 2-core EPYC: 25 progressive photographs decoded at the scale for 512 × 512 took 1.0 s instead of
// libjpeg-turbo 2.1.5's 2.2 s, 37 others 0.36 s instead of 0.42 s.
//
// Call order: open, row … row, finish, close. Source of every format rule: ITU-T T.81, by clause.
#ifndef CCODECS_REDUCED_H
#define CCODECS_REDUCED_H

#include "ccodecs.h"

enum { reduced_components = 3, reduced_look = 10 };
// The run in `reduced_huffman.whole` of the code that ends a block.
enum { reduced_to_end = 64 };

// Which of the 64 places of a block, row by row, the coefficients of a file's zigzag order have (figure A.6).
extern const uint8_t reduced_natural_order[64];

// A Huffman table ready for use (annexes C and F.2.2.3).
struct reduced_huffman {
  bool defined;
  uint8_t symbols[256];
  // By the next `reduced_look` bits: length << 8 | symbol, 0 for longer codes.
  uint16_t look[1 << reduced_look];
  // The same for run, size and value at once: value << 16 | run << 8 | bits in all, 0 where they do not fit in.
  int32_t whole[1 << reduced_look];
  int32_t last_code[17], offset[17]; // by length; -1 where there is none
};

struct reduced_component {
  int id, h, v;             // sampling factors (A.1.1)
  int dc_table, ac_table;   // of the scan under way
  int columns, rows;        // blocks that hold pixels
  int blocks_across, blocks_down; // blocks that there are, in whole MCUs
  int points_across, points_down; // samples that one block becomes, 1…16
  int kept_across, kept_down, kept_stride; // coefficients that those show, from the lowest frequency on
  int kept_count;           // per block
  uint8_t place[64];        // of the coefficients in zigzag order among the kept ones; kept_count for the others
  uint64_t keep;            // bit k: coefficient k in zigzag order is kept
  uint8_t rows_to[64], columns_to[64]; // of the kept ones, those up to coefficient k lie in as many
  uint16_t quantiser[64];   // in zigzag order
  int8_t bit[64];           // lowest bit that the scans so far told, -1 for none
  int predicted;            // DC
  int16_t *kept;            // progressive: kept_count for each block
  uint64_t *nonzero;        // progressive: bit k of a block's word: coefficient k is known not to be 0
  float factor[72];         // by place: from kept coefficient to amplitude
  float across[8][16], down[8][16]; // by coefficient and sample: the cosines
  float *samples;           // one row of MCUs
  int samples_stride;
};

struct reduced_scan {
  size_t start, end; // entropy-coded data
  int count, component[reduced_components];
  int dc_table[reduced_components], ac_table[reduced_components];
  int first, last, high, low; // Ss, Se, Ah, Al
};

struct reduced_jpeg {
  const uint8_t *bytes;
  size_t count, position;
  struct ccodecs_limits limits;
  bool progressive;
  int width, height, out_width, out_height;
  struct ccodecs_scale scale;
  int component_count, h_most, v_most, mcus_across, mcus_down;
  int restart_interval;
  struct reduced_component component[reduced_components];
  struct reduced_huffman dc[4], ac[4];
  struct reduced_scan scan; // the one under way
  int scan_count;           // begun so far
  // Sequential: the reader's state between rows of MCUs.
  const uint8_t *at;
  uint64_t buffer, padding;
  int buffered, to_restart, next_restart;
  int next_row; // of the rows handed out
};

// What stops the decoder. `reduced_odd`, `reduced_short`: it does not want this file, which may be sound all the same.
enum reduced_status { reduced_good, reduced_odd, reduced_short, reduced_no_memory, reduced_stopped };

struct reduced_frame {
  int width, height;
  bool progressive;
  int component_count;
  struct {
    int id, h, v;
    uint16_t quantiser[64]; // in zigzag order
  } component[reduced_components];
};

// Reads everything up to the first row: for a progressive file, all of it up to EOI.
enum reduced_status reduced_open(
  const uint8_t *bytes, size_t count, const struct reduced_frame *frame, struct ccodecs_scale scale,
  const struct ccodecs_limits *limits, struct reduced_jpeg **decoder);
// Makes the next row: RGBX, or gray for one component.
enum reduced_status reduced_row(struct reduced_jpeg *decoder, uint8_t *row);
// Looks at what follows the last row.
enum reduced_status reduced_finish(struct reduced_jpeg *decoder);
void reduced_close(struct reduced_jpeg *decoder);

// reduced_file.c: markers and tables.
enum reduced_status reduced_walk(struct reduced_jpeg *decoder, int *marker);
enum reduced_status reduced_begin_scan(struct reduced_jpeg *decoder);

// reduced_huffman.c: makes a table from the number of codes of each length; false when it cannot be one.
bool reduced_define(struct reduced_huffman *table, const uint8_t counts[16], const uint8_t *symbols, int count, bool dc);

// reduced_scans.c: entropy decoding.
enum reduced_status reduced_decode_scan(struct reduced_jpeg *decoder);
enum reduced_status reduced_decode_mcus(struct reduced_jpeg *decoder);
bool reduced_end_data(struct reduced_jpeg *decoder);

// reduced_pixels.c: from coefficients to rows.
void reduced_prepare(struct reduced_component *component);
// Makes the samples of a block in the row of MCUs. `nonzero` has at least the bits of the coefficients that are not 0.
void reduced_make_samples(
  const struct reduced_component *component, const int16_t *kept, uint64_t nonzero, int row, int column);
void reduced_color(const struct reduced_jpeg *decoder, int row, uint8_t *out);

static inline bool reduced_go_on(const struct reduced_jpeg *decoder) {
  return !decoder->limits.go_on || decoder->limits.go_on(decoder->limits.context);
}

#endif
