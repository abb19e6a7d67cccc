#ifndef WIRE_CZLIB_SHIM_H
#define WIRE_CZLIB_SHIM_H
#include <zlib.h>

// zlib's initializers are macros, which Swift does not import.
static inline int wire_deflate_init_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
static inline int wire_inflate_init_gzip(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}
// `windowBits` as zlib has it: 15 + 32 takes gzip and zlib, -15 takes deflate without a header.
static inline int zlib_inflate_init(z_stream *stream, int windowBits) { return inflateInit2(stream, windowBits); }
#endif
