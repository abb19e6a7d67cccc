import ServiceKit
import Testing

@testable import IdentityService

/// Budgets of those who guess, and how much of it is written.
@Suite struct ThrottleTests {
    private static let second: Int64 = 1_000_000
    private let start: Int64 = 1_780_000_000_000_000

    private func throttle(_ change: (inout LogInThrottle.Configuration) -> Void = { _ in }) -> LogInThrottle {
        var configuration = LogInThrottle.Configuration()
        (configuration.accountBurst, configuration.accountInterval) = (3, .seconds(10))
        (configuration.sourceBurst, configuration.sourceInterval) = (5, .seconds(2))
        change(&configuration)
        return LogInThrottle(configuration)
    }

    @Test func anAccountTakesSoManyGuessesAndThenOneATime() {
        let throttle = throttle()
        for _ in 0..<3 { #expect(throttle.admit("ada", from: nil, now: start) == nil) }
        #expect(throttle.admit("ada", from: nil, now: start) == .seconds(10))
        #expect(throttle.admit("ada", from: nil, now: start + 4 * Self.second) == .seconds(6))
        #expect(throttle.admit("bob", from: nil, now: start) == nil)
        #expect(throttle.admit("ada", from: nil, now: start + 10 * Self.second) == nil)
        #expect(throttle.admit("ada", from: nil, now: start + 10 * Self.second) == .seconds(10))
        // To be refused costs nothing.
        #expect(throttle.admit("ada", from: nil, now: start + 20 * Self.second) == nil)
    }

    @Test func whoSpraysIsStoppedAtTheSource() {
        let throttle = throttle()
        for number in 0..<5 { #expect(throttle.admit("user\(number)", from: "a", now: start) == nil) }
        #expect(throttle.admit("user5", from: "a", now: start) == .seconds(2))
        #expect(throttle.admit("user5", from: "b", now: start) == nil)
    }

    @Test func rightPasswordsCostNothing() {
        let throttle = throttle()
        for _ in 0..<100 {
            #expect(throttle.admit("ada", from: "a", now: start) == nil)
            throttle.succeeded("ada", from: "a", now: start)
        }
        // Guesses from elsewhere do not shut the owner out.
        for _ in 0..<3 { #expect(throttle.admit("ada", from: "b", now: start) == nil) }
        #expect(throttle.admit("ada", from: "b", now: start) != nil)
        #expect(throttle.admit("ada", from: "c", now: start) != nil)
        #expect(throttle.admit("ada", from: "a", now: start) == nil)
    }

    @Test func theTableIsBounded() {
        let throttle = throttle { $0.maximumEntries = 100 }
        for number in 0..<10_000 { _ = throttle.admit("user\(number)", from: "s\(number)", now: start) }
        #expect(throttle.entries <= 200)
    }

    @Test func theFirstFailuresOfAMinuteAreWrittenAndTheOthersCounted() {
        var log = FailureLog()
        log.maximumPerMinute = 2
        let ada = AuditParty(organization: "acme", actor: "users/ada")
        let bob = AuditParty(organization: "acme", actor: "users/bob")
        for _ in 0..<10 { log.add(ada, now: start) }
        log.add(bob, now: start)
        #expect(log.take(now: start).map(\.count) == [1, 1, 1])
        #expect(log.take(now: start + 59 * Self.second).isEmpty)
        let rest = log.take(now: start + 60 * Self.second)
        #expect(rest == [FailureLog.Entry(party: ada, count: 8)])
        log.giveBack(rest)
        #expect(log.take(now: start + 61 * Self.second) == rest)
        log.add(ada, now: start + 62 * Self.second)
        #expect(log.take(now: start + 62 * Self.second, isFinal: true).map(\.count) == [1])
    }

    @Test func aFloodOfFailuresFillsNothing() {
        var log = FailureLog()
        (log.maximumUsers, log.maximumPending, log.maximumPerMinute) = (10, 15, 5)
        for round in 0..<100 {
            for user in 0..<100 {
                log.add(AuditParty(organization: "o", actor: "users/\(user)"), now: start + Int64(round))
            }
        }
        #expect(log.take(now: start + 100).count == 15)
        #expect(log.lost > 0)
    }
}
