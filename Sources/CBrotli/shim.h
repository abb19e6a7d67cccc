#ifndef OUTBOUND_CBROTLI_SHIM_H
#define OUTBOUND_CBROTLI_SHIM_H
#include <brotli/decode.h>
#endif
