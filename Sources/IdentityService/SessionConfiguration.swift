import ServiceKit

/// All bounds and times of passwords, log-in, sessions and access tokens, as the settings give them.
struct SessionConfiguration: Sendable {
    var argon2 = Argon2Parameters.standard
    var pool = HashingPool.Configuration()
    var policy = PasswordPolicy()
    var throttle = LogInThrottle.Configuration()
    var recordedFailures = 5
    var sessions = SessionLimits()
    /// Sessions of a user.
    var maximumSessions = 100
    var tokenLifetime: Duration = .seconds(300)
    var keys = TokenKeySchedule()
    /// Names issuer and audience of access tokens.
    var trustDomain = "datavault.local"

    init() {}

    init(_ settings: Settings) {
        argon2 = Argon2Parameters(
            memoryKiB: UInt32(settings[SessionSettings.memory].bytes >> 10),
            iterations: UInt32(settings[SessionSettings.iterations]), lanes: UInt32(settings[SessionSettings.lanes]))
        if settings[SessionSettings.threads] > 0 { pool.threads = settings[SessionSettings.threads] }
        pool.maximumWaiting = settings[SessionSettings.queue]
        pool.maximumWait = settings[SessionSettings.wait]
        throttle.accountBurst = settings[SessionSettings.accountFailures]
        throttle.accountInterval = settings[SessionSettings.accountInterval]
        throttle.sourceBurst = settings[SessionSettings.sourceFailures]
        throttle.sourceInterval = settings[SessionSettings.sourceInterval]
        recordedFailures = settings[SessionSettings.recordedFailures]
        sessions.idleTimeout = settings[SessionSettings.idleTimeout]
        sessions.lifetime = settings[SessionSettings.lifetime]
        sessions.grace = settings[SessionSettings.grace]
        maximumSessions = settings[SessionSettings.maximum]
        tokenLifetime = settings[SessionSettings.tokenLifetime]
        keys.rotation = settings[SessionSettings.keyRotation]
        keys.publication = min(settings[SessionSettings.keyPublication], keys.rotation / 2)
        // Clocks may be a minute apart, and a gateway may hear of a key's end a while later.
        keys.tail = tokenLifetime + .seconds(300)
        trustDomain = settings[SuiteSettings.trustDomain]
    }
}
