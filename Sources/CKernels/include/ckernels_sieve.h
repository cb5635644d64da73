/* Kernels of a sieve that keeps one byte per 30 numbers. No state, no allocation, no errors; every function may be called
   from any thread. */
#ifndef CKERNELS_SIEVE_H
#define CKERNELS_SIEVE_H

#include <stddef.h>
#include <stdint.h>

/* 1 when the processor and its operating system have what these kernels need: AVX-512 F, BW, DQ, IFMA, VBMI and VPOPCNTDQ,
   which Intel has since Ice Lake and AMD since Zen 4. Where it is 0 none of them may be called. */
int ckernels_sieve_is_supported(void);

/* How primes of one residue modulo 30 move from one multiple to the next that has no factor 2, 3, 5 or 7. Entry `s` is for
   a multiple whose cofactor is the s-th of the 48 residues modulo 210; entries from 48 on are not used. */
struct ckernels_steps {
  uint8_t gaps[64];  /* distance to the next cofactor */
  uint8_t carry[64]; /* what is added to floor(p / 30) * gap to reach the next multiple's byte */
  uint8_t keep[64];  /* all bits of the byte but the multiple's */
};

/* Primes of one residue modulo 30. */
struct ckernels_runners {
  uint32_t *places; /* byte of each prime's next multiple, from the first byte of the next stretch on */
  uint32_t *primes; /* floor(p / 30) in bits 0-23, the entry of `steps` in bits 24-31 */
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

#endif
