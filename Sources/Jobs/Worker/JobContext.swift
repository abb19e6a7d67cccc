public import Persistence
import Synchronization

/// What a handler has beside its payload.
public final class JobContext: Sendable {
    struct Progress: Sendable, Equatable {
        var fraction: Double?
        var note: String?
    }

    private struct State {
        var progress: Progress?
        var isCompleted = false
    }

    public let job: Job
    private let queue: JobQueue
    private let state = Mutex(State())

    init(_ job: Job, _ queue: JobQueue) {
        self.job = job
        self.queue = queue
    }

    /// The store on behalf of the job's organization, or the service's own for a job that has none.
    public var store: StoreHandle {
        job.organization.map { queue.store.scoped($0) } ?? queue.store.system(.runJobs)
    }

    /// Commits the job's effects and its end in one transaction: they happen exactly once, whatever happens to workers.
    ///
    /// For effects outside of the store there is no such thing: they can happen again, and must be keyed by the job's
    /// id at the other end.
    ///
    /// - Throws: `JobError.leaseLost` if somebody else may run the job by now; then nothing of it has happened.
    @discardableResult
    public func complete<Result: Sendable>(
        _ mode: TransactionMode = .serializable,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result {
        let (queue, job) = (queue, job)
        let result = try await store.write(mode) { tx in
            let result = try body(tx)
            try queue.complete(job, at: queue.now, tx)
            return result
        }
        state.withLock { $0.isCompleted = true }
        return result
    }

    /// A transaction on the way, which happens only while this worker has the job.
    ///
    /// - Throws: `JobError.leaseLost`, as `complete`.
    @discardableResult
    public func write<Result: Sendable>(
        _ mode: TransactionMode = .serializable,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Result
    ) async throws -> Result {
        let (queue, job) = (queue, job)
        return try await store.write(mode) { tx in
            try queue.assertClaim(job, tx)
            return try body(tx)
        }
    }

    /// Says how far the job is, for others to see: written at intervals, the latest report of each.
    ///
    /// - Parameters:
    ///   - fraction: within 0...1.
    ///   - note: a few words.
    public func report(_ fraction: Double?, _ note: String? = nil) {
        let fraction = fraction.map { $0.isNaN ? 0 : min(max($0, 0), 1) }
        let note = note.map { JobQueue.trim($0, to: queue.configuration.maximumNote) }
        state.withLock { $0.progress = Progress(fraction: fraction, note: note) }
    }

    var isCompleted: Bool { state.withLock { $0.isCompleted } }

    /// What was reported and not yet taken to be written.
    func takeProgress() -> Progress? {
        state.withLock { state in
            defer { state.progress = nil }
            return state.progress
        }
    }
}
