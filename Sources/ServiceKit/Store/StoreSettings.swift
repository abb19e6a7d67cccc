public import Persistence

/// A role's database.
public struct StoreSettings: Sendable {
    /// Where it is.
    public let url: SettingKey<String>
    /// As whom migrations run.
    public let migrationURL: SettingKey<String>
    /// Who owns nothing.
    public let runtimeRole: SettingKey<String>
    /// Connections.
    public let poolSize: SettingKey<Int>
    /// Callers that may wait.
    public let maximumWaiters: SettingKey<Int>
    /// How long they may.
    public let acquireTimeout: SettingKey<Duration>
    /// The longest statement.
    public let statementTimeout: SettingKey<Duration>

    private static let form = "sqlite:PATH or postgresql://…"

    private static func isURL(_ text: String) -> Bool {
        text.isEmpty || text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
            || text.hasPrefix("sqlite:") && text.count > "sqlite:".count
    }

    /// The settings of a role's store.
    public init(role: String) {
        url = SettingKey(
            "\(role).store.url", default: "", secret: true,
            "The database: `sqlite:PATH`, or `postgresql://USER:PASSWORD@HOST/NAME`. Empty: `\(role).db` in `data.folder`.",
            mustBe: Self.form, Self.isURL)
        migrationURL = SettingKey(
            "\(role).store.migration-url", default: "", secret: true,
            "The same database as the user who owns its tables, for `datavault migrate`. Empty: as `\(role).store.url`.",
            mustBe: Self.form, Self.isURL)
        runtimeRole = SettingKey(
            "\(role).store.runtime-role", default: "",
            "PostgreSQL's user of `\(role).store.url`, whom `datavault migrate` grants what the service needs, if another "
                + "one migrates.")
        poolSize = SettingKey(
            "\(role).store.pool-size", default: PoolConfiguration().size, in: 1...1_000,
            "Connections to PostgreSQL, or reading ones to SQLite.")
        maximumWaiters = SettingKey(
            "\(role).store.maximum-waiters", default: PoolConfiguration().maximumWaiters, in: 0...1_000_000,
            "Callers that may wait for a connection; the next one is refused with RESOURCE_EXHAUSTED.")
        acquireTimeout = SettingKey(
            "\(role).store.acquire-timeout", default: PoolConfiguration().acquireTimeout,
            in: Duration.milliseconds(1)...Duration.seconds(3_600), "How long a caller waits for a connection.")
        statementTimeout = SettingKey(
            "\(role).store.statement-timeout", default: StoreLimits().statementTimeout,
            in: Duration.milliseconds(1)...Duration.seconds(86_400), "The longest that one statement may run.")
    }

    /// All of them, for a schema.
    public var declarations: [SettingDeclaration] {
        [
            url.declaration, migrationURL.declaration, runtimeRole.declaration, poolSize.declaration,
            maximumWaiters.declaration, acquireTimeout.declaration, statementTimeout.declaration,
        ]
    }

    /// What the store is opened with.
    ///
    /// - Parameters:
    ///   - defaultPath: SQLite's file where no URL is set.
    ///   - isMigrating: Whether as the owner of the tables.
    public func configuration(_ settings: Settings, defaultPath: String, isMigrating: Bool = false)
        -> StoreConfiguration
    {
        var url = settings[url]
        if isMigrating, !settings[migrationURL].isEmpty { url = settings[migrationURL] }
        var configuration: StoreConfiguration
        if url.isEmpty {
            configuration = .sqlite(path: defaultPath)
        } else if url.hasPrefix("sqlite:") {
            configuration = .sqlite(path: String(url.dropFirst("sqlite:".count)))
        } else {
            configuration = .postgres(url)
        }
        configuration.pool.size = settings[poolSize]
        configuration.pool.maximumWaiters = settings[maximumWaiters]
        configuration.pool.acquireTimeout = settings[acquireTimeout]
        configuration.limits.statementTimeout = settings[statementTimeout]
        return configuration
    }
}
