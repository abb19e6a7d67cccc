/// Bounds of the queue's tables, for all who enqueue and look.
public struct JobsConfiguration: Sendable {
    /// A payload's bytes. Larger things belong into object storage, and their address here.
    public var maximumPayload = 256 << 10
    /// The length in bytes of a kind, unique key, limit key or initiator.
    public var maximumName = 512
    /// Jobs in one call of `enqueue`.
    public var maximumBatch = 10_000
    /// The highest number of attempts that a job may ask for.
    public var maximumAttempts = 1000
    /// Bytes of an error that are kept, and of a progress note.
    public var maximumError = 2000
    public var maximumNote = 500
    /// Failed attempts that are kept of a job, the latest.
    public var maximumHistory = 20
    /// Jobs on one page of a list.
    public var maximumPage = 1000
    /// Up to where jobs of a state and kind are counted: beyond, a count is a lower bound.
    public var countLimit = 100_000
    /// How long finished jobs are kept. Zero removes a job with its end.
    public var keepSucceeded: Duration = .seconds(24 * 3600)
    public var keepCancelled: Duration = .seconds(7 * 24 * 3600)
    public var keepDead: Duration = .seconds(30 * 24 * 3600)
    /// How long a limit key that nobody waits for is remembered.
    public var keepLimits: Duration = .seconds(3600)
    /// Rows that one transaction of the housekeeping changes at most: removed, rescued, promoted, opened.
    public var maintenanceBatch = 500

    public init() {}
}

/// Bounds of one worker.
public struct WorkerConfiguration: Sendable {
    /// Shown to operators: the host's name, for instance.
    public var name = "worker"
    /// Jobs that run at the same time, of all kinds.
    public var concurrency = 64
    /// Jobs that one claim takes at most.
    public var claimBatch = 256
    /// Ends of jobs that wait to be written at most; while so many wait, nothing is claimed.
    public var maximumUnwritten = 2048
    /// How long a worker owns its jobs after its last sign of life.
    public var lease: Duration = .seconds(30)
    /// Between two signs of life; also the longest until a worker elsewhere sees a cancellation.
    public var heartbeat: Duration = .seconds(5)
    /// How often other processes' jobs are looked for when there is nothing to do. Jobs that this process enqueues,
    /// and jobs whose time comes, are seen at once.
    public var poll: Duration = .milliseconds(250)
    /// Between two rounds of housekeeping: rescue, retention, depth metrics.
    public var maintenance: Duration = .seconds(10)
    /// How often running jobs are looked at for their timeouts: the grain of those times.
    public var timeoutGrain: Duration = .milliseconds(100)
    /// How long a handler that was cancelled for its timeout may take to end; then the job is given up, while the
    /// handler's place stays taken until it returns.
    public var timeoutGrace: Duration = .seconds(5)
    /// How long running jobs may go on after shutdown began; then they are cancelled.
    public var drain: Duration = .seconds(20)
    /// How long cancelled jobs may take to end at shutdown; then their leases are given back all the same.
    public var drainGrace: Duration = .seconds(3)
    /// Between two looks at a limit key that is full, in case that the worker which freed it died before it said so.
    public var limitRecheck: Duration = .seconds(5)
    /// Before the store is tried again after an error.
    public var storeBackoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
    /// The least time between two progress reports of a job that are written.
    public var progressInterval: Duration = .seconds(1)

    public init() {}
}
