public import Foundation

/// A job to be enqueued.
public struct JobRequest: Sendable, Hashable {
    public var kind: String
    public var payload: [UInt8]
    public var options: JobOptions

    public init(kind: String, payload: [UInt8], options: JobOptions = JobOptions()) {
        self.kind = kind
        self.payload = payload
        self.options = options
    }
}

/// How a job is to be run.
public struct JobOptions: Sendable, Hashable {
    /// When the job may start at the earliest.
    public enum Start: Sendable, Hashable {
        case now
        case after(Duration)
        case at(Date)
    }

    /// Jobs of one kind start in the order of this number, the lowest first, and of their ids.
    public var priority = 0
    public var start = Start.now
    /// As long as a job of the organization, kind and unique key is not finished, enqueueing another returns that one.
    public var uniqueKey: String?
    public var limit: JobLimit?
    /// Attempts in all, the first included, also those that ended with their worker.
    public var maximumAttempts = 20

    public init(
        priority: Int = 0, start: Start = .now, uniqueKey: String? = nil, limit: JobLimit? = nil,
        maximumAttempts: Int = 20
    ) {
        self.priority = priority
        self.start = start
        self.uniqueKey = uniqueKey
        self.limit = limit
        self.maximumAttempts = maximumAttempts
    }
}

/// What jobs of a kind that share a key share, across all workers: "at most two at a time for this host, and one a
/// second". If jobs of one key say different bounds, each goes by its own.
public struct JobLimit: Sendable, Hashable {
    /// Free text; contains the organization if it is not to be shared between organizations.
    public var key: String
    /// How many run at the same time.
    public var concurrency: Int?
    public var rate: JobRate?

    public init(key: String, concurrency: Int? = nil, rate: JobRate? = nil) {
        self.key = key
        self.concurrency = concurrency
        self.rate = rate
    }
}

/// How many jobs start in a time, evenly spread: one each `period / starts`, after a pause up to `burst` at once.
public struct JobRate: Sendable, Hashable {
    public var starts: Int
    public var period: Duration
    public var burst: Int

    public init(_ starts: Int, per period: Duration, burst: Int = 1) {
        self.starts = starts
        self.period = period
        self.burst = burst
    }

    /// Between two starts, in microseconds.
    var interval: Int64 { max(period.microseconds / Int64(max(starts, 1)), 1) }
}

extension Duration {
    var microseconds: Int64 { Int64(self / .microseconds(1)) }
}
