/// What an access token says, once its signature has been verified (RFC 9068, with claims of this suite).
//
// A class, as a gateway keeps it with its verdict and hands it to all that a request does.
public final class AccessToken: Sendable {
    /// The header's `typ`: no other kind of JWT that a key may sign passes for an access token (RFC 9068, 2.1).
    public static let type = "at+jwt"
    /// The only algorithm (RFC 8037): the key fixes it, never the token.
    public static let algorithm = "EdDSA"

    /// The identifier of the token, `jti`.
    public let id: String
    /// The organization that the caller belongs to, `org`, without `organizations/`.
    public let organization: String
    /// Who calls, `sub`: `users/<id>`.
    public let subject: String
    /// The session that the token comes from, `sid`, without `sessions/`.
    public let session: String
    /// What the caller may do, `perms`.
    public let permissions: Set<String>
    /// When the token was made, `iat`, in milliseconds since 1970.
    public let issuedAt: Int64
    /// When it ends, `exp`, in milliseconds since 1970.
    public let expiresAt: Int64
    /// The key that signed, `kid`.
    public let keyID: String

    /// A token that has been verified, or is to be signed.
    public init(
        id: String, organization: String, subject: String, session: String, permissions: Set<String>, issuedAt: Int64,
        expiresAt: Int64, keyID: String
    ) {
        (self.id, self.organization, self.subject, self.session) = (id, organization, subject, session)
        (self.permissions, self.issuedAt, self.expiresAt, self.keyID) = (permissions, issuedAt, expiresAt, keyID)
    }

    /// The user's identifier: the subject without `users/`.
    public var user: String { String(subject.dropFirst("users/".count)) }
}
