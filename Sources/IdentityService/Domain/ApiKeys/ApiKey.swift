import Persistence

/// An API key, without its secrets.
struct ApiKey: Sendable, Hashable {
    enum State: String, Sendable, Hashable {
        case active
        case expired
        case revoked
    }

    let id: String
    let organization: OrganizationID
    var displayName: String
    /// The beginning of the newest secret.
    var prefix: String
    /// Whose permissions are the key's upper bound.
    let owner: UserID
    /// Sorted.
    var scopes: [String]
    /// Canonical; none: from anywhere.
    var allowedNetworks: [String] = []
    /// Microseconds since 1970, as all times here; nil: never.
    var expiresAt: Int64?
    var revokedAt: Int64?
    let createdAt: Int64
    var updatedAt: Int64
    var lastUsedAt: Int64?
    /// Grows with every change but use.
    var version: Int64 = 1

    /// `api-keys/{key}`.
    var name: String { ResourceName.apiKeys.name(id) }

    func state(at now: Int64) -> State {
        if revokedAt != nil { return .revoked }
        return expiresAt.map { $0 <= now } == true ? .expired : .active
    }

    /// - Throws: `IdentityError.keyInactive` unless the key works.
    func requireActive(at now: Int64) throws(IdentityError) {
        guard state(at: now) == .active else { throw .keyInactive }
    }
}

/// What a key is recognized by.
struct ApiKeySecret: Sendable, Hashable {
    enum Kind: String, Sendable, Hashable {
        /// Sent with each request; kept as a keyed hash.
        case secret
        /// Signs requests; kept sealed, as it must be known to verify.
        case signing
    }

    let id: String
    let key: String
    let kind: Kind
    /// The hash, or the sealed secret.
    let material: [UInt8]
    let createdAt: Int64
    /// Nil: with the key.
    var expiresAt: Int64?
    var lastUsedAt: Int64?

    func works(at now: Int64) -> Bool { expiresAt.map { $0 > now } ?? true }
}
