// The door to RE2: patterns that users write, matched in time linear in the text.
#ifndef DATAVAULT_CRE2_H
#define DATAVAULT_CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled pattern; immutable, so that threads may share it.
typedef struct datavault_re2 datavault_re2;

/// Where a group matched, in bytes of the text; -1 for both if it did not take part.
typedef struct {
    ptrdiff_t start;
    ptrdiff_t end;
} datavault_re2_range;

/// Compiles a pattern in RE2's syntax. `max_memory` bounds the program and its automata, in bytes. Gives NULL and writes
/// the reason, ended by NUL, into `error` if the pattern is invalid or too large.
datavault_re2 *datavault_re2_compile(const char *pattern, size_t length, bool ignore_case, int64_t max_memory,
                                     char *error, size_t error_capacity);
void datavault_re2_free(datavault_re2 *pattern);

/// How many groups the pattern has, without the whole match.
int datavault_re2_group_count(const datavault_re2 *pattern);

/// Finds the first match at or after `start`, and writes the whole match and then the groups into `groups`.
bool datavault_re2_find(const datavault_re2 *pattern, const char *text, size_t length, size_t start,
                        datavault_re2_range *groups, int group_capacity);

/// If the whole text matches.
bool datavault_re2_matches_whole(const datavault_re2 *pattern, const char *text, size_t length);

#ifdef __cplusplus
}
#endif
#endif
