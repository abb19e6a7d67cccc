import IdentityContract
import PolicyModel
import Testing
import Wire

@testable import Gateway

/// What a connection remembers of a caller with its fields lets nobody in whom the guard would not let in.
struct RememberedFieldsTests {
    /// A request whose connection keeps its fields.
    private func kept(_ request: RequestSummary) -> RequestSummary {
        var request = request
        request.fields = RequestFields(request.headers, KnownHeaders())
        return request
    }

    private func isAdmittedNow(_ fixture: GuardFixture, _ request: RequestSummary) throws -> Bool {
        try fixture.guardian.admitNow(request, to: GuardFixture.method) != nil
    }

    @Test("A caller is admitted at once only when it has been seen before")
    func seenBefore() async throws {
        let fixture = try GuardFixture()
        for request in [kept(fixture.bearer(fixture.secretText)), fixture.bearer(fixture.secretText)] {
            _ = try await fixture.admit(request)
            #expect(try isAdmittedNow(fixture, request))
        }
        #expect(try !isAdmittedNow(GuardFixture(), kept(fixture.bearer(fixture.secretText))))
        // Nobody, and whoever signs, is for `admit`.
        #expect(try !isAdmittedNow(fixture, kept(fixture.request())))
        #expect(try !isAdmittedNow(fixture, kept(try fixture.signed())))
    }

    @Test("What is told of the key counts at once, and so do its end and Identity's silence")
    func changes() async throws {
        let gone = try GuardFixture()
        let request = kept(gone.bearer(gone.secretText))
        _ = try await gone.admit(request)
        #expect(try isAdmittedNow(gone, request))
        try gone.store.apply(.apiKeyRemoved(GuardFixture.keyID), now: gone.wall.now)
        #expect(try !isAdmittedNow(gone, request))
        #expect(await gone.refusal(request) == "API_KEY_INVALID")

        let ended = try GuardFixture { $0.expiresAtMs = 1_790_000_010_000 }
        let last = kept(ended.bearer(ended.secretText))
        _ = try await ended.admit(last)
        ended.advance(10_000)
        #expect(try !isAdmittedNow(ended, last))
        #expect(await ended.refusal(last) == "API_KEY_INVALID")

        let silent = try GuardFixture()
        let late = kept(silent.bearer(silent.secretText))
        _ = try await silent.admit(late)
        silent.monotonic.advance(1_001)
        #expect(try !isAdmittedNow(silent, late))
        #expect(await silent.refusal(late) == "CREDENTIALS_UNAVAILABLE")
    }

    @Test("Networks, permissions and limits are asked each time")
    func stillAsked() async throws {
        let fixture = try GuardFixture { $0.allowedNetworks = ["192.0.2.0/24"] }
        var request = kept(fixture.bearer(fixture.secretText))
        _ = try await fixture.admit(request)
        request.sourceAddress = "198.51.100.1"
        #expect(throws: RPCError.self) { try isAdmittedNow(fixture, request) }
        request.sourceAddress = "192.0.2.9"
        #expect(try isAdmittedNow(fixture, request))
        let other = AdmittedMethod(path: "/a.B/C", role: .pipeline, access: .permission("things.burn"), cost: 1)
        #expect(try fixture.guardian.admitNow(request, to: other) == nil)
        let secret = AdmittedMethod(path: "/a.B/D", role: .pipeline, access: .internal, cost: 1)
        #expect(try fixture.guardian.admitNow(request, to: secret) == nil)
        var limits = RateLimits()
        limits.caller = RateLimit(rate: 0.001, burst: 10)
        let poor = try GuardFixture(limits: limits)
        let spender = kept(poor.bearer(poor.secretText))
        _ = try await poor.admit(spender)
        #expect(try isAdmittedNow(poor, spender))
        #expect(throws: RPCError.self) { try isAdmittedNow(poor, spender) }
    }
}
