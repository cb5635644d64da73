// What the files of the scaled decoder share; cjpegscaled.h says what it is.
#ifndef CJPEGSCALED_INTERNAL_H
#define CJPEGSCALED_INTERNAL_H

#include "cjpegscaled.h"

// Bits that a Huffman table is indexed by, and scans after which a file is given up, as in the libjpeg wrapper.
enum { scaled_look = 10, scaled_most_scans = 100 };
// Look-ups that a full buffer has bits for.
enum { scaled_looks_per_fill = 56 / scaled_look };
// How far an entry of `scaled_huffman.pairs` needs to go that there is not: more than any block has.
enum { scaled_no_pair = 255 };
// What the end of a block adds to the place of its last coefficient where both are one number: more than any run does.
enum { scaled_block_end = 128 };

// What a look-up of a refining scan gives: up to two new coefficients, or one and the end of the block, or that by itself.
struct scaled_refining {
  // A bit for each of the next zeros, the lowest for the first of them: whether it is a new coefficient, and one less than 0.
  uint16_t places, negative;
  uint8_t length; // bits in all
  uint8_t need;   // zeros that it goes over, one more behind a coefficient that the end follows; 255 where there is no entry
  uint8_t is_end; // 1 or 0
};

// A Huffman table ready for use (annexes C and F.2.2.3).
struct scaled_huffman {
  bool has_pairs, has_refining;
  uint8_t largest; // bits of a value that follow a code
  uint8_t symbols[256];
  // By the next `scaled_look` bits: length << 8 | symbol, 0 for longer codes.
  uint16_t look[1 << scaled_look];
  // By the same bits, for first AC scans of progressive files: up to two coefficients, or one and the end of the block, or
  // that by itself. From the lowest bit on: four for the bits in all; bits 6 and 7, whether each coefficient is not 0; then in
  // bytes the places of both after the last coefficient, equal where there is one and 64 where there is none; how far the
  // block must go on, scaled_no_pair where there is no entry; blocks that end (EOBRUN); and the values, of 12 bits. Made when
  // first needed.
  uint64_t pairs[1 << scaled_look];
  // By the same bits, for refining scans: one code, and up to two where nothing is left to be corrected. Made when first
  // needed.
  struct scaled_refining refining[1 << scaled_look], fresh[1 << scaled_look];
  // By length: the last code, -1 where there is none, and what a code needs added to become its symbol's index.
  int32_t last_code[17], offset[17];
  bool is_used; // by a scan, so that a definition of the same number is to take other memory
  struct scaled_huffman *made_before; // so that all are freed
};

// The reader of entropy-coded data. Stuffed zeros (B.1.1.5) are left out ahead, some kilobytes at a time, so that
// taking bits looks for nothing. Zeros follow the last byte before a marker; that more bits were taken than there were
// is found at the end of a row.
struct scaled_bits {
  uint64_t buffer; // the next bits, the first of them on top
  int count;       // of bits in `buffer`
  bool bad;        // there was a code that the table does not have, or a value that cannot be
  bool is_last;    // no more bytes come before the next marker
  const uint8_t *at, *end, *limit; // in the window: the next byte, the last one's end, where more are to be fetched
  const uint8_t *source, *source_end; // in the file: what was not fetched yet
  uint8_t *window; // scaled_window + scaled_slack bytes
};
// A block takes at most 64 codes of 16 bits with values of 15 bits, and a look ahead eight bytes more; the rest of the
// slack is zeros behind the end, and for vectors.
enum { scaled_window = 4096, scaled_block_bytes = 272, scaled_slack = 512 };

// A component of the frame, laid out for the scale that was asked for.
struct scaled_component {
  int id, h, v;             // sampling factors (A.1.1)
  int columns, rows;        // blocks that hold pixels
  int blocks_across, blocks_down; // blocks that there are, in whole MCUs
  int points_across, points_down; // samples that one block becomes, 1…16
  int kept_across, kept_down, kept_stride; // coefficients that those show, from the lowest frequency on
  int kept_count;           // per block
  uint8_t place[128];       // of the coefficients in zigzag order among the kept ones; kept_count for all others
  uint64_t keep;            // bit 63 - k: coefficient k in zigzag order is kept
  int last_kept;            // in zigzag order
  uint8_t rows_to[64], columns_to[64]; // of the kept ones, those up to coefficient k lie in as many
  uint16_t quantizer[64];   // in zigzag order
  int8_t bit[64];           // lowest bit that the scans so far told, -1 for none
  // Of one row of MCUs.
  int16_t *kept;            // kept_count for each block, rows of blocks kept_row apart
  uint64_t *nonzero;        // bit 63 - k of a block's word: coefficient k may differ from 0
  size_t kept_row;
  const uint32_t *first, *later; // of a sequential file: what look-ups give, as scaled_blocks.c says
  uint8_t mask_byte[128], mask_bit[128]; // two bytes for each place: where such a word tells of its coefficient
  float factor[72];         // by place: from kept coefficient to amplitude
  float across[8][16], down[8][16]; // by coefficient and sample: the cosines
  float across_4[4][16], down_4[4][16]; // the same for 4 × 4 samples at once: each row's, and each one four times
  float *samples;           // one row of MCUs
  int samples_stride;
};

// What a scan header says (B.2.3), where its data is, and how far it is read. Scans of a progressive file are read side by
// side, each a row of MCUs at a time, so that no coefficient outlives its row.
struct scaled_scan {
  const uint8_t *start, *end; // of the entropy-coded data; the end is that of the file where the file is sequential
  int count, component[scaled_components];
  int first, last, high, low; // Ss, Se, Ah, Al
  struct scaled_huffman *dc[scaled_components], *ac[scaled_components]; // NULL where none was defined
  int restart_interval, to_restart, next_restart;
  int predicted[scaled_components]; // DC
  int run; // blocks to come without anything new (EOBRUN)
  struct scaled_bits bits;
  uint8_t window[scaled_window + scaled_slack];
};

// Blocks side by side: the memory of the first one's coefficients and its word, which the others' follow.
struct scaled_blocks {
  int16_t *kept;
  uint64_t *nonzero;
  int count;
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
  struct scaled_huffman *dc[4], *ac[4]; // defined last, NULL where none was
  struct scaled_huffman *last_made;
  struct scaled_scan *scan[scaled_most_scans]; // one where the file is sequential
  // Of a sequential file: what its components' look-ups give; the coefficients of all blocks in a row of MCUs, in the order
  // in which they come; and the places of their last ones.
  uint32_t *entries;
  int16_t **block;
  uint8_t *block_last;
  int scan_count;
  int next_row; // of the rows handed out; a row of MCUs is decoded when its first row is asked for
};

// scaled_file.c: markers and tables. `scaled_walk` stops after the marker of a scan or of the end, which it returns;
// `scaled_begin_scan` reads a scan's header and makes it the last of `scan`; `scaled_pass_data` goes on to the marker
// behind its data.
enum scaled_status scaled_walk(struct scaled_jpeg *decoder, int *marker);
enum scaled_status scaled_begin_scan(struct scaled_jpeg *decoder);
enum scaled_status scaled_pass_data(struct scaled_jpeg *decoder);

// scaled_huffman.c: makes a table from the number of codes of each length; false when it cannot be one.
bool scaled_define(struct scaled_huffman *table, const uint8_t counts[16], const uint8_t *symbols, int count, bool dc);

// The value of `size` bits behind the first `before` bits of an index (F.2.2.1, EXTEND).
int scaled_value_at(unsigned index, int before, int size);
void scaled_define_pairs(struct scaled_huffman *table);
void scaled_define_refining(struct scaled_huffman *table);

// scaled_blocks.c: memory and tables for a sequential file, whose scan is known; scaled_no_memory without them.
enum scaled_status scaled_begin_blocks(struct scaled_jpeg *decoder);

// scaled_scans.c, and for one scan scaled_blocks.c where the file is sequential, scaled_bands.c where it is progressive and
// the scan one of AC: entropy decoding of a row of MCUs, counted from 0 at the top.
enum scaled_status scaled_decode_mcus(struct scaled_jpeg *decoder, int mcu_row);
enum scaled_status scaled_decode_blocks(const struct scaled_jpeg *decoder, struct scaled_scan *scan);
enum scaled_status scaled_decode_band(const struct scaled_jpeg *decoder, struct scaled_scan *scan, int mcu_row);

// scaled_pixels.c: from coefficients to rows.
void scaled_prepare(struct scaled_component *component);
// Makes the samples of a row of MCUs from its blocks.
void scaled_make_samples(const struct scaled_component *component);
void scaled_color(const struct scaled_jpeg *decoder, int row, uint8_t *out);

// Rows of blocks with pixels that a component has in a row of MCUs.
static inline int scaled_rows_in(const struct scaled_component *component, int mcu_row) {
  const int left = component->rows - mcu_row * component->v;
  return left < component->v ? left : component->v;
}

// False when the caller wants the decoder to stop.
static inline bool scaled_go_on(const struct scaled_jpeg *decoder) {
  return !decoder->check.go_on || decoder->check.go_on(decoder->check.context);
}

#endif
