import Dispatch
import Synchronization

/// A bounded number of slots, handed out in the order of asking; of those free, the one used last, so that what is
/// not needed grows idle and closes.
final class Pool: Sendable {
    private struct Waiter {
        var id: UInt64
        var deadline: ContinuousClock.Instant
        var continuation: CheckedContinuation<Slot, any Error>
    }

    private struct State {
        var idle: [Slot]
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
        /// Counts ticks, for who is next to be looked after.
        var turn = 0
        var isClosed = false
    }

    let configuration: PoolConfiguration
    let slots: [Slot]
    private let metrics: StoreMetrics
    private let state: Mutex<State>
    private let ticker: Ticker

    init(
        name: String, size: Int, configuration: PoolConfiguration, metrics: StoreMetrics,
        connect: @escaping @Sendable () throws -> any Connection
    ) {
        self.configuration = configuration
        self.metrics = metrics
        slots = (0..<max(size, 1)).map { index in
            Slot(label: "datavault.\(name).\(index)", configuration: configuration, connect: connect)
        }
        state = Mutex(State(idle: slots.reversed()))
        ticker = Ticker(interval: configuration.tick)
        ticker.start { [weak self] in self?.tick() }
    }

    /// Runs the body with a slot of its own.
    func withSlot<Result>(_ body: (Slot) async throws -> Result) async throws -> Result {
        let slot = try await acquire()
        defer { release(slot) }
        return try await body(slot)
    }

    /// - Throws: `exhausted` if too many wait or none came free in time; `cancelled`.
    func acquire() async throws -> Slot {
        let start = ContinuousClock.now
        let slot = try await nextSlot()
        StoreMetrics.record(since: start, in: metrics.acquire)
        return slot
    }

    private func nextSlot() async throws -> Slot {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enqueue(id, $0) }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: StoreError(.cancelled, "the caller's task was cancelled"))
        }
    }

    private func enqueue(_ id: UInt64, _ continuation: CheckedContinuation<Slot, any Error>) {
        let outcome: Result<Slot, any Error>? = state.withLock { state in
            // After the lock: a cancellation before it found no waiter, one after it will.
            if Task.isCancelled { return .failure(StoreError(.cancelled, "the caller's task was cancelled")) }
            if state.isClosed { return .failure(Self.closed) }
            if let slot = state.idle.popLast() { return .success(slot) }
            guard state.waiters.count < configuration.maximumWaiters else {
                return .failure(
                    StoreError(.exhausted, "\(state.waiters.count) callers wait for a connection already"))
            }
            let deadline = ContinuousClock.now + configuration.acquireTimeout
            state.waiters.append(Waiter(id: id, deadline: deadline, continuation: continuation))
            return nil
        }
        if let outcome { continuation.resume(with: outcome) }
    }

    func release(_ slot: Slot) {
        let waiter: Waiter? = state.withLock { state in
            if state.waiters.isEmpty {
                state.idle.append(slot)
                return nil
            }
            return state.waiters.removeFirst()
        }
        waiter?.continuation.resume(returning: slot)
    }

    /// Connections in use and callers that wait.
    var load: (busy: Int, waiting: Int) {
        state.withLock { (slots.count - $0.idle.count, $0.waiters.count) }
    }

    /// Refuses new callers, and closes the connections when their work is done.
    func close() async {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(throwing: Self.closed) }
        ticker.stop()
        for slot in slots { await slot.close() }
    }

    private func tick() {
        let now = ContinuousClock.now
        for slot in slots { slot.checkDeadline(now: now) }
        let overdue: [Waiter] = state.withLock { state in
            let overdue = state.waiters.prefix { $0.deadline <= now }
            state.waiters.removeFirst(overdue.count)
            return Array(overdue)
        }
        for waiter in overdue {
            waiter.continuation.resume(
                throwing: StoreError(.exhausted, "no connection came free within \(configuration.acquireTimeout)"))
        }
        maintainNext()
    }

    /// Looks after one idle connection at each tick, in turn; its place is out of the pool meanwhile.
    private func maintainNext() {
        let next: (slot: Slot, place: Int)? = state.withLock { state in
            guard !state.idle.isEmpty, !state.isClosed else { return nil }
            state.turn += 1
            let place = state.turn % state.idle.count
            return (state.idle.remove(at: place), place)
        }
        guard let (slot, place) = next else { return }
        slot.queue.async {
            slot.maintain()
            self.putBack(slot, place)
        }
    }

    /// To its old place, as the order tells who is used least; or to a caller that waits.
    private func putBack(_ slot: Slot, _ place: Int) {
        let waiter: Waiter? = state.withLock { state in
            if state.waiters.isEmpty {
                state.idle.insert(slot, at: min(place, state.idle.count))
                return nil
            }
            return state.waiters.removeFirst()
        }
        waiter?.continuation.resume(returning: slot)
    }

    static let closed = StoreError(.cancelled, "the store is closed")
}
