import Dispatch
import Synchronization

/// The one connection that writes. Writes that wait at the same time share a transaction, hence one fsync; each has a
/// savepoint of its own, so that one that fails does not fail the others.
final class SQLiteWriter: Sendable {
    /// One write. `run` keeps its result aside until the group is committed, when `finish` hands it on.
    struct Member: Sendable {
        var id: UInt64
        var scope: Scope
        var start = ContinuousClock.now
        var deadline: ContinuousClock.Instant
        var run: @Sendable (SQLiteConnection) throws -> Void
        var finish: @Sendable ((any Error)?) -> Void
    }

    private struct State {
        var queue = WriteQueue()
        var nextID: UInt64 = 0
        var running: UInt64?
        var interrupter: (any Canceller)?
        var isDraining = false
        var isClosed = false
    }

    let slot: Slot
    private let groupSize: Int
    private let groupTime: Duration
    private let pool: PoolConfiguration
    private let metrics: StoreMetrics
    private let state = Mutex(State())
    private let ticker: Ticker

    init(slot: Slot, _ sqlite: SQLiteConfiguration, pool: PoolConfiguration, metrics: StoreMetrics) {
        self.metrics = metrics
        self.slot = slot
        groupSize = max(sqlite.groupSize, 1)
        groupTime = sqlite.groupTime
        self.pool = pool
        ticker = Ticker(interval: pool.tick)
        ticker.start { [weak self] in self?.tick() }
    }

    /// Runs one write, and returns when it is on disk.
    func write<Result: Sendable>(
        scope: Scope, limits: StoreLimits, _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let kept = Mutex<(Result, [@Sendable () -> Void])?>(nil)
        let box = Box(kept)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(
                    Member(
                        id: id, scope: scope, deadline: .now + pool.acquireTimeout,
                        run: { connection in
                            let transaction = Transaction(connection: connection, scope: scope, limits: limits)
                            let result = try body(transaction)
                            if let failure = transaction.failure { throw failure }
                            let actions = transaction.commitActions
                            box.value.withLock { $0 = (result, actions) }
                        },
                        finish: { error in
                            if error == nil, let (result, actions) = box.value.withLock({ $0 }) {
                                for action in actions { action() }
                                continuation.resume(returning: result)
                            } else {
                                continuation.resume(throwing: error ?? Pool.closed)
                            }
                        }))
            }
        } onCancel: {
            cancel(id)
        }
    }

    private final class Box<Value: Sendable>: Sendable {
        let value: Mutex<Value?>
        init(_ value: consuming Mutex<Value?>) { self.value = value }
    }

    private func enqueue(_ member: Member) {
        let refusal: StoreError? = state.withLock { state in
            if Task.isCancelled { return StoreError(.cancelled, "the caller's task was cancelled") }
            if state.isClosed { return Pool.closed }
            guard state.queue.count < pool.maximumWaiters else {
                return StoreError(.exhausted, "\(state.queue.count) writes wait already")
            }
            state.queue.append(member)
            guard !state.isDraining else { return nil }
            state.isDraining = true
            slot.queue.async { self.drain() }
            return nil
        }
        if let refusal { member.finish(refusal) }
    }

    private func cancel(_ id: UInt64) {
        let waiting: Member? = state.withLock { state in
            // Under the lock, so that it cannot hit the next member.
            if state.running == id { state.interrupter?.cancel() }
            return state.queue.removeFirst { $0.id == id }
        }
        waiting?.finish(StoreError(.cancelled, "the caller's task was cancelled"))
    }

    private func tick() {
        let now = ContinuousClock.now
        slot.checkDeadline(now: now)
        let overdue: [Member] = state.withLock { state in
            state.queue.removeAll { $0.deadline <= now }
        }
        for member in overdue {
            member.finish(StoreError(.exhausted, "the writer did not come free within \(pool.acquireTimeout)"))
        }
    }

    /// One group, on the slot's queue; then again from the queue's end, so that others who wait for the slot get it.
    private func drain() {
        do {
            try slot.run { connection in
                guard let connection = connection as? SQLiteConnection else { return }
                try runGroup(connection)
            }
        } catch {
            // No connection, or the lock is held by another process: all who wait learn it.
            for member in takeAll() { member.finish(error) }
        }
        state.withLock { state in
            state.isDraining = !state.queue.isEmpty
            if state.isDraining { slot.queue.async { self.drain() } }
        }
    }

    private func runGroup(_ connection: SQLiteConnection) throws {
        guard state.withLock({ !$0.queue.isEmpty }) else { return }
        try connection.begin(.serializable, scope: .system(SystemReason("group commit")))
        let end = ContinuousClock.now + groupTime
        var done: [Member] = []
        var taken = 0
        while taken < groupSize, taken == 0 || ContinuousClock.now < end, let member = take(connection) {
            taken += 1
            if let error = run(member, connection) {
                member.finish(error)
                guard connection.isInsideTransaction else {
                    // The error took the whole transaction with it: the others have not happened, and are next again.
                    putBack(done)
                    return
                }
            } else {
                done.append(member)
            }
        }
        guard !done.isEmpty else {
            connection.rollback()
            return
        }
        do { try connection.commit() } catch {
            // A check that waits for the commit, or the disk: alone, each learns what it is to learn.
            if done.count == 1 { done[0].finish(error) } else { done.forEach { runAlone($0, connection) } }
            return
        }
        for member in done { member.finish(nil) }
    }

    private func runAlone(_ member: Member, _ connection: SQLiteConnection) {
        do {
            try connection.begin(.serializable, scope: member.scope)
            do { try member.run(connection) } catch {
                connection.rollback()
                throw error
            }
            try connection.commit()
            member.finish(nil)
        } catch {
            member.finish(error)
        }
    }

    /// Runs a member in its savepoint.
    ///
    /// - Returns: why it failed, its changes undone.
    private func run(_ member: Member, _ connection: SQLiteConnection) -> (any Error)? {
        defer {
            state.withLock { state in
                state.running = nil
                state.interrupter = nil
            }
            connection.canceller.reset()
        }
        do {
            connection.enter(member.scope)
            try connection.control(.set(0))
            try member.run(connection)
            try connection.control(.release(0))
            return nil
        } catch {
            guard connection.isInsideTransaction else { return error }
            connection.canceller.reset()
            do {
                try connection.control(.rollback(0))
                try connection.control(.release(0))
            } catch { connection.rollback() }
            return error
        }
    }

    private func take(_ connection: SQLiteConnection) -> Member? {
        state.withLock { state in
            guard let member = state.queue.popFirst() else { return nil }
            state.running = member.id
            state.interrupter = connection.canceller
            StoreMetrics.record(since: member.start, in: metrics.acquire)
            return member
        }
    }

    private func putBack(_ members: [Member]) { state.withLock { $0.queue.putBack(members) } }

    private func takeAll() -> [Member] {
        state.withLock { $0.queue.removeAll { _ in true } }
    }

    var load: (busy: Bool, waiting: Int) { state.withLock { ($0.running != nil, $0.queue.count) } }

    /// Refuses new writes, and closes the connection when those accepted are done.
    func close() async {
        state.withLock { $0.isClosed = true }
        while state.withLock({ $0.isDraining }) {
            await withCheckedContinuation { done in slot.queue.async { done.resume() } }
        }
        ticker.stop()
        await slot.close()
    }
}
