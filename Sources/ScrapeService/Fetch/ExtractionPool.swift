import Foundation
import Synchronization

/// Threads that read pages: parsing takes milliseconds of computing, which belong neither on the loops of connections nor
/// on the threads that tasks share.
final class ExtractionPool: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var first = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)
    private let threads: Int

    /// - Parameter threads: How many; 0: one for each core.
    init(threads: Int) {
        self.threads = threads > 0 ? threads : max(ProcessInfo.processInfo.activeProcessorCount, 1)
        for number in 0..<self.threads {
            let thread = Thread { [weak self, available] in
                while true {
                    available.wait()
                    guard let job = self?.next() else { return }
                    job()
                }
            }
            thread.name = "extract-\(number)"
            // Selectors and serialization of deep documents are recursive within their limits.
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    deinit { for _ in 0..<threads { available.signal() } }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.first < state.jobs.count else { return nil }
            let job = state.jobs[state.first]
            state.first += 1
            if state.first == state.jobs.count {
                state.jobs.removeAll(keepingCapacity: true)
                state.first = 0
            }
            return job
        }
    }

    /// Runs work on one of the threads; not at all if its caller has gone before a thread is free.
    ///
    /// - Parameter work: Looks from time to time whether it is still wanted.
    /// - Throws: `CancellationError` if the work has not been begun, or has been given up.
    func run<Result: Sendable>(
        _ work: @escaping @Sendable (WorkCancellation) -> Result
    ) async throws(CancellationError) -> Result {
        let cancellation = WorkCancellation()
        let result: Result? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.jobs.append {
                        continuation.resume(returning: cancellation.isHeeded() ? nil : work(cancellation))
                    }
                }
                available.signal()
            }
        } onCancel: {
            cancellation.request()
        }
        guard let result, !cancellation.wasHeeded else { throw CancellationError() }
        return result
    }
}

/// Whether work on a thread of the pool is still wanted.
final class WorkCancellation: Sendable {
    private let requested = Atomic(false)
    private let heeded = Atomic(false)

    /// For work that nobody can cancel.
    init() {}

    fileprivate func request() { requested.store(true, ordering: .relaxed) }

    /// True: the work is to end as it is, and what it returns is dropped.
    func isHeeded() -> Bool {
        guard requested.load(ordering: .relaxed) else { return false }
        heeded.store(true, ordering: .relaxed)
        return true
    }

    var wasHeeded: Bool { heeded.load(ordering: .relaxed) }
}
