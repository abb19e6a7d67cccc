import Dispatch
import Foundation
import Glibc
import Synchronization

/// The threads that hash passwords. What cannot be begun soon is refused at once, so that a flood of log-ins costs
/// neither memory nor anybody else's time.
final class HashingPool: Sendable {
    struct Configuration: Sendable {
        /// Threads, each with the memory of one hash.
        var threads = max(1, ProcessInfo.processInfo.activeProcessorCount)
        /// Hashes that may wait for a thread.
        var maximumWaiting = 256
        /// The longest that a hash may wait; one that would is refused as it comes.
        var maximumWait: Duration = .seconds(5)
        /// How long a thread without work keeps its memory.
        var keepMemory: Duration = .seconds(10)
        /// How far hashing stands back behind the threads that serve calls (nice(2)).
        var niceness: Int32 = 10
    }

    /// All threads are busy for longer than a caller may wait.
    struct Busy: Error, Equatable {
        /// When there may be room.
        let retryAfter: Duration
    }

    private struct Work: Sendable {
        /// Does the work, and gives what tells its caller.
        let run: @Sendable (Argon2Memory) -> @Sendable () -> Void
        let refuse: @Sendable (any Error) -> Void
        let since: ContinuousClock.Instant
    }

    private struct State: Sendable {
        var queue: FairQueue<Work>
        var nextID: UInt64 = 0
        var running = 0
        var isClosed = false
        /// What a hash takes, on average over the last few; nil before the first.
        var average: Duration?
    }

    let configuration: Configuration
    /// Told how long each hash waited for its thread.
    private let onWait: @Sendable (Duration) -> Void
    private let state: Mutex<State>
    private let signals = DispatchSemaphore(value: 0)

    /// Starts the threads.
    init(
        _ configuration: Configuration = Configuration(), onWait: @escaping @Sendable (Duration) -> Void = { _ in }
    ) {
        (self.configuration, self.onWait) = (configuration, onWait)
        state = Mutex(State(queue: FairQueue(maximum: configuration.maximumWaiting)))
        for number in 0..<configuration.threads {
            // Threads hold the pool until it is closed.
            let thread = Thread { [self] in work() }
            thread.name = "passwords-\(number)"
            thread.start()
        }
    }

    /// How many wait now.
    var waiting: Int { state.withLock { $0.queue.count } }
    /// How many are on a thread now.
    var running: Int { state.withLock { $0.running } }

    /// Ends the threads after the hashes in hand; those that wait are refused.
    func close() {
        let left = state.withLock { state in
            state.isClosed = true
            return state.queue.removeAll()
        }
        for work in left { work.refuse(CancellationError()) }
        for _ in 0..<configuration.threads { signals.signal() }
    }

    /// Runs `body` on a thread of the pool.
    ///
    /// - Parameter source: Whose turn it takes.
    /// - Throws: `Busy`; `CancellationError` if the caller was cancelled while it waited; what `body` throws.
    func run<Result: Sendable>(
        source: String, _ body: @escaping @Sendable (Argon2Memory) throws -> Result
    ) async throws -> Result {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
                let work = Work(
                    run: { memory in
                        let result = Swift.Result { try body(memory) }
                        return { continuation.resume(with: result) }
                    },
                    refuse: { continuation.resume(throwing: $0) }, since: .now)
                submit(work, id, source)
            }
        } onCancel: {
            state.withLock { $0.queue.remove(id, source: source) }?.refuse(CancellationError())
        }
    }

    private func submit(_ work: Work, _ id: UInt64, _ source: String) {
        enum Outcome: Sendable {
            case admitted
            case displaced(Work, Busy)
            case refused(any Error)
        }
        let outcome = state.withLock { state -> Outcome in
            guard !state.isClosed, !Task.isCancelled else { return .refused(CancellationError()) }
            let wait = expectedWait(state)
            guard wait <= configuration.maximumWait else { return .refused(Self.busy(wait)) }
            switch state.queue.add(work, id: id, source: source) {
            case .admitted: return .admitted
            case .displacing(let other): return .displaced(other, Self.busy(wait))
            case .refused: return .refused(Self.busy(wait))
            }
        }
        switch outcome {
        case .admitted: signals.signal()
        // The signal of the one that is gone serves for the one that came.
        case .displaced(let other, let busy): other.refuse(busy)
        case .refused(let error): work.refuse(error)
        }
    }

    /// How long one that comes now waits, as far as can be known.
    private func expectedWait(_ state: State) -> Duration {
        guard let average = state.average, state.running >= configuration.threads else { return .zero }
        return average * (state.queue.count + 1) / configuration.threads
    }

    private static func busy(_ wait: Duration) -> Busy { Busy(retryAfter: min(max(wait, .seconds(1)), .seconds(30))) }

    // MARK: Threads

    private func work() {
        // On Linux the calling thread's alone. What serves calls goes first whenever it has something to do.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, configuration.niceness)
        let memory = Argon2Memory()
        while true {
            let patience = DispatchTimeInterval.milliseconds(Int(configuration.keepMemory / .milliseconds(1)))
            if signals.wait(timeout: .now() + patience) == .timedOut {
                memory.release()
                signals.wait()
            }
            guard let isClosed = step(memory), !isClosed else { return }
        }
    }

    /// Does what is next, if anything is: one that was cancelled leaves its signal behind.
    private func step(_ memory: Argon2Memory) -> Bool? {
        let (next, isClosed) = state.withLock { state -> (Work?, Bool) in
            let next = state.queue.next()
            if next != nil { state.running += 1 }
            return (next, state.isClosed)
        }
        guard let next else { return isClosed }
        let start = ContinuousClock.now
        onWait(start - next.since)
        guard start - next.since <= configuration.maximumWait else {
            let wait = state.withLock { state in
                state.running -= 1
                return expectedWait(state)
            }
            next.refuse(Self.busy(wait))
            return isClosed
        }
        let deliver = next.run(memory)
        let taken = ContinuousClock.now - start
        state.withLock { state in
            state.running -= 1
            state.average = state.average.map { ($0 * 7 + taken) / 8 } ?? taken
        }
        // After the thread counts as free: who hears of it may ask at once for the next one.
        deliver()
        return isClosed
    }
}
