import Dispatch
import Synchronization

/// A place in a pool: one connection at most, and the queue on which it is opened and used, so that a database that is
/// slow to answer holds up one thread of a bounded number, never a caller's.
final class Slot: Sendable {
    private struct Current {
        var nextID: UInt64 = 0
        /// The operation that runs; 0 is one without a task that could be cancelled.
        var running: UInt64?
        /// Operations cancelled before they have run.
        var cancelled: Set<UInt64> = []
        var canceller: (any Canceller)?
    }

    /// What is touched on the queue only.
    private struct Confined {
        var connection: (any Connection)?
        var lastUse = ContinuousClock.now
        /// When the database last gave a sign of life, asked for or not.
        var lastSign = ContinuousClock.now
    }

    let queue: DispatchQueue
    private let connect: @Sendable () throws -> any Connection
    private let configuration: PoolConfiguration
    private let current = Mutex(Current())
    // The queue is serial, and nothing else touches it.
    private nonisolated(unsafe) var confined = Confined()

    init(label: String, configuration: PoolConfiguration, connect: @escaping @Sendable () throws -> any Connection) {
        queue = DispatchQueue(label: label)
        self.configuration = configuration
        self.connect = connect
    }

    /// Runs the body on the slot's queue with a live connection; the caller's cancellation ends it.
    ///
    /// - Throws: `unavailable` if no connection can be made, `cancelled`, or what the body throws.
    func perform<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        let id = current.withLock { current in
            current.nextID += 1
            return current.nextID
        }
        // Outside of the handler's reach: a cancellation that comes at the very end would leave its mark behind.
        defer { current.withLock { _ = $0.cancelled.remove(id) } }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { continuation.resume(with: Swift.Result { try self.run(id, body) }) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// On the slot's queue: as `perform`, for callers that are there already.
    func run<Result>(_ id: UInt64 = 0, _ body: (any Connection) throws -> Result) throws -> Result {
        let connection = try connected()
        connection.canceller.reset()
        let isCancelled = current.withLock { current in
            current.canceller = connection.canceller
            current.running = id
            return current.cancelled.contains(id)
        }
        defer {
            current.withLock { $0.running = nil }
            used()
            if !connection.isUsable { disconnect() }
        }
        if isCancelled { throw StoreError(.cancelled, "the caller's task was cancelled") }
        return try connection.access { try body(connection) }
    }

    /// Cancels an operation, if it is still the one that runs or is about to.
    private func cancel(_ id: UInt64) {
        current.withLock { current in
            current.cancelled.insert(id)
            if current.running == id { current.canceller?.cancel() }
        }
    }

    /// Ends a statement that is overdue; called at each tick.
    func checkDeadline(now: ContinuousClock.Instant) {
        current.withLock { if $0.running != nil { $0.canceller?.checkDeadline(now: now) } }
    }

    /// On the slot's queue, with the slot out of the pool: asks an idle connection for a sign of life, or closes it.
    func maintain() {
        guard let connection = unsafe confined.connection else { return }
        let now = ContinuousClock.now
        if unsafe now - confined.lastUse > configuration.closeAfterIdle || !connection.isAlive() {
            disconnect()
        } else if unsafe now - confined.lastSign > configuration.checkAfterIdle, (try? check(connection)) == nil {
            disconnect()
        }
    }

    /// On the slot's queue: runs the body if there still is a connection.
    func finish(_ body: (any Connection) -> Void) {
        guard let connection = unsafe confined.connection else { return }
        connection.canceller.reset()
        do { try connection.access { body(connection) } } catch { disconnect() }
        used()
        if !connection.isUsable { disconnect() }
    }

    /// Closes the connection after what is queued.
    func close() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.disconnect()
                continuation.resume()
            }
        }
    }

    private func connected() throws -> any Connection {
        if let connection = unsafe confined.connection {
            let silence = unsafe ContinuousClock.now - confined.lastSign
            let isAlive = connection.isUsable && connection.isAlive()
            if isAlive, silence <= configuration.checkAfterIdle || (try? check(connection)) != nil { return connection }
            disconnect()
        }
        let connection = try connect()
        used()
        unsafe confined.connection = connection
        return connection
    }

    private func check(_ connection: any Connection) throws {
        connection.canceller.reset()
        try connection.access { try connection.check() }
        unsafe confined.lastSign = .now
    }

    private func used() {
        let now = ContinuousClock.now
        unsafe confined.lastUse = now
        unsafe confined.lastSign = now
    }

    private func disconnect() {
        current.withLock { $0.canceller = nil }
        unsafe confined.connection?.close()
        unsafe confined.connection = nil
    }
}
