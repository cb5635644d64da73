// What the files of the scaled decoder share; cjpegscaled.h says what it is.
#ifndef CJPEGSCALED_INTERNAL_H
#define CJPEGSCALED_INTERNAL_H

#include "cjpegscaled.h"

// Bits that a Huffman table is indexed by, and scans after which a file is given up, as in the libjpeg wrapper.
enum { scaled_look = 10, scaled_most_scans = 100 };
// The run in `scaled_huffman.whole` of the code that ends a block: it leads past the last coefficient.
enum { scaled_to_end = 64 };

// A Huffman table ready for use (annexes C and F.2.2.3).
struct scaled_huffman {
  bool defined;
  uint8_t symbols[256];
  // By the next `scaled_look` bits: length << 8 | symbol, 0 for longer codes.
  uint16_t look[1 << scaled_look];
  // The same for run, size and value at once: value << 16 | run << 8 | bits in all, 0 where they do not fit in.
  int32_t whole[1 << scaled_look];
  // By length: the last code, -1 where there is none, and what a code needs added to become its symbol's index.
  int32_t last_code[17], offset[17];
};

// A component of the frame, laid out for the scale that was asked for.
struct scaled_component {
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
  uint16_t quantizer[64];   // in zigzag order
  int8_t bit[64];           // lowest bit that the scans so far told, -1 for none
  int predicted;            // DC
  int16_t *kept;            // progressive: kept_count for each block
  uint64_t *nonzero;        // progressive: bit k of a block's word: coefficient k is known not to be 0
  float factor[72];         // by place: from kept coefficient to amplitude
  float across[8][16], down[8][16]; // by coefficient and sample: the cosines
  float *samples;           // one row of MCUs
  int samples_stride;
  bool is_wide; // AVX2 is in use: asked once for an image, since samples are made block by block
};

// What a scan header says (B.2.3), and where its data is.
struct scaled_scan {
  size_t start, end; // entropy-coded data; the end is known in progressive files only
  int count, component[scaled_components];
  int dc_table[scaled_components], ac_table[scaled_components];
  int first, last, high, low; // Ss, Se, Ah, Al
};

struct scaled_jpeg {
  const uint8_t *bytes;
  size_t count, position;
  struct scaled_check check;
  bool progressive;
  int width, height, out_width, out_height;
  struct scaled_ratio scale;
  int component_count, h_most, v_most, mcus_across, mcus_down;
  int restart_interval;
  struct scaled_component component[scaled_components];
  struct scaled_huffman dc[4], ac[4];
  struct scaled_scan scan; // the one under way
  int scan_count;           // begun so far
  // Sequential: the reader's state between rows of MCUs. Each row of MCUs is decoded when its first row is asked for.
  const uint8_t *at;
  uint64_t buffer, padding;
  int buffered, to_restart, next_restart;
  int next_row; // of the rows handed out
};

// scaled_file.c: markers and tables. `scaled_walk` stops after the marker of a scan or of the end, which it returns.
enum scaled_status scaled_walk(struct scaled_jpeg *decoder, int *marker);
enum scaled_status scaled_begin_scan(struct scaled_jpeg *decoder);

// scaled_huffman.c: makes a table from the number of codes of each length; false when it cannot be one.
bool scaled_define(struct scaled_huffman *table, const uint8_t counts[16], const uint8_t *symbols, int count, bool dc);

// scaled_scans.c: entropy decoding.
enum scaled_status scaled_decode_scan(struct scaled_jpeg *decoder);
enum scaled_status scaled_decode_mcus(struct scaled_jpeg *decoder);
bool scaled_end_data(struct scaled_jpeg *decoder);

// scaled_pixels.c: from coefficients to rows.
void scaled_prepare(struct scaled_component *component);
// Makes the samples of a block in the row of MCUs. `nonzero` has at least the bits of the coefficients that are not 0.
void scaled_make_samples(
  const struct scaled_component *component, const int16_t *kept, uint64_t nonzero, int row, int column);
void scaled_color(const struct scaled_jpeg *decoder, int row, uint8_t *out);

// False when the caller wants the decoder to stop.
static inline bool scaled_go_on(const struct scaled_jpeg *decoder) {
  return !decoder->check.go_on || decoder->check.go_on(decoder->check.context);
}

#endif
