#include "cdigests.h"
#include "csimd.h"
#include "xxh3_levels.h"

#include <stddef.h>
#include <string.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <libdeflate.h>
#include <openssl/opensslv.h>
#include <openssl/sha.h>
#include <zlib.h>

#define XXH_STATIC_LINKING_ONLY
#define XXH_INLINE_ALL
#include <xxhash.h>

// For a null pointer libdeflate returns the sum of no bytes, whatever `crc` is.
uint32_t cdigests_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
  return count == 0 ? crc : libdeflate_crc32(crc, bytes, count);
}

uint32_t cdigests_crc32_combine(uint32_t first, uint32_t second, uint64_t length) {
  return (uint32_t)crc32_combine(first, second, (z_off_t)length);
}

// The functions with a state of one's own are deprecated in OpenSSL 3, and still the only ones whose state is plain
// bytes.
#define LIES_AT(type, field, offset, bytes) \
  _Static_assert(offsetof(type, field) == (offset) && sizeof(((type *)0)->field) == (bytes), "another layout of " #type)

// All of the state is sent to other processes, so all of it must be known: a field that holds an address would mean
// nothing there.
LIES_AT(SHA256_CTX, h, 0, 32);
LIES_AT(SHA256_CTX, Nl, 32, 4);
LIES_AT(SHA256_CTX, Nh, 36, 4);
LIES_AT(SHA256_CTX, data, 40, 64);
LIES_AT(SHA256_CTX, num, 104, 4);
LIES_AT(SHA256_CTX, md_len, 108, 4);
_Static_assert(sizeof(SHA256_CTX) == cdigests_sha256_state, "another layout of OpenSSL's SHA256_CTX");

// States are copied in and out: the caller's bytes need not be aligned for SHA256_CTX.
void cdigests_sha256_start(void *state) {
  SHA256_CTX context;
  SHA256_Init(&context);
  memcpy(state, &context, sizeof context);
}

void cdigests_sha256_add(void *state, const uint8_t *bytes, size_t count) {
  SHA256_CTX context;
  memcpy(&context, state, sizeof context);
  SHA256_Update(&context, bytes, count);
  memcpy(state, &context, sizeof context);
}

void cdigests_sha256_finish(void *state, uint8_t *digest) {
  SHA256_CTX context;
  memcpy(&context, state, sizeof context);
  SHA256_Final(digest, &context);
}

// What changes in XXH3_state_t when there is neither a seed nor a secret; the rest holds addresses, which differ from
// process to process.
struct kept {
  uint64_t acc[8];
  uint8_t buffer[XXH3_INTERNALBUFFER_SIZE];
  uint64_t buffered, stripes, length;
};
_Static_assert(sizeof(struct kept) == cdigests_xxh3_state, "cdigests_xxh3_state is not the size of struct kept");

// The fields that are kept, those that XXH3_64bits_reset makes anew, and no others: one more would need a place in
// `kept`.
LIES_AT(XXH3_state_t, acc, 0, sizeof(uint64_t[8]));
LIES_AT(XXH3_state_t, customSecret, 64, 192);
LIES_AT(XXH3_state_t, buffer, 256, 256);
LIES_AT(XXH3_state_t, bufferedSize, 512, 4);
LIES_AT(XXH3_state_t, useSeed, 516, 4);
LIES_AT(XXH3_state_t, nbStripesSoFar, 520, 8);
LIES_AT(XXH3_state_t, totalLen, 528, 8);
LIES_AT(XXH3_state_t, nbStripesPerBlock, 536, 8);
LIES_AT(XXH3_state_t, secretLimit, 544, 8);
LIES_AT(XXH3_state_t, seed, 552, 8);
LIES_AT(XXH3_state_t, reserved64, 560, 8);
LIES_AT(XXH3_state_t, extSecret, 568, 8);
_Static_assert(sizeof(XXH3_state_t) == 576, "another layout of XXH3_state_t");

// Makes a full state: reset sets what does not depend on the input, and the rest is copied.
static void restore(XXH3_state_t *full, const void *state) {
  struct kept kept;
  memcpy(&kept, state, sizeof kept);
  XXH3_64bits_reset(full);
  memcpy(full->acc, kept.acc, sizeof kept.acc);
  memcpy(full->buffer, kept.buffer, sizeof kept.buffer);
  full->bufferedSize = (XXH32_hash_t)kept.buffered;
  full->nbStripesSoFar = kept.stripes;
  full->totalLen = kept.length;
}

// Takes the fields that are sent out of a full state. The buffer of an empty state was never written, and is kept as
// zeros.
static void keep(void *state, const XXH3_state_t *full) {
  struct kept kept;
  memset(&kept, 0, sizeof kept);
  memcpy(kept.acc, full->acc, sizeof kept.acc);
  if (full->bufferedSize > 0 || full->totalLen > 0) memcpy(kept.buffer, full->buffer, sizeof kept.buffer);
  kept.buffered = full->bufferedSize;
  kept.stripes = full->nbStripesSoFar;
  kept.length = full->totalLen;
  memcpy(state, &kept, sizeof kept);
}

void cdigests_xxh3_start(void *state) {
  XXH3_state_t full;
  memset(&full, 0, sizeof full);
  XXH3_64bits_reset(&full);
  keep(state, &full);
}

// From a cache on one EPYC core: SSE2 33 GB/s, AVX2 45, AVX-512 49. Of 2 GB that are read by pieces of 256 KiB that is 0.07,
// 0.05 and 0.04 s of processor time beside 0.13 s of reading.
static void update(XXH3_state_t *state, const uint8_t *bytes, size_t count) {
#if CSIMD_X86
  const enum csimd_level level = csimd_level_in_use();
  if (level >= csimd_avx512) return cdigests_xxh3_update_avx512(state, bytes, count);
  if (level >= csimd_avx2) return cdigests_xxh3_update_avx2(state, bytes, count);
#endif
  XXH3_64bits_update(state, bytes, count);
}

void cdigests_xxh3_add(void *state, const uint8_t *bytes, size_t count) {
  XXH3_state_t full;
  restore(&full, state);
  update(&full, bytes, count);
  keep(state, &full);
}

uint64_t cdigests_xxh3_finish(const void *state) {
  XXH3_state_t full;
  restore(&full, state);
  return XXH3_64bits_digest(&full);
}

#define TEXT_OF(number) #number
#define TEXT(macro) TEXT_OF(macro)

const char *cdigests_deflate_version(void) { return LIBDEFLATE_VERSION_STRING; }

const char *cdigests_xxhash_version(void) {
  return TEXT(XXH_VERSION_MAJOR) "." TEXT(XXH_VERSION_MINOR) "." TEXT(XXH_VERSION_RELEASE);
}

const char *cdigests_crypto_version(void) { return OPENSSL_VERSION_TEXT; }
