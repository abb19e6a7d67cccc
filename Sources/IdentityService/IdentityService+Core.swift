import Crypto
import DescriptorSet
import IdentityContract
import Jobs
import Persistence
import Policy
import PolicyModel
import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Wire

/// The role's parts, before they are put together.
struct IdentityParts: Sendable {
    let context: RoleContext
    let core: IdentityCore
    let sessions: SessionParts
    let passwordCalls: any PasswordCalls
    let firstStart: FirstStartService
    let keys: KeyParts
    /// The one that all of the role's events are written through, so that each wakes the relay.
    let outbox: Outbox
}

/// Organizations, people, what they may do, and the first start.
extension IdentityService {
    static func parts(
        _ context: RoleContext, contracts: [@Sendable () -> [UInt8]], auditDestination: String
    ) throws -> IdentityParts {
        let environment = IdentityEnvironment()
        let declared = try ([DescriptorSet.array] + contracts.map { $0() }).map(DeclaredPermissions.read)
        var limits = IdentityLimits()
        limits.users = context.settings[CoreSettings.users]
        let ring = try rootKeyRing(context.settings)
        let permissions = Permissions(declared: declared.joined())
        let outbox = Outbox(context.store)
        let audit = AuditOutbox(outbox, destination: auditDestination)
        let configuration = SessionConfiguration(context.settings)
        let parties = AccessTokenVerifier.Configuration(trustDomain: configuration.trustDomain)
        let keys = keyParts(
            context, ring: ring, permissions: permissions, environment: environment,
            tokens: StoredTokenTrust(issuer: parties.issuer, audience: parties.audience))
        let sessions = SessionParts(
            configuration, store: context.store, rootKeys: ring, news: news(of: keys.changes, audit),
            environment: environment)
        let core = IdentityCore(
            store: context.store, replay: Replay(store: context.store), audit: audit, permissions: permissions,
            environment: environment, limits: limits,
            passwords: PolicyPasswords(policy: configuration.policy, hasher: sessions.hasher),
            observers: UserChangeObservers([sessions.ender, KeyChangeObserver(keys: keys.keys, audit: audit)]),
            seal: ReplySeal(ring))
        return IdentityParts(
            context: context, core: core, sessions: sessions,
            passwordCalls: UserPasswordCalls(core: core, parts: sessions),
            firstStart: FirstStartService(firstStart(context, core, makeKey: makeFirstKey(keys.keys, audit))),
            keys: keys, outbox: outbox)
    }

    /// Revocations and keys of access tokens are told as other changes of credentials are.
    private static func news(of changes: CredentialChanges, _ audit: AuditOutbox) -> TokenNews {
        TokenNews(
            revocation: { id, organization, tx in try changes.note(.revocation(id), of: organization, in: tx) },
            tokenKeys: { keys, tx in
                try changes.note(.tokenKeys, in: tx)
                for key in keys { try record(key, audit, in: tx) }
            })
    }

    static func record(_ change: TokenKeyChange, _ audit: AuditOutbox, in tx: borrowing Transaction) throws {
        typealias Key = Datavault_Identity_V1_TokenKey
        switch change {
        case .made(let key):
            try audit.record(
                "token_key.create", by: .identity, of: nil, resource: "token-keys/\(key.id)",
                after: MaskedText.of(Key(key)), in: tx)
        case .forgotten(let key):
            try audit.record(
                "token_key.delete", by: .identity, of: nil, resource: "token-keys/\(key.id)",
                before: MaskedText.of(Key(key)), in: tx)
        }
    }

    private static func firstStart(
        _ context: RoleContext, _ core: IdentityCore, makeKey: MakeFirstKey?
    ) -> FirstStart {
        let folder = context.settings[SuiteSettings.dataFolder]
        return FirstStart(
            core: core, file: FirstAdminFile(folder: folder), folder: folder,
            email: context.settings[CoreSettings.adminEmail], password: context.settings[CoreSettings.adminPassword],
            makeKey: makeKey, logger: context.logger)
    }

    static func coreServices(_ parts: IdentityParts) -> [any ServiceHandler] {
        [
            OrganizationsHandler(core: parts.core),
            UsersHandler(core: parts.core, passwords: parts.passwordCalls),
            MembersHandler(core: parts.core),
            parts.sessions.handler(parts.core),
        ]
    }

    static func coreBackground(_ parts: IdentityParts) -> [any Service] {
        [
            parts.firstStart,
            ReplayCleaner(store: parts.context.store, logger: parts.context.logger),
            OutboxRelay(
                parts.outbox, [AuditRelay.destination(parts.context.peer(compliance.name))],
                configuration: parts.context.relayConfiguration,
                logger: parts.context.logger),
        ] + parts.sessions.background(parts.core, logger: parts.context.logger)
    }

    static func coreChecks(_ parts: IdentityParts) -> [ReadinessCheck] { [parts.firstStart.check] }
}
