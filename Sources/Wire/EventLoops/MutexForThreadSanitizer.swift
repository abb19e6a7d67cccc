#if WIRE_THREAD_SANITIZER
    import Glibc

    /// Stands in for Synchronization's type of that name under the thread sanitizer, which does not see that one's lock: it
    /// is a futex taken in a library without instrumentation, so all that it guards would look like a race.
    //
    // Unchecked: the value is touched with the lock held only.
    @safe
    struct Mutex<Value>: ~Copyable, @unchecked Sendable {
        private let lock: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        init(_ initial: consuming sending Value) {
            unsafe lock = .allocate(capacity: 1)
            unsafe value = .allocate(capacity: 1)
            unsafe lock.initialize(to: pthread_mutex_t())
            unsafe pthread_mutex_init(lock, nil)
            unsafe value.initialize(to: initial)
        }

        deinit {
            unsafe pthread_mutex_destroy(lock)
            unsafe lock.deallocate()
            unsafe value.deinitialize(count: 1)
            unsafe value.deallocate()
        }

        borrowing func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            unsafe pthread_mutex_lock(lock)
            defer { unsafe pthread_mutex_unlock(lock) }
            return try unsafe body(&value.pointee)
        }
    }
#endif
