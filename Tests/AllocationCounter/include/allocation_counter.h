#ifndef WIRE_ALLOCATION_COUNTER_H
#define WIRE_ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Whether this build counts: glibc without a sanitizer, which brings an allocator of its own.
bool wire_allocations_are_counted(void);

/// Starts or stops counting. Threads that allocate meanwhile are all counted.
void wire_count_allocations(bool on);

/// Calls of malloc, calloc, realloc and the aligned ones while counting was on.
uint64_t wire_allocation_count(void);

#endif
