internal import CPostgres
import Dispatch
import Synchronization

/// Owner of a `PGcancel`, which asks the server over a connection of its own to end a statement.
///
/// The request may reach the server late and end a later statement instead, so a connection that was cancelled is not
/// used again.
@safe
final class PostgresCanceller: Canceller {
    private struct State {
        var isCancelled = false
        var isValid = true
    }

    private let state = Mutex(State())
    // PQcancel only reads it, and may run on several threads at once (libpq, "Canceling Queries in Progress").
    private nonisolated(unsafe) let cancelHandle: OpaquePointer

    /// Requests wait for an answer without a bound when the server is stuck, so they have a thread of their own.
    private static let queue = DispatchQueue(label: "datavault.postgres.cancel", attributes: .concurrent)

    init(_ handle: OpaquePointer) { unsafe cancelHandle = handle }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func cancel() {
        let isFirst = state.withLock { state in
            defer { state.isCancelled = true }
            return state.isValid && !state.isCancelled
        }
        guard isFirst else { return }
        // Keeps self, hence the handle, until the request is through.
        Self.queue.async { self.request() }
    }

    private func request() {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            _ = unsafe PQcancel(cancelHandle, buffer.baseAddress, Int32(buffer.count))
        }
    }

    /// The server knows the statement's timeout itself.
    func checkDeadline(now: ContinuousClock.Instant) {}

    func reset() {}

    func invalidate() { state.withLock { $0.isValid = false } }

    deinit { unsafe PQfreeCancel(cancelHandle) }
}
