public import Foundation
public import Persistence

/// A message to another role, as its relay hands it on.
public struct OutboxMessage: Sendable, Hashable, RowDecodable {
    /// Ascending in the order of writing, never used twice: the receiver tells repetitions by it.
    public let id: Int64
    public let organization: OrganizationID?
    public let destination: String
    /// Messages of one destination and key arrive in the order in which they were written.
    public let key: String
    public let payload: [UInt8]
    public let createdAt: Date
    /// Attempts before this one that failed.
    public let failures: Int

    static let columns: SQL = "id, organization, destination, key, payload, created_at, attempt"

    public init(row: Row) throws {
        id = try row["id"]
        let owner: String = try row["organization"]
        organization = owner.isEmpty ? nil : OrganizationID(owner)
        destination = try row["destination"]
        key = try row["key"]
        payload = try row["payload"]
        createdAt = try row["created_at"]
        failures = try row["attempt"]
    }
}

/// A message that was not delivered.
public struct OutboxFailure: Sendable, Hashable {
    public var id: Int64
    public var error: String
    /// False if it will never be taken: it is dead at once, where its destination lets messages die.
    public var isRetryable: Bool

    public init(id: Int64, error: String, isRetryable: Bool = true) {
        self.id = id
        self.error = error
        self.isRetryable = isRetryable
    }
}

/// Where messages go, and what becomes of those that do not arrive.
public struct OutboxDestination: Sendable {
    /// What becomes of a message that was tried often enough.
    public enum Exhausted: Sendable, Hashable {
        /// It is put aside, and its key goes on with the next one.
        case deadLetter(afterAttempts: Int)
        /// It is tried for ever, and its key waits: where a gap would be worse.
        case keepTrying
    }

    public let name: String
    public var exhausted = Exhausted.keepTrying
    public var backoff = Backoff(first: .milliseconds(500), longest: .seconds(60))
    /// Messages in one call of `deliver`, and keys and bytes of payload among them, at most.
    public var maximumMessages = 200
    public var maximumKeys = 50
    /// How long a delivery may take; then it is cancelled, and its messages are tried again.
    public var timeout: Duration = .seconds(30)
    let deliver: @Sendable ([OutboxMessage]) async throws -> [OutboxFailure]

    /// - Parameter deliver: hands messages to the other role, and returns those that it did not take. They are in the
    ///   order of their keys; after one that fails, the later ones of its key are not to be sent, and count as not
    ///   sent. An error counts for all of them.
    public init(_ name: String, deliver: @escaping @Sendable ([OutboxMessage]) async throws -> [OutboxFailure]) {
        self.name = name
        self.deliver = deliver
    }
}
