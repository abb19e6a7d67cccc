/// An open transaction: what a closure given to `read` or `write` works with, synchronously, until it returns.
///
/// When a statement fails, the transaction has failed, on both stores: it can only be left, unless the statement stood
/// in a `savepoint`. It cannot be copied, hence not be kept beyond the closure.
public struct Transaction: ~Copyable {
    private let connection: any Connection
    private let scope: Scope
    private let limits: StoreLimits
    private let state = TransactionState()

    init(connection: any Connection, scope: Scope, limits: StoreLimits) {
        self.connection = connection
        self.scope = scope
        self.limits = limits
    }

    /// The organization whose scope this is, or nil in a system transaction: for code that serves both.
    public var organization: OrganizationID? {
        if case .organization(let organization) = scope { organization } else { nil }
    }

    /// Runs the body once the transaction has been committed, on the store's thread: for telling others in this process
    /// that there is something new. It is quick, and may be missed: a process can end in between.
    ///
    /// What a savepoint undoes, it forgets.
    public borrowing func afterCommit(_ body: @escaping @Sendable () -> Void) { state.commitActions.append(body) }

    /// What is to run after the commit.
    var commitActions: [@Sendable () -> Void] { state.commitActions }

    /// Runs a statement.
    ///
    /// - Returns: how many rows it inserted, changed or deleted.
    @discardableResult
    public borrowing func run(_ sql: SQL) throws(StoreError) -> Int {
        let (connection, statement) = (connection, try prepare(sql))
        return try guarded { () throws(StoreError) in try connection.run(statement) }
    }

    /// All rows of a statement, at most `StoreLimits.maximumRows`.
    public borrowing func all<Record: RowDecodable>(_ type: Record.Type, _ sql: SQL) throws -> [Record] {
        try rows(sql, maximum: limits.maximumRows).map { try Record(row: $0) }
    }

    /// The only row of a statement, or nil if there is none; more than one are an error.
    public borrowing func optional<Record: RowDecodable>(_ type: Record.Type, _ sql: SQL) throws -> Record? {
        try rows(sql, maximum: 1).first.map { try Record(row: $0) }
    }

    /// The only column of all rows.
    public borrowing func values<Value: SQLConvertible>(
        _ type: Value.Type, _ sql: SQL
    ) throws(StoreError) -> [Value] {
        var values: [Value] = []
        for row in try rows(sql, maximum: limits.maximumRows) { values.append(try Self.single(row)) }
        return values
    }

    /// The only column of the only row, or nil if there is none; for a column that can be null, ask for an optional.
    public borrowing func value<Value: SQLConvertible>(_ type: Value.Type, _ sql: SQL) throws(StoreError) -> Value? {
        guard let row = try rows(sql, maximum: 1).first else { return nil }
        // Named, or an optional would be asked for, and null be taken for no row.
        let value: Value = try Self.single(row)
        return value
    }

    /// Hands the rows of a statement on one by one, however many: batches of `batch` are in memory at a time.
    public borrowing func forEach<Record: RowDecodable>(
        _ type: Record.Type, _ sql: SQL, batch: Int = 500, _ body: (Record) throws -> Void
    ) throws {
        let (connection, statement) = (connection, try prepare(sql))
        let size = min(max(batch, 1), limits.maximumBatch)
        let cursor = try guarded { () throws(StoreError) in try connection.cursor(statement) }
        defer { cursor.close() }
        while true {
            let rows = try guarded { () throws(StoreError) in try cursor.next(size) }
            if rows.isEmpty { return }
            for row in rows { try body(Record(row: row)) }
        }
    }

    /// Runs the body so that an error in it undoes the body's changes only, and is thrown on.
    public borrowing func savepoint<Result>(_ body: (borrowing Transaction) throws -> Result) throws -> Result {
        if let failure = state.failure { throw Self.alreadyFailed(failure) }
        let connection = connection
        state.depth += 1
        let depth = state.depth
        let actions = state.commitActions.count
        defer { state.depth -= 1 }
        try guarded { () throws(StoreError) in try connection.control(.set(depth)) }
        do {
            let result = try body(self)
            // A failure that the body has swallowed undoes it all the same, as on PostgreSQL nothing else is possible.
            if let failure = state.failure { throw failure }
            try guarded { () throws(StoreError) in try connection.control(.release(depth)) }
            return result
        } catch {
            state.commitActions.removeLast(state.commitActions.count - actions)
            // What ends the transaction as a whole cannot be undone in part.
            if let failure = state.failure, !failure.leavesTransaction { throw error }
            try connection.control(.rollback(depth))
            try connection.control(.release(depth))
            state.failure = nil
            throw error
        }
    }

    /// The first error of a statement since the last savepoint, if any.
    var failure: StoreError? { state.failure }

    private borrowing func rows(_ sql: SQL, maximum: Int) throws(StoreError) -> [Row] {
        let (connection, statement) = (connection, try prepare(sql))
        return try guarded { () throws(StoreError) in try connection.rows(statement, maximum: maximum) }
    }

    private borrowing func prepare(_ sql: SQL) throws(StoreError) -> PreparedSQL {
        if let failure = state.failure { throw Self.alreadyFailed(failure) }
        return try PreparedSQL(sql, scope: scope)
    }

    private borrowing func guarded<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        do { return try body() } catch {
            state.failure = error
            throw error
        }
    }

    private static func single<Value: SQLConvertible>(_ row: Row) throws(StoreError) -> Value {
        guard row.columns.names.count == 1 else {
            throw StoreError(.invalid, "one column is wanted, not \(row.columns.names.joined(separator: ", "))")
        }
        return try row[row.columns.names[0]]
    }

    private static func alreadyFailed(_ failure: StoreError) -> StoreError {
        StoreError(.invalid, "the transaction has failed already; what may fail belongs in a savepoint: \(failure)")
    }
}

private final class TransactionState {
    var failure: StoreError?
    var depth = 0
    var commitActions: [@Sendable () -> Void] = []
}
