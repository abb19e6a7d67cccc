/// Whose budget a call is taken from.
struct LimitSubject: Hashable, Sendable {
    /// Which limit it is: what `RateLimit` and errors call it.
    enum Kind: String, Hashable, Sendable, CaseIterable {
        case key
        /// Of access tokens.
        case user
        case organization
        /// A source address, for what nobody known asked for.
        case address
    }

    let kind: Kind
    /// Its identifier, unique within the kind.
    let id: String
    /// Of both, made once: tables look a subject up for every call.
    let hash: Int

    init(kind: Kind, id: String) {
        (self.kind, self.id) = (kind, id)
        var hasher = Hasher()
        hasher.combine(kind)
        hasher.combine(id)
        hash = hasher.finalize()
    }

    static func == (left: LimitSubject, right: LimitSubject) -> Bool {
        left.hash == right.hash && left.kind == right.kind && left.id == right.id
    }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// The limits that hold.
public struct RateLimits: Sendable {
    /// Of an API key, and of a user with access tokens.
    public var caller = RateLimit(rate: 50, burst: 200)
    /// Of an organization, all its keys and users together.
    public var organization = RateLimit(rate: 500, burst: 2_000)
    /// Of a source address, for public methods and refused credentials.
    public var address = RateLimit(rate: 5, burst: 100)

    /// The defaults.
    public init() {}

    /// The limit of a kind of subject.
    func limit(_ kind: LimitSubject.Kind) -> RateLimit {
        switch kind {
        case .key, .user: caller
        case .organization: organization
        case .address: address
        }
    }
}

/// What limits say to a call.
struct LimitDecision: Sendable {
    /// One limit's state.
    struct State: Sendable {
        let kind: LimitSubject.Kind
        let limit: RateLimit
        let outcome: GCRA.Outcome
    }

    /// Each limit that was asked, in the order of the question.
    let states: [State]
    /// What `RateLimit-Policy` says of them, where that was put together before.
    var policy: String?

    init(states: [State], policy: String? = nil) { (self.states, self.policy) = (states, policy) }

    /// The limit that refuses, if one does: the one that makes wait longest.
    var refusal: State? {
        var longest: State?
        for state in states where !state.outcome.isAllowed {
            if state.outcome.retryAfter > longest?.outcome.retryAfter ?? 0 { longest = state }
        }
        return longest
    }
}

/// Keeps budgets.
protocol RateLimiter: Sendable {
    /// Takes a call's cost from all subjects' budgets, or from none if one of them lacks it.
    func take(_ cost: Int, from subjects: [LimitSubject]) async -> LimitDecision
}
