// Which libraries the program was built with.
#include "cpacked.h"
#define ZLIB_CONST
#include <zlib.h>
#ifdef LANES_ZSTD
#include <zstd.h>
#endif
#ifdef LANES_XZ
#include <lzma.h>
#endif
#ifdef LANES_BZIP2
#include <bzlib.h>
#endif

const char *cpacked_version(enum cpacked_format format) {
  switch (format) {
  case cpacked_gzip: return zlibVersion();
#ifdef LANES_ZSTD
  case cpacked_zstd: return ZSTD_versionString();
#endif
#ifdef LANES_XZ
  case cpacked_xz: return lzma_version_string();
#endif
#ifdef LANES_BZIP2
  case cpacked_bzip2: return BZ2_bzlibVersion();
#endif
  default: return "";
  }
}

bool cpacked_has(enum cpacked_format format) { return *cpacked_version(format) != 0; }
