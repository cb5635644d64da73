// A JPEG decoder for images that are wanted smaller than they are stored: Huffman coding, sequential or progressive, 8
// bits, gray or YCbCr. Everything else, and every file in which it finds anything odd, is left to libjpeg, whose
// verdict counts. It reads all that libjpeg reads, and takes nothing for sound that libjpeg complains about: the
// verdict on a file must not depend on the size that is asked for.
//
// Why it exists: of a block's 64 coefficients only those that the smaller image shows are kept, with one bit for each
// of the others, since later scans of a progressive file say nothing about coefficients of which it is not known
// whether they are 0. All scans are read side by side, so that one row of MCUs is held. Measured on a 2-core EPYC: 25
// progressive photographs decoded at the scale for 512 × 512 took 1.0 s instead of libjpeg-turbo 2.1.5's 2.2 s (0.7 s
// since scans are read side by side), 37 others 0.36 s instead of 0.42 s.
//
// Call order: open, row … row, finish, close. Source of every format rule: ITU-T T.81, by clause.
#ifndef CJPEGSCALED_H
#define CJPEGSCALED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { scaled_components = 3 };

// The place in a block, row by row, of each coefficient in the file's zigzag order (figure A.6).
extern const uint8_t scaled_natural_order[64];

// How many points 8 samples become in each direction, 1…8: libjpeg's scale_num where scale_denom is 8.
struct scaled_ratio {
  int across, down;
};

// Asked every few rows, also between scans, unless it is NULL; false stops the decoder.
struct scaled_check {
  bool (*go_on)(void *context);
  void *context;
};

struct scaled_jpeg;

// What stops the decoder. `scaled_odd` and `scaled_short` (the file ends too early) say nothing about the file, which
// may be sound all the same: libjpeg is to decide.
enum scaled_status { scaled_good, scaled_odd, scaled_short, scaled_no_memory, scaled_stopped };

// What the frame header says (B.2.2), as libjpeg read it, with the quantizers that its components name.
struct scaled_frame {
  int width, height;
  bool progressive;
  int component_count;
  struct {
    int id, h, v;
    uint16_t quantizer[64]; // in zigzag order
  } component[scaled_components];
};

// Reads the headers up to the first row: for a progressive file, those of all scans up to EOI. `bytes` and the context of `check`
// must outlive the decoder, which is NULL unless the result is `scaled_good`.
enum scaled_status scaled_open(
  const uint8_t *bytes, size_t count, const struct scaled_frame *frame, struct scaled_ratio scale,
  const struct scaled_check *check, struct scaled_jpeg **decoder);
// Makes the next row: RGBX with 255 in the fourth byte, or gray for one component. After a failure there are no more
// rows.
enum scaled_status scaled_row(struct scaled_jpeg *decoder, uint8_t *row);
// Looks at what follows the last row. `scaled_odd` leaves the verdict to libjpeg even now that all rows are handed out.
enum scaled_status scaled_finish(struct scaled_jpeg *decoder);
// Frees the decoder; NULL is allowed.
void scaled_close(struct scaled_jpeg *decoder);

#endif
