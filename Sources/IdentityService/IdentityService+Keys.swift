import Crypto
import Persistence
import Policy
import PolicyModel
import ServiceKit
import ServiceLifecycle
import Wire

/// The parts of the role that are about keys, and about telling others whom to believe.
struct KeyParts: Sendable {
    let vault: VaultStore
    let changes: CredentialChanges
    let keys: ApiKeys
    let feed: CredentialFeed
    let tokens: any TokenTrust
    let trust: TrustHandler.Configuration
}

/// API keys, their secrets, and the streams that tell of them.
extension IdentityService {
    /// The root key's file, as settings name it.
    static func rootKeyFile(_ settings: Settings) -> String {
        let named = settings[KeySettings.rootKeyFile]
        return named.isEmpty ? KeyFolder("\(settings[SuiteSettings.dataFolder])/keys").rootKey : named
    }

    /// Reads the root key.
    ///
    /// - Throws: `SuiteFailure` with what to do.
    static func rootKeyRing(_ settings: Settings) throws -> RootKeyRing {
        let file = rootKeyFile(settings)
        do { return try RootKey.ring(file: file) } catch {
            throw SuiteFailure(
                "identity has no root key to seal secrets with: \(error). `datavault keys root` makes one; "
                    + "\(KeySettings.rootKeyFile.name) says where it lies.")
        }
    }

    /// - Parameter tokens: What gateways are told of access tokens.
    static func keyParts(
        _ context: RoleContext, ring: RootKeyRing, permissions: Permissions, environment: IdentityEnvironment,
        tokens: any TokenTrust
    ) -> KeyParts {
        let settings = context.settings
        let vault = VaultStore(store: context.store, vault: SecretVault(ring), now: environment.now)
        let changes = CredentialChanges(bell: Wakeup(), now: environment.now)
        var configuration = ApiKeyConfiguration()
        configuration.maximumKeys = settings[KeySettings.maximumKeys]
        configuration.overlap = settings[KeySettings.overlap]
        configuration.quiet = settings[KeySettings.quiet]
        var feed = CredentialFeed.Configuration()
        feed.heartbeat = settings[KeySettings.heartbeat]
        feed.silenceLimit = settings[KeySettings.silenceLimit]
        feed.watchersPerPeer = settings[KeySettings.watchers]
        var trust = TrustHandler.Configuration()
        trust.principalKeyLife = settings[KeySettings.principalKeyLife]
        return KeyParts(
            vault: vault, changes: changes,
            keys: ApiKeys(
                vault: vault, effective: EffectivePermissions(permissions: permissions), environment: environment,
                changes: changes, configuration: configuration),
            feed: CredentialFeed(
                store: context.store, vault: vault,
                reader: CredentialReader(vault: vault.vault, permissions: permissions, logger: context.logger),
                tokens: tokens, bell: changes.bell, environment: environment, configuration: feed,
                logger: context.logger),
            tokens: tokens, trust: trust)
    }

    /// Makes the first admin's key, with all that the owner may do.
    static func makeFirstKey(_ keys: ApiKeys, _ audit: AuditOutbox) -> MakeFirstKey {
        { owner, organization, tx in
            let now = keys.environment.now()
            try VaultStore.verify(keys.vault.vault, now: now, in: tx)
            let scopes = try keys.effective.of(owner, of: organization, in: tx).sorted()
            let made = try keys.insert(
                ApiKey(
                    id: keys.environment.identifier(), organization: organization, displayName: "First key",
                    prefix: "", owner: owner, scopes: scopes, createdAt: now, updatedAt: now),
                now: now, in: tx)
            try audit.record(
                "api_key.create", of: organization, resource: made.key.name,
                .key(after: ApiKeyMessage(made.key, [made.secret.kept, made.signing.kept], at: now)), in: tx)
            return FirstKey(name: made.key.name, secret: made.secret.text, signingSecret: made.signing.text)
        }
    }

    static func keyServices(_ parts: KeyParts, _ core: IdentityCore, _ context: RoleContext) -> [any ServiceHandler] {
        [
            ApiKeysHandler(core: core, keys: parts.keys),
            TrustHandler(
                store: context.store, vault: parts.vault, feed: parts.feed, tokens: parts.tokens,
                usage: KeyUsageStore(
                    store: context.store, environment: core.environment, batch: parts.keys.configuration.usageBatch),
                changes: parts.changes, audit: core.audit, environment: core.environment, configuration: parts.trust,
                logger: context.logger),
        ]
    }

    static func keyBackground(_ parts: KeyParts, _ core: IdentityCore, _ context: RoleContext) -> [any Service] {
        [
            parts.feed,
            OverlapRetirement(core: core, keys: parts.keys, logger: context.logger),
            KeyCleaner(
                store: context.store, environment: core.environment, configuration: parts.keys.configuration,
                retention: parts.feed.configuration.retention, logger: context.logger),
        ]
    }
}
