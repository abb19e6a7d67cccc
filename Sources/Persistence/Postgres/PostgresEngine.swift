import Logging

/// PostgreSQL: every transaction on a connection of one pool.
final class PostgresEngine: Engine {
    let readers: Pool
    private let limits: StoreLimits

    init(
        _ postgres: PostgresConfiguration, _ configuration: StoreConfiguration, _ metrics: StoreMetrics, logger: Logger
    ) {
        limits = configuration.limits
        let limits = limits
        readers = Pool(
            name: "postgres", size: configuration.pool.size, configuration: configuration.pool, metrics: metrics
        ) {
            do { return try PostgresConnection(postgres, limits: limits) } catch {
                logger.warning("cannot connect to PostgreSQL", metadata: ["error": "\(error)"])
                throw error
            }
        }
    }

    func read<Result: Sendable>(
        scope: Scope, _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result {
        try await write(scope: scope, mode: .read, body)
    }

    func write<Result: Sendable>(
        scope: Scope, mode: TransactionMode, _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result {
        let limits = limits
        return try await exclusive { try $0.transaction(mode, scope: scope, limits: limits, body) }
    }

    func exclusive<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await readers.withSlot { try await $0.perform(body) }
    }

    var load: StoreLoad {
        let load = readers.load
        return StoreLoad(busy: load.busy, size: readers.slots.count, waiting: load.waiting)
    }

    func close() async { await readers.close() }
}
