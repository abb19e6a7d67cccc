import Dispatch

/// Runs what blocks on a thread of its own: the tasks' own threads are as many as there are cores, and two tests that wait
/// for processes on them would hold all others up.
public func offPool<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
        DispatchQueue(label: "test.blocking").async { continuation.resume(returning: Result(catching: body)) }
    }
    return try result.get()
}
