import Foundation
import Synchronization

/// Holds a thread of a pool until it is told to go on.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isReached = Mutex(false)

    /// Called on the thread.
    func wait() {
        isReached.withLock { $0 = true }
        semaphore.wait()
    }

    /// Returns once a thread waits.
    func reached() async { while !isReached.withLock({ $0 }) { await Task.yield() } }

    func open() { semaphore.signal() }
}
