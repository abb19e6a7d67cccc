import Foundation
import Logging
import Metrics
import Persistence
import ServiceKit
import Synchronization

/// Adds the events of many calls in one transaction: while one is being written, those that come wait, and go together
/// into the next. Each call ends when its events are on disk.
final class GroupAppender: Sendable {
    /// Bounds.
    struct Configuration: Sendable {
        /// Events in one transaction. A call's own stay together.
        var batch = 2_000
        /// Events that wait; further calls are refused until there is room.
        var waiting = 20_000

        init() {}
    }

    private final class Member: Sendable {
        enum Turn: Sendable {
            case done(Result<Int, any Error>)
            case lead
        }

        let events: [IncomingEvent]
        private let state = Mutex<(turn: Turn?, waiter: CheckedContinuation<Turn, Never>?)>((nil, nil))

        init(_ events: [IncomingEvent]) { self.events = events }

        func resume(_ turn: Turn) {
            let waiter = state.withLock { state in
                state.turn = turn
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(returning: turn)
        }

        func wait() async -> Turn {
            await withCheckedContinuation { continuation in
                let turn = state.withLock { state -> Turn? in
                    if state.turn == nil { state.waiter = continuation }
                    return state.turn
                }
                if let turn { continuation.resume(returning: turn) }
            }
        }
    }

    private struct State {
        var queue: [Member] = []
        var waiting = 0
        /// Whether some call writes, or has been told to.
        var hasLeader = false
    }

    private let store: Store
    private let writer: LogWriter
    private let configuration: Configuration
    private let now: @Sendable () -> Int64
    private let grown: @Sendable (Set<LogName>) -> Void
    private let metrics = AppendMetrics()
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter grown: Is told of logs with new entries, once those are on disk.
    init(
        store: Store, writer: LogWriter, configuration: Configuration = Configuration(),
        now: @escaping @Sendable () -> Int64, logger: Logger, grown: @escaping @Sendable (Set<LogName>) -> Void
    ) {
        (self.store, self.writer, self.configuration) = (store, writer, configuration)
        (self.now, self.grown, self.logger) = (now, grown, logger)
    }

    /// Adds events that are not in their logs yet.
    ///
    /// - Returns: How many were new.
    /// - Throws: `ComplianceError.intakeFull`, `StoreError`; then nobody knows whether they were added, and they may be
    ///   told again.
    func append(_ events: [IncomingEvent]) async throws -> Int {
        guard !events.isEmpty else { return 0 }
        let member = Member(events)
        let leads = try state.withLock { state -> Bool in
            guard state.waiting == 0 || state.waiting + events.count <= configuration.waiting else {
                throw ComplianceError.intakeFull
            }
            state.queue.append(member)
            state.waiting += events.count
            defer { state.hasLeader = true }
            return !state.hasLeader
        }
        var turn = leads ? Member.Turn.lead : await member.wait()
        if case .lead = turn {
            // A task of its own: the end of the call that happens to write must not undo the others' work.
            await Task { await self.writeGroup() }.value
            turn = await member.wait()
        }
        switch turn {
        case .done(let result): return try result.get()
        case .lead: throw StoreError(.unexpected, "a writer was told twice to write")
        }
    }

    /// Writes the first members of the queue, whose first is the leader, and makes the next one leader.
    private func writeGroup() async {
        let group = state.withLock { state -> [Member] in
            var (count, events) = (0, 0)
            for member in state.queue {
                guard count == 0 || events + member.events.count <= configuration.batch else { break }
                (count, events) = (count + 1, events + member.events.count)
            }
            defer { state.queue.removeFirst(count) }
            return Array(state.queue.prefix(count))
        }
        let outcome = await write(group)
        let next = state.withLock { state -> Member? in
            state.waiting -= group.reduce(0) { $0 + $1.events.count }
            state.hasLeader = !state.queue.isEmpty
            return state.queue.first
        }
        next?.resume(.lead)
        for (index, member) in group.enumerated() { member.resume(.done(outcome.map { $0[index] })) }
    }

    private func write(_ group: [Member]) async -> Result<[Int], any Error> {
        let (writer, now) = (writer, now())
        let parts = group.map(\.events)
        do {
            let result = try await store.system(.appendEvents).write(.readCommitted) { tx in
                try writer.append(parts, now: now, in: tx)
            }
            metrics.wrote(result, of: parts, now: now)
            if result.reused > 0 {
                logger.warning(
                    "a source used a number again for another event; both are kept",
                    metadata: ["count": "\(result.reused)"])
            }
            grown(result.logs)
            return .success(result.added)
        } catch {
            return .failure(error)
        }
    }
}

/// What is counted of appends.
private struct AppendMetrics: Sendable {
    private let appended = Counter(label: "datavault_audit_events_total", dimensions: [("outcome", "appended")])
    private let repeated = Counter(label: "datavault_audit_events_total", dimensions: [("outcome", "repeated")])
    private let reused = Counter(label: "datavault_audit_numbers_reused_total")
    private let batch = Recorder(label: "datavault_audit_batch_events")
    private let delay = Metrics.Timer(label: "datavault_audit_delay_seconds")

    func wrote(_ result: LogWriter.Result, of parts: [[IncomingEvent]], now: Int64) {
        let (all, new) = (parts.reduce(0) { $0 + $1.count }, result.added.reduce(0, +))
        appended.increment(by: new)
        repeated.increment(by: all - new)
        if result.reused > 0 { reused.increment(by: result.reused) }
        batch.record(all)
        // The oldest of the batch: how far the log is behind what happens.
        guard new > 0, let oldest = parts.joined().map(\.leaf.time).min() else { return }
        delay.recordMicroseconds(max(now - oldest, 0))
    }
}
