import Foundation
public import Jobs
import Logging
public import Persistence
public import Policy
public import PolicyModel
import SwiftProtobuf
import Wire
import WireProtos

/// Writes audit events where they cannot be lost: into the service's outbox, in the transaction of the change; those of
/// refused calls in one of their own.
public struct AuditOutbox: DenialRecorder {
    private let outbox: Outbox
    private let destination: String
    private let encode: @Sendable (AuditEvent) throws -> [UInt8]
    private let logger: Logger

    /// Writes to a destination of the service's outbox.
    ///
    /// - Parameter encode: Makes the message that the destination takes: by itself Compliance's.
    public init(
        _ outbox: Outbox, destination: String = AuditRelay.destination,
        encode: @escaping @Sendable (AuditEvent) throws -> [UInt8] = AuditEncoding.encode
    ) {
        (self.outbox, self.destination, self.encode) = (outbox, destination, encode)
        logger = Logger(label: "datavault.audit")
    }

    /// Writes the current call's event in the transaction of its change, and fulfills the call's intent once that has
    /// committed.
    ///
    /// - Parameters:
    ///   - intent: `CallScope.current?.audit`, taken before the transaction begins; nil: the call leaves no event.
    ///   - resource: What has changed; nil: what the contract says of the request.
    ///   - before: The resource as it was, as `MaskedText`; nil if it is new.
    ///   - after: The resource as it is; nil if it is gone.
    ///   - personal: What of it tells of persons, beside the caller's address, which is there by itself.
    /// - Throws: What `encode` throws; `JobError`, `StoreError`.
    public func record(
        _ intent: AuditIntent?, resource: String? = nil, before: String? = nil, after: String? = nil,
        personal: [AuditPersonal] = [], in tx: borrowing Transaction
    ) throws {
        guard let intent else { return }
        let event = AuditEvent(
            action: intent.action, intent: intent, organization: tx.organization?.rawValue,
            resource: resource, before: before, after: after, personal: personal, outcome: .done,
            time: outbox.environment.now())
        try send(event, in: tx)
        tx.afterCommit { intent.fulfill() }
    }

    /// Writes an event of somebody whom the call itself has found out, or of something that was found out after it.
    ///
    /// - Parameters:
    ///   - action: What the contract calls the call.
    ///   - party: Who did it, and in whose organization; a transaction of an organization's scope is of this one.
    ///   - intent: The current call's, which is fulfilled once the transaction has committed; nil: no call waits for it.
    ///   - call: The current call's, of an event beside the call's own: it tells the request and the caller's address.
    ///   - outcome: How it ended. A denial that is written here is one that the handler decides.
    /// - Throws: What `encode` throws; `JobError`, `StoreError`.
    public func record(
        _ action: String, by party: AuditParty, fulfilling intent: AuditIntent? = nil, within call: AuditIntent? = nil,
        resource: String? = nil, before: String? = nil, after: String? = nil, personal: [AuditPersonal] = [],
        outcome: AuditEvent.Outcome = .done, in tx: borrowing Transaction
    ) throws {
        let event = AuditEvent(
            action: action, intent: intent ?? call, party: party, resource: resource, before: before, after: after,
            personal: personal, outcome: outcome, time: outbox.environment.now())
        try send(event, in: tx)
        if let intent { tx.afterCommit { intent.fulfill() } }
    }

    /// Writes what the service changes of itself, with no call that would have an intent, in the change's transaction.
    ///
    /// - Parameters:
    ///   - action: As the contract would call it, `key.rotate`.
    ///   - role: The service's, which is the actor.
    ///   - organization: Whose event it is; nil: nobody's.
    /// - Throws: As `record(_:resource:before:after:in:)`.
    public func record(
        _ action: String, by role: Role, of organization: OrganizationID?, resource: String? = nil,
        before: String? = nil, after: String? = nil, personal: [AuditPersonal] = [], in tx: borrowing Transaction
    ) throws {
        try send(
            AuditEvent(
                action: action, role: role, organization: organization?.rawValue, resource: resource, before: before,
                after: after, personal: personal, time: outbox.environment.now()),
            in: tx)
    }

    private func send(_ event: AuditEvent, in tx: borrowing Transaction) throws {
        // A scoped transaction says itself whose message it is.
        let owner = tx.organization == nil ? event.organization.map { OrganizationID($0) } : nil
        try outbox.send(try encode(event), to: destination, key: Self.key(event), for: owner, in: tx)
    }

    /// Writes that a call was refused. A store that cannot take it now leaves a line in the log instead: the caller is
    /// refused in any case.
    public func record(_ denial: Denial) async {
        // In a task that the call's end does not cancel: who tries doors and hangs up leaves a trace, too.
        await Task { await write(denial) }.value
    }

    private func write(_ denial: Denial) async {
        // A word of the contract, bounded and without values, unlike the message.
        let reason = denial.error.detail(Google_Rpc_ErrorInfo.self)?.reason ?? ""
        let event = AuditEvent(
            action: denial.action, caller: denial.caller, resource: denial.resource,
            outcome: .denied(code: "\(denial.error.code)", reason: reason), time: outbox.environment.now())
        do {
            let (payload, organization) = (try encode(event), event.organization.map { OrganizationID($0) })
            try await outbox.store.system(.recordDenials).write(.readCommitted) { tx in
                try outbox.send(payload, to: destination, key: Self.key(event), for: organization, in: tx)
            }
        } catch {
            logger.error(
                "a refused call could not be recorded",
                metadata: [
                    "action": "\(denial.action)", "method": "\(denial.method)", "code": "\(denial.error.code)",
                    "error": "\(error)",
                ])
        }
    }

    /// Events of one organization arrive in their order.
    private static func key(_ event: AuditEvent) -> String { event.organization ?? "" }
}

extension SystemReason {
    static let recordDenials = SystemReason(
        "record calls that were refused, whether or not they were bound to an organization")
}
