#include "ccodecs.h"

#include <stdio.h>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

#define TEXT_OF(number) #number
#define TEXT(macro) TEXT_OF(macro)

const char *ccodecs_jpeg_version(void) { return TEXT(LIBJPEG_TURBO_VERSION); }

const char *ccodecs_png_version(void) { return png_get_libpng_ver(NULL); }

const char *ccodecs_zlib_version(void) { return zlibVersion(); }
