import Crypto
import Logging
import Persistence
import ServiceKit
import ServiceLifecycle
import Wire

/// What passwords, log-in, sessions and access tokens are made of.
final class SessionParts: Sendable {
    let configuration: SessionConfiguration
    let environment: IdentityEnvironment
    let hasher: PasswordHasher
    let throttle: LogInThrottle
    let failures: FailedLogIns
    let ring: TokenKeyRing
    let tokens: AccessTokenIssuer
    let refreshKeys: RefreshToken.Keys
    let ender: SessionEnder

    /// Starts the threads that hash passwords; nothing else happens before the store is ready.
    ///
    /// - Parameters:
    ///   - rootKeys: What seals keys of access tokens, and keys the hashes of refresh tokens.
    ///   - news: Who is told of revocations and keys.
    init(
        _ configuration: SessionConfiguration, store: Store, rootKeys: RootKeyRing,
        news: TokenNews = TokenNews(), environment: IdentityEnvironment
    ) {
        (self.configuration, self.environment) = (configuration, environment)
        hasher = PasswordHasher(
            parameters: configuration.argon2, pool: HashingPool(configuration.pool, onWait: PasswordMetrics.waits()))
        PasswordMetrics.observe(hasher.pool)
        throttle = LogInThrottle(configuration.throttle)
        failures = FailedLogIns(maximumPerMinute: configuration.recordedFailures, now: environment.now)
        ring = TokenKeyRing(
            store: TokenKeyStore(store: store),
            sealer: TokenKeySealer(rootKey: rootKeys.current, former: rootKeys.others), schedule: configuration.keys,
            news: news,
            now: environment.now)
        tokens = AccessTokenIssuer(
            ring: ring, trustDomain: configuration.trustDomain, lifetime: configuration.tokenLifetime,
            environment: environment)
        refreshKeys = RefreshToken.Keys(rootKeys)
        ender = SessionEnder(tokenLifetime: configuration.tokenLifetime, news: news, now: environment.now)
    }

    /// The calls about sessions.
    func handler(_ core: IdentityCore) -> SessionsHandler { SessionsHandler(core: core, parts: self) }

    /// Work beside calls.
    func background(_ core: IdentityCore, logger: Logger) -> [any Service] {
        [
            FailedLogInRecorder(failures, store: core.store, audit: core.audit, logger: logger),
            TokenKeyRotation(ring, logger: logger),
            SessionCleaner(store: core.store, now: environment.now, logger: logger),
        ]
    }
}
