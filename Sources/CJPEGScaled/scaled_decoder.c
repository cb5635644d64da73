// The decoder's outer loop: memory, scans up to the first row, rows.
#include "scaled_bits.h"
#include <assert.h>
#include <stdlib.h>

// Rounded up, as libjpeg computes the size of a scaled image.
static int divided_up(int value, int by) { return (value + by - 1) / by; }

// Which coefficients are kept, and where: as many of the lowest in each direction as there are points. Rows of them lie
// a power of two apart, so that vectors of four or eight load one row.
static void keep(struct scaled_component *component) {
  component->kept_across = component->points_across < 8 ? component->points_across : 8;
  component->kept_down = component->points_down < 8 ? component->points_down : 8;
  component->kept_stride = 1;
  while (component->kept_stride < component->kept_across) component->kept_stride *= 2;
  component->kept_count = component->kept_stride * component->kept_down;
  for (int k = 0; k < 128; k++) component->place[k] = (uint8_t)component->kept_count;
  for (int k = 0; k < 64; k++) {
    int v = scaled_natural_order[k] / 8, u = scaled_natural_order[k] % 8;
    component->bit[k] = -1;
    if (u >= component->kept_across || v >= component->kept_down) continue;
    const int place = v * component->kept_stride + u;
    component->place[k] = (uint8_t)place;
    component->keep |= 1ull << (63 - k);
    component->last_kept = k;
    // The low byte of a place's two gets the byte that has its bit, the high one a byte of zeros.
    component->mask_byte[2 * place] = (uint8_t)((63 - k) / 8);
    component->mask_bit[2 * place] = (uint8_t)(1 << (63 - k) % 8);
  }
}

// Dimensions by A.1.1 and A.2. A single component has no MCUs, whatever its sampling factors say (A.2.2). False where a
// component's grid does not divide the finest one, or becomes more than 16 points a block.
static bool lay_out(struct scaled_jpeg *decoder, const struct scaled_frame *frame) {
  decoder->h_most = decoder->v_most = 1;
  for (int index = 0; index < decoder->component_count && decoder->component_count > 1; index++) {
    if (frame->component[index].h > decoder->h_most) decoder->h_most = frame->component[index].h;
    if (frame->component[index].v > decoder->v_most) decoder->v_most = frame->component[index].v;
  }
  decoder->mcus_across = divided_up(decoder->width, 8 * decoder->h_most);
  decoder->mcus_down = divided_up(decoder->height, 8 * decoder->v_most);
  int blocks = 0;
  for (int index = 0; index < decoder->component_count; index++) {
    struct scaled_component *component = decoder->component + index;
    component->id = frame->component[index].id;
    component->h = decoder->component_count == 1 ? 1 : frame->component[index].h;
    component->v = decoder->component_count == 1 ? 1 : frame->component[index].v;
    if (decoder->h_most % component->h != 0 || decoder->v_most % component->v != 0) return false;
    component->points_across = decoder->scale.across * decoder->h_most / component->h;
    component->points_down = decoder->scale.down * decoder->v_most / component->v;
    if (component->points_across > 16 || component->points_down > 16) return false;
    // Blocks with pixels (A.1.1, A.2.2), which scans of one component have, and blocks in whole MCUs, which others
    // have.
    component->columns = divided_up(divided_up(decoder->width * component->h, decoder->h_most), 8);
    component->rows = divided_up(divided_up(decoder->height * component->v, decoder->v_most), 8);
    component->blocks_across = decoder->mcus_across * component->h;
    component->blocks_down = decoder->mcus_down * component->v;
    // 16 more, since vectors reach past the last block.
    component->samples_stride = component->blocks_across * component->points_across + 16;
    blocks += component->h * component->v;
    keep(component);
    for (int k = 0; k < 64; k++) component->quantizer[k] = frame->component[index].quantizer[k];
  }
  return blocks <= 10; // of an MCU (B.2.3)
}

// What a component needs: one row of MCUs of samples, and its coefficients.
static bool allocate(struct scaled_component *component) {
  const size_t rows = (size_t)component->v;
  const size_t samples = (size_t)component->samples_stride * (size_t)(component->v * component->points_down);
  // The reader of sequential files drops coefficients into the first place behind a block, where the next block's DC
  // comes later; behind the last block of a row there is room for that. Vectors reach a little further.
  component->kept_row = (size_t)component->blocks_across * (size_t)component->kept_count + 16;
  component->samples = malloc((samples + 16) * sizeof *component->samples);
  component->kept = calloc(rows * component->kept_row + 16, sizeof *component->kept);
  component->nonzero = calloc(rows * (size_t)component->blocks_across, sizeof *component->nonzero);
  return component->samples && component->kept && component->nonzero;
}

// Finds all scans of a progressive file, up to EOI. A file without any is for libjpeg to judge.
static enum scaled_status find_scans(struct scaled_jpeg *decoder) {
  for (;;) {
    int marker;
    enum scaled_status status = scaled_walk(decoder, &marker);
    if (status != scaled_good) return status;
    if (marker == 0xD9) return decoder->scan_count > 0 ? scaled_good : scaled_odd;
    if (!scaled_go_on(decoder)) return scaled_stopped;
    if ((status = scaled_begin_scan(decoder)) != scaled_good) return status;
    if ((status = scaled_pass_data(decoder)) != scaled_good) return status;
    decoder->scan[decoder->scan_count - 1]->end = decoder->bytes + decoder->position;
  }
}

// Goes to the data of a sequential file's only scan. Several scans are left to libjpeg: rows need all components at
// once.
static enum scaled_status find_scan(struct scaled_jpeg *decoder) {
  int marker;
  enum scaled_status status = scaled_walk(decoder, &marker);
  if (status == scaled_good && marker != 0xDA) status = scaled_odd;
  if (status == scaled_good) status = scaled_begin_scan(decoder);
  if (status != scaled_good) return status;
  return decoder->scan[0]->count == decoder->component_count ? scaled_good : scaled_odd;
}

// Everything up to the first row: layout, memory, and where the scans are. The caller frees what was allocated, also
// after a failure.
static enum scaled_status begin(struct scaled_jpeg *decoder, const struct scaled_frame *frame) {
  if (!lay_out(decoder, frame)) return scaled_odd;
  for (int index = 0; index < decoder->component_count; index++)
    if (!allocate(decoder->component + index)) return scaled_no_memory;
  enum scaled_status status = decoder->progressive ? find_scans(decoder) : find_scan(decoder);
  if (status != scaled_good) return status;
  for (int index = 0; index < decoder->scan_count; index++)
    decoder->scan[index]->bits = scaled_begin_bits(decoder->scan[index], decoder->scan[index]->start);
  for (int index = 0; index < decoder->component_count; index++) scaled_prepare(decoder->component + index);
  return decoder->progressive ? scaled_good : scaled_begin_blocks(decoder);
}

enum scaled_status scaled_open(
  const uint8_t *bytes, size_t count, const struct scaled_frame *frame, struct scaled_ratio scale,
  const struct scaled_check *check, struct scaled_jpeg **result) {
  assert(scale.across >= 1 && scale.across <= 8 && scale.down >= 1 && scale.down <= 8);
  assert(frame->component_count == 1 || frame->component_count == 3);
  assert(frame->width > 0 && frame->width <= 65535 && frame->height > 0 && frame->height <= 65535);
  struct scaled_jpeg *decoder = calloc(1, sizeof *decoder);
  *result = NULL;
  if (!decoder) return scaled_no_memory;
  decoder->bytes = bytes;
  decoder->count = count;
  decoder->position = 2; // after SOI
  decoder->check = *check;
  decoder->progressive = frame->progressive;
  decoder->component_count = frame->component_count;
  decoder->width = frame->width;
  decoder->height = frame->height;
  decoder->scale = scale;
  decoder->out_width = divided_up(frame->width * scale.across, 8);
  decoder->out_height = divided_up(frame->height * scale.down, 8);
  enum scaled_status status = begin(decoder, frame);
  if (status == scaled_good) *result = decoder;
  else scaled_close(decoder);
  return status;
}

// Makes the samples of the row of MCUs that begins with the next row.
static enum scaled_status make_samples(struct scaled_jpeg *decoder, int mcu_row) {
  if (!scaled_go_on(decoder)) return scaled_stopped;
  const enum scaled_status status = scaled_decode_mcus(decoder, mcu_row);
  if (status != scaled_good) return status;
  for (int index = 0; index < decoder->component_count; index++) scaled_make_samples(decoder->component + index);
  return scaled_good;
}

enum scaled_status scaled_row(struct scaled_jpeg *decoder, uint8_t *row) {
  // Rows of pixels that a row of MCUs makes, and which of them is next.
  const int rows = decoder->scale.down * decoder->v_most, inside = decoder->next_row % rows;
  // Rows come out one by one, and are made in rows of MCUs.
  if (inside == 0) {
    enum scaled_status status = make_samples(decoder, decoder->next_row / rows);
    if (status != scaled_good) return status;
  }
  assert(decoder->next_row < decoder->out_height);
  scaled_color(decoder, inside, row);
  decoder->next_row++;
  return scaled_good;
}

// After the last row each scan's data must end, with less than a byte left, and a marker must follow: that which was found
// ahead, or in a sequential file the one that `position` moves to.
static bool is_used_up(struct scaled_jpeg *decoder, struct scaled_scan *scan) {
  fetch(&scan->bits);
  if (scan->run > 0 || !scaled_is_used_up(scan->bits)) return false;
  if (decoder->progressive) return scan->bits.source == scan->end;
  decoder->position = (size_t)(scan->bits.source - decoder->bytes);
  return true;
}

enum scaled_status scaled_finish(struct scaled_jpeg *decoder) {
  for (int index = 0; index < decoder->scan_count; index++)
    if (!is_used_up(decoder, decoder->scan[index])) return scaled_odd;
  if (decoder->progressive) return scaled_good; // EOI was found ahead
  // Another scan is odd: each component came in the first one.
  int marker;
  enum scaled_status status = scaled_walk(decoder, &marker);
  return status != scaled_good || marker == 0xD9 ? status : scaled_odd;
}

void scaled_close(struct scaled_jpeg *decoder) {
  if (!decoder) return;
  for (int index = 0; index < scaled_components; index++) {
    free(decoder->component[index].samples);
    free(decoder->component[index].kept);
    free(decoder->component[index].nonzero);
  }
  free(decoder->entries);
  free(decoder->block);
  free(decoder->block_last);
  for (int index = 0; index < decoder->scan_count; index++) free(decoder->scan[index]);
  for (struct scaled_huffman *table = decoder->last_made, *next; table; table = next) {
    next = table->made_before;
    free(table);
  }
  free(decoder);
}
