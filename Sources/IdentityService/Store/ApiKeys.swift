import Persistence
import Policy

/// Changes of keys, each with what follows from it: gateways are told in the same transaction.
struct ApiKeys: Sendable {
    let vault: VaultStore
    let effective: EffectivePermissions
    let environment: IdentityEnvironment
    let changes: CredentialChanges
    let configuration: ApiKeyConfiguration

    /// Microseconds that an old secret goes on working, unless a request says.
    var overlap: Int64 { configuration.overlap.wholeMicroseconds }

    /// Who makes or widens a key.
    struct Maker: Sendable {
        /// Whose the key will be: the caller, or the owner of the key that calls.
        let owner: UserID
        /// What may be handed on: what the caller was let in with, as far as the owner may still do it.
        let held: Set<String>
    }

    /// - Throws: `IdentityError.userRequired` for callers that are neither a user nor a user's key;
    ///   `IdentityError.keyInactive` for a key that has ended meanwhile.
    func maker(_ rights: CallRights, now: Int64, in tx: borrowing Transaction) throws -> Maker {
        let owner: UserID
        if let user = try? ResourceName.users.identifier(in: rights.subject) {
            owner = UserID(user)
        } else if let id = try? ResourceName.apiKeys.identifier(in: rights.subject) {
            guard let key = try ApiKeyStore.key(id, of: rights.organization, in: tx) else {
                throw IdentityError.keyInactive
            }
            try key.requireActive(at: now)
            owner = key.owner
        } else {
            throw IdentityError.userRequired
        }
        // The principal can be a minute old: what was taken from its owner since is not handed on.
        let owned = try effective.of(owner, of: rights.organization, in: tx)
        return Maker(owner: owner, held: rights.permissions.intersection(owned))
    }

    /// A key with its first secrets.
    struct Made: Sendable {
        let key: ApiKey
        let secret: ApiKeyMaker.Made
        let signing: ApiKeyMaker.Made
    }

    /// Keeps a new key.
    ///
    /// - Parameter key: Without its prefix, which comes from the secret.
    /// - Throws: `IdentityError.limitReached`.
    func insert(_ key: ApiKey, now: Int64, in tx: borrowing Transaction) throws -> Made {
        let count = try ApiKeyStore.count(of: key.organization, now: now, in: tx)
        guard count < configuration.maximumKeys else {
            throw IdentityError.limitReached(limit: "api_keys", maximum: configuration.maximumKeys)
        }
        let maker = ApiKeyMaker(vault: vault.vault, environment: environment)
        let secret = try maker.make(.secret, of: key.id, at: now)
        let signing = try maker.make(.signing, of: key.id, at: now)
        var key = key
        key.prefix = secret.shownPrefix
        try ApiKeyStore.insert(key, in: tx)
        for made in [secret, signing] { try keep(made, of: key.organization, in: tx) }
        try changes.note(.key(key.id), of: key.organization, in: tx)
        return Made(key: key, secret: secret, signing: signing)
    }

    /// Writes a key that was changed.
    ///
    /// - Returns: The key with its new version.
    func change(_ key: ApiKey, now: Int64, in tx: borrowing Transaction) throws -> ApiKey {
        var key = key
        (key.updatedAt, key.version) = (now, key.version + 1)
        try ApiKeyStore.update(key, in: tx)
        try changes.note(.key(key.id), of: key.organization, in: tx)
        return key
    }

    /// Gives a key a new secret of a kind; the present one works for an overlap.
    ///
    /// - Parameter secrets: All that work.
    /// - Throws: `IdentityError.rotationUnfinished`.
    func rotate(
        _ kind: ApiKeySecret.Kind, of key: ApiKey, _ secrets: [ApiKeySecret], overlap: Int64, now: Int64,
        in tx: borrowing Transaction
    ) throws -> (made: ApiKeyMaker.Made, key: ApiKey) {
        let own = secrets.filter { $0.kind == kind }
        let ending = try RotationRules.overlap(of: own, lasting: overlap, now: now)
        if let ending { try ApiKeySecretStore.end(ending.id, at: ending.until, of: key.organization, in: tx) }
        // Newest first is by time: two within a microsecond would have no order.
        let time = max(now, (own.map(\.createdAt).max() ?? .min) + 1)
        let made = try ApiKeyMaker(vault: vault.vault, environment: environment).make(kind, of: key.id, at: time)
        try keep(made, of: key.organization, in: tx)
        var key = key
        if kind == .secret { key.prefix = made.shownPrefix }
        return (made, try change(key, now: now, in: tx))
    }

    /// Ends a key for good; one that has been revoked already stays as it is.
    func revoke(_ key: ApiKey, now: Int64, in tx: borrowing Transaction) throws -> ApiKey {
        guard key.revokedAt == nil else { return key }
        var key = key
        key.revokedAt = now
        return try change(key, now: now, in: tx)
    }

    private func keep(
        _ made: ApiKeyMaker.Made, of organization: OrganizationID, in tx: borrowing Transaction
    ) throws {
        let rootKey = made.kept.kind == .signing ? vault.vault.rootKeyID : nil
        try ApiKeySecretStore.insert(made.kept, rootKey: rootKey, of: organization, in: tx)
    }
}

extension Duration {
    /// Whole microseconds, as times in tables.
    var wholeMicroseconds: Int64 { Int64(self / .microseconds(1)) }
    /// Whole milliseconds, as times in events.
    var wholeMilliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
