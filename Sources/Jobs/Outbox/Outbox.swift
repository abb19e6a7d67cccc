import Foundation
public import Persistence
import Synchronization

/// Messages to other roles, written in the transaction that causes them and relayed at least once.
///
/// One for each store and process: what is written through it wakes the relays that were made with it at once.
public final class Outbox: Sendable {
    public let store: Store
    public let configuration: JobsConfiguration
    public let environment: JobEnvironment
    let metrics = JobMetrics()
    private let listeners = Mutex<[String: [Wakeup]]>([:])

    public init(
        _ store: Store, configuration: JobsConfiguration = JobsConfiguration(),
        environment: JobEnvironment = JobEnvironment()
    ) {
        self.store = store
        self.configuration = configuration
        self.environment = environment
    }

    var now: Date { environment.now() }

    /// Writes a message in the caller's transaction: it is sent exactly if the rest of the transaction happens.
    ///
    /// - Parameter key: messages with the same one keep their order.
    /// - Returns: the message's id.
    /// - Throws: `JobError.invalid` naming the field.
    @discardableResult
    public func send(
        _ payload: [UInt8], to destination: String, key: String, for organization: OrganizationID? = nil,
        in tx: borrowing Transaction
    ) throws -> Int64 {
        guard payload.count <= configuration.maximumPayload else {
            throw JobError(.invalid, field: "payload", "has more than \(configuration.maximumPayload) bytes")
        }
        for (name, field) in [(destination, "destination"), (key, "key")]
        where name.utf8.count > configuration.maximumName {
            throw JobError(.invalid, field: field, "has more than \(configuration.maximumName) bytes")
        }
        if let own = tx.organization, let organization, own != organization {
            throw JobError(.invalid, field: "organization", "is not the transaction's")
        }
        let owner: SQL = tx.organization == nil ? "\(organization?.rawValue ?? "")" : "\(.organization)"
        let id = try tx.value(
            Int64.self,
            """
            INSERT INTO outbox_messages (organization, destination, key, state, created_at, payload)
            VALUES (\(owner), \(destination), \(key), 'ready', \(now), \(payload)) RETURNING id
            """)
        tx.afterCommit { [self] in wake(destination) }
        guard let id else { throw StoreError(.unexpected, "no id was returned") }
        return id
    }

    func listen(_ destination: String, _ wakeup: Wakeup) {
        listeners.withLock { $0[destination, default: []].append(wakeup) }
    }

    func ignore(_ destination: String, _ wakeup: Wakeup) {
        listeners.withLock { $0[destination]?.removeAll { $0 === wakeup } }
    }

    private func wake(_ destination: String) {
        for wakeup in listeners.withLock({ $0[destination] ?? [] }) { wakeup.wake() }
    }

    /// Rows that another relay has locked are its.
    var skipLocked: SQL { store.kind == .postgres ? " FOR UPDATE SKIP LOCKED" : "" }
    var forUpdate: SQL { store.kind == .postgres ? " FOR UPDATE" : "" }

    func planForGrowth(_ tx: borrowing Transaction) throws {
        if store.kind == .postgres { try tx.run("SET LOCAL enable_seqscan = off") }
    }
}
