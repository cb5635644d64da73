#include "cpatterns.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>
#include <stdlib.h>

struct cpatterns_pattern {
  pcre2_code *code;
  bool is_compiled; // to machine code; interpreted where the system refuses memory that can be executed
};

struct cpatterns_matcher {
  const struct cpatterns_pattern *pattern;
  pcre2_match_data *data;
  pcre2_match_context *context;
  pcre2_jit_stack *stack;
  int *workspace; // of pcre2_dfa_match, made when it is first needed
  size_t workspace_size;
};

// Integers for pcre2_dfa_match at first, and at most: it asks for room as a pattern has alternatives to follow side by
// side.
enum { first_workspace = 1 << 10, largest_workspace = 1 << 24 };

// Machine code runs on 32 KiB of the thread's stack; a pattern that needs more gets up to this.
enum { largest_stack = 16 << 20 };

struct cpatterns_pattern *cpatterns_compile(
    const uint8_t *pattern, size_t length, int options, struct cpatterns_error *error) {
  int code = 0;
  PCRE2_SIZE offset = 0;
  struct cpatterns_pattern *made = malloc(sizeof *made);
  pcre2_compile_context *context = pcre2_compile_context_create(NULL);
  // Subjects are bytes: a pattern that asks for UTF by (*UTF) is refused.
  uint32_t flags = PCRE2_NEVER_UTF;
  if (options & cpatterns_ignore_case) flags |= PCRE2_CASELESS;
  if (options & cpatterns_lines) flags |= PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX;
  if (made && context) {
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    made->code = pcre2_compile(pattern, length, flags, &code, &offset, context);
  } else {
    code = PCRE2_ERROR_NOMEMORY;
  }
  // Here and below: PCRE2's functions that free take NULL.
  pcre2_compile_context_free(context);
  if (!made || !context || !made->code) {
    free(made);
    error->offset = offset;
    pcre2_get_error_message(code, (PCRE2_UCHAR *)error->message, sizeof error->message);
    return NULL;
  }
  made->is_compiled = !(options & cpatterns_check) && pcre2_jit_compile(made->code, PCRE2_JIT_COMPLETE) == 0;
  return made;
}

void cpatterns_free(struct cpatterns_pattern *pattern) {
  pcre2_code_free(pattern->code);
  free(pattern);
}

static struct cpatterns_matcher *make_matcher(const struct cpatterns_pattern *pattern, pcre2_match_data *data) {
  struct cpatterns_matcher *made = data ? calloc(1, sizeof *made) : NULL;
  if (!made) {
    pcre2_match_data_free(data);
    return NULL;
  }
  made->pattern = pattern;
  made->data = data;
  return made;
}

struct cpatterns_matcher *cpatterns_matcher_new(const struct cpatterns_pattern *pattern) {
  // Room for one pair of bounds, those of the whole match.
  return make_matcher(pattern, pcre2_match_data_create(1, NULL));
}

struct cpatterns_matcher *cpatterns_matcher_with_groups(const struct cpatterns_pattern *pattern) {
  return make_matcher(pattern, pcre2_match_data_create_from_pattern(pattern->code, NULL));
}

int cpatterns_group(const struct cpatterns_matcher *matcher, uint32_t number, size_t *start, size_t *end) {
  if (number >= pcre2_get_ovector_count(matcher->data)) return 0;
  const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(matcher->data) + 2 * (size_t)number;
  if (bounds[0] == PCRE2_UNSET || bounds[1] == PCRE2_UNSET) return 0;
  *start = bounds[0];
  *end = bounds[1] < bounds[0] ? bounds[0] : bounds[1];
  return 1;
}

uint32_t cpatterns_group_number(const struct cpatterns_matcher *matcher, const uint8_t *name) {
  const int number = pcre2_substring_number_from_name(matcher->pattern->code, name);
  return number > 0 ? (uint32_t)number : 0;
}

void cpatterns_matcher_free(struct cpatterns_matcher *matcher) {
  pcre2_match_data_free(matcher->data);
  pcre2_match_context_free(matcher->context);
  pcre2_jit_stack_free(matcher->stack);
  free(matcher->workspace);
  free(matcher);
}

// Gives the machine code a stack of its own; false when it has one already or memory runs out.
static bool enlarge_stack(struct cpatterns_matcher *matcher) {
  if (matcher->stack) return false;
  matcher->stack = pcre2_jit_stack_create(64 << 10, largest_stack, NULL);
  matcher->context = pcre2_match_context_create(NULL);
  if (!matcher->stack || !matcher->context) return false;
  pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
  return true;
}

// pcre2_jit_match leaves out the checks of arguments that pcre2_match makes before it calls the same machine code.
static int match_once(struct cpatterns_matcher *matcher, const uint8_t *subject, size_t length, size_t from) {
  const struct cpatterns_pattern *pattern = matcher->pattern;
  if (pattern->is_compiled)
    return pcre2_jit_match(pattern->code, subject, length, from, 0, matcher->data, matcher->context);
  return pcre2_match(pattern->code, subject, length, from, 0, matcher->data, matcher->context);
}

int cpatterns_match(
    struct cpatterns_matcher *matcher, const uint8_t *subject, size_t length, size_t from, size_t *start, size_t *end) {
  if (!subject) subject = (const uint8_t *)"";
  int code = match_once(matcher, subject, length, from);
  if (code == PCRE2_ERROR_JIT_STACKLIMIT && enlarge_stack(matcher)) code = match_once(matcher, subject, length, from);
  if (code == PCRE2_ERROR_NOMATCH) return 0;
  if (code < 0) return code;
  const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(matcher->data);
  *start = bounds[0];
  *end = bounds[1];
  return 1;
}

// Doubles the workspace, or makes it; false when it is as large as it may be or memory runs out.
static bool enlarge_workspace(struct cpatterns_matcher *matcher) {
  size_t size = matcher->workspace ? 2 * matcher->workspace_size : first_workspace;
  if (size > largest_workspace) return false;
  int *larger = realloc(matcher->workspace, size * sizeof *larger);
  if (!larger) return false;
  matcher->workspace = larger;
  matcher->workspace_size = size;
  return true;
}

int cpatterns_longest(
    struct cpatterns_matcher *matcher, const uint8_t *subject, size_t length, size_t from, size_t *end) {
  if (!subject) subject = (const uint8_t *)"";
  if (!matcher->workspace && !enlarge_workspace(matcher)) return PCRE2_ERROR_NOMEMORY;
  while (1) {
    // The DFA matcher follows all alternatives side by side, and has no machine code.
    int code = pcre2_dfa_match(
        matcher->pattern->code, subject, length, from, PCRE2_ANCHORED, matcher->data, matcher->context,
        matcher->workspace, matcher->workspace_size);
    if (code == PCRE2_ERROR_DFA_WSSIZE && enlarge_workspace(matcher)) continue;
    if (code == PCRE2_ERROR_NOMATCH) return 0;
    if (code < 0) return code;
    // Of several matches the longest comes first, and the others do not fit.
    *end = pcre2_get_ovector_pointer(matcher->data)[1];
    return 1;
  }
}

void cpatterns_reason(int code, char *text, size_t size) {
  pcre2_get_error_message(code, (PCRE2_UCHAR *)text, size);
}

void cpatterns_version(char *text, size_t size) {
  // "10.42 2022-12-11": the date is left out.
  char whole[64] = "";
  size_t length = 0;
  pcre2_config(PCRE2_CONFIG_VERSION, whole);
  while (length + 1 < size && whole[length] && whole[length] != ' ') {
    text[length] = whole[length];
    length++;
  }
  text[length] = 0;
}
