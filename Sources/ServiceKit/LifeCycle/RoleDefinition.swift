public import Logging
public import Persistence
public import Policy
public import PolicyModel
public import ServiceLifecycle
public import Wire

/// A role as the program knows it before it starts: its settings, its tables, and how it is put together.
public struct RoleDefinition: Sendable {
    /// What `datavault serve` and settings call it.
    public let name: String
    /// What its certificate says.
    public let role: Role
    /// What every role has settings for.
    public let settings: RoleSettings
    /// Settings of its own.
    public let ownSettings: [SettingDeclaration]
    /// Roles that it calls.
    public let peers: [PeerDefinition]
    /// Its tables.
    public let migrations: [Migration]
    /// Services' descriptors, for reflection: a serialized `google.protobuf.FileDescriptorSet`.
    public let descriptorSet: @Sendable () -> [UInt8]
    /// Puts the role together.
    public let assemble: @Sendable (RoleContext) async throws -> RoleAssembly

    /// Describes a role.
    ///
    /// - Parameter port: The default port of its RPCs.
    public init(
        _ name: String, role: Role, port: Int, settings: [SettingDeclaration] = [], peers: [PeerDefinition] = [],
        migrations: [Migration],
        descriptorSet: @escaping @Sendable () -> [UInt8],
        assemble: @escaping @Sendable (RoleContext) async throws -> RoleAssembly
    ) {
        (self.name, self.role, self.peers, self.migrations) = (name, role, peers, migrations)
        ownSettings = peers.map(\.address.declaration) + settings
        self.settings = RoleSettings(name, role: role, port: port)
        (self.descriptorSet, self.assemble) = (descriptorSet, assemble)
    }

    /// The schema of a program with these roles.
    public static func schema(_ roles: [RoleDefinition]) -> SettingsSchema {
        SettingsSchema(
            [SuiteSettings.section, LogSettings.section, TelemetrySettings.section]
                + roles.map { $0.settings.section($0.ownSettings) })
    }
}

/// What a role is put together with.
public struct RoleContext: Sendable {
    /// The process's settings.
    public let settings: Settings
    /// The role's database. Not yet migrated when the role is put together: ask it in calls and background work only.
    public let store: Store
    /// Where the role logs.
    public let logger: Logger
    let peers: [String: Peer]

    /// The way to a role that the definition names among its peers; to ask for another one is a mistake in the program.
    public func peer(_ name: String) -> Peer {
        guard let peer = peers[name] else { preconditionFailure("\(name) is no peer of this role") }
        return peer
    }
}

/// A role, put together.
public struct RoleAssembly: Sendable {
    /// What it serves.
    public var services: [any ServiceHandler]
    /// Interceptors behind the policy layer.
    public var interceptors: [any ServerInterceptor]
    /// Work beside calls: started once the store is ready, ended after the server.
    public var background: [any Service]
    /// What it cannot serve without, beside its store.
    public var checks: [ReadinessCheck]
    /// Is told of refused calls that have an audit action; nil: they are logged.
    public var denials: (any DenialRecorder)?

    /// Puts the parts together.
    public init(
        services: [any ServiceHandler], interceptors: [any ServerInterceptor] = [], background: [any Service] = [],
        checks: [ReadinessCheck] = [], denials: (any DenialRecorder)? = nil
    ) {
        (self.services, self.interceptors, self.background, self.checks) = (services, interceptors, background, checks)
        self.denials = denials
    }
}
