import Dispatch
import Logging

/// SQLite: a pool of connections that read, and one that writes.
final class SQLiteEngine: Engine {
    let readers: Pool
    private let writer: SQLiteWriter
    private let limits: StoreLimits

    init(
        _ sqlite: SQLiteConfiguration, _ configuration: StoreConfiguration, _ metrics: StoreMetrics, logger: Logger
    ) throws {
        let (limits, pool) = (configuration.limits, configuration.pool)
        self.limits = limits
        let slot = Slot(label: "datavault.sqlite.writer", configuration: pool) {
            do { return try SQLiteConnection(sqlite, role: .writer, limits: limits) } catch {
                logger.error("cannot open the SQLite file", metadata: ["path": "\(sqlite.path)", "error": "\(error)"])
                throw error
            }
        }
        // Readers need the file and its log: the writer makes them, and says at once what is wrong with them.
        try slot.queue.sync { try slot.run { try $0.check() } }
        writer = SQLiteWriter(slot: slot, sqlite, pool: pool, metrics: metrics)
        readers = Pool(name: "sqlite.reader", size: pool.size, configuration: pool, metrics: metrics) {
            try SQLiteConnection(sqlite, role: .reader, limits: limits)
        }
    }

    func read<Result: Sendable>(
        scope: Scope, _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result {
        let limits = limits
        return try await readers.withSlot { slot in
            try await slot.perform { try $0.transaction(.read, scope: scope, limits: limits, body) }
        }
    }

    func write<Result: Sendable>(
        scope: Scope, mode: TransactionMode, _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result {
        try await writer.write(scope: scope, limits: limits, body)
    }

    func exclusive<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await writer.slot.perform(body)
    }

    var load: StoreLoad {
        let (readers, writer) = (self.readers.load, writer.load)
        return StoreLoad(
            busy: readers.busy + (writer.busy ? 1 : 0), size: self.readers.slots.count + 1,
            waiting: readers.waiting + writer.waiting)
    }

    func close() async {
        await writer.close()
        await readers.close()
    }
}
