#ifndef OUTBOUND_CZSTD_SHIM_H
#define OUTBOUND_CZSTD_SHIM_H
#include <zstd.h>
#endif
