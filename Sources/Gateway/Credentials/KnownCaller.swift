import Policy
import Synchronization

/// Who presented credentials, as Identity describes them. One object for as long as nothing of it changes.
final class KnownCaller: Sendable {
    private static let serials = Atomic<UInt64>(0)

    /// Tells callers apart, and the same caller before and after a change.
    let serial: UInt64
    /// Without `organizations/`.
    let organization: String
    /// `api-keys/…` or `users/…`.
    let subject: String
    let kind: VerifiedPrincipal.Kind
    let permissions: Set<String>
    /// When the credentials end, in milliseconds since 1970; `Int64.max`: never.
    let expiresAt: Int64
    /// Where the key may be used from.
    let networks: AddressList
    /// Whose budgets its calls are taken from.
    let limitSubjects: [LimitSubject]

    init(
        organization: String, subject: String, kind: VerifiedPrincipal.Kind, permissions: Set<String>,
        expiresAt: Int64 = .max, networks: AddressList = .everywhere
    ) {
        serial = Self.serials.wrappingAdd(1, ordering: .relaxed).newValue
        (self.organization, self.subject, self.kind) = (organization, subject, kind)
        (self.permissions, self.expiresAt, self.networks) = (permissions, expiresAt, networks)
        limitSubjects = [
            LimitSubject(kind: kind == .apiKey ? .key : .user, id: subject),
            LimitSubject(kind: .organization, id: organization),
        ]
    }
}
