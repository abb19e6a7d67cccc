#ifndef GATEWAY_CHIREDIS_SHIM_H
#define GATEWAY_CHIREDIS_SHIM_H
#include <hiredis/hiredis.h>

// Which module Swift takes a timeval's members from differs between debug and release builds.
static inline struct timeval gateway_timeval(long seconds, long microseconds) {
    struct timeval value = {.tv_sec = seconds, .tv_usec = microseconds};
    return value;
}
#endif
