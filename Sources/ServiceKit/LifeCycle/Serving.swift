import Foundation
import Logging
import NIOCore
import Persistence
import Policy
import PolicyModel
import ServiceLifecycle
import Wire
import WireProtos

/// A role's open ports, and what works behind them.
struct Serving {
    let address: ListenAddress
    let admin: AdminServer
    let readiness: Readiness
    /// Started before all else.
    var before: [any Service] = []
    let background: [any Service]
    let server: any Service
}

/// What a role's ports are opened with.
struct Place {
    let definition: RoleDefinition
    let settings: Settings
    let context: RoleContext
    let eventLoops: EventLoops
    let metrics: AdminServer.Page

    private var logger: Logger { context.logger }
    private var peerChecks: [ReadinessCheck] {
        context.peers.values.filter(\.definition.isAwaited).map(\.check)
    }

    /// Serves RPCs.
    func serve(_ service: RoleDefinition.Service, _ policy: PolicyConfiguration) async throws -> Serving {
        let gate = StoreGate(
            store: context.store, migrator: try Migrator(service.migrations),
            command: "datavault migrate \(definition.name) up")
        let tls = try tls()
        let assembly = try await service.assemble(context)
        let trust = trust
        var policy = policy
        if let denials = assembly.denials { policy.denials = denials }
        let health = HealthService(services: assembly.services.map(\.serviceDescriptor.name), initially: .notServing)
        let readiness = Readiness(
            [gate.check] + peerChecks + (trust.map { [$0.check] } ?? []) + assembly.checks, logger: logger
        ) { isReady in
            health.setAll(isReady ? .serving : .notServing)
        }
        let server = Server(
            services: assembly.services + [
                health,
                try ReflectionService(
                    descriptorSet: service.descriptorSet(),
                    services: assembly.services.map(\.serviceDescriptor.name) + ["grpc.health.v1.Health"]),
            ],
            interceptors: [CallLogInterceptor(settings[LogSettings.calls], logger: logger)]
                + PolicyLayer.interceptors(policy) + assembly.interceptors,
            configuration: serverConfiguration, eventLoops: eventLoops, logger: logger, onDrain: { readiness.end() })
        let address = try await listening(definition.settings.listen) { address in
            try await server.listen(address, tls: tls)
        }
        return Serving(
            address: address, admin: try await admin(readiness), readiness: readiness,
            before: [tls] + (trust.map { [$0] } ?? []),
            background: assembly.background.map { GatedService($0, gate: gate) }, server: server)
    }

    /// Serves something else.
    func serve(_ assembly: FrontAssembly) async throws -> Serving {
        let front = assembly.front
        let readiness = Readiness(peerChecks + assembly.checks, logger: logger) { isReady in
            front.readinessChanged(to: isReady)
        }
        let address = try await listening(definition.settings.listen) { address in try await front.listen(address) }
        return Serving(
            address: address, admin: try await admin(readiness), readiness: readiness, background: assembly.background,
            server: front)
    }

    /// Whom to believe, as Identity tells it; nil for a role that does not know Identity.
    private var trust: PrincipalKeyWatcher? {
        guard let identity = context.peers.values.first(where: { $0.definition.role == .identity }) else { return nil }
        return PrincipalKeyWatcher(context.principalKeys, logger: logger) { try identity.channel() }
    }

    private func admin(_ readiness: Readiness) async throws -> AdminServer {
        try await listening(definition.settings.admin) { address in
            try await AdminServer(
                address, pages: AdminServer.pages(readiness: readiness, metrics: metrics), eventLoops: eventLoops,
                logger: logger)
        }
    }

    private var serverConfiguration: ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.drainGrace = .nanoseconds(settings[SuiteSettings.grace].nanoseconds)
        configuration.drainDelay = .nanoseconds(settings[SuiteSettings.delay].nanoseconds)
        return configuration
    }

    /// The role's certificate, read again when its files change.
    private func tls() throws -> ReloadingTLSContext {
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
    private func listening<Result>(
        _ key: SettingKey<SocketAddress>, _ open: (ListenAddress) async throws -> Result
    ) async throws -> Result {
        do { return try await open(settings[key].address) } catch let error as IOError {
            throw SuiteFailure(
                "\(settings[key].settingText) cannot be listened on: \(ListenFailure.reason(error)). Set \(key.name) to "
                    + "another address.")
        }
    }
}
