/* Finding separators: the first stage of the kernels over lines and words. It turns a window of bytes into a list of
   places, so that the second stage has no chain of "where does the next one begin" to wait for and the processor works on
   several lines at once. */
#ifndef CKERNELS_POSITIONS_H
#define CKERNELS_POSITIONS_H

#include "ckernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi2,avx512vl,avx512dq,avx512cd,avx2,bmi,bmi2,popcnt")))
#endif

/* Longest window: places fit 16 bits, and the bytes stay in the first-level cache from one stage to the next. */
enum { WINDOW = 8192 };

/* Room for the places of a window: one per byte, and what the last write may reach beyond. */
enum { PLACES = WINDOW + 64 };

/* True where the AVX-512 kernels of this header may be used; those of older processors lack VBMI2. */
static inline int has_compress(int level) {
#if defined(__x86_64__)
  return level == CKERNELS_AVX512 && __builtin_cpu_supports("avx512vbmi2");
#else
  (void)level;
  return 0;
#endif
}

/* Writes the places of the bits of `mask`, counted from `base`; returns how many. */
static inline __attribute__((always_inline)) size_t spread(uint64_t mask, size_t base, uint16_t *places) {
  size_t found = (size_t)__builtin_popcountll(mask);
  for (; mask; mask &= mask - 1) *places++ = (uint16_t)(base + (size_t)__builtin_ctzll(mask));
  return found;
}

#if defined(__x86_64__)
/* The same with the bytes of the mask packed in one instruction; writes 64 places whatever their number. */
AVX512 static inline __attribute__((always_inline)) size_t spread_avx512(
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

/* Up to 64 bytes, zeros behind them; what is not there is not touched. */
AVX512 static inline __attribute__((always_inline)) __m512i load_avx512(const uint8_t *bytes, size_t count) {
  return count >= 64 ? _mm512_loadu_si512(bytes) : _mm512_maskz_loadu_epi8(_bzhi_u64(~0ull, (unsigned)count), bytes);
}
#endif

/* Up to 16 bytes of a key as two numbers, zeros behind them. Reads 16 bytes where `room` is at least that, and no byte
   outside the key otherwise. */
static inline __attribute__((always_inline)) void load_key(
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

#define MIX_LOW 0xFF51AFD7ED558CCDull
#define MIX_HIGH 0x9E3779B97F4A7C15ull

static inline __attribute__((always_inline)) uint64_t mix(uint64_t low, uint64_t high) {
  uint64_t hash = (low ^ (high * MIX_HIGH)) * MIX_LOW;
  return hash ^ (hash >> 32);
}

/* The hash of a key of more than 16 bytes. */
static inline uint64_t hash_long(const uint8_t *key, size_t length) {
  uint64_t hash = length, word;
  for (size_t at = 0; at + 8 < length; at += 8) {
    memcpy(&word, key + at, 8);
    hash = mix(word, hash);
  }
  memcpy(&word, key + length - 8, 8);
  return mix(word, hash);
}

#endif
