#ifndef DATAVAULT_CPROTOBUFC_SHIM_H
#define DATAVAULT_CPROTOBUFC_SHIM_H
#include <protobuf-c/protobuf-c.h>
#endif
