#if WIRE_THREAD_SANITIZER
    import CThreadSanitizer

    // Stand-ins for the concurrency library's continuations under the thread sanitizer. Whoever resumes one hands all that
    // it did before to the task that goes on, but that happens in a library without instrumentation: a program whose queue
    // resumes a task with what it wrote is reported as a race. Here the resumer releases, and the task acquires.

    /// The place at which a value passes from the resumer to the task.
    //
    // Unchecked: written once before the release, read once after the acquire.
    private final class HandOver<Value>: @unchecked Sendable {
        private var value: Value?

        func give(_ value: consuming sending Value) {
            self.value = consume value
            unsafe __tsan_release(Unmanaged.passUnretained(self).toOpaque())
        }

        func take() -> sending Value {
            unsafe __tsan_acquire(Unmanaged.passUnretained(self).toOpaque())
            guard let value else { fatalError("a continuation was resumed without a value") }
            nonisolated(unsafe) let taken = value
            self.value = nil
            return unsafe taken
        }
    }

    @unsafe
    struct UnsafeContinuation<Value, Failure: Error>: @unchecked Sendable {
        fileprivate let place: HandOver<Value>
        fileprivate let task: _Concurrency.UnsafeContinuation<Void, Failure>

        func resume(returning value: consuming sending Value) {
            unsafe place.give(value)
            unsafe task.resume()
        }

        func resume() where Value == Void { unsafe resume(returning: ()) }
    }

    @unsafe
    func withUnsafeContinuation<Value>(
        _ body: (UnsafeContinuation<Value, Never>) -> Void
    ) async -> sending Value {
        let place = HandOver<Value>()
        await unsafe _Concurrency.withUnsafeContinuation { unsafe body(UnsafeContinuation(place: place, task: $0)) }
        return place.take()
    }

    struct CheckedContinuation<Value, Failure: Error>: Sendable {
        fileprivate let place: HandOver<Value>
        fileprivate let task: _Concurrency.CheckedContinuation<Void, Failure>

        func resume(returning value: consuming sending Value) {
            place.give(value)
            task.resume()
        }

        func resume() where Value == Void { resume(returning: ()) }

        func resume(throwing error: Failure) { task.resume(throwing: error) }

        func resume(with result: consuming sending Result<Value, Failure>) {
            switch consume result {
            case .success(let value): resume(returning: value)
            case .failure(let error): resume(throwing: error)
            }
        }
    }

    func withCheckedContinuation<Value>(
        _ body: (CheckedContinuation<Value, Never>) -> Void
    ) async -> sending Value {
        let place = HandOver<Value>()
        await _Concurrency.withCheckedContinuation { body(CheckedContinuation(place: place, task: $0)) }
        return place.take()
    }

    func withCheckedThrowingContinuation<Value>(
        _ body: (CheckedContinuation<Value, any Error>) -> Void
    ) async throws -> sending Value {
        let place = HandOver<Value>()
        try await _Concurrency.withCheckedThrowingContinuation { body(CheckedContinuation(place: place, task: $0)) }
        return place.take()
    }
#endif
