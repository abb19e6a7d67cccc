public import Foundation
public import Persistence

/// A message that was given up.
public struct DeadMessage: Sendable, Hashable, RowDecodable {
    public let id: Int64
    public let organization: OrganizationID?
    public let destination: String
    public let key: String
    public let createdAt: Date
    public let diedAt: Date
    public let attempts: Int
    public let error: String

    public init(row: Row) throws {
        id = try row["id"]
        let owner: String = try row["organization"]
        organization = owner.isEmpty ? nil : OrganizationID(owner)
        destination = try row["destination"]
        key = try row["key"]
        createdAt = try row["created_at"]
        diedAt = try row["died_at"]
        attempts = try row["attempt"]
        error = try row["error"]
    }
}

/// What a destination has not got yet.
public struct OutboxWaiting: Sendable, Hashable {
    /// Messages, counted up to `JobsConfiguration.countLimit`.
    public let count: Int
    /// Since the oldest of them was written; zero if there is none.
    public let oldestAge: Duration
}

extension Outbox {
    /// How many messages wait for a destination, and for how long.
    public func waiting(_ destination: String) async throws -> OutboxWaiting {
        let (limit, now) = (configuration.countLimit, now)
        let (count, oldest) = try await store.system(.relayOutbox).read { tx in
            (
                try tx.value(
                    Int.self,
                    """
                    SELECT count(*) AS n FROM (
                        SELECT id FROM outbox_messages
                        WHERE destination = \(destination) AND state <> 'dead' LIMIT \(limit)
                    ) AS found
                    """) ?? 0,
                try tx.value(
                    Date.self,
                    """
                    SELECT created_at FROM outbox_messages WHERE destination = \(destination) AND state <> 'dead'
                    ORDER BY id LIMIT 1
                    """)
            )
        }
        let age = oldest.map { max(0, now.timeIntervalSince($0)) } ?? 0
        return OutboxWaiting(count: count, oldestAge: .microseconds(Int64(age * 1e6)))
    }

    /// Dead messages of a destination, the oldest first.
    ///
    /// - Parameter after: the last id of the page before.
    public func dead(_ destination: String, after: Int64 = 0, limit: Int = 100) async throws -> [DeadMessage] {
        let limit = min(max(limit, 1), configuration.maximumPage)
        return try await store.system(.relayOutbox).read { tx in
            try tx.all(
                DeadMessage.self,
                """
                SELECT id, organization, destination, key, created_at, died_at, attempt, error FROM outbox_messages
                WHERE state = 'dead' AND destination = \(destination) AND id > \(after) ORDER BY id LIMIT \(limit)
                """)
        }
    }

    /// Sends a dead message again, behind what its key has sent meanwhile only if that was relayed already.
    ///
    /// - Throws: `JobError.notFound` if there is no such dead message.
    public func redrive(_ id: Int64) async throws {
        try await store.system(.relayOutbox).write(.readCommitted) { tx in
            let changed = try tx.run(
                "UPDATE outbox_messages SET state = 'ready', attempt = 0, died_at = NULL WHERE id = \(id) AND state = 'dead'"
            )
            guard changed == 1 else { throw JobError(.notFound, "there is no dead message \(id)") }
        }
    }

    /// How many messages wait for a destination, counted up to `JobsConfiguration.countLimit`.
    public func depth(_ destination: String) async throws -> Int { try await waiting(destination).count }
}
