// What `--version` says of the libraries.
#include "ccodecs.h"

#include <stdio.h>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

#define quoted(tokens) #tokens
#define text_of(macro) quoted(macro)

const char *ccodecs_jpeg_version(void) { return text_of(LIBJPEG_TURBO_VERSION); }

const char *ccodecs_png_version(void) { return png_get_libpng_ver(NULL); }

const char *ccodecs_zlib_version(void) { return zlibVersion(); }
