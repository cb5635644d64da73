// Rows of one profile's colors to those of sRGB, by tables that Swift has made of the profile. Vectors of four floats hold
// one color; what products and sums give does not depend on the processor.
#include "ccodecs.h"
#include <assert.h>
#include <csimd.h>
#include <math.h>

#pragma STDC FP_CONTRACT OFF

typedef float color __attribute__((vector_size(16), aligned(4), may_alias));

double ccodecs_power(double base, double exponent) { return pow(base, exponent); }
double ccodecs_log10(double value) { return log10(value); }
double ccodecs_exp(double value) { return exp(value); }

// NaN becomes 0, since it is neither more nor less than anything.
CSIMD_INLINE float within(float value, float top) { return value > 0 ? value < top ? value : top : 0; }

CSIMD_INLINE unsigned sample(const uint8_t *row, size_t at, int depth) {
  return depth == 8 ? row[at] : ((const uint16_t *)(const void *)row)[at];
}

CSIMD_INLINE void put(uint8_t *row, size_t at, int depth, unsigned value) {
  if (depth == 8) row[at] = (uint8_t)value;
  else ((uint16_t *)(void *)row)[at] = (uint16_t)value;
}

// Light to samples: for 8 bits the nearest of the curve's steps is within a tenth of a level.
CSIMD_INLINE unsigned level(float light, int depth, const struct ccodecs_srgb *srgb) {
  const float step = within(light, 1) * (float)ccodecs_curve_steps;
  if (depth == 8) return srgb->level8[(int)(step + 0.5f)];
  const int below = (int)step;
  const float *at = srgb->level + below;
  return (unsigned)(65535 * (at[0] + (at[1] - at[0]) * (step - (float)below)) + 0.5f);
}

CSIMD_INLINE color mixed(float first, float second, float third, const struct ccodecs_srgb *srgb) {
  const color *columns = (const color *)srgb->matrix;
  return columns[0] * first + columns[1] * second + columns[2] * third + columns[3];
}

CSIMD_INLINE void by_matrix(
  const uint8_t *row, uint8_t *out, size_t width, int depth, const struct ccodecs_matrix_colors *colors) {
  for (size_t x = 0; x < 4 * width; x += 4) {
    const color light = mixed(
      colors->light[0][sample(row, x, depth)], colors->light[1][sample(row, x + 1, depth)],
      colors->light[2][sample(row, x + 2, depth)], &colors->srgb);
    for (size_t channel = 0; channel < 3; channel++)
      put(out, x + channel, depth, level(light[channel], depth, &colors->srgb));
    put(out, x + 3, depth, sample(row, x + 3, depth));
  }
}

void ccodecs_color_by_matrix(
  const uint8_t *row, uint8_t *out, const struct ccodecs_image *image, const struct ccodecs_matrix_colors *colors) {
  assert(image->channels == 4);
  if (image->depth == 8) by_matrix(row, out, image->width, 8, colors);
  else by_matrix(row, out, image->width, 16, colors);
}

// How far into a cell a color lies along an axis, and how far apart the cell's two ends are in the table.
struct edge {
  float part;
  int stride;
};

CSIMD_INLINE void order(struct edge *high, struct edge *low) {
  if (high->part >= low->part) return;
  const struct edge kept = *high;
  *high = *low;
  *low = kept;
}

// The cell of `table` that `place` lies in: the number of its first node, and `axis` as far as colors are from it.
CSIMD_INLINE int cell(const struct ccodecs_color_table *table, const float place[4], struct edge axis[4]) {
  int first = 0;
  for (int index = 0; index < 4; index++) {
    const int last = table->side[index] - 1;
    const float at = within(place[index], (float)last);
    int below = (int)at;
    // The last node ends the last cell. An axis of one node has no cell.
    if (below > last - 1) below = last > 0 ? last - 1 : 0;
    axis[index] = (struct edge){at - (float)below, last > 0 ? table->stride[index] : 0};
    first += below * table->stride[index];
  }
  return first;
}

// Tetrahedral interpolation along the last three axes: from a cell's first node along the axis on which the color is
// farthest, then the next, to the opposite corner. Source: Kang, Color Technology for Electronic Imaging Devices (1997), 4.
// The ordered axes do not depend on the first one.
CSIMD_INLINE color tetrahedral(const float *nodes, int first, const struct edge axis[3]) {
  const color *at = (const color *)(nodes + 4 * (size_t)first);
  const color a = at[0], b = at[axis[0].stride], c = at[axis[0].stride + axis[1].stride],
              d = at[axis[0].stride + axis[1].stride + axis[2].stride];
  return a * (1 - axis[0].part) + b * (axis[0].part - axis[1].part) + c * (axis[1].part - axis[2].part)
         + d * axis[2].part;
}

CSIMD_INLINE color look_up(const struct ccodecs_color_table *table, const float place[4]) {
  struct edge axis[4];
  const int first = cell(table, place, axis);
  order(&axis[1], &axis[2]);
  order(&axis[2], &axis[3]);
  order(&axis[1], &axis[2]);
  const color near = tetrahedral(table->nodes, first, axis + 1);
  if (axis[0].part <= 0) return near;
  return near + (tetrahedral(table->nodes, first + axis[0].stride, axis + 1) - near) * axis[0].part;
}

void ccodecs_color_at(const struct ccodecs_color_table *table, const float place[4], float out[4]) {
  *(color *)out = look_up(table, place);
}

// Lab's root undone (CIE 15, 8.2.1).
CSIMD_INLINE float unrooted(float root) {
  return root > 24.0f / 116 ? root * root * root : 108.0f / 841 * (root - 16.0f / 116);
}

// A color that comes several times in a row, as in drawings, is looked up once.
CSIMD_INLINE void by_table(
  const uint8_t *row, uint8_t *out, size_t width, int depth, bool inks, const struct ccodecs_table_colors *colors) {
  const float top = depth == 8 ? 255 : 65535;
  unsigned known[4] = {0, 0, 0, 0}, levels[3] = {0, 0, 0};
  for (size_t x = 0; x < 4 * width; x += 4) {
    unsigned now[4];
    for (size_t channel = 0; channel < 4; channel++) now[channel] = sample(row, x + channel, depth);
    const bool same = now[0] == known[0] && now[1] == known[1] && now[2] == known[2] && (!inks || now[3] == known[3]);
    if (x == 0 || !same) {
      float place[4] = {0, 0, 0, 0};
      // A table of three axes is one of four whose first has a single node.
      if (inks) for (int axis = 0; axis < 4; axis++) place[axis] = colors->place[axis][now[axis]];
      else for (int axis = 0; axis < 3; axis++) place[axis + 1] = colors->place[axis][now[axis]];
      const color roots = look_up(&colors->table, place);
      const color light = mixed(unrooted(roots[0]), unrooted(roots[1]), unrooted(roots[2]), &colors->srgb);
      for (int channel = 0; channel < 3; channel++) levels[channel] = level(light[channel], depth, &colors->srgb);
      for (int channel = 0; channel < 4; channel++) known[channel] = now[channel];
    }
    for (size_t channel = 0; channel < 3; channel++) put(out, x + channel, depth, levels[channel]);
    put(out, x + 3, depth, inks ? (unsigned)top : now[3]);
  }
}

void ccodecs_color_by_table(
  const uint8_t *row, uint8_t *out, const struct ccodecs_image *image, bool inks,
  const struct ccodecs_table_colors *colors) {
  assert(image->channels == 4);
  if (image->depth == 8) {
    if (inks) by_table(row, out, image->width, 8, true, colors);
    else by_table(row, out, image->width, 8, false, colors);
  } else {
    by_table(row, out, image->width, 16, inks, colors);
  }
}
