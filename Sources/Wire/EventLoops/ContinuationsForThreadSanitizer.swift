#if WIRE_THREAD_SANITIZER
    import CThreadSanitizer

    // Stand-ins for the concurrency library's continuations under the thread sanitizer. Whoever resumes one hands all that
    // it did before to the task that goes on, but a task that is resumed before it has begun to wait learns of it in a
    // library without instrumentation: a program whose queue resumes a task with what it wrote is reported as a race.
    // Here the resumer releases, and the task acquires.

    /// The place at which a result passes from the resumer to the task.
    //
    // Unchecked: written once before the release, read once after the acquire.
    private final class HandOver<Value, Failure: Error>: @unchecked Sendable {
        private var result: Result<Value, Failure>?

        func give(_ result: consuming sending Result<Value, Failure>) {
            self.result = consume result
            unsafe __tsan_release(Unmanaged.passUnretained(self).toOpaque())
        }

        func take() throws(Failure) -> sending Value {
            unsafe __tsan_acquire(Unmanaged.passUnretained(self).toOpaque())
            guard let result else { fatalError("a continuation was resumed without a result") }
            self.result = nil
            nonisolated(unsafe) let value = try result.get()
            return unsafe value
        }
    }

    @safe
    struct CheckedContinuation<Value, Failure: Error>: Sendable {
        private let place = HandOver<Value, Failure>()
        private let task: _Concurrency.UnsafeContinuation<Void, Never>

        fileprivate init(_ task: _Concurrency.UnsafeContinuation<Void, Never>) { unsafe self.task = unsafe task }

        func resume(with result: consuming sending Result<Value, Failure>) {
            place.give(result)
            // A continuation is a pointer to its task.
            unsafe wire_continuation_resume(unsafeBitCast(task, to: UnsafeMutableRawPointer.self))
        }

        func resume(returning value: consuming sending Value) { resume(with: .success(value)) }
        func resume(throwing error: Failure) { resume(with: .failure(error)) }
        func resume() where Value == Void { resume(returning: ()) }

        fileprivate static func wait(_ body: (Self) -> Void) async throws(Failure) -> sending Value {
            var place: HandOver<Value, Failure>?
            await unsafe _Concurrency.withUnsafeContinuation {
                let continuation = unsafe Self($0)
                place = continuation.place
                body(continuation)
            }
            guard let place else { fatalError("no continuation was made") }
            return try place.take()
        }
    }

    @unsafe
    struct UnsafeContinuation<Value, Failure: Error>: Sendable {
        fileprivate let checked: CheckedContinuation<Value, Failure>

        func resume(returning value: consuming sending Value) { unsafe checked.resume(returning: value) }
        func resume() where Value == Void { unsafe checked.resume() }
    }

    func withCheckedContinuation<Value>(
        _ body: (CheckedContinuation<Value, Never>) -> Void
    ) async -> sending Value { await CheckedContinuation.wait(body) }

    func withCheckedThrowingContinuation<Value>(
        _ body: (CheckedContinuation<Value, any Error>) -> Void
    ) async throws -> sending Value { try await CheckedContinuation.wait(body) }

    @unsafe
    func withUnsafeContinuation<Value>(
        _ body: (UnsafeContinuation<Value, Never>) -> Void
    ) async -> sending Value {
        await CheckedContinuation.wait { unsafe body(UnsafeContinuation(checked: $0)) }
    }
#endif
