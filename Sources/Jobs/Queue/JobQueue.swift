import Foundation
public import Persistence

/// The queue in a store's tables: enqueues, and answers operators. Workers claim from it.
///
/// One for each store and process: what is enqueued through it wakes the workers that were made with it at once.
public final class JobQueue: Sendable {
    public let store: Store
    public let configuration: JobsConfiguration
    public let environment: JobEnvironment
    let metrics: JobMetrics
    let signals = WorkerSignals()

    public init(
        _ store: Store, configuration: JobsConfiguration = JobsConfiguration(),
        environment: JobEnvironment = JobEnvironment()
    ) {
        self.store = store
        self.configuration = configuration
        self.environment = environment
        metrics = JobMetrics()
    }

    var now: Date { environment.now() }

    /// Rows that others have locked are theirs; on SQLite there are no others while one writes.
    var skipLocked: SQL { store.kind == .postgres ? " FOR UPDATE SKIP LOCKED" : "" }
    var forUpdate: SQL { store.kind == .postgres ? " FOR UPDATE" : "" }

    /// Plans that are made while the table is empty, and kept, would read all of it when it is full.
    func planForGrowth(_ tx: borrowing Transaction) throws {
        if store.kind == .postgres { try tx.run("SET LOCAL enable_seqscan = off") }
    }
}

extension SystemReason {
    static let enqueueJobs = SystemReason("enqueue jobs of the service itself")
    static let runJobs = SystemReason("claim and finish jobs")
    static let keepJobs = SystemReason("rescue, promote and remove jobs")
    static let inspectJobs = SystemReason("show the queue to operators")
    static let scheduleJobs = SystemReason("enqueue what schedules say")
    static let relayOutbox = SystemReason("relay the outbox")
}
