public import Logging
public import Persistence
public import Policy
public import PolicyModel
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
    /// How it uses a root key; nil: it has none.
    public var rootKey: RootKeyUse?
    /// What it does at its port.
    let kind: Kind

    enum Kind: Sendable {
        /// Serves RPCs, on a store of its own.
        case service(Service)
        /// Serves something else, and keeps nothing.
        case front(@Sendable (RoleContext) async throws -> FrontAssembly)
    }

    struct Service: Sendable {
        let migrations: [Migration]
        let descriptorSet: @Sendable () -> [UInt8]
        let assemble: @Sendable (RoleContext) async throws -> RoleAssembly
    }

    /// Its tables; none for a role that keeps nothing.
    public var migrations: [Migration] {
        if case .service(let service) = kind { return service.migrations }
        return []
    }

    /// Its contract, a serialized `google.protobuf.FileDescriptorSet`; nil for a role that serves no RPCs.
    public var descriptorSet: [UInt8]? {
        if case .service(let service) = kind { return service.descriptorSet() }
        return nil
    }

    /// Describes a role that serves RPCs.
    ///
    /// - Parameters:
    ///   - port: The default port of its RPCs.
    ///   - migrations: Its tables.
    ///   - descriptorSet: Services' descriptors, for reflection: a serialized `google.protobuf.FileDescriptorSet`.
    ///   - assemble: Puts the role together.
    public init(
        _ name: String, role: Role, port: Int, settings: [SettingDeclaration] = [], peers: [PeerDefinition] = [],
        migrations: [Migration],
        descriptorSet: @escaping @Sendable () -> [UInt8],
        assemble: @escaping @Sendable (RoleContext) async throws -> RoleAssembly
    ) {
        (self.name, self.role, self.peers) = (name, role, peers)
        ownSettings = peers.map(\.address.declaration) + settings
        self.settings = RoleSettings(name, role: role, port: port)
        kind = .service(Service(migrations: migrations, descriptorSet: descriptorSet, assemble: assemble))
    }

    /// Describes a role that keeps nothing and serves something other than RPCs.
    ///
    /// - Parameters:
    ///   - port: Its default port.
    ///   - serves: What it serves there, as a sentence for the reference of settings.
    ///   - assemble: Puts the role together.
    public init(
        _ name: String, role: Role, port: Int, serves: String, settings: [SettingDeclaration] = [],
        peers: [PeerDefinition] = [], front assemble: @escaping @Sendable (RoleContext) async throws -> FrontAssembly
    ) {
        (self.name, self.role, self.peers) = (name, role, peers)
        ownSettings = peers.map(\.address.declaration) + settings
        self.settings = RoleSettings(name, role: role, port: port, hasStore: false, serves: serves)
        kind = .front(assemble)
    }

    /// The schema of a program with these roles.
    public static func schema(_ roles: [RoleDefinition]) -> SettingsSchema {
        SettingsSchema(
            [SuiteSettings.section, LogSettings.section, TelemetrySettings.section, ObjectSettings.section]
                + roles.map { $0.settings.section($0.ownSettings) })
    }
}

/// What a role is put together with.
public struct RoleContext: Sendable {
    /// The process's settings.
    public let settings: Settings
    /// Where the role logs.
    public let logger: Logger
    /// The threads that serve the process's connections.
    public let eventLoops: EventLoops
    /// The keys that the process's roles believe principals of.
    public let principalKeys: PrincipalKeys
    let keptStore: Store?
    let sharedObjects: SharedObjects
    let jobs: JobSettings?
    let peers: [String: Peer]

    /// The role's database. Not yet migrated when the role is put together: ask it in calls and background work only.
    /// For a role that has none to ask for it is a mistake in the program.
    public var store: Store {
        guard let keptStore else { preconditionFailure("the role has no store") }
        return keptStore
    }

    /// Where the role keeps bulk data; roles of a process share the place, and keep apart by the first part of names.
    ///
    /// - Throws: `SuiteFailure` if the settings name a place that cannot be had.
    public func objects() throws -> any ObjectStore { try sharedObjects.open(settings) }

    /// The way to a role that the definition names among its peers; to ask for another one is a mistake in the program.
    public func peer(_ name: String) -> Peer {
        guard let peer = peers[name] else { preconditionFailure("\(name) is no peer of this role") }
        return peer
    }

    /// Whether a peer is there that the suite may be without.
    public func hasPeer(_ name: String) -> Bool { peers[name] != nil }
}
