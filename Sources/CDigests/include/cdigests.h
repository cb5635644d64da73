// Checksums and digests of runs of bytes. States are plain bytes: they may be copied, sent to another process of this
// program and gone on with there. No allocation, no errors; every function may be called from any thread.
#ifndef CDIGESTS_H
#define CDIGESTS_H

#include <stddef.h>
#include <stdint.h>

// CRC-32 as in zlib and gzip (reflected polynomial 0xEDB88320), of the bytes that follow those with the sum `crc`; 0 at
// first. libdeflate multiplies without carry (PCLMULQDQ, VPCLMULQDQ) where the processor can: 11 GB/s from memory on
// one core of a Sapphire Rapids, where the zlib of Debian 12 makes 4.2.
uint32_t cdigests_crc32(uint32_t crc, const uint8_t *bytes, size_t count);

// The CRC-32 of two runs one after the other from those of each; `length` is that of the second, in bytes. Takes time
// that grows with the logarithm of `length`, not with it.
uint32_t cdigests_crc32_combine(uint32_t first, uint32_t second, uint64_t length);

// Bytes of a state. Both are checked against the libraries' structures when digests.c is compiled.
enum { cdigests_sha256_state = 112, cdigests_xxh3_state = 344 };

// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto, with the processor's instructions for it where there are any. `state`
// holds cdigests_sha256_state bytes; `digest` 32. Finishing leaves the state as it is.
void cdigests_sha256_start(void *state);
void cdigests_sha256_add(void *state, const uint8_t *bytes, size_t count);
void cdigests_sha256_finish(void *state, uint8_t *digest);

// XXH3 with 64 bits and without a seed, by xxHash. `state` holds cdigests_xxh3_state bytes; finishing leaves it as it
// is, so more may be added.
void cdigests_xxh3_start(void *state);
void cdigests_xxh3_add(void *state, const uint8_t *bytes, size_t count);
uint64_t cdigests_xxh3_finish(const void *state);

// Versions of the libraries, such as 1.14, as their headers have them.
const char *cdigests_deflate_version(void);
const char *cdigests_xxhash_version(void);
// With the name and the day, such as "OpenSSL 3.0.19 27 Jan 2026".
const char *cdigests_crypto_version(void);

#endif
