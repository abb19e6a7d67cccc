/// Spans that wait to be sent: decides which are kept and when they go, and knows no clock, task or network.
///
/// Times are nanoseconds of any clock that only rises.
struct SpanBatcher<Element> {
    struct Limits: Sendable {
        var maxQueued: Int
        var maxQueuedBytes: Int
        var maxBatch: Int
        var maxBatchBytes: Int
        var delay: UInt64
    }

    /// What became of a span.
    enum Added: Equatable {
        /// It waits. `mustWake`: whoever sends must look again, as there is something to send, or sooner than it knew.
        case queued(mustWake: Bool)
        case dropped(DropReason)
    }

    enum DropReason: String, CaseIterable, Sendable {
        /// The queue is full: the collector is away or slower than spans come.
        case queueFull = "queue_full"
        /// The collector refused them, or could not be reached for too long.
        case failed
        /// The collector took the export but not these.
        case rejected
        /// The process ended before they could be sent.
        case shutdown
    }

    /// What is to be done next.
    enum Step {
        case send([Element])
        /// Nothing until this time; nil: until something is added.
        case wait(until: UInt64?)
        case finish
    }

    private var queue: [(element: Element, size: Int)] = []
    private(set) var queuedBytes = 0
    /// When the oldest span came.
    private var oldest: UInt64 = 0
    private var isClosed = false
    private let limits: Limits

    init(limits: Limits) { self.limits = limits }

    var queued: Int { queue.count }

    mutating func add(_ element: Element, size: Int, now: UInt64) -> Added {
        guard !isClosed else { return .dropped(.shutdown) }
        guard queue.count < limits.maxQueued, queuedBytes + size <= limits.maxQueuedBytes else {
            return .dropped(.queueFull)
        }
        let wasFull = hasFullBatch
        if queue.isEmpty { oldest = now }
        queue.append((element, size))
        queuedBytes += size
        return .queued(mustWake: queue.count == 1 || (hasFullBatch && !wasFull))
    }

    private var hasFullBatch: Bool { queue.count >= limits.maxBatch || queuedBytes >= limits.maxBatchBytes }

    mutating func next(now: UInt64) -> Step {
        guard !queue.isEmpty else { return isClosed ? .finish : .wait(until: nil) }
        let due = oldest &+ limits.delay
        guard isClosed || hasFullBatch || now >= due else { return .wait(until: due) }
        return .send(takeBatch(now: now))
    }

    /// The oldest spans, at least one.
    private mutating func takeBatch(now: UInt64) -> [Element] {
        var bytes = 0
        var count = 0
        while count < min(queue.count, limits.maxBatch) {
            let size = queue[count].size
            if count > 0, bytes + size > limits.maxBatchBytes { break }
            bytes += size
            count += 1
        }
        let batch = queue.prefix(count).map(\.element)
        queue.removeFirst(count)
        queuedBytes -= bytes
        // Those that stay came later; how much later is not kept, so they wait anew at most.
        oldest = now
        return batch
    }

    /// Takes nothing more; what waits is sent at once.
    mutating func close() { isClosed = true }

    /// Gives up what still waits; its number.
    mutating func abandon() -> Int {
        defer {
            queue = []
            queuedBytes = 0
        }
        return queue.count
    }
}
