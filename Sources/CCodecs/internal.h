// What the files of this module share.
#ifndef CCODECS_INTERNAL_H
#define CCODECS_INTERNAL_H

#include "ccodecs.h"
#include <setjmp.h>
#include <stdio.h> // before jpeglib.h, which needs size_t and FILE
#include <jpeglib.h>

// Fills `result` and returns false.
bool ccodecs_fail(struct ccodecs_result *result, enum ccodecs_status status, const char *message);

// libjpeg's error manager with a jump of ours. The first error wins; warnings are errors.
struct ccodecs_jpeg_errors {
  struct jpeg_error_mgr manager; // first, because libjpeg hands back a pointer to it
  jmp_buf jump;
  struct ccodecs_result *result;
};
void ccodecs_jpeg_catch(struct ccodecs_jpeg_errors *errors);
// Leaves through the jump with a status of our own.
_Noreturn void ccodecs_jpeg_throw(j_common_ptr info, enum ccodecs_status status, const char *message);

#endif
