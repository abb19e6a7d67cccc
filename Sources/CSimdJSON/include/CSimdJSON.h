// The door to simdjson: finds the structure of a JSON text, and leaves its values to the caller.
#ifndef DATAVAULT_CSIMDJSON_H
#define DATAVAULT_CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Memory that holds the index of one text at a time; grows to the longest text it has met.
typedef struct datavault_json_index datavault_json_index;

/// Why a text has no index.
typedef enum {
    datavault_json_ok = 0,
    datavault_json_empty,
    datavault_json_not_utf8,
    datavault_json_unclosed_string,
    datavault_json_control_character,
    datavault_json_too_long,
    datavault_json_no_memory,
    datavault_json_malformed,
} datavault_json_status;

/// Makes an index, or gives NULL where there is no memory. Its owner frees it.
datavault_json_index *datavault_json_index_new(void);
void datavault_json_index_free(datavault_json_index *index);

/// Bytes of memory that the index holds.
size_t datavault_json_index_footprint(const datavault_json_index *index);

/// Finds where each token of a text starts: a brace, bracket, colon, comma, opening quote or the first character of
/// another scalar. Checks that the whole text is UTF-8, that strings end and that none holds a bare control character;
/// the order of tokens, numbers and escapes are the caller's to check.
///
/// `offsets` then points to `count` ascending offsets, which stay until the next call.
datavault_json_status datavault_json_index_build(
    datavault_json_index *index, const uint8_t *text, size_t length, const uint32_t **offsets, size_t *count);

/// Whether bytes are UTF-8 (RFC 3629: no surrogates, nothing overlong).
bool datavault_utf8_is_valid(const uint8_t *bytes, size_t length);

/// Reads a number in JSON's grammar, rounded to the nearest double; false where it is none or beyond the largest
/// double. Does not depend on the locale.
bool datavault_parse_double(const char *first, const char *end, double *value);

/// Writes the shortest digits that give the same number back, and returns how many bytes it wrote: at most 32.
size_t datavault_write_double(double value, char *out);
size_t datavault_write_float(float value, char *out);

#ifdef __cplusplus
}
#endif
#endif
