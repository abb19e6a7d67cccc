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

    /// Runs work on one of the threads.
    func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            state.withLock { $0.jobs.append { continuation.resume(returning: work()) } }
            available.signal()
        }
    }
}
