import Synchronization

/// Something to wait for, with a bound: waking before the wait counts.
final class Wakeup: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func wake() {
        let waiter = state.withLock { state in
            guard let waiter = state.waiter else {
                state.isSet = true
                return nil as CheckedContinuation<Void, Never>?
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    /// One waiter at a time.
    func wait(atMost time: Duration, _ sleep: @escaping @Sendable (Duration) async throws -> Void) async {
        if state.withLock({ takeIfSet(&$0) }) || time <= .zero { return }
        let timer = Task {
            try? await sleep(time)
            if !Task.isCancelled { wake() }
        }
        await withCheckedContinuation { continuation in
            let isSet = state.withLock { state in
                if takeIfSet(&state) { return true }
                state.waiter = continuation
                return false
            }
            if isSet { continuation.resume() }
        }
        timer.cancel()
    }

    private func takeIfSet(_ state: inout State) -> Bool {
        defer { state.isSet = false }
        return state.isSet
    }
}
