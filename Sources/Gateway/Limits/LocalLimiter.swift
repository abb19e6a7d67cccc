import Synchronization

/// Budgets in this process: shards with a lock each, bounded, as budgets that are full need no entry.
final class LocalLimiter: RateLimiter {
    /// How much is kept.
    struct Configuration: Sendable {
        /// Locks.
        var shards = 32
        /// Entries of a shard. Callers beyond share one entry of the shard: stricter, and never without a limit.
        var entriesPerShard = 16_384
    }

    private struct Entries {
        var fullAt: [LimitSubject: Int64] = [:]
        /// What subjects share that found no room.
        var overflow: [LimitSubject.Kind: Int64] = [:]
        /// When a look for room is worth while again.
        var nextSweep: Int64 = 0
    }

    // A class, as an array cannot hold a lock.
    private final class Shard: Sendable {
        let entries = Mutex(Entries())
    }

    /// At most this often a full shard looks for entries that it can forget, in nanoseconds.
    private static let sweepInterval: Int64 = 100_000_000

    private let limits: RateLimits
    private let configuration: Configuration
    private let shards: [Shard]
    private let now: @Sendable () -> Int64
    /// What is said of the limits of keys, and of users, with their organization's.
    private let policies: (key: String, user: String)

    /// - Parameter now: Nanoseconds of a clock that does not go back.
    init(
        _ limits: RateLimits, configuration: Configuration = Configuration(),
        now: @escaping @Sendable () -> Int64 = MonotonicClock.now
    ) {
        (self.limits, self.configuration, self.now) = (limits, configuration, now)
        func policy(_ kind: LimitSubject.Kind) -> String {
            let outcome = GCRA.Outcome(untilFull: 0)
            return LimitFields.policy(
                [kind, .organization].map {
                    LimitDecision.State(kind: $0, limit: limits.limit($0), outcome: outcome)
                })
        }
        policies = (policy(.key), policy(.user))
        shards = (0..<max(1, configuration.shards)).map { _ in Shard() }
    }

    func take(_ cost: Int, from subjects: [LimitSubject]) async -> LimitDecision { takeNow(cost, from: subjects) }

    /// As `take`, and at once.
    func takeNow(_ cost: Int, from subjects: [LimitSubject]) -> LimitDecision {
        let now = now()
        var states: [LimitDecision.State] = []
        states.reserveCapacity(subjects.count)
        var isRefused = false
        for subject in subjects {
            let limit = limits.limit(subject.kind)
            // Once one refuses, the others are only looked at.
            let outcome = ask(isRefused ? 0 : limit.units(cost), of: limit, subject, now)
            states.append(LimitDecision.State(kind: subject.kind, limit: limit, outcome: outcome))
            if !outcome.isAllowed {
                // What the ones before gave is given back: nobody pays for a call that is not made.
                if !isRefused { giveBack(cost, to: subjects.prefix(states.count - 1)) }
                isRefused = true
            }
        }
        return LimitDecision(states: states, policy: policy(of: states))
    }

    private func policy(of states: [LimitDecision.State]) -> String? {
        guard states.count == 2, states[1].kind == .organization else { return nil }
        switch states[0].kind {
        case .key: return policies.key
        case .user: return policies.user
        case .organization, .address: return nil
        }
    }

    /// Whether a subject has a unit left; takes nothing.
    func look(_ subject: LimitSubject) -> LimitDecision.State {
        let limit = limits.limit(subject.kind)
        let now = now()
        let outcome = shard(subject).entries.withLock { entries in
            var fullAt = entries.fullAt[subject] ?? 0
            return GCRA.take(1, of: limit, fullAt: &fullAt, now: now)
        }
        return LimitDecision.State(kind: subject.kind, limit: limit, outcome: outcome)
    }

    /// How many budgets are not full, or were not when last looked at.
    var entryCount: Int { shards.reduce(0) { $0 + $1.entries.withLock { $0.fullAt.count } } }

    private func ask(_ units: Int64, of limit: RateLimit, _ subject: LimitSubject, _ now: Int64) -> GCRA.Outcome {
        shard(subject).entries.withLock { entries in
            if let place = entries.fullAt.index(forKey: subject) {
                return GCRA.take(units, of: limit, fullAt: &entries.fullAt.values[place], now: now)
            }
            guard makeRoom(&entries, now) else {
                return GCRA.take(units, of: limit, fullAt: &entries.overflow[subject.kind, default: 0], now: now)
            }
            var fullAt: Int64 = 0
            let outcome = GCRA.take(units, of: limit, fullAt: &fullAt, now: now)
            if outcome.isAllowed, units > 0 { entries.fullAt[subject] = fullAt }
            return outcome
        }
    }

    private func makeRoom(_ entries: inout Entries, _ now: Int64) -> Bool {
        if entries.fullAt.count < configuration.entriesPerShard { return true }
        guard now >= entries.nextSweep else { return false }
        entries.nextSweep = now + Self.sweepInterval
        entries.fullAt = entries.fullAt.filter { $0.value > now }
        return entries.fullAt.count < configuration.entriesPerShard
    }

    /// Gives back what was taken for something that did not come to be.
    func giveBack(_ cost: Int, to subjects: some Sequence<LimitSubject>) {
        for subject in subjects {
            let limit = limits.limit(subject.kind)
            shard(subject).entries.withLock { entries in
                guard let fullAt = entries.fullAt[subject] else { return }
                entries.fullAt[subject] = fullAt - limit.units(cost) * limit.interval
            }
        }
    }

    private func shard(_ subject: LimitSubject) -> Shard {
        shards[Int(UInt(bitPattern: subject.hash) % UInt(shards.count))]
    }
}
