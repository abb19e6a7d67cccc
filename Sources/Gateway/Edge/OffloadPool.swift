import NIOPosix
import Synchronization
import Wire

/// Threads for what would hold an event loop up: large bodies. What waits for them is bounded.
final class OffloadPool: Sendable {
    private let pool: NIOThreadPool
    private let limit: Int
    private let waiting = Atomic<Int>(0)

    init(threads: Int, limit: Int) {
        pool = NIOThreadPool(numberOfThreads: max(1, threads))
        self.limit = limit
        pool.start()
    }

    /// Runs `body` on a thread of the pool.
    ///
    /// - Throws: OVERLOADED if too much waits; what `body` throws.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws(RPCError) -> Result
    ) async throws(RPCError) -> Result {
        guard waiting.add(1, ordering: .relaxed).newValue <= limit else {
            waiting.subtract(1, ordering: .relaxed)
            throw .overloaded
        }
        defer { waiting.subtract(1, ordering: .relaxed) }
        do { return try await pool.runIfActive { try body() } } catch let error as RPCError { throw error } catch {
            throw .overloaded
        }
    }

    func shutDown() async { try? await pool.shutdownGracefully() }
}
