import Foundation
import Logging
import Persistence
import Policy
import PolicyModel
import ServiceLifecycle
public import Wire

/// One role of a process: its store, server, admin port and background work.
public final class RunningRole: Sendable {
    /// What it is.
    public let definition: RoleDefinition
    /// Where its RPCs are served, with the port that the system chose.
    public let address: ListenAddress
    /// Where operators ask.
    public let adminAddress: ListenAddress
    /// Whether it can serve.
    public let readiness: Readiness
    let store: Store?
    /// In the order of their start; they end in the reverse one.
    let services: [any Service]

    /// Opens the role's store and ports.
    ///
    /// - Parameter isMigrating: Whether the store is brought up to date first; otherwise the role waits until it is.
    init(
        _ definition: RoleDefinition, settings: Settings, policy: PolicyConfiguration, keys: PrincipalKeys,
        isMigrating: Bool, eventLoops: EventLoops, addresses: AddressBook, objects: SharedObjects,
        metrics: @escaping AdminServer.Page
    ) async throws {
        self.definition = definition
        let logger = Logger(label: "datavault.\(definition.name)")
        store = try await Self.store(definition, settings, isMigrating, logger)
        let ways = try Self.ways(definition, settings, addresses, eventLoops, logger)
        let context = RoleContext(
            settings: settings, logger: logger, eventLoops: eventLoops, principalKeys: keys, keptStore: store,
            sharedObjects: objects, jobs: definition.settings.jobs, peers: ways.peers)
        let place = Place(
            definition: definition, settings: settings, context: context, eventLoops: eventLoops, metrics: metrics)
        let serving: Serving =
            switch definition.kind {
            case .service(let service): try await place.serve(service, policy)
            case .front(let assemble): try await place.serve(try await assemble(context))
            }
        (address, adminAddress, readiness) = (serving.address, serving.admin.address, serving.readiness)
        addresses.add(definition.name, address)
        // Channels before what holds a stream on them: a channel waits for its calls, so those have to end first.
        services =
            [serving.admin] + ways.services + serving.before + [readiness] + serving.background + [serving.server]
    }

    /// The role's store; nil if it keeps nothing.
    private static func store(
        _ definition: RoleDefinition, _ settings: Settings, _ isMigrating: Bool, _ logger: Logger
    ) async throws -> Store? {
        guard let keys = definition.settings.store else { return nil }
        let (name, folder) = (definition.name, settings[SuiteSettings.dataFolder])
        var configuration = keys.configuration(settings, defaultPath: "\(folder)/\(name).db")
        configuration.name = name
        let store = try Store(configuration, logger: logger)
        StoreObserver.observe(store, name: name)
        if isMigrating { try await Migrator(definition.migrations).migrate(store) }
        return store
    }

    /// Channels to the role's peers, and what keeps them and their certificates.
    private static func ways(
        _ definition: RoleDefinition, _ settings: Settings, _ addresses: AddressBook, _ eventLoops: EventLoops,
        _ logger: Logger
    ) throws -> (peers: [String: Peer], services: [any Service]) {
        var (peers, services): ([String: Peer], [any Service]) = ([:], [])
        for peer in definition.peers where addresses.has(peer, settings) {
            let uri = "spiffe://\(settings[SuiteSettings.trustDomain])/\(peer.role.rawValue)"
            let tls = try ReloadingTLSContext(
                configuration: definition.settings.tlsFiles(settings, role: definition.role).client(expecting: uri),
                role: .client, logger: logger)
            let way = Peer(peer, tls: tls, eventLoops: eventLoops) { addresses.find(peer, settings) }
            peers[peer.name] = way
            services += [tls, way]
        }
        return (peers, services)
    }
}
