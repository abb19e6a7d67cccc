#ifndef WIRE_CTHREADSANITIZER_SHIM_H
#define WIRE_CTHREADSANITIZER_SHIM_H

// What the sanitizer's runtime, which is linked into every program built for it, offers to tell it of an order that it
// cannot see: all before a release at an address happens before all after a later acquire at it.
void __tsan_acquire(void *address);
void __tsan_release(void *address);

// Resumes a task whose continuation has no value. Swift's own `resume` also reads where the value would go, in the
// task's memory, which a task that never had to wait may be writing to by then without being seen to have been resumed.
void swift_continuation_resume(void *task) __attribute__((swiftcall));
static inline void wire_continuation_resume(void *task) { swift_continuation_resume(task); }
#endif
