// Regular expressions over bytes: PCRE2 with its compiler to machine code (JIT), as far as searching lines needs it.
//
// Patterns and subjects are bytes, not UTF-8. A compiled pattern does not change and may be used by all threads at
// once; a matcher belongs to one thread. No function prints, exits or jumps.
#ifndef CPATTERNS_H
#define CPATTERNS_H

#include <stddef.h>
#include <stdint.h>

struct cpatterns_pattern;
struct cpatterns_matcher;

// How to compile.
enum cpatterns_options {
  cpatterns_ignore_case = 1, // letters of ASCII match both cases
  cpatterns_lines = 2,       // ^ and $ match at newlines too, also after the last one
  cpatterns_check = 4,       // only to see whether it is well-formed: not compiled to machine code
};

struct cpatterns_error {
  size_t offset;     // in the pattern, bytes from 0
  char message[256]; // one clause
};

// Compiles; NULL and an error when the pattern is malformed.
struct cpatterns_pattern *cpatterns_compile(
    const uint8_t *pattern, size_t length, int options, struct cpatterns_error *error);

// After all its matchers.
void cpatterns_free(struct cpatterns_pattern *pattern);

// What one thread needs to match: bounds, and a stack or a workspace once they are needed. NULL when memory runs out.
struct cpatterns_matcher *cpatterns_matcher_new(const struct cpatterns_pattern *pattern);
// The same with room for the bounds of groups, which take time to note.
struct cpatterns_matcher *cpatterns_matcher_with_groups(const struct cpatterns_pattern *pattern);
void cpatterns_matcher_free(struct cpatterns_matcher *matcher);

// Finds the first match in `subject` that starts at `from` or after it, and its bounds. What comes before `from` is
// still seen by assertions such as ^ and \b.
//
// Returns 1 when there is one, 0 when there is none, and a negative number when matching had to be given up: too much
// backtracking or memory; cpatterns_reason tells. `subject` may be NULL when it is empty.
int cpatterns_match(
    struct cpatterns_matcher *matcher, const uint8_t *subject, size_t length, size_t from, size_t *start, size_t *end);

// The bounds of a group of the last match that cpatterns_match found, by a matcher with room for groups: 1, or 0 where the
// pattern has no such group or the group took no part in the match. Group 0 is the match.
int cpatterns_group(const struct cpatterns_matcher *matcher, uint32_t number, size_t *start, size_t *end);

// The number of the group of that name, which ends with a zero byte; 0 where there is none.
uint32_t cpatterns_group_number(const struct cpatterns_matcher *matcher, const uint8_t *name);

// Finds the longest match in `subject` that starts at `from`: what POSIX asks for, where Perl takes the first
// alternative.
//
// Returns 1 and where it ends, 0 when nothing matches there, and a negative number when this cannot be told, as for a
// pattern with back-references.
int cpatterns_longest(
    struct cpatterns_matcher *matcher, const uint8_t *subject, size_t length, size_t from, size_t *end);

// The library's version, such as 10.42, into room for `size` characters.
void cpatterns_version(char *text, size_t size);

// Why matching was given up: a clause, into room for `size` characters.
void cpatterns_reason(int code, char *text, size_t size);

#endif
