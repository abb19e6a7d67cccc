#ifndef PERSISTENCE_CPOSTGRES_SHIM_H
#define PERSISTENCE_CPOSTGRES_SHIM_H
#include <libpq-fe.h>

// libpq prints notices to standard error unless a processor takes them.
static inline void persistence_ignore_notice(void *context, const char *message) {
    (void)context;
    (void)message;
}
static inline void persistence_silence_notices(PGconn *connection) {
    PQsetNoticeProcessor(connection, persistence_ignore_notice, NULL);
}
#endif
