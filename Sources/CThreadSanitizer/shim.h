#ifndef WIRE_CTHREADSANITIZER_SHIM_H
#define WIRE_CTHREADSANITIZER_SHIM_H

// What the sanitizer's runtime, which is linked into every program built for it, offers to tell it of an order that it
// cannot see: all before a release at an address happens before all after a later acquire at it.
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#endif
