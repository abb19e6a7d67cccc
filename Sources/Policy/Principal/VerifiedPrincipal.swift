public import PolicyModel

/// For whom a call is made, once its signature has been verified.
//
// A class, as it is handed to all that a call does, and kept with its verdict.
public final class VerifiedPrincipal: Sendable {
    /// What kind of caller a subject is.
    public enum Kind: Sendable, Hashable {
        case user
        case apiKey
        case serviceAccount
    }

    /// How surely the caller was recognized, from weak to strong.
    public enum Strength: Int, Sendable, Hashable, Comparable {
        case bearer = 1
        case signed = 2
        case multiFactor = 3

        public static func < (left: Strength, right: Strength) -> Bool { left.rawValue < right.rawValue }
    }

    /// The organization that all of the call is bound to.
    public let organization: String
    /// Who calls: a user, a service account or an API key.
    public let subject: String
    /// What kind of caller the subject is.
    public let kind: Kind
    /// What the caller may do.
    public let permissions: Set<String>
    /// The address that the caller came from, as text.
    public let sourceAddress: String
    /// How surely the caller was recognized.
    public let strength: Strength
    /// The role that the principal was made for.
    public let audience: Role
    /// The method that the principal was made for, as `/package.Service/Method`.
    public let method: String
    /// When it was made, in milliseconds since 1970.
    public let issuedAt: Int64
    /// When it ends, in milliseconds since 1970.
    public let expiresAt: Int64
    /// The key that signed.
    public let keyID: String
    /// The session that the caller's access token comes from, without `sessions/`; nil for callers without one.
    public let session: String?

    /// A principal, as a gateway is about to sign it.
    public init(
        organization: String,
        subject: String,
        kind: Kind,
        permissions: Set<String>,
        sourceAddress: String,
        strength: Strength,
        audience: Role,
        method: String,
        issuedAt: Int64,
        expiresAt: Int64,
        keyID: String,
        session: String? = nil
    ) {
        (self.organization, self.subject, self.kind) = (organization, subject, kind)
        (self.permissions, self.sourceAddress, self.strength) = (permissions, sourceAddress, strength)
        (self.audience, self.method) = (audience, method)
        (self.issuedAt, self.expiresAt, self.keyID) = (issuedAt, expiresAt, keyID)
        self.session = session
    }
}
