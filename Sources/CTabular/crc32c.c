#include "CTabular.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t with_instruction(uint32_t crc, const uint8_t *bytes, size_t length) {
    uint64_t wide = crc;
    for (; length >= 8; bytes += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    for (; length > 0; bytes++, length--) crc = _mm_crc32_u8(crc, *bytes);
    return crc;
}
#endif

static uint32_t bit_by_bit(uint32_t crc, const uint8_t *bytes, size_t length) {
    for (; length > 0; bytes++, length--) {
        crc ^= *bytes;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82F63B78 & (0U - (crc & 1)));
    }
    return crc;
}

uint32_t datavault_crc32c(uint32_t seed, const uint8_t *bytes, size_t length) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return ~with_instruction(~seed, bytes, length);
#endif
    return ~bit_by_bit(~seed, bytes, length);
}
