import Synchronization

/// Values that are read again and again for those who watch them: one reads for all who watch the same.
public final class SharedPoll<Key: Hashable & Sendable, Value: Equatable & Sendable>: Sendable {
    /// What is told of a value.
    public typealias Values = AsyncThrowingStream<Value, any Error>

    private struct Watcher {
        let values: Values.Continuation
        /// Reads that had begun before it came: what they see may be older than what it knows.
        let reads: Int
        var isTold = false
    }

    private struct Feed {
        let number: Int
        var watchers: [Int: Watcher] = [:]
        var reads = 0
        var last: Value?
        var silence = Duration.zero
        var task: Task<Void, Never>?
    }

    private struct State {
        var feeds: [Key: Feed] = [:]
        var next = 0
        var closed: (any Error)?
    }

    private let interval: Duration
    private let heartbeat: Duration?
    private let sleep: @Sendable (Duration) async throws -> Void
    private let read: @Sendable (Key) async throws -> Value
    private let isLast: @Sendable (Value) -> Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - interval: Between two reads.
    ///   - heartbeat: After which a value is told again although it has not changed; nil: never.
    ///   - isLast: Whether nothing follows a value.
    ///   - read: Reads a value; its error ends the streams of those who watch it.
    public init(
        interval: Duration, heartbeat: Duration? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        isLast: @escaping @Sendable (Value) -> Bool, read: @escaping @Sendable (Key) async throws -> Value
    ) {
        (self.interval, self.heartbeat, self.sleep) = (interval, heartbeat, sleep)
        (self.isLast, self.read) = (isLast, read)
    }

    /// How many values are being read.
    public var count: Int { state.withLock { $0.feeds.count } }

    /// The value as it is, and again when it has changed, until the last one. Who does not keep up misses those between.
    public func values(of key: Key) -> Values {
        let (stream, values) = Values.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (number, refusal) = state.withLock { state -> (Int, (any Error)?) in
            state.next += 2
            let number = state.next
            if let closed = state.closed { return (number, closed) }
            var feed = state.feeds[key] ?? Feed(number: number + 1)
            feed.watchers[number] = Watcher(values: values, reads: feed.reads)
            // Detached: it outlives the call that begins it, and must not count as part of it.
            if feed.task == nil { feed.task = Task.detached { [number = feed.number] in await self.poll(key, number) } }
            state.feeds[key] = feed
            return (number, nil)
        }
        values.onTermination = { [weak self] _ in self?.leave(key, number) }
        if let refusal { values.finish(throwing: refusal) }
        return stream
    }

    /// Ends all streams, those to come included.
    public func close(throwing error: any Error) {
        let feeds = state.withLock { state in
            state.closed = error
            defer { state.feeds = [:] }
            return state.feeds
        }
        for feed in feeds.values {
            feed.task?.cancel()
            for watcher in feed.watchers.values { watcher.values.finish(throwing: error) }
        }
    }

    private func leave(_ key: Key, _ number: Int) {
        let task = state.withLock { state -> Task<Void, Never>? in
            guard state.feeds[key]?.watchers.removeValue(forKey: number) != nil,
                state.feeds[key]?.watchers.isEmpty == true
            else { return nil }
            return state.feeds.removeValue(forKey: key)?.task
        }
        task?.cancel()
    }

    private func poll(_ key: Key, _ number: Int) async {
        do {
            while true {
                guard let read = begin(key, number) else { return }
                let value = try await self.read(key)
                // Who has come meanwhile waits for the next one.
                if tell(value, of: key, number, read) { continue }
                try await sleep(interval)
            }
        } catch {
            let watchers = state.withLock { state -> [Int: Watcher] in
                guard state.feeds[key]?.number == number else { return [:] }
                return state.feeds.removeValue(forKey: key)?.watchers ?? [:]
            }
            for watcher in watchers.values { watcher.values.finish(throwing: error) }
        }
    }

    /// - Returns: The read's number; nil if nobody watches any more.
    private func begin(_ key: Key, _ number: Int) -> Int? {
        state.withLock { state in
            guard state.feeds[key]?.number == number else { return nil }
            state.feeds[key]?.reads += 1
            return state.feeds[key]?.reads
        }
    }

    /// - Returns: Whether the next read is to begin at once.
    private func tell(_ value: Value, of key: Key, _ number: Int, _ read: Int) -> Bool {
        let isLast = isLast(value)
        let (told, isAwaited) = state.withLock { state -> ([Values.Continuation], Bool) in
            guard var feed = state.feeds[key], feed.number == number else { return ([], true) }
            feed.silence += interval
            var isNews = feed.last != value
            if let heartbeat, feed.silence >= heartbeat { isNews = true }
            if isNews { (feed.last, feed.silence) = (value, .zero) }
            var told: [Values.Continuation] = []
            for (watcher, place) in feed.watchers where place.reads < read && (isNews || isLast || !place.isTold) {
                told.append(place.values)
                if isLast {
                    feed.watchers[watcher] = nil
                } else {
                    feed.watchers[watcher]?.isTold = true
                }
            }
            let isAwaited = feed.watchers.values.contains { !$0.isTold } || feed.watchers.isEmpty
            state.feeds[key] = feed.watchers.isEmpty ? nil : feed
            return (told, isAwaited)
        }
        for values in told {
            values.yield(value)
            if isLast { values.finish() }
        }
        return isAwaited
    }
}
