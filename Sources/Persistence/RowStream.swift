import Dispatch

/// A query's rows in batches, as an asynchronous sequence of arrays.
public struct RowStream<Record: RowDecodable>: AsyncSequence {
    let handle: StoreHandle
    let sql: SQL
    let batch: Int

    public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    public struct Iterator: AsyncIteratorProtocol {
        private let stream: RowStream
        private var source: StreamSource?
        private var isFinished = false

        init(stream: RowStream) { self.stream = stream }

        /// - Throws: `StoreError`, or what making a record throws; the stream is over then.
        public mutating func next() async throws -> [Record]? {
            guard !isFinished else { return nil }
            do {
                let source = try await open()
                let rows = try await source.next(stream.batch)
                if !rows.isEmpty { return try rows.map { try Record(row: $0) } }
                isFinished = true
                self.source = nil
                return nil
            } catch {
                isFinished = true
                source = nil
                throw error
            }
        }

        private mutating func open() async throws -> StreamSource {
            if let source { return source }
            let stream = stream
            // Nothing has been handed on yet, so a connection that proves dead costs nothing but another attempt.
            let opened = try await retrying(
                stream.handle.store.configuration.retry, stream.handle.store.metrics
            ) {
                try await StreamSource.open(stream.handle, stream.sql)
            }
            source = opened
            return opened
        }
    }
}

/// A connection out of the pool with an open cursor; it goes back when this is dropped.
final class StreamSource: Sendable {
    /// What is touched on the slot's queue only.
    private final class Confined: @unchecked Sendable {
        var cursor: (any RowCursor)?
        var connection: (any Connection)?
        var lastUse = ContinuousClock.now
    }

    private let pool: Pool
    private let slot: Slot
    private let confined = Confined()
    private let limits: StoreLimits

    private init(pool: Pool, slot: Slot, limits: StoreLimits) {
        self.pool = pool
        self.slot = slot
        self.limits = limits
    }

    static func open(_ handle: StoreHandle, _ sql: SQL) async throws -> StreamSource {
        let pool = handle.store.engine.readers
        let statement = try PreparedSQL(sql, scope: handle.scope)
        let source = StreamSource(
            pool: pool, slot: try await pool.acquire(), limits: handle.store.configuration.limits)
        let (confined, scope) = (source.confined, handle.scope)
        try await source.slot.perform { connection in
            try connection.begin(.read, scope: scope)
            confined.connection = connection
            confined.cursor = try connection.cursor(statement)
            confined.lastUse = .now
        }
        return source
    }

    func next(_ maximum: Int) async throws -> [Row] {
        let (confined, limit) = (confined, limits.idleTransactionTimeout)
        return try await slot.perform { connection in
            // The slot may have had to connect anew: what was open is gone then.
            guard let cursor = confined.cursor, confined.connection === connection else {
                throw StoreError(.unavailable, "the connection broke between two batches")
            }
            guard ContinuousClock.now - confined.lastUse <= limit else {
                throw StoreError(.timeout, "the stream's consumer took longer than \(limit) between two batches")
            }
            defer { confined.lastUse = .now }
            return try cursor.next(maximum)
        }
    }

    deinit {
        let (pool, slot, confined) = (pool, slot, confined)
        slot.queue.async {
            slot.finish {
                guard confined.connection === $0 else { return }
                confined.cursor?.close()
                $0.rollback()
            }
            confined.cursor = nil
            confined.connection = nil
            pool.release(slot)
        }
    }
}
