#include "cbuild.h"

const char *cbuild_commit(void) { return LANES_COMMIT; }

const char *cbuild_liburing(void) { return LANES_LIBURING; }
