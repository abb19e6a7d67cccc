import Foundation
import GRDB
import Synchronization

/// One connection to a SQLite file through GRDB, used on its slot's queue only.
final class SQLiteConnection: Connection {
    enum Role: Sendable { case reader, writer }

    private let queue: DatabaseQueue
    private let role: Role
    private let limits: StoreLimits
    private let interrupter: SQLiteInterrupter
    private let scope: SQLiteScope
    private var statements: StatementCache<String, GRDB.Statement>
    /// Set while `access` runs.
    private var database: Database?

    var canceller: any Canceller { interrupter }
    private(set) var isUsable = true

    init(_ configuration: SQLiteConfiguration, role: Role, limits: StoreLimits) throws(StoreError) {
        let scope = SQLiteScope()
        var options = Configuration()
        options.readonly = role == .reader
        options.journalMode = role == .writer ? .wal : .default
        options.busyMode = .timeout(limits.lockTimeout / .seconds(1))
        // Transactions are opened and closed in separate accesses.
        options.allowsUnsafeTransactions = true
        options.prepareDatabase { database in
            try database.execute(sql: "PRAGMA cache_size = -\(configuration.cacheKiB)")
            try database.execute(sql: "PRAGMA journal_size_limit = \(configuration.journalSizeLimit)")
            try database.execute(sql: "PRAGMA wal_autocheckpoint = \(configuration.checkpointPages)")
            try database.execute(sql: "PRAGMA trusted_schema = ON")
            database.add(function: scope.function)
        }
        do {
            queue = try DatabaseQueue(path: configuration.path, configuration: options)
            try queue.inDatabase { database in
                // After GRDB's own settings, which lower it to NORMAL with WAL: what is acknowledged must be on disk.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try Self.assertDurable(database, role: role)
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw SQLiteErrors.error(error, role: role, interruption: nil, database: nil)
        }
        self.role = role
        self.limits = limits
        self.scope = scope
        interrupter = SQLiteInterrupter(queue, statementTimeout: limits.statementTimeout)
        statements = StatementCache(capacity: limits.statementCacheSize)
    }

    /// Settings can fail without an error, for instance WAL on a network file system.
    private static func assertDurable(_ database: Database, role: Role) throws {
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
        let journal = try String.fetchOne(database, sql: "PRAGMA journal_mode")
        guard synchronous == 2 else {
            throw StoreError(.unexpected, "SQLite refused synchronous = FULL, it is \(synchronous ?? -1)")
        }
        guard journal == "wal" || role == .reader else {
            throw StoreError(.unexpected, "SQLite refused the write-ahead log, the journal is \(journal ?? "unknown")")
        }
    }

    func access<Result>(_ body: () throws -> Result) throws -> Result {
        try queue.inDatabase { database in
            self.database = database
            defer { self.database = nil }
            return try body()
        }
    }

    func isAlive() -> Bool { isUsable }

    func check() throws(StoreError) { try script("SELECT 1") }

    var isInsideTransaction: Bool { database?.isInsideTransaction ?? false }

    func begin(_ mode: TransactionMode, scope: Scope) throws(StoreError) {
        enter(scope)
        // Whoever will write takes the lock at once: a reader that becomes a writer late could only fail.
        let isRead = mode == .read
        try perform { try $0.beginTransaction(isRead ? .deferred : .immediate) }
    }

    /// Whose rows the triggers of isolated tables let pass from here on.
    func enter(_ scope: Scope) { self.scope.set(scope) }

    func commit() throws(StoreError) {
        do { try perform { try $0.commit() } } catch {
            rollback()
            throw error
        }
    }

    func rollback() {
        interrupter.reset()
        do { try perform { try $0.rollback() } } catch { isUsable = false }
    }

    /// Prepared once, as each write has a savepoint of its own.
    func control(_ savepoint: SavepointCommand) throws(StoreError) {
        try perform { database in
            if let statement = statements.find(savepoint.text) {
                try statement.execute()
            } else {
                let statement = try database.makeStatement(sql: savepoint.text)
                _ = statements.insert(statement, for: savepoint.text)
                try statement.execute()
            }
        }
    }

    func script(_ text: String) throws(StoreError) { try perform { try $0.execute(sql: text) } }

    /// Nothing to do: a transaction that writes is alone.
    func lockMigrations() throws(StoreError) {}

    func run(_ statement: PreparedSQL) throws(StoreError) -> Int {
        try performPrepared(statement) { database, prepared in
            let before = database.totalChangesCount
            try prepared.execute()
            // Of a statement that changes nothing, changesCount would still tell of the one before.
            return database.totalChangesCount == before ? 0 : database.changesCount
        }
    }

    func rows(_ statement: PreparedSQL, maximum: Int) throws(StoreError) -> [Row] {
        try performPrepared(statement) { _, prepared in
            let cursor = try SQLiteRows(prepared)
            // An INSERT … RETURNING takes effect as a whole, also when its rows are not taken.
            let rows = try cursor.next(maximum &+ 1)
            guard rows.count <= maximum else {
                throw StoreError(.invalid, "more than \(maximum) rows: \(statement.text)")
            }
            return rows
        }
    }

    func cursor(_ statement: PreparedSQL) throws(StoreError) -> any RowCursor {
        try perform { database in
            try SQLScanner.check(statement.text)
            // Not out of the cache: the same statement may be run again while the cursor is open.
            let prepared = try database.makeStatement(sql: statement.text)
            try Self.bind(statement, to: prepared)
            return SQLiteCursor(connection: self, rows: try SQLiteRows(prepared))
        }
    }

    func close() {
        interrupter.invalidate()
        statements.removeAll()
        do { try queue.close() } catch { isUsable = false }
    }

    /// Runs the body with the statement's time counted, and turns SQLite's errors into the store's.
    func perform<Result>(_ body: (Database) throws -> Result) throws(StoreError) -> Result {
        guard let database else { throw StoreError(.unexpected, "the connection is used outside of its queue") }
        try interrupter.begin()
        defer { interrupter.end() }
        do { return try body(database) } catch let error as StoreError {
            throw error
        } catch {
            var mapped = SQLiteErrors.error(
                error, role: role, interruption: interrupter.interruption, database: database)
            mapped.leavesTransaction = database.isInsideTransaction
            if mapped.reason == .corrupt || (error as? DatabaseError)?.resultCode == .SQLITE_IOERR { isUsable = false }
            throw mapped
        }
    }

    private func performPrepared<Result>(
        _ statement: PreparedSQL, _ body: (Database, GRDB.Statement) throws -> Result
    ) throws(StoreError) -> Result {
        do {
            return try perform { database in
                let prepared = try self.prepare(statement.text, database)
                try Self.bind(statement, to: prepared)
                return try body(database, prepared)
            }
        } catch {
            // A statement that failed says so again when it is reset: GRDB can use it no more.
            statements.remove(statement.text)
            throw error
        }
    }

    private func prepare(_ text: String, _ database: Database) throws -> GRDB.Statement {
        if let statement = statements.find(text) { return statement }
        try SQLScanner.check(text)
        let statement = try database.makeStatement(sql: text)
        _ = statements.insert(statement, for: text)
        return statement
    }

    private static func bind(_ statement: PreparedSQL, to prepared: GRDB.Statement) throws {
        let values = statement.values.map(databaseValue)
        try prepared.setArguments(StatementArguments(values))
    }

    private static func databaseValue(_ value: SQLValue) -> DatabaseValue {
        switch value {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .real(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        case .boolean(let flag): (flag ? 1 : 0).databaseValue
        }
    }
}

/// Whose rows may be written at the moment, as the triggers of isolated tables see it.
private final class SQLiteScope: Sendable {
    private let organization = Mutex<String?>(nil)

    func set(_ scope: Scope) {
        organization.withLock { organization in
            if case .organization(let id) = scope { organization = id.rawValue } else { organization = nil }
        }
    }

    /// `datavault_organization()`: null in system transactions.
    var function: DatabaseFunction {
        DatabaseFunction("datavault_organization", argumentCount: 0) { _ in self.organization.withLock { $0 } }
    }
}
