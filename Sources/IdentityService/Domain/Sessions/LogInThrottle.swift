import Synchronization

/// Slows down who guesses: attempts to log in are taken from two budgets, the address's of the account and the source's,
/// and given back when the password was right. It is the same for accounts that are not there, so that nothing is told
/// of those that are.
///
/// Each instance counts for itself, in a bounded table.
final class LogInThrottle: Sendable {
    struct Configuration: Sendable {
        /// Wrong passwords that an account takes at once.
        var accountBurst = 10
        /// How long until it takes another one.
        var accountInterval: Duration = .seconds(60)
        /// Wrong passwords that a source address may send at once.
        var sourceBurst = 50
        /// How long until it may send another one.
        var sourceInterval: Duration = .seconds(2)
        /// Entries that are remembered; twice as many for a moment.
        var maximumEntries = 100_000
    }

    /// Who is trying. A source from which an account was logged in to before has a budget of its own for that account, so
    /// that nobody locks a person out by guessing from elsewhere.
    private enum Key: Hashable {
        case account(String)
        case accountFrom(String, source: String)
        case source(String)
    }

    /// Each key's theoretical arrival time (GCRA), in microseconds since 1970: when its budget is whole again.
    private struct State {
        var young: [Key: Int64] = [:]
        var old: [Key: Int64] = [:]
        /// Where accounts were logged in to, and when.
        var known: [Key: Int64] = [:]
        var formerlyKnown: [Key: Int64] = [:]
    }

    private let configuration: Configuration
    private let state = Mutex(State())

    init(_ configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// Takes an attempt from the budgets, unless one of them is spent.
    ///
    /// - Parameters:
    ///   - account: What the attempt is for: a folded address, whether there is such an account or not.
    ///   - source: Where it comes from; nil: nobody knows, and only the account's budget counts.
    ///   - now: Microseconds since 1970.
    /// - Returns: How long to wait; nil: the attempt may be made.
    func admit(_ account: String, from source: String?, now: Int64) -> Duration? {
        state.withLock { state in
            let keys = budgets(account, source, state)
            for key in keys {
                let (interval, burst) = limits(key)
                let wait = Self.value(key, state) - now - interval * Int64(burst - 1)
                if wait > 0 { return .microseconds(wait) }
            }
            for key in keys { add(limits(key).interval, to: key, now, &state) }
            return nil
        }
    }

    /// Gives an attempt back that was not decided.
    func giveBack(_ account: String, from source: String?, now: Int64) {
        state.withLock { state in
            for key in budgets(account, source, state) { add(-limits(key).interval, to: key, now, &state) }
        }
    }

    /// Gives an attempt back that was right, and remembers where it came from.
    func succeeded(_ account: String, from source: String?, now: Int64) {
        giveBack(account, from: source, now: now)
        guard let source else { return }
        state.withLock { state in
            let key = Key.accountFrom(account, source: source)
            if state.known.count >= configuration.maximumEntries {
                (state.formerlyKnown, state.known) = (state.known, [:])
            }
            state.known[key] = now
        }
    }

    /// How many budgets are remembered.
    var entries: Int { state.withLock { $0.young.count + $0.old.count } }

    private func budgets(_ account: String, _ source: String?, _ state: State) -> [Key] {
        guard let source else { return [.account(account)] }
        let pair = Key.accountFrom(account, source: source)
        let isKnown = state.known[pair] != nil || state.formerlyKnown[pair] != nil
        return [.source(source), isKnown ? pair : .account(account)]
    }

    private func limits(_ key: Key) -> (interval: Int64, burst: Int) {
        switch key {
        case .source: (configuration.sourceInterval.microseconds, configuration.sourceBurst)
        case .account, .accountFrom: (configuration.accountInterval.microseconds, configuration.accountBurst)
        }
    }

    private static func value(_ key: Key, _ state: State) -> Int64 { state.young[key] ?? state.old[key] ?? 0 }

    private func add(_ amount: Int64, to key: Key, _ now: Int64, _ state: inout State) {
        let value = max(Self.value(key, state), now) + amount
        if state.young[key] == nil, state.young.count >= configuration.maximumEntries {
            // What nobody asked for during a whole generation is forgotten.
            (state.old, state.young) = (state.young, [:])
        }
        state.young[key] = value
    }
}
