// Unpacks compressed files: gzip, zstd, xz and bzip2, one member (stream, frame) after the other, in pieces of any size.
//
// A decoder belongs to one thread at a time. Memory is that of the libraries' windows, within the limit that it is given;
// nothing here reads or writes files.
#ifndef CPACKED_H
#define CPACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What compressed data is, by its first bytes. Those behind bzip2 are known by name alone.
enum cpacked_format {
  cpacked_plain = 0,
  cpacked_gzip = 1,
  cpacked_zstd = 2,
  cpacked_xz = 3,
  cpacked_bzip2 = 4,
  cpacked_compress = 5,
  cpacked_lz4 = 6,
  cpacked_lzip = 7,
};

// Bytes by which a format is known; fewer are enough at the end of a file.
enum { cpacked_head = 18 };

// The format of data that begins with `bytes`.
enum cpacked_format cpacked_detect(const uint8_t *bytes, size_t count);

// False where the program was built without the library of a format.
bool cpacked_has(enum cpacked_format format);

// The version of a format's library, such as "1.5.4"; empty without it.
const char *cpacked_version(enum cpacked_format format);

// Bytes of the whole member, header and trailer included, that begins with `bytes`, where it says so itself as BGZF's do
// (SAM specification, 4.1); 0 where it does not. `count` of cpacked_head is enough.
size_t cpacked_bgzf_size(const uint8_t *bytes, size_t count);

struct cpacked_decoder;

// Begins at `offset` of the file, where a member begins; no window of more than `memory` bytes is made. With `xz_check` of
// 0 or more what comes are blocks of an xz stream with that check, without the stream's header, instead of members. NULL
// where there is no memory.
struct cpacked_decoder *cpacked_start(uint64_t offset, uint64_t memory, int xz_check);
void cpacked_end(struct cpacked_decoder *decoder);

enum cpacked_result {
  // Room or input has run out: come again with more of either. Input that was not used is given again, with more behind it.
  cpacked_going,
  // All input is used, it was the last, and it ends where a member does.
  cpacked_ended,
  cpacked_damaged,
  cpacked_cut_off,
  // Something that is not compressed stands behind a member.
  cpacked_followed,
  // A format that is known by name alone, or whose library is not there.
  cpacked_unsupported,
  // A zstd frame that needs a dictionary.
  cpacked_needs_dictionary,
  // Unpacking takes a window larger than may be made; cpacked_needed tells.
  cpacked_too_large,
  cpacked_no_memory,
};

// Unpacks from `in` to `out`; at least cpacked_head bytes of input make progress, or the last ones.
//
// `used` and `made` are set on every return. `is_last`: no input follows behind `in`.
enum cpacked_result cpacked_run(
  struct cpacked_decoder *decoder, const uint8_t *in, size_t count, bool is_last, size_t *used, uint8_t *out, size_t room,
  size_t *made);

// Where in the file the decoder stands: behind what it has used, and at what is wrong, as nearly as the library tells.
uint64_t cpacked_offset(const struct cpacked_decoder *decoder);
// The format of the member in hand, or of the last one.
enum cpacked_format cpacked_format(const struct cpacked_decoder *decoder);
// What the library says of damage; empty where it says nothing.
const char *cpacked_message(const struct cpacked_decoder *decoder);
// Bytes of memory that were asked for where the result is cpacked_too_large.
uint64_t cpacked_needed(const struct cpacked_decoder *decoder);

// Where the blocks of an xz file are, from the indexes at the ends of its streams.
struct cpacked_index;
struct cpacked_index *cpacked_index_start(uint64_t file_size, uint64_t memory);
void cpacked_index_end(struct cpacked_index *index);

// Goes on with bytes of the file from `*offset`, and sets it to where the next ones are wanted. 1: more is wanted; 0: the
// index is complete; -1: the file has no index that can be read.
int cpacked_index_read(struct cpacked_index *index, const uint8_t *in, size_t count, uint64_t *offset);

// The next block: where it lies in the file, how many bytes it takes there and unpacked, and its check. False behind the last.
struct cpacked_block {
  uint64_t offset, size, unpacked;
  int check;
};
bool cpacked_index_next(struct cpacked_index *index, struct cpacked_block *block);

#endif
