import GRDB
import Synchronization

/// Ends statements of one connection from other threads, when their caller is cancelled or their time is over.
final class SQLiteInterrupter: Canceller {
    private struct State {
        var interruption: StoreError.Reason?
        /// Set while a statement runs.
        var deadline: ContinuousClock.Instant?
        var isValid = true
    }

    private let queue: DatabaseQueue
    private let statementTimeout: Duration
    private let state = Mutex(State())

    init(_ queue: DatabaseQueue, statementTimeout: Duration) {
        self.queue = queue
        self.statementTimeout = statementTimeout
    }

    /// Why the connection was interrupted since the last reset: `cancelled` or `timeout`.
    var interruption: StoreError.Reason? { state.withLock { $0.interruption } }

    /// A statement starts.
    ///
    /// - Throws: `cancelled` if the operation was cancelled between two statements, which SQLite does not notice.
    func begin() throws(StoreError) {
        let interruption = state.withLock { state in
            state.deadline = ContinuousClock.now + statementTimeout
            return state.interruption
        }
        if interruption == .cancelled { throw StoreError(.cancelled, "the caller's task was cancelled") }
    }

    func end() { state.withLock { $0.deadline = nil } }

    func cancel() {
        state.withLock { state in
            guard state.isValid else { return }
            state.interruption = .cancelled
            if state.deadline != nil { queue.interrupt() }
        }
    }

    func checkDeadline(now: ContinuousClock.Instant) {
        state.withLock { state in
            guard state.isValid, let deadline = state.deadline, deadline <= now else { return }
            state.interruption = state.interruption ?? .timeout
            queue.interrupt()
        }
    }

    func reset() { state.withLock { $0.interruption = nil } }

    func invalidate() { state.withLock { $0.isValid = false } }
}
