// What the files of this module share.
#ifndef CWEBP_INTERNAL_H
#define CWEBP_INTERNAL_H

#include "cwebp.h"
#include <stdio.h>

// Fills `result`, cutting a message that is too long, and returns false.
static inline bool cwebp_fail(struct ccodecs_result *result, enum ccodecs_status status, const char *message) {
  result->status = status;
  snprintf(result->message, sizeof result->message, "%s", message);
  return false;
}

#endif
