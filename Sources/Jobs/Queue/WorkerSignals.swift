import Foundation
import Synchronization

/// Tells workers of this process what is new, so that they need not look.
final class WorkerSignals: Sendable {
    enum Signal: Sendable {
        /// There is something to claim.
        case ready
        /// There will be something to claim.
        case due(Date)
        case cancel(JobID)
    }

    private struct State {
        var nextID = 0
        var listeners: [Int: @Sendable (Signal) -> Void] = [:]
    }

    private let state = Mutex(State())

    func add(_ listener: @escaping @Sendable (Signal) -> Void) -> Int {
        state.withLock { state in
            state.nextID += 1
            state.listeners[state.nextID] = listener
            return state.nextID
        }
    }

    func remove(_ id: Int) { state.withLock { _ = $0.listeners.removeValue(forKey: id) } }

    func send(_ signal: Signal) {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener(signal) }
    }
}
