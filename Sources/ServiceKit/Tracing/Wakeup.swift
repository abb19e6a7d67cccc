import Synchronization

/// Lets one task wait until it is woken or a time is over. A call that comes while nobody waits is not lost.
package final class Wakeup: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
        /// Tells a wait from those before it, so that its time's end does not wake a later one.
        var turn = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func wake() {
        let waiter = state.withLock { state in
            if state.waiter == nil { state.isSet = true }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// - Parameter timeout: The longest wait; nil: none.
    package func wait(for timeout: Duration?) async {
        let turn = state.withLock { state in
            state.turn += 1
            return state.turn
        }
        let timer = timeout.map { timeout in
            Task.detached {
                try? await Task.sleep(for: timeout)
                self.expire(turn)
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.isSet || Task.isCancelled {
                        state.isSet = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
        timer?.cancel()
        state.withLock { $0.turn += 1 }
    }

    private func expire(_ turn: Int) {
        let waiter = state.withLock { state in
            guard state.turn == turn else { return nil as CheckedContinuation<Void, Never>? }
            // Comes before the wait has begun, perhaps: then that ends at once.
            if state.waiter == nil { state.isSet = true }
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
