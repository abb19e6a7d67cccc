import DescriptorSet
import Jobs
import Persistence
import PolicyModel
public import ServiceKit
import ServiceLifecycle
import Wire

/// Keeps organizations, people, what they may do, and the keys and sessions by which they call.
public enum IdentityService {
    static let name = "identity"
    private static let port = 7420

    /// Its own list of principal keys reaches it as it reaches all roles.
    private static let itself = PeerDefinition(name, role: .identity, of: name, port: port)

    /// Where audit events wait in the outbox until Compliance takes them.
    public static let auditDestination = AuditRelay.destination
    /// Who takes them.
    static let compliance = AuditRelay.peer(of: name)

    /// The role for `datavault`.
    public static var role: RoleDefinition { role() }

    /// The role, for a program that serves more than the suite's own contract.
    ///
    /// - Parameters:
    ///   - contracts: Further descriptor sets, whose permissions roles give, too.
    ///   - auditDestination: The outbox's destination of audit events.
    public static func role(
        contracts: [@Sendable () -> [UInt8]] = [], auditDestination: String = auditDestination
    ) -> RoleDefinition {
        var definition = RoleDefinition(
            name, role: .identity, port: port, settings: settings, peers: [itself, compliance], migrations: migrations,
            descriptorSet: { DescriptorSet.array },
            assemble: { context in
                try assemble(context, contracts: contracts, auditDestination: auditDestination)
            })
        definition.rootKey = RootKeyUse(file: rootKeyFile, reseal: RootKeyReseal.perform)
        return definition
    }

    private static let settings = CoreSettings.all + SessionSettings.all + KeySettings.all

    static let migrations =
        Replay.migrations + JobsMigrations.all + CoreMigrations.all + SessionMigrations.all + KeyMigrations.all

    private static func assemble(
        _ context: RoleContext, contracts: [@Sendable () -> [UInt8]], auditDestination: String
    ) throws -> RoleAssembly {
        let parts = try parts(context, contracts: contracts, auditDestination: auditDestination)
        return RoleAssembly(
            services: coreServices(parts) + keyServices(parts.keys, parts.core, context),
            background: coreBackground(parts) + keyBackground(parts.keys, parts.core, context),
            checks: coreChecks(parts) + [parts.keys.vault.check],
            denials: parts.core.audit)
    }
}
