/// Everything that a store is opened with. Each bound's default suits a role on one small machine.
public struct StoreConfiguration: Sendable {
    public enum Backend: Sendable {
        case sqlite(SQLiteConfiguration)
        case postgres(PostgresConfiguration)
    }

    public var backend: Backend
    /// What the store is called in metrics: its role, where a process has several.
    public var name = "store"
    public var pool = PoolConfiguration()
    public var limits = StoreLimits()
    public var retry = RetryConfiguration()

    public init(_ backend: Backend) { self.backend = backend }

    public static func sqlite(path: String) -> StoreConfiguration {
        StoreConfiguration(.sqlite(SQLiteConfiguration(path: path)))
    }

    public static func postgres(_ connection: String) -> StoreConfiguration {
        StoreConfiguration(.postgres(PostgresConfiguration(connection: connection)))
    }
}

/// Bounds of a pool of connections.
public struct PoolConfiguration: Sendable {
    /// Connections to PostgreSQL; on SQLite, connections that read, beside the one that writes.
    public var size = 8
    /// Callers that may wait for a connection; the next one is refused at once (`exhausted`). On SQLite also the
    /// writes that may wait for the writer.
    public var maximumWaiters = 1024
    /// How long a caller waits for a connection before `exhausted`.
    public var acquireTimeout: Duration = .seconds(5)
    /// A connection idle for longer is asked for a sign of life before it is used, and in the background.
    public var checkAfterIdle: Duration = .seconds(30)
    /// A connection idle for longer is closed.
    public var closeAfterIdle: Duration = .seconds(600)
    /// How often waiting callers, overdue statements and idle connections are looked at: the grain of those times.
    public var tick: Duration = .milliseconds(200)

    public init() {}
}

/// Bounds of statements and results.
public struct StoreLimits: Sendable {
    /// The longest that one statement may run.
    public var statementTimeout: Duration = .seconds(30)
    /// How much later than the server the client gives up on a statement, and on one that was cancelled: then the
    /// connection is closed, as the server answers to nothing.
    public var unresponsiveAfter: Duration = .seconds(5)
    /// The longest that a statement waits for another transaction's lock.
    public var lockTimeout: Duration = .seconds(5)
    /// The longest that a stream's consumer may leave its transaction idle between two batches.
    public var idleTransactionTimeout: Duration = .seconds(60)
    /// Rows that `all` returns at most; beyond it is an error (`invalid`): stream them.
    public var maximumRows = 10_000
    /// Rows that a stream's batch holds at most, whatever its caller asks for.
    public var maximumBatch = 10_000
    /// Prepared statements that a connection keeps, the least recently used going first.
    public var statementCacheSize = 256

    public init() {}
}

/// How transactions are tried again after `serialization`, and after a connection that broke before the commit.
public struct RetryConfiguration: Sendable {
    /// Attempts in all, the first included.
    public var attempts = 10
    /// The longest pause before the second attempt; doubled with each further one. The pause is random below it.
    public var firstPause: Duration = .milliseconds(2)
    /// The longest pause before any attempt.
    public var longestPause: Duration = .milliseconds(250)

    public init() {}
}

/// A SQLite file.
public struct SQLiteConfiguration: Sendable {
    /// The database file; its folder must exist.
    public var path: String
    /// Writes that share one transaction, hence one fsync, at most.
    public var groupSize = 512
    /// How long a group may go on taking members: what is not done by then goes into the next group.
    public var groupTime: Duration = .milliseconds(20)
    /// The size in bytes to which the write-ahead log is cut back after a checkpoint.
    public var journalSizeLimit = 64 << 20
    /// The pages (of 4 KiB) in the write-ahead log from which on they are moved into the file: more means that a page
    /// which changes often is moved less often, and that opening the file after a crash takes longer.
    public var checkpointPages = 4000
    /// The memory in KiB of each connection's page cache.
    public var cacheKiB = 4096

    public init(path: String) { self.path = path }
}

/// A PostgreSQL database, version 14 or later.
public struct PostgresConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// libpq's connection URI or keywords: `postgresql://user:password@host:5432/name?sslmode=verify-full`. Secret.
    public var connection: String
    /// Shown by the server in `pg_stat_activity`.
    public var applicationName = "datavault"
    /// How long a connection attempt may take, for each address; libpq rounds to whole seconds, at least two.
    public var connectTimeout: Duration = .seconds(5)

    public init(connection: String) { self.connection = connection }

    /// Without the connection string, which holds the password.
    public var description: String { "PostgreSQL as \(applicationName)" }
    public var debugDescription: String { description }
}
