public import Logging
import ServiceKit
import ServiceLifecycle
public import Wire

extension CallerGuard {
    /// How the gateway's key is listed: bound to the certificate that it calls with, so anew when that changes.
    public struct Listing: Sendable {
        /// A channel for one listing, which connects with the certificate of now; it is shut down behind it.
        let channel: @Sendable () throws -> ClientChannel
        /// Another object when the certificate has changed.
        let certificate: @Sendable () -> any AnyObject & Sendable

        /// Says how.
        public init(
            channel: @escaping @Sendable () throws -> ClientChannel,
            certificate: @escaping @Sendable () -> any AnyObject & Sendable
        ) {
            (self.channel, self.certificate) = (channel, certificate)
        }
    }

    /// Puts the guard of a gateway together: its `services` have to be run, and its `checks` be part of readiness.
    ///
    /// - Parameters:
    ///   - credentials: Follows Identity; is among the services.
    ///   - listing: How the gateway's key is listed; nil: as other calls are made, as the certificate does not change.
    ///   - identity: The way to Identity; asked for each call.
    public convenience init(
        configuration: GuardConfiguration, credentials: CredentialWatcher,
        logger: Logger = Logger(label: "datavault.gateway.guard"), listing: Listing? = nil,
        identity: @escaping @Sendable () throws -> ClientChannel
    ) {
        CredentialMetrics.observe(credentials.store)
        let ring = PrincipalKeyRing()
        var keys = PrincipalKeyRegistrar.Configuration()
        keys.rotation = configuration.principalKeyRotation
        let registrar = PrincipalKeyRegistrar(
            ring, configuration: keys, logger: logger, listing: listing, channel: identity)
        let usage = KeyUsageReporter(logger: logger, channel: identity)
        let shared = SharedState(configuration, logger)
        let parts = Parts(
            recognition: CallerRecognition(credentials.store, signatures: configuration.signatures),
            nonces: shared.nonces, limits: shared.limits, addresses: LocalLimiter(configuration.limits),
            denials: LocalLimiter(configuration.denials),
            principals: PrincipalMint(ring), usage: usage,
            newKeyLooks: configuration.newKeyLooks)
        self.init(
            parts, services: [credentials, registrar, usage] + shared.services,
            checks: [credentials.check, registrar.check])
    }
}

/// What gateways share through Redis, or what a lone one keeps for itself.
private struct SharedState {
    let nonces: any NonceStore
    let limits: any RateLimiter
    let services: [any Service]

    init(_ configuration: GuardConfiguration, _ logger: Logger) {
        let local = LocalLimiter(configuration.limits)
        guard let address = configuration.redis else {
            var bounds = LocalNonces.Configuration()
            bounds.capacity = configuration.maximumNonces
            (nonces, limits, services) = (LocalNonces(bounds), local, [])
            return
        }
        var connections = RedisClient.Configuration()
        connections.commandTimeout = configuration.redisTimeout
        let client = RedisClient(address, configuration: connections, logger: logger)
        let shared = RedisNonces(client, prefix: configuration.redisPrefix)
        nonces = shared
        limits = RedisLimiter(client, limits: configuration.limits, local: local, prefix: configuration.redisPrefix)
        services = [RedisService(client: client, nonces: shared)]
    }
}

/// Keeps the connections to Redis for as long as the role runs, and the mark beside its nonces.
private struct RedisService: Service {
    private static let interval: Duration = .milliseconds(500)
    private static let intervalWithoutMark: Duration = .milliseconds(50)

    let client: RedisClient
    let nonces: RedisNonces

    func run() async throws {
        client.start()
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let isMarked = await nonces.mark()
                try? await Task.sleep(for: isMarked ? Self.interval : Self.intervalWithoutMark)
            }
        }
        client.close()
    }
}
