#pragma once

#include <stddef.h>

/// The suite's google.protobuf.FileDescriptorSet, serialized, with source info.
extern const unsigned char datavault_descriptor_set[];
/// Its size in bytes.
extern const size_t datavault_descriptor_set_size;

/// The first byte; Swift cannot take the address of an array whose size its header does not say.
static inline const void *datavault_descriptor_set_start(void) { return datavault_descriptor_set; }
