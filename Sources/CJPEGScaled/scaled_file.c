// Markers and tables. LanesImages/Metadata/JPEGMarkers.swift walks the segments before the first scan for what they
// say. This walk is a second one for a reason: it continues between scans and to EOI, defines tables on its way, and
// must refuse what libjpeg would complain of, down to the bytes between entropy-coded data and the next marker. The
// other one passes over everything that it does not know.
#include "scaled.h"
#include <stdlib.h>
#include <string.h>

const uint8_t scaled_natural_order[64] = {
  0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// A segment's contents, after its length.
struct segment {
  const uint8_t *bytes;
  size_t count;
};

// Numbers of two bytes are big-endian (B.1.1.1).
static unsigned number(const uint8_t *bytes) { return (unsigned)bytes[0] << 8 | bytes[1]; }

// Goes to the next marker, over the bytes that may fill the space before one (B.1.1.2); nothing else may stand there.
static enum scaled_status find_marker(struct scaled_jpeg *decoder, int *marker) {
  size_t at = decoder->position;
  if (at >= decoder->count) return scaled_short;
  // libjpeg passes over other bytes here, with a warning.
  if (decoder->bytes[at] != 0xFF) return scaled_odd;
  while (at < decoder->count && decoder->bytes[at] == 0xFF) at++;
  if (at >= decoder->count) return scaled_short;
  *marker = decoder->bytes[at];
  decoder->position = at + 1;
  return scaled_good;
}

// Takes the segment that begins here with its length, which counts itself (B.1.1.4). `scaled_short` where the file ends
// inside it.
static enum scaled_status take_segment(struct scaled_jpeg *decoder, struct segment *segment) {
  if (decoder->count - decoder->position < 2) return scaled_short;
  size_t length = number(decoder->bytes + decoder->position);
  if (length < 2) return scaled_odd;
  if (decoder->count - decoder->position < length) return scaled_short;
  *segment = (struct segment){decoder->bytes + decoder->position + 2, length - 2};
  decoder->position += length;
  return scaled_good;
}

// Memory for a table, in place of one that no scan uses.
static struct scaled_huffman *renewed(struct scaled_jpeg *decoder, struct scaled_huffman *table) {
  if (table && !table->is_used) return table;
  if (!(table = malloc(sizeof *table))) return NULL;
  table->is_used = false;
  table->made_before = decoder->last_made;
  return decoder->last_made = table;
}

// DHT (B.2.4.2): any number of tables. A table that is defined again replaces the one before.
static enum scaled_status define_huffman(struct scaled_jpeg *decoder, struct segment segment) {
  while (segment.count > 0) {
    if (segment.count < 17) return scaled_odd;
    int class = segment.bytes[0] >> 4, number = segment.bytes[0] & 15, symbols = 0;
    for (int length = 0; length < 16; length++) symbols += segment.bytes[1 + length];
    if (class > 1 || number > 3 || symbols > 256 || segment.count < 17 + (size_t)symbols) return scaled_odd;
    struct scaled_huffman **table = class == 0 ? decoder->dc + number : decoder->ac + number;
    if (!(*table = renewed(decoder, *table))) return scaled_no_memory;
    if (!scaled_define(*table, segment.bytes + 1, segment.bytes + 17, symbols, class == 0)) return scaled_odd;
    segment.bytes += 17 + symbols;
    segment.count -= 17 + (size_t)symbols;
  }
  return scaled_good;
}

// DRI (B.2.4.4): MCUs between two restart markers; 0 ends restarts.
static enum scaled_status define_restarts(struct scaled_jpeg *decoder, struct segment segment) {
  if (segment.count != 2) return scaled_odd;
  decoder->restart_interval = (int)number(segment.bytes);
  return scaled_good;
}

// Whether a segment is defined here (DHT 0xC4, DRI 0xDD) or may be passed over. libjpeg looks into APP0 and APP14
// wherever they are, and complains of what it finds there; what comes before the first scan it has read already. That
// includes the frame (SOF0 to SOF2) and quantizers (DQT 0xDB), which `scaled_frame` holds: later ones are odd.
static bool is_dull(int marker, int scans) {
  if (marker == 0xC4 || marker == 0xDD || marker == 0xFE) return true;
  if (marker >= 0xE0 && marker <= 0xEF) return scans == 0 || (marker != 0xE0 && marker != 0xEE);
  return scans == 0 && (marker == 0xDB || (marker >= 0xC0 && marker <= 0xC2));
}

// Goes on to the next SOS (0xDA) or EOI (0xD9), and defines the tables before it.
enum scaled_status scaled_walk(struct scaled_jpeg *decoder, int *marker) {
  for (;;) {
    enum scaled_status status = find_marker(decoder, marker);
    if (status != scaled_good) return status;
    if (*marker == 0xDA || *marker == 0xD9) return scaled_good;
    struct segment segment;
    if (!is_dull(*marker, decoder->scan_count)) return scaled_odd;
    if ((status = take_segment(decoder, &segment)) != scaled_good) return status;
    if (*marker == 0xC4) status = define_huffman(decoder, segment);
    if (*marker == 0xDD) status = define_restarts(decoder, segment);
    if (status != scaled_good) return status;
  }
}

// Position of a component in the frame, by its identifier (Cs of B.2.3); -1 for one that is not there.
static int component_named(const struct scaled_jpeg *decoder, int id) {
  for (int index = 0; index < decoder->component_count; index++)
    if (decoder->component[index].id == id) return index;
  return -1;
}

// SOS (B.2.3), with the limits of G.1.1.1.1 where the file is progressive: DC scans have no AC coefficients, AC scans
// have one component, and a refinement adds one bit. Al is at most 13 (table B.3).
static enum scaled_status parse_scan(struct scaled_jpeg *decoder, struct scaled_scan *scan) {
  struct segment segment;
  enum scaled_status status = take_segment(decoder, &segment);
  if (status != scaled_good) return status;
  scan->start = decoder->bytes + decoder->position;
  scan->end = decoder->bytes + decoder->count;
  scan->restart_interval = scan->to_restart = decoder->restart_interval;
  if (segment.count < 1) return scaled_odd;
  scan->count = segment.bytes[0];
  if (scan->count < 1 || scan->count > decoder->component_count) return scaled_odd;
  if (segment.count != 4 + 2 * (size_t)scan->count) return scaled_odd;
  int before = -1; // components come in the frame's order
  for (int index = 0; index < scan->count; index++) {
    int component = component_named(decoder, segment.bytes[1 + 2 * index]), tables = segment.bytes[2 + 2 * index];
    if (component <= before || tables >> 4 > 3 || (tables & 15) > 3) return scaled_odd;
    before = scan->component[index] = component;
    scan->dc[index] = decoder->dc[tables >> 4];
    scan->ac[index] = decoder->ac[tables & 15];
  }
  const uint8_t *rest = segment.bytes + 1 + 2 * scan->count;
  scan->first = rest[0];
  scan->last = rest[1];
  scan->high = rest[2] >> 4;
  scan->low = rest[2] & 15;
  if (!decoder->progressive)
    return scan->first == 0 && scan->last == 63 && rest[2] == 0 ? scaled_good : scaled_odd;
  bool is_dc = scan->first == 0;
  if (is_dc ? scan->last != 0 : scan->last < scan->first || scan->last > 63 || scan->count != 1) return scaled_odd;
  return (scan->high == 0 || scan->low == scan->high - 1) && scan->low <= 13 ? scaled_good : scaled_odd;
}

// Whether the scan follows those before it: each bit of each coefficient comes once, after the bit above it, and AC
// comes after DC. libjpeg warns of most other orders. Notes the bits that this scan brings.
static bool follows(struct scaled_jpeg *decoder, const struct scaled_scan *scan) {
  for (int index = 0; index < scan->count; index++) {
    int8_t *bit = decoder->component[scan->component[index]].bit;
    if (scan->first > 0 && bit[0] < 0) return false;
    for (int k = scan->first; k <= scan->last; k++) {
      if (scan->high == 0 ? bit[k] >= 0 : bit[k] != scan->high) return false;
      bit[k] = (int8_t)scan->low;
    }
  }
  return true;
}

// Keeps the tables that the scan reads codes with, as they are now; false where one was not defined.
static bool claim_tables(struct scaled_scan *scan) {
  const bool has_dc = scan->first == 0 && scan->high == 0, has_ac = scan->last > 0;
  for (int index = 0; index < scan->count; index++) {
    if (has_dc) {
      if (!scan->dc[index]) return false;
      scan->dc[index]->is_used = true;
    }
    if (has_ac) {
      struct scaled_huffman *table = scan->ac[index];
      if (!table) return false;
      table->is_used = true;
      if (!has_dc && scan->high == 0 && !table->has_pairs) scaled_define_pairs(table);
      if (scan->high > 0 && !table->has_refining) scaled_define_refining(table);
    }
  }
  return true;
}

enum scaled_status scaled_begin_scan(struct scaled_jpeg *decoder) {
  if (decoder->scan_count == scaled_most_scans) return scaled_odd;
  struct scaled_scan *scan = calloc(1, sizeof *scan);
  if (!scan) return scaled_no_memory;
  decoder->scan[decoder->scan_count++] = scan;
  const enum scaled_status status = parse_scan(decoder, scan);
  if (status != scaled_good) return status;
  if (decoder->progressive && !follows(decoder, scan)) return scaled_odd;
  return claim_tables(scan) ? scaled_good : scaled_odd;
}

// Entropy-coded data goes on over stuffed zeros and restart markers (B.1.1.5, B.2.1).
enum scaled_status scaled_pass_data(struct scaled_jpeg *decoder) {
  const uint8_t *at = decoder->bytes + decoder->position, *end = decoder->bytes + decoder->count;
  while ((at = memchr(at, 0xFF, (size_t)(end - at))) && end - at >= 2) {
    if (at[1] != 0 && (at[1] < 0xD0 || at[1] > 0xD7)) {
      decoder->position = (size_t)(at - decoder->bytes);
      return scaled_good;
    }
    at += 2;
  }
  return scaled_short;
}
