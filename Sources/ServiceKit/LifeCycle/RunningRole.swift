import Foundation
import Logging
import NIOCore
import Persistence
import Policy
import PolicyModel
import ServiceLifecycle
public import Wire
import WireProtos

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
    let store: Store
    /// In the order of their start; they end in the reverse one.
    let services: [any Service]

    /// Opens the role's store and ports.
    ///
    /// - Parameter isMigrating: Whether the store is brought up to date first; otherwise the role waits until it is.
    init(
        _ definition: RoleDefinition, settings: Settings, policy: PolicyConfiguration, isMigrating: Bool,
        eventLoops: EventLoops, addresses: AddressBook, metrics: @escaping AdminServer.Page
    ) async throws {
        self.definition = definition
        let name = definition.name
        let folder = settings[SuiteSettings.dataFolder]
        let logger = Logger(label: "datavault.\(name)")
        var configuration = definition.settings.store.configuration(settings, defaultPath: "\(folder)/\(name).db")
        configuration.name = name
        store = try Store(configuration, logger: logger)
        StoreObserver.observe(store, name: name)
        let migrator = try Migrator(definition.migrations)
        if isMigrating { try await migrator.migrate(store) }

        let gate = StoreGate(store: store, migrator: migrator, command: "datavault migrate \(name) up")
        let tls = try Self.tls(definition, settings, logger)
        let ways = try Self.ways(definition, settings, addresses, eventLoops, logger)
        let context = RoleContext(settings: settings, store: store, logger: logger, peers: ways.peers)
        let assembly = try await definition.assemble(context)
        var policy = policy
        if let denials = assembly.denials { policy.denials = denials }
        let health = HealthService(services: assembly.services.map(\.serviceDescriptor.name), initially: .notServing)
        let readiness = Readiness([gate.check] + ways.peers.values.map(\.check) + assembly.checks, logger: logger) {
            isReady in
            health.setAll(isReady ? .serving : .notServing)
        }
        self.readiness = readiness

        let server = Server(
            services: assembly.services + [
                health,
                try ReflectionService(
                    descriptorSet: definition.descriptorSet(),
                    services: assembly.services.map(\.serviceDescriptor.name) + ["grpc.health.v1.Health"]),
            ],
            interceptors: [CallLogInterceptor(settings[LogSettings.calls], logger: logger)]
                + PolicyLayer.interceptors(policy) + assembly.interceptors,
            configuration: Self.serverConfiguration(settings), eventLoops: eventLoops, logger: logger,
            onDrain: { readiness.end() })
        address = try await Self.listening(definition.settings.listen, settings) { address in
            try await server.listen(address, tls: tls)
        }
        addresses.add(name, address)
        let admin = try await Self.listening(definition.settings.admin, settings) { address in
            try await AdminServer(
                address, pages: AdminServer.pages(readiness: readiness, metrics: metrics), eventLoops: eventLoops,
                logger: logger)
        }
        adminAddress = admin.address
        services =
            [admin, tls] + ways.services + [readiness] + assembly.background.map { GatedService($0, gate: gate) } + [
                server
            ]
    }

    private static func serverConfiguration(_ settings: Settings) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.drainGrace = .nanoseconds(settings[SuiteSettings.grace].nanoseconds)
        configuration.drainDelay = .nanoseconds(settings[SuiteSettings.delay].nanoseconds)
        return configuration
    }

    /// Channels to the role's peers, and what keeps them and their certificates.
    private static func ways(
        _ definition: RoleDefinition, _ settings: Settings, _ addresses: AddressBook, _ eventLoops: EventLoops,
        _ logger: Logger
    ) throws -> (peers: [String: Peer], services: [any Service]) {
        var (peers, services): ([String: Peer], [any Service]) = ([:], [])
        for peer in definition.peers {
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

    /// The role's certificate, read again when its files change.
    private static func tls(
        _ definition: RoleDefinition, _ settings: Settings, _ logger: Logger
    ) throws -> ReloadingTLSContext {
        let files = definition.settings.tlsFiles(settings, role: definition.role)
        do {
            return try ReloadingTLSContext(configuration: files.configuration, role: .server, logger: logger)
        } catch {
            throw SuiteFailure(
                "\(definition.name) has no certificate to show: \(error). `datavault keys ca` and `datavault keys issue "
                    + "\(definition.role.rawValue)` make one; \(definition.settings.certificateFile.name) says where it lies."
            )
        }
    }

    /// Opens a listener, or says which setting names an address that cannot be had.
    private static func listening<Result>(
        _ key: SettingKey<SocketAddress>, _ settings: Settings, _ open: (ListenAddress) async throws -> Result
    ) async throws -> Result {
        do { return try await open(settings[key].address) } catch let error as IOError {
            throw SuiteFailure(
                "\(settings[key].settingText) cannot be listened on: \(ListenFailure.reason(error)). Set \(key.name) to "
                    + "another address.")
        }
    }
}
