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
    let sessions: SessionParts
    let passwordCalls: any PasswordCalls
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
        let rootKey = try rootKey(context.settings)
        let configuration = SessionConfiguration(context.settings)
        let sessions = SessionParts(
            configuration, store: context.store, rootKey: rootKey, environment: environment)
        let observers: [any UserChangeObserver] = [sessions.ender]
        let core = IdentityCore(
            store: context.store, replay: Replay(store: context.store),
            audit: AuditOutbox(
                Outbox(context.store), destination: auditDestination, encode: AuditEncoding.encode),
            permissions: Permissions(declared: declared.joined()), environment: environment, limits: limits,
            passwords: PolicyPasswords(policy: configuration.policy, hasher: sessions.hasher),
            observers: UserChangeObservers(observers), seal: ReplySeal(rootKey: rootKey))
        return IdentityParts(
            context: context, core: core, sessions: sessions, passwordCalls: UserPasswordCalls(core: core, parts: sessions),
            firstStart: FirstStartService(firstStart(context, core, makeKey: nil)))
    }

    /// The key that all secrets of the store are kept with.
    private static func rootKey(_ settings: Settings) throws -> SymmetricKey {
        let file = settings[SessionSettings.rootKeyFile]
        return try RootKey.load(
            file: file.isEmpty ? KeyFolder("\(settings[SuiteSettings.dataFolder])/keys").rootKey : file)
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
        ] + parts.sessions.background(parts.core, logger: parts.context.logger)
    }

    static func coreChecks(_ parts: IdentityParts) -> [ReadinessCheck] { [parts.firstStart.check] }
}
