import Testing

@testable import IdentityService

/// All that can happen to a session between clients, a thief, a clock and a network, looked at one by one.
@Suite(.timeLimit(.minutes(10))) struct RefreshModelTests {
    private static let limits: SessionLimits = {
        var limits = SessionLimits()
        limits.grace = .seconds(2)
        (limits.idleTimeout, limits.lifetime) = (.seconds(1_000), .seconds(1_000))
        return limits
    }()

    private static let decision = RefreshDecision(limits: limits)
    private static let rules = RefreshModel.Rules { decision.decide($0, presented: $1, now: $2) }

    private func check(
        _ rules: RefreshModel.Rules, _ clients: [RefreshModel.Client], ticks: Int64 = 3, isPatient: Bool = false
    ) -> (states: Int, violations: Set<RefreshModel.Violation>) {
        var model = RefreshModel(rules: rules, grace: Self.limits.grace.microseconds, lastTick: ticks)
        model.isPatient = isPatient
        return model.explore(clients, limits: Self.limits)
    }

    private static let honest = RefreshModel.Client(attempts: 3)
    private static let thief = RefreshModel.Client(attempts: 2, isThief: true)

    @Test(arguments: [
        ([honest], "one client"), ([honest, .init(attempts: 2)], "two clients that share a token"),
        ([honest, thief], "a client and a thief"),
        ([.init(attempts: 2), .init(attempts: 2), .init(attempts: 1, isThief: true)], "two clients and a thief"),
    ]) func nothingThatCanHappenForksASession(_ clients: [RefreshModel.Client], _ name: String) {
        let (states, violations) = check(Self.rules, clients)
        #expect(violations.isEmpty, "\(name): \(violations.map(\.rawValue))")
        print("refresh of \(name): \(states) states")
        #expect(states > 50)
    }

    /// As long as the grace goes on, an answer that was lost is given again, whoever else asks with the same token.
    @Test func repeatingOneselfInTimeEndsNothing() {
        let one = check(Self.rules, [Self.honest], ticks: 1, isPatient: true)
        #expect(one.violations.isEmpty, "\(one.violations.map(\.rawValue))")
        let two = check(Self.rules, [.init(attempts: 1), .init(attempts: 1)], ticks: 1, isPatient: true)
        #expect(two.violations.isEmpty, "\(two.violations.map(\.rawValue))")
    }

    // MARK: The check finds what is wrong

    @Test func successorsByChanceAreNoticed() {
        var rules = Self.rules
        rules.successor = { _, fresh in fresh }
        let found = check(rules, [Self.honest, .init(attempts: 2)]).violations
        #expect(found.contains(.twoSuccessors))
    }

    @Test func transactionsThatDoNotSeeEachOtherAreNoticed() {
        var rules = Self.rules
        rules.isSerializable = false
        let found = check(rules, [Self.honest, Self.thief]).violations
        #expect(!found.isEmpty)
    }

    @Test func aThiefWhoIsLetGoIsNoticed() {
        var rules = Self.rules
        rules.decide = { state, presented, now in
            let action = Self.decision.decide(state, presented: presented, now: now)
            if case .endFamily = action { return .refuse }
            return action
        }
        let found = check(rules, [Self.honest, Self.thief]).violations
        #expect(found.contains(.oldTokenWentUnpunished))
    }

    /// A grace that is longer than promised, by however little: the condition is as narrow as the promise.
    @Test(arguments: [Int64(1), 1_000]) func aGraceThatLastsTooLongIsNoticed(_ seconds: Int64) {
        var limits = Self.limits
        limits.grace += .seconds(seconds)
        let longer = RefreshDecision(limits: limits)
        let rules = RefreshModel.Rules { longer.decide($0, presented: $1, now: $2) }
        let found = check(rules, [Self.honest, Self.thief]).violations
        #expect(found == [.oldTokenWentUnpunished])
    }

    /// Only what is older than the predecessor is let go, or only what comes after the grace.
    @Test(arguments: [PresentedToken.older, .predecessor]) func eitherKindOfOldTokenIsNoticed(_ kind: PresentedToken) {
        var rules = Self.rules
        rules.decide = { state, presented, now in
            let action = Self.decision.decide(state, presented: presented, now: now)
            if case .endFamily = action, presented == kind { return .refuse }
            return action
        }
        let thief = RefreshModel.Client(attempts: 1, isThief: true)
        let found = check(rules, [Self.honest, thief]).violations
        #expect(found == [.oldTokenWentUnpunished])
    }

    @Test func aTokenThatWorksTwiceIsNoticed() {
        var rules = Self.rules
        rules.decide = { state, _, now in Self.decision.decide(state, presented: .newest, now: now) }
        let found = check(rules, [Self.honest, Self.thief]).violations
        #expect(!found.isEmpty)
    }

    // MARK: The decision itself

    private static let second = RefreshModel.second

    @Test func theDecisionAtItsEdges() {
        let (begun, decision) = (Self.limits.begin(now: 0), Self.decision)
        guard case .rotate(let next) = decision.decide(begun, presented: .newest, now: 5 * Self.second) else {
            Issue.record("the newest token is good")
            return
        }
        #expect(next.generation == 2)
        #expect(next.refreshedAt == 5 * Self.second)
        // Never beyond the session's own end.
        #expect(next.idleExpiresAt == begun.expiresAt)
        #expect(decision.decide(next, presented: .predecessor, now: 7 * Self.second - 1) == .giveSuccessorAgain)
        var ended = next
        ended.end = .reused
        #expect(decision.decide(next, presented: .predecessor, now: 7 * Self.second) == .endFamily(ended))
        #expect(decision.decide(next, presented: .older, now: 5 * Self.second) == .endFamily(ended))
        for presented in [PresentedToken.newest, .predecessor, .older] {
            #expect(decision.decide(ended, presented: presented, now: 6 * Self.second) == .refuse)
            #expect(decision.decide(next, presented: presented, now: 1_000 * Self.second) == .refuse)
        }
    }
}
