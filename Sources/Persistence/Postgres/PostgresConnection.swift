internal import CPostgres

/// Owner of one `PGconn`, used on its slot's queue only.
///
/// All waiting is `poll` with a deadline (`PostgresSocket`), so that a server which answers to nothing ends in an error
/// as one that is gone does.
final class PostgresConnection: Connection {
    private let socket: PostgresSocket
    private let limits: StoreLimits
    private var statements: StatementCache<StatementKey, String>
    private var prepared = 0
    private var cursors = 0
    private var openScope: Scope?

    /// The types are part of the key: the server settles a parameter's type when it prepares.
    private struct StatementKey: Hashable {
        var text: String
        var types: [Oid]
    }

    var canceller: any Canceller { socket.canceller }
    var isUsable: Bool { socket.isUsable }

    /// - Throws: `unavailable` with libpq's words.
    init(_ configuration: PostgresConfiguration, limits: StoreLimits) throws(StoreError) {
        socket = try PostgresSocket(configuration, limits: limits)
        self.limits = limits
        statements = StatementCache(capacity: limits.statementCacheSize)
        do throws(StoreError) {
            // What is acknowledged is on disk, whatever the server's or the database's default says.
            try script(
                """
                SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
                """)
            let version = unsafe PQserverVersion(socket.handle)
            guard version >= 140_000 else {
                throw StoreError(.invalid, "PostgreSQL 14 or later is needed, this is \(version / 10_000)")
            }
        } catch {
            socket.close()
            throw error
        }
    }

    func access<Result>(_ body: () throws -> Result) throws -> Result { try body() }

    func isAlive() -> Bool { socket.isAlive() }

    func check() throws(StoreError) { try script("SELECT 1") }

    func begin(_ mode: TransactionMode, scope: Scope) throws(StoreError) {
        let begin =
            switch mode.kind {
            case .read: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE"
            case .readCommitted: "BEGIN ISOLATION LEVEL READ COMMITTED"
            }
        do {
            switch scope {
            case .system:
                // One round trip: the setting ends with the transaction.
                try script("\(begin); SET LOCAL datavault.system = 'on'")
            case .organization(let organization):
                try script(begin)
                let setting = PreparedSQL(
                    unchecked: "SELECT set_config('datavault.organization', $1, true)",
                    values: [.text(organization.rawValue)])
                _ = try rows(setting, maximum: 1)
            }
        } catch {
            rollback()
            throw error
        }
    }

    func commit() throws(StoreError) {
        // What was cancelled before it was sent has not happened, which is more than not known.
        if socket.canceller.isCancelled { throw StoreError(.cancelled, "the caller's task was cancelled") }
        do throws(StoreError) {
            var tag = ""
            try socket.query("COMMIT") { tag = $0.commandTag }
            // What the server answers when the transaction had failed before.
            if tag == "ROLLBACK" { throw StoreError(.unexpected, "the transaction was rolled back, not committed") }
        } catch {
            if isUsable, unsafe PQtransactionStatus(socket.handle) != PQTRANS_IDLE { rollback() }
            guard !isUsable, error.code == nil else { throw error }
            throw StoreError(.outcomeUnknown, "the connection broke while committing: \(error.message)")
        }
    }

    func rollback() {
        guard isUsable else { return }
        guard unsafe PQtransactionStatus(socket.handle) != PQTRANS_IDLE else { return }
        do { try script("ROLLBACK") } catch { socket.fail() }
    }

    func control(_ savepoint: SavepointCommand) throws(StoreError) { try script(savepoint.text) }

    func script(_ text: String) throws(StoreError) { try socket.query(text) { _ in } }

    func lockMigrations() throws(StoreError) {
        // Any number will do that all runners use: "vaultmig" in ASCII.
        let lock = PreparedSQL(unchecked: "SELECT pg_try_advisory_xact_lock(8530220893208570215) AS locked")
        guard let row = try rows(lock, maximum: 1).first, try row["locked"] else {
            throw StoreError(.serialization, "another runner migrates this store")
        }
    }

    func run(_ statement: PreparedSQL) throws(StoreError) -> Int {
        var changed = 0
        try execute(statement, singleRows: false) { result throws(StoreError) in changed = result.changedRows }
        return changed
    }

    func rows(_ statement: PreparedSQL, maximum: Int) throws(StoreError) -> [Row] {
        var rows: [Row] = []
        try execute(statement, singleRows: true) { result throws(StoreError) in
            try result.appendRows(to: &rows)
            if rows.count > maximum {
                // The server is about to send the rest, however much it is.
                socket.fail()
                throw StoreError(.invalid, "more than \(maximum) rows: \(statement.text)")
            }
        }
        return rows
    }

    func cursor(_ statement: PreparedSQL) throws(StoreError) -> any RowCursor {
        cursors += 1
        let name = "cursor_\(cursors)"
        try SQLScanner.check(statement.text)
        // Not prepared for later: each cursor's text is another one.
        let parameters = PostgresParameters(statement.values)
        try socket.query("DECLARE \(name) NO SCROLL CURSOR FOR \(statement.text)", parameters) { _ in }
        return PostgresCursor(name: name, socket: socket)
    }

    func close() { socket.close() }

    private func execute(
        _ statement: PreparedSQL, singleRows: Bool, _ body: (borrowing PostgresResult) throws(StoreError) -> Void
    ) throws(StoreError) {
        let parameters = PostgresParameters(statement.values)
        let name = try prepare(statement.text, parameters.types)
        do {
            try socket.execute(name, parameters, singleRows: singleRows, body)
        } catch {
            // "Cached plan must not change result type", after a migration; or somebody has deallocated it.
            guard error.code == "0A000" || error.code == "26000" else { throw error }
            socket.fail()
            var error = error
            error.isTransient = true
            throw error
        }
    }

    private func prepare(_ text: String, _ types: [Oid]) throws(StoreError) -> String {
        let key = StatementKey(text: text, types: types)
        if let name = statements.find(key) { return name }
        try SQLScanner.check(text)
        prepared += 1
        let name = "s\(prepared)"
        try socket.prepare(name, text, types)
        if let evicted = statements.insert(name, for: key) { try script("DEALLOCATE \(evicted)") }
        return name
    }
}

/// A cursor within the open transaction, with which it ends.
final class PostgresCursor: RowCursor {
    private let name: String
    private let socket: PostgresSocket
    private var isFinished = false

    init(name: String, socket: PostgresSocket) {
        self.name = name
        self.socket = socket
    }

    func next(_ maximum: Int) throws(StoreError) -> [Row] {
        guard !isFinished else { return [] }
        var rows: [Row] = []
        try socket.query("FETCH FORWARD \(maximum) FROM \(name)") { result throws(StoreError) in
            try result.appendRows(to: &rows)
        }
        isFinished = rows.count < maximum
        return rows
    }

    func close() {
        guard socket.isUsable, unsafe PQtransactionStatus(socket.handle) == PQTRANS_INTRANS else { return }
        do { try socket.query("CLOSE \(name)") { _ in } } catch { socket.fail() }
    }
}
