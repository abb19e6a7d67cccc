/// Transactions of one scope.
///
/// Closures run on the store's threads, not on the caller's, and may run more than once: they do nothing but work with
/// the transaction and what they are given. No RPC inside one. The caller's cancellation ends the running statement.
public struct StoreHandle: Sendable {
    let store: Store
    let scope: Scope

    /// Runs a transaction that only reads, from one state of the store.
    ///
    /// - Throws: `StoreError`, or what the closure throws.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result {
        try await store.metrics.measured(.read) {
            try await retrying(store.configuration.retry, store.metrics) {
                try await store.engine.read(scope: scope, body)
            }
        }
    }

    /// Runs a transaction that writes. When it returns, the change is on disk.
    ///
    /// - Throws: `StoreError`, or what the closure throws, which undoes the transaction.
    @discardableResult
    public func write<Result: Sendable>(
        _ mode: TransactionMode = .serializable,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result {
        try await store.metrics.measured(.write) {
            try await retrying(store.configuration.retry, store.metrics) {
                try await store.engine.write(scope: scope, mode: mode, body)
            }
        }
    }

    /// The rows of a statement in batches, read from one state of the store as they are asked for.
    ///
    /// A stream holds a connection from its first batch until its end, or until its iterator is dropped.
    public func stream<Record: RowDecodable>(_ type: Record.Type, _ sql: SQL, batch: Int = 500) -> RowStream<Record> {
        let size = min(max(batch, 1), store.configuration.limits.maximumBatch)
        return RowStream(handle: self, sql: sql, batch: size)
    }
}
