import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit

/// A resource that tells of a person, before and after a change, as the audit log is told of it: as text in which that is
/// hidden, and apart what is hidden there, to be kept under the person's key.
struct AuditedChange: Sendable {
    let before, after: String?
    let personal: [AuditPersonal]

    /// - Parameter subject: The person, `users/{user}`.
    private init(_ before: (any ContractMessage)?, _ after: (any ContractMessage)?, subject: String) {
        self.before = before.map { MaskedText.of($0) }
        self.after = after.map { MaskedText.of($0) }
        personal = AuditPersonal.of(before: before, after: after, subject: subject)
    }

    /// Of a person; nil where there was or is none.
    static func user(before: UserMessage? = nil, after: UserMessage? = nil) -> AuditedChange {
        AuditedChange(before, after, subject: (after ?? before)?.name ?? "")
    }

    /// Of a key, which tells of its owner; nil where there was none.
    static func key(before: ApiKeyMessage? = nil, after: ApiKeyMessage) -> AuditedChange {
        AuditedChange(before, after, subject: after.owner)
    }
}

extension AuditOutbox {
    /// Writes the current call's event with a change that tells of a person.
    func record(
        _ intent: AuditIntent?, resource: String? = nil, _ change: AuditedChange, in tx: borrowing Transaction
    ) throws {
        try record(
            intent, resource: resource, before: change.before, after: change.after, personal: change.personal, in: tx)
    }

    /// Writes a change that tells of a person and that the service makes of itself.
    func record(
        _ action: String, of organization: OrganizationID, resource: String, _ change: AuditedChange,
        in tx: borrowing Transaction
    ) throws {
        try record(
            action, by: .identity, of: organization, resource: resource, before: change.before, after: change.after,
            personal: change.personal, in: tx)
    }
}
