import Foundation
import Synchronization
import Testing

/// Holds a thread of a pool until it is told to go on.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isReached = Mutex(false)

    /// Called on the thread.
    func wait() {
        isReached.withLock { $0 = true }
        semaphore.wait()
    }

    /// Returns once a thread waits; what never comes is a failure, and not a test without an end.
    func reached() async {
        let end = ContinuousClock.now + .seconds(120)
        while !isReached.withLock({ $0 }) {
            guard ContinuousClock.now < end else {
                Issue.record("no thread has come to the gate")
                return
            }
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    func open() { semaphore.signal() }
}
