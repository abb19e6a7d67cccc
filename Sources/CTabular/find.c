#define _GNU_SOURCE

#include "CTabular.h"

#include <string.h>

ptrdiff_t datavault_find(const uint8_t *text, size_t length, const uint8_t *part, size_t part_length) {
    const uint8_t *found = memmem(text, length, part, part_length);
    return found == NULL ? -1 : found - text;
}
