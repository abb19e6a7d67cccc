#ifndef DATAVAULT_CGUMBO_SHIM_H
#define DATAVAULT_CGUMBO_SHIM_H
#include <gumbo.h>
#endif
