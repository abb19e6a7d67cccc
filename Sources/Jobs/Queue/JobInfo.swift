public import Foundation
public import Persistence

/// A job as operators and its organization see it, without its payload.
public struct JobInfo: Sendable, Hashable, RowDecodable {
    public let id: JobID
    public let organization: OrganizationID?
    public let initiator: String
    public let kind: String
    public let state: JobState
    public let priority: Int
    public let attempt: Int
    public let maximumAttempts: Int
    public let createdAt: Date
    /// When it may start, or might have started, at the earliest.
    public let dueAt: Date
    /// When its last attempt began.
    public let startedAt: Date?
    public let finishedAt: Date?
    public let uniqueKey: String?
    public let limitKey: String?
    /// The worker that runs it.
    public let worker: String?
    /// Whether a running job is to be cancelled.
    public let isCancelRequested: Bool
    /// Within 0...1, as the handler last reported.
    public let progress: Double?
    public let note: String?
    /// Why it is dead, in a word: "attempts", "payload", "lost", or the handler's own.
    public let reason: String?
    /// The last attempt's error, cut to `JobsConfiguration.maximumError`.
    public let error: String?

    static let columns: SQL = """
        id, organization, initiator, kind, state, priority, attempt, maximum_attempts, created_at, run_at, started_at,
        finished_at, unique_key, limit_key, worker, cancel_requested, progress, note, reason, error
        """

    public init(row: Row) throws {
        id = try row["id"]
        let owner: String = try row["organization"]
        organization = owner.isEmpty ? nil : OrganizationID(owner)
        initiator = try row["initiator"]
        kind = try row["kind"]
        state = try row["state"]
        priority = try row["priority"]
        attempt = try row["attempt"]
        maximumAttempts = try row["maximum_attempts"]
        createdAt = try row["created_at"]
        dueAt = try row["run_at"]
        startedAt = try row["started_at"]
        finishedAt = try row["finished_at"]
        uniqueKey = try row["unique_key"]
        limitKey = try row["limit_key"]
        worker = try row["worker"]
        isCancelRequested = try row["cancel_requested"]
        progress = try row["progress"]
        note = try row["note"]
        reason = try row["reason"]
        error = try row["error"]
    }
}

/// An attempt that did not succeed.
public struct JobAttempt: Sendable, Hashable, RowDecodable {
    public let attempt: Int
    public let worker: String?
    public let startedAt: Date
    public let endedAt: Date
    /// "failed", "dead", "cancelled" or "lost".
    public let outcome: String
    public let error: String

    public init(row: Row) throws {
        attempt = try row["attempt"]
        worker = try row["worker"]
        startedAt = try row["started_at"]
        endedAt = try row["ended_at"]
        outcome = try row["outcome"]
        error = try row["error"]
    }
}
