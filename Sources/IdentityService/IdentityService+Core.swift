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
    let passwordCalls: any PasswordCalls
    let firstStart: FirstStartService
    let keys: KeyParts
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
        let passwords = UnfinishedPasswords()
        let permissions = Permissions(declared: declared.joined())
        let audit = AuditOutbox(Outbox(context.store), destination: auditDestination, encode: AuditEncoding.encode)
        let keys = keyParts(
            context, rootKey: try rootKey(context.settings), permissions: permissions, environment: environment,
            tokens: StoredTokenTrust(issuer: "", audience: ""))
        let observers: [any UserChangeObserver] = [KeyChangeObserver(keys: keys.keys, audit: audit)]
        let core = IdentityCore(
            store: context.store, replay: Replay(store: context.store), audit: audit, permissions: permissions,
            environment: environment, limits: limits, passwords: passwords, observers: UserChangeObservers(observers))
        return IdentityParts(
            context: context, core: core, passwordCalls: passwords,
            firstStart: FirstStartService(firstStart(context, core, makeKey: makeFirstKey(keys.keys))), keys: keys)
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
        ]
    }

    static func coreBackground(_ parts: IdentityParts) -> [any Service] {
        [
            parts.firstStart,
            ReplayCleaner(store: parts.context.store, logger: parts.context.logger),
        ]
    }

    static func coreChecks(_ parts: IdentityParts) -> [ReadinessCheck] { [parts.firstStart.check] }
}

/// Stands where passwords will be kept, until they are: refuses all.
struct UnfinishedPasswords: PasswordSetting, PasswordCalls {
    private static let error = RPCError(code: .unimplemented, message: "passwords are not kept yet")

    func hash(_ password: String) async throws -> String { throw Self.error }

    func setUserPassword(
        _ request: Datavault_Identity_V1_SetUserPasswordRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty { throw Self.error }

    func changePassword(
        _ request: Datavault_Identity_V1_ChangePasswordRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty { throw Self.error }
}
