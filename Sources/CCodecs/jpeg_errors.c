// From libjpeg's errors and warnings to results, by a jump back into the entry point that armed it.
#include "internal.h"
#include <jerror.h>
#include <string.h>

bool ccodecs_fail(struct ccodecs_result *result, enum ccodecs_status status, const char *message) {
  result->status = status;
  snprintf(result->message, sizeof result->message, "%s", message);
  return false;
}

_Noreturn void ccodecs_jpeg_throw(j_common_ptr info, enum ccodecs_status status, const char *message) {
  struct ccodecs_jpeg_errors *errors = (struct ccodecs_jpeg_errors *)info->err;
  ccodecs_fail(errors->result, status, message);
  longjmp(errors->jump, 1);
}

// libjpeg's errors by number, as far as they are told apart; `msg_parm` holds the numbers that its message shows. Must
// not return: libjpeg's state is no good after an error.
static _Noreturn void on_error(j_common_ptr info) {
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  switch (info->err->msg_code) {
  case JERR_OUT_OF_MEMORY: ccodecs_jpeg_throw(info, ccodecs_no_memory, text);
  case JERR_BAD_PRECISION:
    snprintf(text, sizeof text, "a JPEG of %d bits per sample", info->err->msg_parm.i[0]);
    ccodecs_jpeg_throw(info, ccodecs_unsupported, text);
  case JERR_SOF_UNSUPPORTED: {
    int kind = info->err->msg_parm.i[0];
    // SOF3, 7, 11 and 15 are the lossless processes of ITU-T T.81 table B.1.
    ccodecs_jpeg_throw(
      info, ccodecs_unsupported, (kind & 3) == 3 ? "a lossless JPEG" : "a hierarchical JPEG");
  }
  // Warnings arrive here too, unless the file is salvaged.
  case JWRN_JPEG_EOF: ccodecs_jpeg_throw(info, ccodecs_truncated, "it ends inside the image data");
  case JERR_INPUT_EOF: ccodecs_jpeg_throw(info, ccodecs_truncated, text);
  default: ccodecs_jpeg_throw(info, ccodecs_damaged, text);
  }
}

void ccodecs_note_damage(char damage[224], const char *message) {
  if (damage[0] == 0) snprintf(damage, 224, "%s", message);
}

static void on_message(j_common_ptr info, int level) {
  // Levels from 0 are traces; warnings say that data is damaged and was made up.
  if (level >= 0) return;
  struct ccodecs_jpeg_errors *errors = (struct ccodecs_jpeg_errors *)info->err;
  if (!errors->salvage) on_error(info);
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  ccodecs_note_damage(errors->damage, text);
}

// libjpeg would print to standard error.
static void ignore(j_common_ptr info) { (void)info; }

void ccodecs_jpeg_catch(struct ccodecs_jpeg_errors *errors) {
  jpeg_std_error(&errors->manager);
  errors->manager.error_exit = on_error;
  errors->manager.emit_message = on_message;
  errors->manager.output_message = ignore;
}

// Markers are found as libjpeg finds them: coded data holds none, and what has a length is passed over.
void ccodecs_jpeg_check_scans(j_decompress_ptr info) {
  if (!jpeg_has_multiple_scans(info)) return;
  const uint8_t *at = info->src->next_input_byte, *end = at + info->src->bytes_in_buffer;
  int scans = 1;
  while (at < end && (at = memchr(at, 0xFF, (size_t)(end - at)))) {
    while (at < end && *at == 0xFF) at++;
    if (at >= end || *at == JPEG_EOI) return;
    int marker = *at++;
    // 0 is a byte of the data, 1 and 0xD0 to 0xD8 stand alone (ITU-T T.81, table B.1).
    if (marker <= 1 || (marker >= JPEG_RST0 && marker <= 0xD8)) continue;
    if (marker == 0xDA && ++scans > ccodecs_max_scans)
      ccodecs_jpeg_throw((j_common_ptr)info, ccodecs_unsupported, ccodecs_many_scans);
    if (end - at < 2) return;
    at += at[0] << 8 | at[1];
  }
}
