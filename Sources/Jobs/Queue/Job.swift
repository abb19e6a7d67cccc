public import Foundation
public import Persistence

/// A job that a worker has claimed, as its handler sees it.
public struct Job: Sendable, RowDecodable {
    public let id: JobID
    /// On whose behalf it runs; nil if it is the service's own.
    public let organization: OrganizationID?
    /// Who asked for it.
    public let initiator: String
    public let kind: String
    public let payload: [UInt8]
    public let priority: Int
    /// 1 for the first.
    public let attempt: Int
    public let maximumAttempts: Int
    public let createdAt: Date
    /// When it could start at the earliest.
    public let dueAt: Date
    public let startedAt: Date
    /// Tells this claim of the job from all others: it rises with each.
    let fence: Int64
    let limit: Limit?

    struct Limit: Sendable, Hashable {
        var key: String
        var concurrency: Int?
        /// Microseconds between two starts.
        var interval: Int64?
        var burst: Int64
    }

    static let columns: SQL = """
        id, organization, initiator, kind, priority, attempt, maximum_attempts, created_at, run_at, started_at, fence,
        limit_key, limit_concurrency, limit_interval, limit_burst, payload
        """

    public init(row: Row) throws {
        id = try row["id"]
        let owner: String = try row["organization"]
        organization = owner.isEmpty ? nil : OrganizationID(owner)
        initiator = try row["initiator"]
        kind = try row["kind"]
        priority = try row["priority"]
        attempt = try row["attempt"]
        maximumAttempts = try row["maximum_attempts"]
        createdAt = try row["created_at"]
        dueAt = try row["run_at"]
        startedAt = try row["started_at"]
        fence = try row["fence"]
        payload = try row["payload"]
        if let key: String = try row["limit_key"] {
            limit = Limit(
                key: key, concurrency: try row["limit_concurrency"], interval: try row["limit_interval"],
                burst: (try row["limit_burst"] as Int64?) ?? 1)
        } else {
            limit = nil
        }
    }
}
