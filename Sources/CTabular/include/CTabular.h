// Finds fields in delimited text, sixteen bytes at a time, and sums bytes for checksums and keys.
#ifndef DATAVAULT_CTABULAR_H
#define DATAVAULT_CTABULAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, RFC 3720) of bytes, continued from `seed` (0 to begin).
uint32_t datavault_crc32c(uint32_t seed, const uint8_t *bytes, size_t length);

#endif
