// What the files of this module share.
#ifndef CCODECS_INTERNAL_H
#define CCODECS_INTERNAL_H

#include "ccodecs.h"
#include <setjmp.h>
#include <stdio.h> // before jpeglib.h, which needs size_t and FILE
#include <jpeglib.h>

// Fills `result`, cutting a message that is too long, and returns false.
bool ccodecs_fail(struct ccodecs_result *result, enum ccodecs_status status, const char *message);

// libjpeg's error manager with a jump of ours. The first error wins; warnings are errors unless `salvage` is set, when
// the first one is kept in `damage`.
struct ccodecs_jpeg_errors {
  struct jpeg_error_mgr manager; // first, because libjpeg hands back a pointer to it
  jmp_buf jump;
  struct ccodecs_result *result;
  bool salvage;
  char damage[224];
};
// Keeps the first damage that is made up for: later ones often follow from it.
void ccodecs_note_damage(char damage[224], const char *message);
// Sets up the error manager. The caller arms `jump` by setjmp before the first call of libjpeg.
void ccodecs_jpeg_catch(struct ccodecs_jpeg_errors *errors);
// Leaves through the jump with a status of our own.
_Noreturn void ccodecs_jpeg_throw(j_common_ptr info, enum ccodecs_status status, const char *message);

// Legal files could hold any number of scans; libjpeg-turbo's own fuzzer gives up after as many.
enum { ccodecs_max_scans = 100 };
#define ccodecs_many_scans "a progressive JPEG of more than 100 scans"
// Throws where more scans are ahead than are read, the first of which the reader stands in: decoding them one by one
// to find that out would take seconds for files of a few bytes a scan.
void ccodecs_jpeg_check_scans(j_decompress_ptr info);

// Where libjpeg puts what it encodes.
struct ccodecs_jpeg_destination {
  struct jpeg_destination_mgr manager; // first, because libjpeg hands back a pointer to it
  struct ccodecs_sink sink;
  uint8_t buffer[1 << 16];
};
// Makes libjpeg write to `sink`, through the buffer.
void ccodecs_jpeg_direct(
  j_compress_ptr info, struct ccodecs_jpeg_destination *destination, const struct ccodecs_sink *sink);
// Writes Exif, profile and blocks: to be called between the file's header and its first row.
void ccodecs_jpeg_write_metadata(j_compress_ptr info, const struct ccodecs_metadata *metadata);

#endif
