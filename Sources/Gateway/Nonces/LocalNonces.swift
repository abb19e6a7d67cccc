import Synchronization

/// Nonces in this process, in buckets by the time at which they can be forgotten.
final class LocalNonces: NonceStore {
    /// How much is kept.
    struct Configuration: Sendable {
        /// Nonces at most; beyond that signed requests are refused, as nothing may be forgotten before its time.
        var capacity = 1_000_000
        /// Milliseconds of a bucket: what lies in one is forgotten together.
        var bucket: Int64 = 30_000
    }

    private struct State {
        var buckets: [Int64: Set<Nonce>] = [:]
        var count = 0
    }

    private let configuration: Configuration
    private let start: Int64
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    /// - Parameter now: Milliseconds since 1970.
    init(_ configuration: Configuration = Configuration(), now: @escaping @Sendable () -> Int64 = WallClock.now) {
        (self.configuration, self.now) = (configuration, now)
        start = now()
    }

    func use(_ nonce: Nonce, created: Int64, expires: Int64) async -> NonceVerdict {
        // What a gateway before this one accepted, this one does not know. Hence nothing from before its start counts,
        // and nothing is accepted before it was made: see `CallerGuard`.
        guard created >= start else { return .tooOld }
        let now = now()
        return state.withLock { state in
            for (end, nonces) in state.buckets where end <= now {
                state.buckets[end] = nil
                state.count -= nonces.count
            }
            guard !state.buckets.values.contains(where: { $0.contains(nonce) }) else { return .used }
            guard state.count < configuration.capacity else { return .unavailable("too many are remembered") }
            let end = (expires / configuration.bucket + 1) * configuration.bucket
            state.buckets[end, default: []].insert(nonce)
            state.count += 1
            return .fresh
        }
    }

    /// How many are remembered.
    var count: Int { state.withLock { $0.count } }
}
