public import Policy
public import ServiceKit

/// Settings of the guard.
enum GuardSettings {
    static let redis = SettingKey<RedisAddress?>(
        "gateway.redis", default: nil, secret: true,
        "The Redis that gateways share nonces and limits through; unset: this gateway is alone. It must not evict keys."
    )
    static let redisTimeout = SettingKey(
        "gateway.redis-timeout", default: Duration.milliseconds(250), in: .milliseconds(10)...Duration.seconds(5),
        "The longest wait for Redis: then nonces are unavailable, and limits are this gateway's own.")
    static let redisPrefix = SettingKey(
        "gateway.redis-prefix", default: "datavault:gateway:", "What keys in Redis begin with.",
        mustBe: "at most 64 characters"
    ) { $0.utf8.count <= 64 }
    static let trustedProxies = SettingKey<[NetworkBlock]>(
        "gateway.trusted-proxies", default: [],
        "Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.")
    static let signatureLifetime = SettingKey(
        "gateway.signatures.lifetime", default: Duration.seconds(300), in: .seconds(1)...Duration.seconds(3_600),
        "The longest time between a signature's created and expires.")
    static let clockSkew = SettingKey(
        "gateway.signatures.clock-skew", default: Duration.seconds(5), in: .seconds(0)...Duration.seconds(60),
        "How far ahead clients' clocks may be; the request then waits for so long.")
    static let maximumNonces = SettingKey(
        "gateway.signatures.nonces", default: 1_000_000, in: 1_000...100_000_000,
        "Nonces that a gateway without Redis remembers; beyond that signed requests are refused for a while.")
    static let callerRate = SettingKey(
        "gateway.limits.caller-rate", default: 50.0, in: rates, "Units a second that come back to a key or a user.")
    static let callerBurst = SettingKey(
        "gateway.limits.caller-burst", default: 200, in: bursts, "Units that a key or a user can spend at once.")
    static let organizationRate = SettingKey(
        "gateway.limits.organization-rate", default: 500.0, in: rates,
        "Units a second that come back to an organization.")
    static let organizationBurst = SettingKey(
        "gateway.limits.organization-burst", default: 2_000, in: bursts,
        "Units that an organization can spend at once.")
    static let addressRate = SettingKey(
        "gateway.limits.address-rate", default: 5.0, in: rates,
        "Units a second that come back to an address, for public methods and refused credentials.")
    static let addressBurst = SettingKey(
        "gateway.limits.address-burst", default: 100, in: bursts,
        "Units that an address can spend at once, for public methods and refused credentials.")
    static let callerDenialRate = SettingKey(
        "gateway.limits.caller-denial-rate", default: 0.2, in: rates,
        "Refusals of a key or a user that are recorded in the audit log, each second; others are counted only.")
    static let callerDenialBurst = SettingKey(
        "gateway.limits.caller-denial-burst", default: 60, in: bursts,
        "Refusals of a key or a user that can be recorded at once.")
    static let organizationDenialRate = SettingKey(
        "gateway.limits.organization-denial-rate", default: 1.0, in: rates,
        "Refusals in an organization that are recorded in the audit log, each second; others are counted only.")
    static let organizationDenialBurst = SettingKey(
        "gateway.limits.organization-denial-burst", default: 300, in: bursts,
        "Refusals in an organization that can be recorded at once.")
    static let principalKeyRotation = SettingKey(
        "gateway.principal-key-rotation", default: Duration.seconds(86_400),
        in: .seconds(20)...Duration.seconds(30 * 86_400), "How long the gateway signs principals with one key.")

    private static let rates = 0.001...1_000_000.0
    private static let bursts = 1...1_000_000
}

/// What a guard has to be told.
public struct GuardConfiguration: Sendable {
    /// Budgets.
    public var limits = RateLimits()
    /// Between a signature's `created` and `expires` at most.
    public var signatureLifetime: Duration = .seconds(300)
    /// How far ahead clients' clocks may be.
    public var clockSkew: Duration = .seconds(5)
    /// Nonces that are remembered without Redis.
    public var maximumNonces = 1_000_000
    /// What gateways share; nil: this one is alone.
    public var redis: RedisAddress?
    /// The longest wait for it.
    public var redisTimeout: Duration = .milliseconds(250)
    /// What keys in it begin with.
    public var redisPrefix = "datavault:gateway:"
    /// Pauses after which an unknown key is looked for again, as it may have been made a moment ago; then it is refused.
    public var newKeyLooks: [Duration] = [.milliseconds(100), .milliseconds(150), .milliseconds(250)]
    /// How many refusals are recorded in the audit log: of a caller, and of an organization's callers together. Beyond that
    /// a caller is refused all the same, and a counter says how often.
    public var denials = {
        var limits = RateLimits()
        limits.caller = RateLimit(rate: 0.2, burst: 60)
        limits.organization = RateLimit(rate: 1, burst: 300)
        return limits
    }()
    /// How long a key signs principals.
    public var principalKeyRotation: Duration = .seconds(86_400)
    /// Proxies whose word is taken, for `ForwardedAddress`.
    public var trustedProxies: [NetworkBlock] = []

    /// The defaults.
    public init() {}

    /// The settings that it reads.
    public static let declarations: [SettingDeclaration] = [
        GuardSettings.redis.declaration, GuardSettings.redisTimeout.declaration,
        GuardSettings.redisPrefix.declaration, GuardSettings.trustedProxies.declaration,
        GuardSettings.signatureLifetime.declaration, GuardSettings.clockSkew.declaration,
        GuardSettings.maximumNonces.declaration, GuardSettings.callerRate.declaration,
        GuardSettings.callerBurst.declaration, GuardSettings.organizationRate.declaration,
        GuardSettings.organizationBurst.declaration, GuardSettings.addressRate.declaration,
        GuardSettings.addressBurst.declaration, GuardSettings.callerDenialRate.declaration,
        GuardSettings.callerDenialBurst.declaration, GuardSettings.organizationDenialRate.declaration,
        GuardSettings.organizationDenialBurst.declaration, GuardSettings.principalKeyRotation.declaration,
    ]

    /// Reads the settings.
    public init(_ settings: Settings) {
        limits.caller = RateLimit(
            rate: settings[GuardSettings.callerRate], burst: settings[GuardSettings.callerBurst])
        limits.organization = RateLimit(
            rate: settings[GuardSettings.organizationRate], burst: settings[GuardSettings.organizationBurst])
        limits.address = RateLimit(
            rate: settings[GuardSettings.addressRate], burst: settings[GuardSettings.addressBurst])
        denials.caller = RateLimit(
            rate: settings[GuardSettings.callerDenialRate], burst: settings[GuardSettings.callerDenialBurst])
        denials.organization = RateLimit(
            rate: settings[GuardSettings.organizationDenialRate], burst: settings[GuardSettings.organizationDenialBurst]
        )
        signatureLifetime = settings[GuardSettings.signatureLifetime]
        clockSkew = settings[GuardSettings.clockSkew]
        maximumNonces = settings[GuardSettings.maximumNonces]
        redis = settings[GuardSettings.redis]
        redisTimeout = settings[GuardSettings.redisTimeout]
        redisPrefix = settings[GuardSettings.redisPrefix]
        trustedProxies = settings[GuardSettings.trustedProxies]
        principalKeyRotation = settings[GuardSettings.principalKeyRotation]
    }

    /// What signatures are held against.
    var signatures: SignaturePolicy {
        SignaturePolicy(maxLifetime: signatureLifetime.milliseconds, clockSkew: clockSkew.milliseconds)
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
