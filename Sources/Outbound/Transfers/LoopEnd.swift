import Synchronization

/// The end of the loop's thread, to be waited for.
final class LoopEnd: Sendable {
    private struct State {
        var isReached = false
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    func reach() {
        let waiters = state.withLock { state in
            state.isReached = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        waiters.values.forEach { $0.resume(returning: true) }
    }

    /// Whether the end was reached in time; nil waits for as long as it takes.
    func wait(atMost limit: Duration?) async -> Bool {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        let alarm = limit.map { limit in
            Task {
                try await Task.sleep(for: limit)
                self.state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: false)
            }
        }
        defer { alarm?.cancel() }
        return await withCheckedContinuation { waiter in
            let isReached = state.withLock { state in
                if !state.isReached { state.waiters[id] = waiter }
                return state.isReached
            }
            if isReached { waiter.resume(returning: true) }
        }
    }
}
