/// What differs between the stores beneath the handles: how transactions reach a connection.
protocol Engine: Sendable {
    /// One attempt at a transaction that reads.
    func read<Result: Sendable>(
        scope: Scope, _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result

    /// One attempt at a transaction that writes.
    func write<Result: Sendable>(
        scope: Scope, mode: TransactionMode, _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result

    /// Runs the body with a connection that can change the schema, outside of a transaction.
    func exclusive<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result

    /// Where streams take their connections from.
    var readers: Pool { get }
    var load: StoreLoad { get }
    func close() async
}

/// How busy a store is.
public struct StoreLoad: Sendable, Hashable {
    /// Connections in use, and how many there may be.
    public var busy: Int
    public var size: Int
    /// Callers that wait for a connection.
    public var waiting: Int
}

extension Connection {
    /// A transaction from begin to commit.
    func transaction<Result>(
        _ mode: TransactionMode, scope: Scope, limits: StoreLimits,
        _ body: (borrowing Transaction) throws -> Result
    ) throws -> Result {
        try begin(mode, scope: scope)
        let result: Result
        let actions: [@Sendable () -> Void]
        do {
            let transaction = Transaction(connection: self, scope: scope, limits: limits)
            result = try body(transaction)
            actions = transaction.commitActions
            if let failure = transaction.failure { throw failure }
        } catch {
            rollback()
            throw error
        }
        try commit()
        for action in actions { action() }
        return result
    }
}
