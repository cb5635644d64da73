// Finding separators: the first stage of the kernels over lines and words. It turns a window of bytes into a list of
// places, so that the second stage has no chain of "where does the next one begin" to wait for and the processor works
// on several lines at once.
#ifndef CKERNELS_POSITIONS_H
#define CKERNELS_POSITIONS_H

#include "ckernels.h"

#include <string.h>

#if CSIMD_X86
#include <immintrin.h>
#endif

// Longest window: places fit 16 bits, and the bytes stay in the first-level cache from one stage to the next.
enum { window_size = 8192 };

// Room for the places of a window: one per byte, and what the last write may reach beyond.
enum { places_size = window_size + 64 };
_Static_assert(window_size <= UINT16_MAX, "places have 16 bits");

// Writes the places of the bits of `mask`, counted from `base`; returns how many.
CSIMD_INLINE size_t spread(uint64_t mask, size_t base, uint16_t *places) {
  size_t found = (size_t)__builtin_popcountll(mask);
  for (; mask; mask &= mask - 1) *places++ = (uint16_t)(base + (size_t)__builtin_ctzll(mask));
  return found;
}

#if CSIMD_X86
// The same with the indices of the set bits packed by one instruction. Writes 32 or 64 places whatever their number,
// for which `places_size` leaves room.
CSIMD_AVX512_VBMI CSIMD_INLINE size_t spread_vbmi(
    uint64_t mask, size_t base, uint16_t *places) {
  const __m512i bytes = _mm512_set_epi64(
      0x3F3E3D3C3B3A3938, 0x3736353433323130, 0x2F2E2D2C2B2A2928, 0x2726252423222120,
      0x1F1E1D1C1B1A1918, 0x1716151413121110, 0x0F0E0D0C0B0A0908, 0x0706050403020100);
  __m512i packed = _mm512_maskz_compress_epi8(mask, bytes);
  __m512i start = _mm512_set1_epi16((short)base);
  size_t found = (size_t)_mm_popcnt_u64(mask);
  _mm512_storeu_si512(places, _mm512_add_epi16(start, _mm512_cvtepu8_epi16(_mm512_castsi512_si256(packed))));
  if (__builtin_expect(found > 32, 0))
    _mm512_storeu_si512(
        places + 32, _mm512_add_epi16(start, _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(packed, 1))));
  return found;
}

// Up to 64 bytes, padded with zeros. Masked elements are not read, so this may not fault past the end.
CSIMD_AVX512_VBMI CSIMD_INLINE __m512i load_vbmi(const uint8_t *bytes, size_t count) {
  return count >= 64 ? _mm512_loadu_si512(bytes) : _mm512_maskz_loadu_epi8(_bzhi_u64(~0ull, (unsigned)count), bytes);
}
#endif

// Up to 16 bytes of a key as two numbers, padded with zeros. Reads 16 bytes where `room` is at least that, and no byte
// outside the key otherwise.
CSIMD_INLINE void load_key(
    const uint8_t *key, size_t length, size_t room, uint64_t words[2]) {
  static const uint64_t masks[17][2] = {
      {0, 0}, {0xFF, 0}, {0xFFFF, 0}, {0xFFFFFF, 0}, {0xFFFFFFFF, 0}, {0xFFFFFFFFFF, 0}, {0xFFFFFFFFFFFF, 0},
      {0xFFFFFFFFFFFFFF, 0}, {~0ull, 0}, {~0ull, 0xFF}, {~0ull, 0xFFFF}, {~0ull, 0xFFFFFF}, {~0ull, 0xFFFFFFFF},
      {~0ull, 0xFFFFFFFFFF}, {~0ull, 0xFFFFFFFFFFFF}, {~0ull, 0xFFFFFFFFFFFFFF}, {~0ull, ~0ull}};
  if (__builtin_expect(room >= 16, 1)) {
    memcpy(words, key, 16);
    words[0] &= masks[length][0];
    words[1] &= masks[length][1];
  } else {
    words[0] = words[1] = 0;
    memcpy(words, key, length);
  }
}

// Hashes for tables with linear probing. Keys come from files that anybody may have written, and a table whose keys all
// want the same place is searched from end to end for each of them; so every run has a seed of its own, without which
// such keys cannot be found. A product of 64 by 64 bits whose halves are folded together is good in all bits, and its
// collisions depend on the seed: that is wyhash's step (Wang Yi 2019). A hash that is linear, as CRCs are, has the same
// collisions under every seed.
CSIMD_INLINE uint64_t folded(unsigned __int128 product) { return (uint64_t)product ^ (uint64_t)(product >> 64); }

// The hash of a key of up to 16 bytes, padded with zeros. The key's length is not part of it: keys that differ in
// trailing zero bytes alone collide, and are told apart by their tags.
CSIMD_INLINE uint64_t hash_pair(uint64_t low, uint64_t high, const struct ckernels_seed *seed) {
  return folded((unsigned __int128)(low ^ seed->words[0]) * (high ^ seed->words[1]));
}

// The hash of a key of more than 16 bytes, eight at a time. The last eight may overlap those before them.
static inline uint64_t hash_long(const uint8_t *key, size_t length, const struct ckernels_seed *seed) {
  uint64_t hash = length ^ seed->words[2], word;
  for (size_t at = 0; at + 8 < length; at += 8) {
    memcpy(&word, key + at, 8);
    hash = hash_pair(word, hash, seed);
  }
  memcpy(&word, key + length - 8, 8);
  return hash_pair(word, hash, seed);
}

#endif
