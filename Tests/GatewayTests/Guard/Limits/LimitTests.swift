import IdentityContract
import PolicyModel
import SwiftProtobuf
import Testing
import Wire
import WireProtos

@testable import Gateway

/// Budgets: the algorithm's promise, both limits at once, and what callers are told.
struct LimitTests {
    /// In any window, of all windows between two questions, no more than burst + rate · t units are let through; and a
    /// limit that has been left alone for its window gives all of its burst.
    @Test("Never more than burst + rate · t units in any window", arguments: 0..<40)
    func promise(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let limit = RateLimit(
            rate: Double.random(in: 0.5...5_000, using: &random), burst: Int.random(in: 1...200, using: &random))
        var (now, fullAt): (Int64, Int64) = (1_000_000_000, 0)
        var granted: [(time: Int64, units: Int64)] = []
        for _ in 0..<400 {
            now += Int64(Double.random(in: 0...3, using: &random) * Double(limit.interval))
            let units = limit.units(Int.random(in: 0...(limit.burst + 5), using: &random))
            let outcome = GCRA.take(units, of: limit, fullAt: &fullAt, now: now)
            if outcome.isAllowed {
                granted.append((now, units))
                #expect(outcome.remaining(of: limit) >= 0)
            } else {
                // Just before the time it is refused again, and at it, it is granted.
                var copy = fullAt
                #expect(!GCRA.take(units, of: limit, fullAt: &copy, now: now + outcome.retryAfter - 1).isAllowed)
                #expect(GCRA.take(units, of: limit, fullAt: &copy, now: now + outcome.retryAfter).isAllowed)
            }
        }
        for first in granted.indices {
            var units: Int64 = 0
            for last in first..<granted.count {
                units += granted[last].units
                let span = granted[last].time - granted[first].time
                #expect(units * limit.interval <= limit.window + span)
            }
        }
        #expect(GCRA.take(Int64(limit.burst), of: limit, fullAt: &fullAt, now: fullAt).isAllowed)
    }

    private func limits(_ key: RateLimit, _ organization: RateLimit) -> RateLimits {
        var limits = RateLimits()
        (limits.caller, limits.organization) = (key, organization)
        return limits
    }

    private let subjects = [LimitSubject(kind: .key, id: "k"), LimitSubject(kind: .organization, id: "o")]

    @Test("A call that one limit refuses costs the other nothing")
    func bothOrNone() {
        let limiter = LocalLimiter(
            limits(RateLimit(rate: 1, burst: 10), RateLimit(rate: 1, burst: 4)), now: { 1_000_000_000 })
        #expect(limiter.takeNow(3, from: subjects).refusal == nil)
        for _ in 0..<10 { #expect(limiter.takeNow(3, from: subjects).refusal?.kind == .organization) }
        // Seven are left to the key, as only one call was made.
        let state = limiter.takeNow(1, from: subjects).states[0]
        #expect(state.outcome.remaining(of: state.limit) == 6)
        #expect(limiter.takeNow(0, from: subjects).refusal == nil)
    }

    @Test("A cost beyond the burst is the burst: the call can be made, once in a while")
    func dearCalls() {
        let limiter = LocalLimiter(
            limits(RateLimit(rate: 1, burst: 5), RateLimit(rate: 100, burst: 100)), now: { 1_000_000_000 })
        #expect(limiter.takeNow(1_000, from: subjects).refusal == nil)
        #expect(limiter.takeNow(1, from: subjects).refusal?.kind == .key)
    }

    @Test("There are never more entries than there is room for, and those without an entry share one")
    func bounded() {
        let clock = TestClock(1_000)
        var configuration = LocalLimiter.Configuration()
        (configuration.shards, configuration.entriesPerShard) = (1, 8)
        var limits = RateLimits()
        limits.address = RateLimit(rate: 1, burst: 5)
        let limiter = LocalLimiter(limits, configuration: configuration, now: { clock.now * 1_000_000 })
        var granted = 0
        for index in 0..<100 {
            let subject = LimitSubject(kind: .address, id: "\(index)")
            if limiter.takeNow(1, from: [subject]).refusal == nil { granted += 1 }
        }
        #expect(limiter.entryCount == 8)
        #expect(granted == 8 + 5)
        // When they are full again, they are forgotten.
        clock.advance(10_000)
        #expect(limiter.takeNow(1, from: [LimitSubject(kind: .address, id: "new")]).refusal == nil)
        #expect(limiter.entryCount == 1)
    }

    @Test("Callers are told of limits in the draft's form, and of the wait in all three")
    func told() async throws {
        let fixture = try GuardFixture(
            limits: limits(RateLimit(rate: 2, burst: 10), RateLimit(rate: 100, burst: 1_000)))
        let request = fixture.bearer(fixture.secretText)
        let admission = try await fixture.admit(request)
        let fields = Dictionary(uniqueKeysWithValues: admission.responseHeaders.map { ($0.name, $0.value) })
        #expect(fields["ratelimit"] == "\"key\";r=5;t=3, \"organization\";r=995;t=1")
        #expect(fields["ratelimit-policy"] == "\"key\";q=10;w=5, \"organization\";q=1000;w=10")
        _ = try await fixture.admit(request)
        do {
            _ = try await fixture.admit(request)
            Issue.record("there were units left")
        } catch {
            let error = try #require(error as? RPCError)
            #expect(error.code == .resourceExhausted)
            #expect(GuardFixture.reason(error) == "RATE_LIMITED limit=key")
            #expect(error.detail(Google_Rpc_QuotaFailure.self)?.violations.first?.subject == "key")
            let retry = try #require(error.detail(Google_Rpc_RetryInfo.self)).retryDelay
            #expect(retry.seconds == 2 && retry.nanos == 500_000_000)
            #expect(error.metadata["retry-after"] == "3")
            #expect(error.metadata["ratelimit"] == "\"key\";r=0;t=5, \"organization\";r=990;t=1")
        }
        fixture.advance(2_500)
        #expect(await fixture.refusal(request) == "")
    }

    @Test("Whoever lacks the permission pays one unit, not the method's cost")
    func permissionCost() async throws {
        let fixture = try GuardFixture(
            limits: limits(RateLimit(rate: 0.001, burst: 10), RateLimit(rate: 100, burst: 1_000))
        ) { $0.permissions = ["things.read"] }
        let request = fixture.bearer(fixture.secretText)
        for _ in 0..<10 { #expect(await fixture.refusal(request) == "PERMISSION_MISSING permission=things.write") }
        #expect(await fixture.refusal(request) == "RATE_LIMITED limit=key")
    }

    @Test("What the audit log tells of is refused by way of its service, up to a number; it costs what the call does")
    func deniedCalls() async throws {
        let audited = AdmittedMethod(
            path: "/datavault.test.v1.Things/Make", role: .pipeline, access: .permission("things.write"), cost: 5,
            isAudited: true)
        let fixture = try GuardFixture(
            limits: limits(RateLimit(rate: 0.001, burst: 25), RateLimit(rate: 100, burst: 1_000)),
            denials: limits(RateLimit(rate: 0.001, burst: 3), RateLimit(rate: 100, burst: 1_000))
        ) { $0.permissions = ["things.read"] }
        let request = fixture.bearer(fixture.secretText)
        for _ in 0..<3 {
            let admission = try await fixture.admit(request, audited)
            #expect(admission.denial.map(GuardFixture.reason) == "PERMISSION_MISSING permission=things.write")
            // The service has to see who it is.
            #expect(try admission.principal()?.isEmpty == false)
            #expect(admission.subject == "api-keys/\(GuardFixture.keyID)")
        }
        for _ in 0..<2 {
            #expect(await fixture.refusal(request, audited) == "PERMISSION_MISSING permission=things.write")
        }
        #expect(await fixture.refusal(request, audited) == "RATE_LIMITED limit=key")
        // An organization's callers share what is recorded of them.
        let shared = try GuardFixture(
            denials: limits(RateLimit(rate: 100, burst: 1_000), RateLimit(rate: 0.001, burst: 1))
        ) { $0.permissions = ["things.read"] }
        #expect(try await shared.admit(shared.bearer(shared.secretText), audited).denial != nil)
        #expect(
            await shared.refusal(shared.bearer(try shared.token()), audited)
                == "PERMISSION_MISSING permission=things.write")
    }

    @Test("Keys that are sprayed from an address stop there; others, and known keys from it, do not feel it")
    func spraying() async throws {
        var limits = RateLimits()
        limits.address = RateLimit(rate: 0.001, burst: 20)
        let fixture = try GuardFixture(limits: limits)
        let good = fixture.bearer(fixture.secretText)
        #expect(await fixture.refusal(good) == "")
        #expect(await fixture.refusal(try fixture.signed()) == "")
        for _ in 0..<20 { #expect(await fixture.refusal(fixture.bearer("dv_live_no")) == "API_KEY_INVALID") }
        for request in [
            fixture.bearer("dv_live_no"), fixture.bearer("a.b.c"), fixture.request(),
            try fixture.signed(keyID: GuardFixture.otherKeyID),
        ] {
            #expect(await fixture.refusal(request) == "RATE_LIMITED limit=address")
        }
        #expect(await fixture.refusal(fixture.request(), GuardFixture.publicMethod) == "RATE_LIMITED limit=address")
        // A good token that has not been seen before: it waits with the others.
        #expect(await fixture.refusal(fixture.bearer(try fixture.token())) == "RATE_LIMITED limit=address")
        #expect(await fixture.refusal(good) == "")
        #expect(await fixture.refusal(try fixture.signed()) == "")
        #expect(await fixture.refusal(fixture.bearer("dv_live_no", source: "198.51.100.1")) == "API_KEY_INVALID")
    }

    @Test("A flood of wrong signatures takes nothing of the key's own budget")
    func othersBudget() async throws {
        let fixture = try GuardFixture(
            limits: limits(RateLimit(rate: 0.001, burst: 5), RateLimit(rate: 1, burst: 100)))
        for _ in 0..<50 { _ = await fixture.refusal(try fixture.signed(secret: [UInt8](repeating: 1, count: 32))) }
        #expect(await fixture.refusal(try fixture.signed(source: "198.51.100.1")) == "")
    }
}
