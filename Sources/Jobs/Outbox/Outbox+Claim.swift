import Foundation
import Persistence

/// Keys are leased, not messages: a row in `outbox_keys` says who has a key, or until when it rests after a failure.
/// Messages of a key that is not free leave the ready ones (`held`), so that the search for free keys never reads past
/// them again; the key's owner takes them from its own index, in order.
extension Outbox {
    /// Takes keys with waiting messages, and their first messages.
    func claim(_ destination: OutboxDestination, relay: String, lease: Duration) async throws -> [OutboxMessage] {
        try await store.system(.relayOutbox).write(.readCommitted) { tx in
            try self.planForGrowth(tx)
            let now = self.now
            let until = now + lease
            var keys = try self.takeRested(destination, relay, now, until, tx)
            keys += try self.takeNew(destination, relay, until, maximum: destination.maximumKeys - keys.count, tx)
            guard !keys.isEmpty else { return [] }
            let share = max(destination.maximumMessages / keys.count, 1)
            var messages: [OutboxMessage] = []
            for key in keys {
                messages += try tx.all(
                    OutboxMessage.self,
                    """
                    SELECT \(OutboxMessage.columns) FROM outbox_messages
                    WHERE destination = \(destination.name) AND key = \(key) AND state <> 'dead'
                    ORDER BY id LIMIT \(share)
                    """)
            }
            return messages
        }
    }

    /// Keys whose rest, or whose relay's lease, is over.
    private func takeRested(
        _ destination: OutboxDestination, _ relay: String, _ now: Date, _ until: Date, _ tx: borrowing Transaction
    ) throws -> [String] {
        let keys = try tx.values(
            String.self,
            """
            SELECT key FROM outbox_keys WHERE destination = \(destination.name) AND next_at <= \(now)
            ORDER BY next_at LIMIT \(destination.maximumKeys)\(skipLocked)
            """)
        for key in keys {
            try tx.run(
                """
                UPDATE outbox_keys SET relay = \(relay), next_at = \(until)
                WHERE destination = \(destination.name) AND key = \(key)
                """)
        }
        return keys
    }

    private func takeNew(
        _ destination: OutboxDestination, _ relay: String, _ until: Date, maximum: Int, _ tx: borrowing Transaction
    ) throws -> [String] {
        guard maximum > 0 else { return [] }
        let found = try tx.values(
            String.self,
            """
            SELECT DISTINCT key FROM (
                SELECT key FROM outbox_messages WHERE destination = \(destination.name) AND state = 'ready'
                ORDER BY id LIMIT \(destination.maximumMessages)
            ) AS first ORDER BY key
            """)
        var taken: [String] = []
        // In order, so that two relays do not wait for each other.
        for key in found {
            if taken.count < maximum {
                let added = try tx.run(
                    """
                    INSERT INTO outbox_keys (destination, key, relay, failures, next_at)
                    VALUES (\(destination.name), \(key), \(relay), 0, \(until)) ON CONFLICT (destination, key) DO NOTHING
                    """)
                if added == 1 {
                    taken.append(key)
                    continue
                }
            }
            try hold(destination, key, tx)
        }
        return taken
    }

    /// Moves a key's ready messages aside, if the key is taken: its row is locked, so that it does not go meanwhile.
    private func hold(_ destination: OutboxDestination, _ key: String, _ tx: borrowing Transaction) throws {
        let isTaken = try tx.value(
            String.self,
            "SELECT key FROM outbox_keys WHERE destination = \(destination.name) AND key = \(key)\(forUpdate)")
        guard isTaken != nil else { return }
        let some: SQL = """
            SELECT id FROM outbox_messages WHERE destination = \(destination.name) AND key = \(key) AND state = 'ready'
            ORDER BY id LIMIT \(configuration.maintenanceBatch)
            """
        try tx.run("UPDATE outbox_messages SET state = 'held' WHERE id IN (\(some)) AND state = 'ready'")
    }

    /// Writes down what became of a delivery, key by key.
    ///
    /// - Parameter isInterrupted: the relay ends: what was not delivered is not held against the messages.
    func finish(
        _ messages: [OutboxMessage], _ failures: [OutboxFailure], _ destination: OutboxDestination, relay: String,
        isInterrupted: Bool = false
    ) async throws {
        let failed = Dictionary(failures.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let byKey = Dictionary(grouping: messages, by: \.key)
        let random = environment.random()
        let result = try await store.system(.relayOutbox).write(.readCommitted) { tx in
            try self.planForGrowth(tx)
            var (delivered, dead, retried) = (0, 0, 0)
            for key in byKey.keys.sorted() {
                let own = byKey[key] ?? []
                let first = own.firstIndex { failed[$0.id] != nil } ?? own.count
                let row = try tx.optional(
                    KeyRow.self,
                    """
                    SELECT failures FROM outbox_keys
                    WHERE destination = \(destination.name) AND key = \(key) AND relay = \(relay)\(self.forUpdate)
                    """)
                for chunk in Chunks.split(own[..<first].map(\.id)) {
                    let list = SQL.joined(chunk.map { "\($0)" }, separator: ", ")
                    // Delivered is delivered, also if the key is another relay's by now.
                    try tx.run("DELETE FROM outbox_messages WHERE id IN (\(list))")
                }
                delivered += first
                guard let row else { continue }
                var pause: Duration?
                if !isInterrupted, first < own.count, let failure = failed[own[first].id] {
                    let failures = first == 0 ? row.failures + 1 : 1
                    let attempts = own[first].failures + 1
                    if try self.fail(failure, attempts, destination, tx) {
                        dead += 1
                    } else {
                        retried += 1
                        pause = destination.backoff.pause(after: failures, random: random)
                        try tx.run(
                            """
                            UPDATE outbox_keys SET failures = \(failures)
                            WHERE destination = \(destination.name) AND key = \(key)
                            """)
                    }
                }
                try self.release(destination, key, pause, tx)
            }
            return (delivered, dead, retried)
        }
        metrics.relayed(destination.name, "delivered", result.0)
        metrics.relayed(destination.name, "dead", result.1)
        metrics.relayed(destination.name, "failed", result.2)
    }

    private struct KeyRow: RowDecodable {
        var failures: Int
        init(row: Row) throws { failures = try row["failures"] }
    }

    /// - Returns: whether the message is dead.
    private func fail(
        _ failure: OutboxFailure, _ attempts: Int, _ destination: OutboxDestination, _ tx: borrowing Transaction
    ) throws -> Bool {
        let error = JobQueue.trim(failure.error, to: configuration.maximumError)
        if case .deadLetter(let most) = destination.exhausted, attempts >= most || !failure.isRetryable {
            try tx.run(
                """
                UPDATE outbox_messages SET state = 'dead', attempt = \(attempts), error = \(error), died_at = \(now)
                WHERE id = \(failure.id)
                """)
            return true
        }
        try tx.run("UPDATE outbox_messages SET attempt = \(attempts), error = \(error) WHERE id = \(failure.id)")
        return false
    }

    /// Lets a key rest, or go: what came in meanwhile is found by the next search, unless some of it was put aside.
    private func release(
        _ destination: OutboxDestination, _ key: String, _ pause: Duration?, _ tx: borrowing Transaction
    ) throws {
        let held = try tx.value(
            Int64.self,
            """
            SELECT id FROM outbox_messages
            WHERE destination = \(destination.name) AND key = \(key) AND state <> 'dead' ORDER BY id LIMIT 1
            """)
        if held == nil {
            try tx.run("DELETE FROM outbox_keys WHERE destination = \(destination.name) AND key = \(key)")
        } else {
            try tx.run(
                """
                UPDATE outbox_keys SET next_at = \(now + (pause ?? .zero)), relay = ''
                WHERE destination = \(destination.name) AND key = \(key)
                """)
        }
    }
}
