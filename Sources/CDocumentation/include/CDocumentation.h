#pragma once

#include <stddef.h>

/// The suite's documentation as the gateway serves it: see scripts/documentation/site_model.py for its form.
extern const unsigned char datavault_documentation[];
/// Its size in bytes.
extern const size_t datavault_documentation_size;

/// The first byte; Swift cannot take the address of an array whose size its header does not say.
static inline const void *datavault_documentation_start(void) { return datavault_documentation; }
