import ServiceKit

/// The settings of passwords, log-in, sessions and access tokens.
enum SessionSettings {
    // MARK: Passwords

    /// `identity.password.memory`
    static let memory = SettingKey(
        "identity.password.memory", default: ByteCount(19 << 20), in: ByteCount(8 << 20)...ByteCount(1 << 30),
        "Memory that hashing a password takes (Argon2id). A change holds for new hashes, and for old ones from their owner's next log-in."
    )
    /// `identity.password.iterations`
    static let iterations = SettingKey(
        "identity.password.iterations", default: 2, in: 1...64, "Passes over that memory.")
    /// `identity.password.lanes`
    static let lanes = SettingKey("identity.password.lanes", default: 1, in: 1...16, "Lanes of that memory.")
    /// `identity.password.threads`
    static let threads = SettingKey(
        "identity.password.threads", default: 0, in: 0...256,
        "Threads that hash passwords, each with that memory; they stand back behind those that serve calls. 0: one for each core."
    )
    /// `identity.password.queue`
    static let queue = SettingKey(
        "identity.password.queue", default: 256, in: 1...100_000,
        "Passwords that may wait to be hashed; what comes on top is refused with LOGIN_BUSY.")
    /// `identity.password.wait`
    static let wait = SettingKey(
        "identity.password.wait", default: Duration.seconds(5), in: .milliseconds(100)...Duration.seconds(60),
        "The longest that a password may wait to be hashed; what would wait longer is refused with LOGIN_BUSY at once.")

    // MARK: Log-in

    /// `identity.login.account-failures`
    static let accountFailures = SettingKey(
        "identity.login.account-failures", default: 10, in: 1...1_000,
        "Wrong passwords for an account at once; beyond them attempts are refused with LOGIN_BUSY.")
    /// `identity.login.account-interval`
    static let accountInterval = SettingKey(
        "identity.login.account-interval", default: Duration.seconds(60), in: .seconds(1)...Duration.seconds(86_400),
        "How long until an account takes one more wrong password.")
    /// `identity.login.source-failures`
    static let sourceFailures = SettingKey(
        "identity.login.source-failures", default: 50, in: 1...100_000,
        "Wrong passwords from an address at once, whatever the accounts; beyond them attempts are refused with LOGIN_BUSY."
    )
    /// `identity.login.source-interval`
    static let sourceInterval = SettingKey(
        "identity.login.source-interval", default: Duration.seconds(2), in: .milliseconds(10)...Duration.seconds(3_600),
        "How long until an address may send one more wrong password.")
    /// `identity.login.recorded-failures`
    static let recordedFailures = SettingKey(
        "identity.login.recorded-failures", default: 5, in: 0...1_000,
        "Failed log-ins of a user that the audit log has one by one in a minute; further ones are counted in one entry."
    )

    // MARK: Sessions

    /// `identity.sessions.idle-timeout`
    static let idleTimeout = SettingKey(
        "identity.sessions.idle-timeout", default: Duration.seconds(7 * 86_400),
        in: .seconds(60)...Duration.seconds(366 * 86_400), "How long a session lasts that is not refreshed.")
    /// `identity.sessions.lifetime`
    static let lifetime = SettingKey(
        "identity.sessions.lifetime", default: Duration.seconds(30 * 86_400),
        in: .seconds(60)...Duration.seconds(366 * 86_400), "How long a session lasts at most.")
    /// `identity.sessions.grace`
    static let grace = SettingKey(
        "identity.sessions.grace", default: Duration.seconds(10), in: .zero...Duration.seconds(120),
        "How long a client that did not hear the answer to a refresh may repeat it, and gets the same refresh token.")
    /// `identity.sessions.maximum`
    static let maximum = SettingKey(
        "identity.sessions.maximum", default: 100, in: 1...1_000,
        "Sessions that a user may have; one more ends the one that was refreshed least recently.")

    // MARK: Access tokens

    /// `identity.tokens.lifetime`
    static let tokenLifetime = SettingKey(
        "identity.tokens.lifetime", default: Duration.seconds(300), in: .seconds(10)...Duration.seconds(3_600),
        "How long an access token is good.")
    /// `identity.tokens.key-rotation`
    static let keyRotation = SettingKey(
        "identity.tokens.key-rotation", default: Duration.seconds(30 * 86_400),
        in: .seconds(2)...Duration.seconds(366 * 86_400), "How long a key signs access tokens.")
    /// `identity.tokens.key-publication`
    static let keyPublication = SettingKey(
        "identity.tokens.key-publication", default: Duration.seconds(86_400),
        in: .seconds(1)...Duration.seconds(90 * 86_400),
        "How long before it signs a key is published; half of the rotation's time at most counts.")

    static let all = [
        memory.declaration, iterations.declaration, lanes.declaration, threads.declaration, queue.declaration,
        wait.declaration, accountFailures.declaration, accountInterval.declaration, sourceFailures.declaration,
        sourceInterval.declaration, recordedFailures.declaration, idleTimeout.declaration, lifetime.declaration,
        grace.declaration, maximum.declaration, tokenLifetime.declaration, keyRotation.declaration,
        keyPublication.declaration,
    ]
}
