/* Kernels of a sieve that keeps one byte per 30 numbers. No state, no allocation, no errors; every function may be called
   from any thread. */
#ifndef CKERNELS_SIEVE_H
#define CKERNELS_SIEVE_H

#include <stddef.h>
#include <stdint.h>

/* 1 when the processor and its operating system have what these kernels need: AVX-512 F, BW, DQ, IFMA, VBMI, VBMI2 and
   VPOPCNTDQ, which Intel has since Ice Lake and AMD since Zen 4. Where it is 0 none of them may be called. */
int ckernels_sieve_is_supported(void);

/* How primes of one residue modulo 30 move from one multiple to the next that has no factor 2, 3, 5 or 7. Entry `s` is for
   a multiple whose cofactor is the s-th of the 48 residues modulo 210; entries from 48 on are not used. */
struct ckernels_steps {
  uint8_t gaps[64];  /* distance to the next cofactor */
  uint8_t carry[64]; /* what is added to floor(p / 30) * gap to reach the next multiple's byte */
  uint8_t keep[64];  /* all bits of the byte but the multiple's */
  uint8_t bits[64];  /* the number of the multiple's bit, 0-7 */
};

/* Primes of one residue modulo 30. */
struct ckernels_runners {
  uint32_t *places; /* byte of each prime's next multiple, from the first byte of the next stretch on */
  uint32_t *primes; /* floor(p / 30) in bits 0-23, the entry of `steps` in bits 24-31; see ckernels_sieve_note */
  uint8_t *columns; /* for ckernels_sieve_note alone, padded to a multiple of 16 */
  size_t count;
};

/* Clears all multiples in `size` bytes, at most 2^24, and moves `places` on to the stretch behind them. Primes lie below
   2^28. `small` says that all primes lie below 983,040, for which a step takes one multiplication less. */
void ckernels_sieve_step(
    uint8_t *bytes, uint32_t size, struct ckernels_runners runners, const struct ckernels_steps *steps, int small);

/* Lays the AND of 8 patterns over `count` bytes, a multiple of 64; with `keep` bits that are cleared already stay so. */
void ckernels_sieve_lay(uint8_t *bytes, const uint8_t *const patterns[8], size_t count, int keep);

/* Counts the bits set in `count` bytes, a multiple of 64. */
uint64_t ckernels_sieve_ones(const uint8_t *bytes, size_t count);

/* Writes the primes that `count` bytes of a finished sieve hold, `count` a multiple of 8 and `first` 30 times the first
   byte's number, and returns how many there are. All lie below 2^32; up to 64 elements behind the last are overwritten. */
size_t ckernels_sieve_collect(const uint8_t *bytes, size_t count, uint32_t first, uint32_t *primes);

/* Looks for the first multiple p * q >= low of each prime, q without factor 2, 3, 5 or 7. Of those that lie less than `span`
   ahead, `span` below 2^32, `places` gets the distance in bits 0-31 and p in bits 32-63, and `residues` q modulo 210, or
   that plus 210. Returns how many there are. Primes lie above 2^21; all lists have room for 8 elements behind the last.
   `skips` holds, by residue modulo 210, how far the next such q is, and has 256 entries. */
size_t ckernels_sieve_first(
    const uint32_t *primes, size_t count, uint64_t low, uint64_t span, const uint8_t *skips, uint64_t *places,
    uint64_t *residues);

/* Marks to be made, sorted by stretch of a bitmap. */
struct ckernels_bins {
  uint8_t *bitmap;
  uint32_t bits;     /* a stretch has 2^bits bytes, bits at most 24 */
  uint32_t capacity; /* notes per stretch */
  uint32_t *notes;   /* `capacity` for each stretch: byte inside the stretch times 8 plus the bit */
  uint32_t *used;    /* notes in use, per stretch; below `capacity` between calls */
};

/* Notes all multiples in the first `size` bytes of the bitmap, at most 2^26. `primes` holds floor(p / 30) alone, all places
   lie inside, and nothing of the runners is changed. */
void ckernels_sieve_note(
    struct ckernels_bins *bins, uint32_t size, struct ckernels_runners runners, const struct ckernels_steps *steps);

/* Makes the marks noted for one stretch. */
void ckernels_sieve_empty(struct ckernels_bins *bins, size_t bin);

#endif
