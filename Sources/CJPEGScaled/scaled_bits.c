// What the reader of entropy-coded data does seldom: bytes, ends and restarts.
#include "scaled_bits.h"
#if CSIMD_X86
#include <immintrin.h>
#endif

// Copies bytes without the zeros that are stuffed behind 0xFF, up to a marker, the end of the file or the end of the
// window. Returns the end of what it wrote, and leaves `source` at the marker.
static uint8_t *unstuff(struct scaled_bits *bits, uint8_t *to, uint8_t *end) {
  const uint8_t *from = bits->source;
#if CSIMD_X86
  // Every x86-64 has SSE2. Two bytes in a row may be looked at behind the sixteen.
  while (to < end && bits->source_end - from >= 18) {
    const __m128i next = _mm_loadu_si128((const __m128i *)(const void *)from);
    _mm_storeu_si128((__m128i *)(void *)to, next);
    const unsigned found = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(next, _mm_set1_epi8(-1)));
    if (found == 0) {
      to += 16;
      from += 16;
      continue;
    }
    const int before = __builtin_ctz(found);
    to += before;
    from += before;
    if (from[1] != 0) {
      bits->is_last = true;
      break;
    }
    to++;
    from += 2;
  }
#endif
  while (to < end && !bits->is_last) {
    if (from == bits->source_end || (*from == 0xFF && (bits->source_end - from < 2 || from[1] != 0))) {
      bits->is_last = true;
      break;
    }
    *to++ = *from;
    from += *from == 0xFF ? 2 : 1;
  }
  bits->source = from;
  return to;
}

struct scaled_bits scaled_fetch(struct scaled_bits bits) {
  if (bits.is_last) {
    // More was taken than there was: what follows is zeros, again and again.
    bits.bad = true;
    bits.at = bits.end;
    return bits;
  }
  const size_t left = (size_t)(bits.end - bits.at);
  memmove(bits.window, bits.at, left);
  bits.end = unstuff(&bits, bits.window + left, bits.window + scaled_window);
  bits.at = bits.window;
  // The buffer may hold bits of eight bytes behind the last one before that means anything.
  bits.limit = bits.is_last ? bits.end + 8 : bits.end - scaled_block_bytes;
  if (bits.is_last) memset(bits.window + (bits.end - bits.window), 0, scaled_block_bytes + 32);
  return bits;
}

struct scaled_bits scaled_begin_bits(struct scaled_scan *scan, const uint8_t *at) {
  return scaled_fetch((struct scaled_bits){
    .at = scan->window, .end = scan->window, .window = scan->window, .source = at, .source_end = scan->end});
}

bool scaled_is_used_up(struct scaled_bits bits) {
  fetch(&bits);
  return bits.is_last && is_sound(&bits) && bits_left(&bits) < 8;
}

struct scaled_bits scaled_restart(struct scaled_scan *scan, struct scaled_bits bits) {
  fetch(&bits);
  if (
    scan->run > 0 || !scaled_is_used_up(bits) || bits.source_end - bits.source < 2 || bits.source[0] != 0xFF
    || bits.source[1] != 0xD0 + scan->next_restart) {
    bits.bad = true;
    return bits;
  }
  scan->next_restart = (scan->next_restart + 1) % 8;
  scan->to_restart = scan->restart_interval;
  for (int index = 0; index < scan->count; index++) scan->predicted[index] = 0;
  return scaled_begin_bits(scan, bits.source + 2);
}

bool scaled_next_part(struct scaled_scan *scan, struct scaled_bits *bits, int from, int all, int *to) {
  *to = all;
  if (scan->restart_interval == 0) return true;
  if (scan->to_restart == 0) *bits = scaled_restart(scan, *bits);
  if (all - from > scan->to_restart) *to = from + scan->to_restart;
  scan->to_restart -= *to - from;
  return !bits->bad;
}
