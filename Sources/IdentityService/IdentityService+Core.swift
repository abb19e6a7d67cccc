import Crypto
import DescriptorSet
import IdentityContract
import Jobs
import Persistence
import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Wire

/// The role's parts, before they are put together.
struct IdentityParts: Sendable {
    let context: RoleContext
    let core: IdentityCore
    let keys: KeyParts
    let sessions: SessionParts
    let firstStart: FirstStartService
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
        let permissions = Permissions(declared: declared.joined())
        let rootKey = try rootKey(context.settings)
        let configuration = SessionConfiguration(context.settings)
        let keys = keyParts(
            context, rootKey: rootKey, permissions: permissions, environment: environment,
            tokens: StoredTokenTrust(trustDomain: configuration.trustDomain))
        let sessions = SessionParts(
            configuration, store: context.store, rootKey: rootKey, news: TokenNews(keys.changes),
            environment: environment)
        let audit = AuditOutbox(
            Outbox(context.store), destination: auditDestination, encode: AuditEncoding.encode)
        let core = IdentityCore(
            store: context.store, replay: Replay(store: context.store), audit: audit, permissions: permissions,
            environment: environment, limits: limits,
            passwords: PolicyPasswords(policy: configuration.policy, hasher: sessions.hasher),
            observers: UserChangeObservers([sessions.ender, KeyChangeObserver(keys: keys.keys, audit: audit)]),
            seal: keys.vault.vault.replies)
        return IdentityParts(
            context: context, core: core, keys: keys, sessions: sessions,
            firstStart: FirstStartService(firstStart(context, core, makeKey: makeFirstKey(keys.keys))))
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
            UsersHandler(core: parts.core, passwords: UserPasswordCalls(core: parts.core, parts: parts.sessions)),
            MembersHandler(core: parts.core),
            parts.sessions.handler(parts.core),
        ] + keyServices(parts.keys, parts.core, parts.context)
    }

    static func coreBackground(_ parts: IdentityParts) -> [any Service] {
        [
            parts.firstStart,
            ReplayCleaner(store: parts.context.store, logger: parts.context.logger),
        ] + parts.sessions.background(parts.core, logger: parts.context.logger)
            + keyBackground(parts.keys, parts.core, parts.context)
    }

    static func coreChecks(_ parts: IdentityParts) -> [ReadinessCheck] {
        [parts.keys.vault.check, parts.firstStart.check]
    }
}
