// What the files of this module share.
#ifndef CAV1_INTERNAL_H
#define CAV1_INTERNAL_H

#include "cav1.h"

// Fills `result`, cutting a message that is too long, and returns false.
bool cav1_fail(struct cav1_result *result, enum cav1_status status, const char *message);

#endif
