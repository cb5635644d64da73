#include "internal.h"
#include <stdio.h>

bool cav1_fail(struct cav1_result *result, enum cav1_status status, const char *message) {
  result->status = status;
  snprintf(result->message, sizeof result->message, "%s", message ? message : "no reason is given");
  return false;
}
