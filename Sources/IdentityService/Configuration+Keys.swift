import ServiceKit

/// The settings of API keys, their secrets, and of what gateways are told.
enum KeySettings {
    /// `identity.root-key-file`
    static let rootKeyFile = SettingKey(
        "identity.root-key-file", default: "",
        "The root key that stored secrets are sealed with. Empty: `keys/root.key` in `data.folder`. All instances that share a database need the same."
    )
    /// `identity.limits.api-keys`
    static let maximumKeys = SettingKey(
        "identity.limits.api-keys", default: ApiKeyConfiguration().maximumKeys, in: 1...1_000_000,
        "How many API keys that work an organization may have; one more is refused with LIMIT_REACHED.")
    /// `identity.keys.overlap`
    static let overlap = SettingKey(
        "identity.keys.overlap", default: ApiKeyConfiguration().overlap, in: .zero...Duration.seconds(2_592_000),
        "How long the old secret goes on working after a rotation that does not say.")
    /// `identity.keys.quiet`
    static let quiet = SettingKey(
        "identity.keys.quiet", default: ApiKeyConfiguration().quiet,
        in: Duration.seconds(1)...Duration.seconds(2_592_000),
        "How long an old secret must be out of use, while the new one is used, to end before its overlap. More than the gateways' interval of reports."
    )
    /// `identity.trust.heartbeat`
    static let heartbeat = SettingKey(
        "identity.trust.heartbeat", default: CredentialFeed.Configuration().heartbeat,
        in: Duration.milliseconds(50)...Duration.seconds(60),
        "The longest time between two events of a gateway's stream. Changes that other instances made are looked for a little more often."
    )
    /// `identity.trust.silence-limit`
    static let silenceLimit = SettingKey(
        "identity.trust.silence-limit", default: CredentialFeed.Configuration().silenceLimit,
        in: Duration.milliseconds(100)...Duration.seconds(300),
        "How long a gateway that hears nothing goes on believing what it knows; then it refuses callers. At least three heartbeats are wise."
    )
    /// `identity.trust.watchers-per-peer`
    static let watchers = SettingKey(
        "identity.trust.watchers-per-peer", default: CredentialFeed.Configuration().watchersPerPeer, in: 1...10_000,
        "Streams that one certificate may have at a time; one more is refused with TOO_MANY_WATCHERS.")
    /// `identity.trust.principal-key-life`
    static let principalKeyLife = SettingKey(
        "identity.trust.principal-key-life", default: TrustHandler.Configuration().principalKeyLife,
        in: Duration.seconds(60)...Duration.seconds(31_536_000),
        "How long a key that a gateway lists for signing principals is believed, unless it is listed anew.")

    static let all = [
        rootKeyFile.declaration, maximumKeys.declaration, overlap.declaration, quiet.declaration, heartbeat.declaration,
        silenceLimit.declaration, watchers.declaration, principalKeyLife.declaration,
    ]
}

/// Bounds and times of keys.
struct ApiKeyConfiguration: Sendable {
    /// Keys that work, in an organization.
    var maximumKeys = 1_000
    /// How long an old secret goes on working, unless the request says.
    var overlap: Duration = .seconds(86_400)
    /// How long it must be out of use to end before that.
    var quiet: Duration = .seconds(300)
    /// How often uses are looked at for that.
    var retirementInterval: Duration = .seconds(15)
    /// How long secrets that have ended stay in their table, for reports that come late.
    var keptAfterEnd: Duration = .seconds(86_400)
    /// Secrets whose use one statement writes.
    var usageBatch = 200

    /// The defaults.
    init() {}
}
