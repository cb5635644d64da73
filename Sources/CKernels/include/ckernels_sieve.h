// Kernels of a sieve that keeps one byte per 30 numbers. No state, no allocation, no errors; every function may be
// called from any thread.
//
// They exist at the levels csimd_avx2 and csimd_avx512_vbmi and must not be called below the first. There Swift's sieve
// does without them, in another order of steps, so that choice is made once for a whole unit and not in each kernel.
// Names are primesieve's.
#ifndef CKERNELS_SIEVE_H
#define CKERNELS_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How primes of one residue modulo 30 get from one multiple to the next that has no factor 2, 3, 5 or 7. Wheel index
// `s` stands for a multiple whose cofactor is the s-th of the 48 residues modulo 210; elements from 48 on are not used.
// The wheel modulo 30 does not leave out the factor 7: it has the 8 residues modulo 30, and elements from 8 on are zero.
struct ckernels_wheel {
  uint8_t factors[64];     // distance to the next cofactor
  uint8_t corrections[64]; // added to floor(p / 30) * factor to reach the next multiple's byte
  uint8_t masks[64];       // all bits of the byte but the multiple's
  uint8_t bits[64];        // the number of the multiple's bit, 0-7
  // Elements from 0 on: how far apart cofactors that many steps apart are, at the most and at the least; 0 for no step.
  uint8_t longest[64], shortest[64];
};

// Sieving primes of one residue modulo 30.
struct ckernels_sieving_primes {
  uint32_t *multiple_indexes; // byte of each prime's next multiple, relative to the start of the next segment
  uint32_t *primes;           // floor(p / 30) in bits 0-23, wheel index in bits 24-31; see ckernels_sieve_fill_buckets
  uint8_t *wheel_indexes;     // for ckernels_sieve_fill_buckets alone, padded to a multiple of 16
  size_t count;
};

// Crosses off all multiples in `size` bytes, at most 2^23, and moves `multiple_indexes` on to the segment after them.
// Primes lie below 2^28. `small` says that all primes lie below 983,040, which saves a multiplication for each
// multiple. The wheel is the one modulo 210 at the level csimd_avx512_vbmi, and the one modulo 30 at csimd_avx2.
void ckernels_sieve_medium(
    uint8_t *bytes, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel, bool small);

// Writes the AND of 8 patterns to `count` bytes, a multiple of 64; with `keep`, of these and of what was there.
void ckernels_presieve(uint8_t *bytes, const uint8_t *const patterns[8], size_t count, bool keep);

// Counts the bits set in `count` bytes, a multiple of 64.
uint64_t ckernels_sieve_count(const uint8_t *bytes, size_t count);

// Writes the primes that `count` bytes of a finished sieve hold, `count` a multiple of 8 and `first` 30 times the first
// byte's number, and returns how many there are. All lie below 2^32; up to 64 elements after the last are overwritten.
size_t ckernels_sieve_collect(const uint8_t *bytes, size_t count, uint32_t first, uint32_t *primes);

// Looks for the first multiple p * q >= low of each prime, q without factor 2, 3, 5 or 7. Of those that lie less than
// `span` ahead, `span` below 2^32, `distances` gets the distance in bits 0-31 and p in bits 32-63, and `residues` q
// modulo 210, or that plus 210. Returns how many there are. Quotients lie below 2^43; all lists have room for 8 elements
// after the last. `skips` holds, by residue modulo 210, the distance to the next such q, and has 256 elements.
size_t ckernels_sieve_first_multiples(
    const uint32_t *primes, size_t count, uint64_t low, uint64_t span, const uint8_t *skips, uint64_t *distances,
    uint64_t *residues);

// Multiples to be crossed off, sorted by part of a bitmap.
struct ckernels_buckets {
  uint8_t *bitmap;
  uint32_t bits;     // a bucket covers 2^bits bytes, bits at most 24
  uint32_t capacity; // entries per bucket
  uint32_t *entries; // `capacity` for each bucket: offset of the byte in the bucket's part, times 8, plus the bit
  uint32_t *used;    // entries in use, per bucket; below `capacity` between calls
};

// Adds all multiples in the first `size` bytes of the bitmap, at most 2^26. `primes` holds floor(p / 30) alone, all
// multiple indexes lie inside, and `sieving_primes` is not changed.
void ckernels_sieve_fill_buckets(
    struct ckernels_buckets *buckets, uint32_t size, struct ckernels_sieving_primes sieving_primes, const struct ckernels_wheel *wheel);

// Crosses off the multiples in one bucket, and empties it.
void ckernels_sieve_cross_off_bucket(struct ckernels_buckets *buckets, size_t bucket);

#endif
