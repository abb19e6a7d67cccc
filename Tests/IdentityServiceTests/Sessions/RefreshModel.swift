@testable import IdentityService

/// Clients that refresh one session at the same time, with a store that runs transactions optimistically, answers that
/// get lost, and a clock: everything that can happen, one step after the other.
///
/// What decides is the service's own `RefreshDecision`. The store is what a serializable one may do: it reads, and
/// commits unless somebody else has since, in which case all begins anew.
struct RefreshModel: Sendable {
    typealias Token = Int

    /// What is varied: the service's own, or a faulty one that the check has to notice.
    struct Rules: Sendable {
        var decide: @Sendable (SessionState, PresentedToken, Int64) -> RefreshAction
        /// The successor of a token.
        var successor: @Sendable (Token, _ fresh: Token) -> Token = { token, _ in token + 1 }
        /// Whether a commit notices that somebody else has committed since the reading.
        var isSerializable = true
    }

    struct Store: Hashable, Sendable {
        var session: SessionState
        var newest: Token = 0
        var predecessor: Token?
        var version = 0
    }

    enum Phase: Hashable, Sendable {
        case idle
        /// Has sent a token, and the server has read the store.
        case read(Token, Store, at: Int64)
        /// The server has decided.
        case decided(Token, Store, RefreshAction, Token, at: Int64)
        /// The server has committed; the answer is on its way.
        case answering(Token?)
    }

    struct Client: Hashable, Sendable {
        /// What the client would send.
        var token: Token = 0
        var phase = Phase.idle
        var attempts: Int
        /// Keeps the token it has stolen, whatever it is answered.
        var isThief = false
    }

    struct State: Hashable {
        var store: Store
        var clients: [Client]
        var now: Int64 = 0
        /// What each token was answered with.
        var successors: [Token: Token] = [:]
        var fresh: Token = 1_000
    }

    enum Violation: String, Hashable {
        case twoSuccessors = "one token has two successors"
        case answeredWithAnotherThanTheNewest = "an answer is not the newest token"
        case oldTokenWentUnpunished = "an old token was presented, and the session goes on"
        case answerAfterTheEnd = "a session that has ended gave a token"
        case endedWithoutReuse = "a session ended although nobody used a token twice"
    }

    static let second: Int64 = 1_000_000

    let rules: Rules
    let grace: Int64
    /// Seconds that go by at most.
    let lastTick: Int64
    /// Whether all clients that repeat themselves do so within the grace.
    var isPatient = false

    /// Looks at everything that can happen from a session's beginning.
    ///
    /// - Returns: How many states there are, and what was wrong in any of them.
    func explore(_ clients: [Client], limits: SessionLimits) -> (states: Int, violations: Set<Violation>) {
        let start = State(store: Store(session: limits.begin(now: 0)), clients: clients)
        var (seen, stack, violations): (Set<State>, [State], Set<Violation>) = ([start], [start], [])
        while let state = stack.popLast() {
            for next in steps(state, &violations) where seen.insert(next).inserted { stack.append(next) }
        }
        return (seen.count, violations)
    }

    private func steps(_ state: State, _ violations: inout Set<Violation>) -> [State] {
        var next: [State] = []
        if state.now < lastTick * Self.second {
            var later = state
            later.now += Self.second
            next.append(later)
        }
        for index in state.clients.indices {
            switch state.clients[index].phase {
            case .idle:
                guard state.clients[index].attempts > 0 else { continue }
                next.append(
                    changing(state, index) { client, state in
                        client.attempts -= 1
                        client.phase = .read(client.token, state.store, at: state.now)
                    })
            case .read(let token, let store, let time):
                next.append(
                    changing(state, index) { client, state in
                        let action = rules.decide(store.session, presented(token, store), time)
                        let successor = rules.successor(token, state.fresh)
                        if successor == state.fresh { state.fresh += 1 }
                        client.phase = .decided(token, store, action, successor, at: time)
                    })
            case .decided(let token, let store, let action, let successor, let time):
                next.append(
                    changing(state, index) { client, state in
                        guard !rules.isSerializable || state.store.version == store.version else {
                            client.phase = .read(token, state.store, at: state.now)
                            return
                        }
                        commit(token, store, action, successor, at: time, &client, &state, &violations)
                    })
            case .answering(let answer):
                // It arrives, or the connection breaks.
                next.append(
                    changing(state, index) { client, _ in
                        client.phase = .idle
                        if let answer, !client.isThief { client.token = answer }
                    })
                next.append(changing(state, index) { client, _ in client.phase = .idle })
            }
        }
        return next
    }

    private func presented(_ token: Token, _ store: Store) -> PresentedToken {
        token == store.newest ? .newest : token == store.predecessor ? .predecessor : .older
    }

    private func commit(
        _ token: Token, _ read: Store, _ action: RefreshAction, _ successor: Token, at time: Int64,
        _ client: inout Client, _ state: inout State, _ violations: inout Set<Violation>
    ) {
        // By the clock of the decision: the promise is about when the token was presented.
        let isOld =
            token != read.newest && (token != read.predecessor || time - read.session.refreshedAt >= grace)
        let wasLive = read.session.end == nil
        switch action {
        case .rotate(let session):
            state.store = Store(
                session: session, newest: successor, predecessor: token, version: state.store.version + 1)
            answer(successor, to: token, wasLive, &client, &state, &violations)
        case .giveSuccessorAgain: answer(successor, to: token, wasLive, &client, &state, &violations)
        case .endFamily(let session):
            state.store.session = session
            state.store.version += 1
            client.phase = .answering(nil)
            if isPatient { violations.insert(.endedWithoutReuse) }
        case .refuse: client.phase = .answering(nil)
        }
        if isOld, state.store.session.end == nil { violations.insert(.oldTokenWentUnpunished) }
    }

    private func answer(
        _ successor: Token, to token: Token, _ wasLive: Bool, _ client: inout Client, _ state: inout State,
        _ violations: inout Set<Violation>
    ) {
        if let known = state.successors[token], known != successor { violations.insert(.twoSuccessors) }
        state.successors[token] = successor
        if state.store.newest != successor { violations.insert(.answeredWithAnotherThanTheNewest) }
        if !wasLive { violations.insert(.answerAfterTheEnd) }
        client.phase = .answering(successor)
    }

    private func changing(
        _ state: State, _ index: Int, _ body: (inout Client, inout State) -> Void
    ) -> State {
        var state = state
        var client = state.clients[index]
        body(&client, &state)
        state.clients[index] = client
        return state
    }
}
