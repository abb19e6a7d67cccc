import IdentityContract
import Policy
import Synchronization
import Testing
import Wire

@testable import Gateway

/// What time tells of keys: nothing.
@Suite struct EnumerationTests {
    private static func unknownText(_ seed: Int) throws -> String {
        let bytes = (0..<32).map { UInt8(truncatingIfNeeded: $0 * 7 + seed * 13 + seed >> 8) }
        return try #require(ApiKeyText(random: bytes)).text
    }

    /// Each time anew: a look-up that is remembered would be told by its speed.
    @Test("A key that is unknown, over or withdrawn costs one hash each time, a signature two")
    func workIsTheSame() async throws {
        let over = try GuardFixture { $0.expiresAtMs = 1_790_000_010_000 }
        // Remembered while it was good.
        #expect(await over.refusal(over.bearer(over.secretText)) == "")
        over.advance(10_000)
        let ended = try GuardFixture { $0.secrets[0].expiresAtMs = 1_790_000_010_000 }
        #expect(await ended.refusal(ended.bearer(ended.secretText)) == "")
        ended.advance(10_000)
        let revoked = try GuardFixture()
        #expect(await revoked.refusal(revoked.bearer(revoked.secretText)) == "")
        try revoked.store.apply(.apiKeyRemoved(GuardFixture.keyID), now: revoked.wall.now)
        let unknown = try GuardFixture()
        let stranger = try Self.unknownText(1)
        for (fixture, text) in [
            (over, over.secretText), (ended, ended.secretText), (revoked, revoked.secretText), (unknown, stranger),
        ] {
            for _ in 0..<3 {
                let before = fixture.store.hashes.load(ordering: .relaxed)
                #expect(await fixture.refusal(fixture.bearer(text)) == "API_KEY_INVALID")
                #expect(fixture.store.hashes.load(ordering: .relaxed) == before + 1)
            }
        }
        let fixture = try GuardFixture { $0.signingSecrets.removeLast() }
        for keyID in [GuardFixture.keyID, GuardFixture.otherKeyID, "00000000-0000-4000-8000-000000000000"] {
            let before = fixture.store.hashes.load(ordering: .relaxed)
            let request = try fixture.signed(keyID: keyID, secret: [UInt8](repeating: 1, count: 32))
            #expect(await fixture.refusal(request) == "SIGNATURE_INVALID")
            #expect(fixture.store.hashes.load(ordering: .relaxed) == before + 2, "\(keyID)")
        }
    }

    /// The bound is wide, as the machine may be loaded: what this finds is a hash that is left out, or a wait.
    @Test("Time does not tell an unknown key from one that is over")
    func timeIsTheSame() throws {
        let fixture = try GuardFixture { $0.secrets[0].expiresAtMs = 1_790_000_010_000 }
        fixture.advance(10_000)
        let texts = try [fixture.secretText] + (0..<1).map { try Self.unknownText($0 + 2) }
        var samples: [[Int64]] = [[], []]
        for round in 0..<4_000 {
            // Interleaved, and in either order: whatever slows the machine slows both.
            for place in [round % 2, 1 - round % 2] {
                let start = MonotonicClock.now()
                _ = try? fixture.store.recognize(apiKey: texts[place], now: fixture.wall.now)
                samples[place].append(MonotonicClock.now() - start)
            }
        }
        let medians = samples.map { $0.sorted()[$0.count / 2] }
        #expect(medians[0] < medians[1] * 2 && medians[1] < medians[0] * 2, "\(medians) ns")
    }

    /// They pay as they come, and not once their grace is over.
    @Test("A flood of unknown keys from one address ends at the address's budget, however many come at once")
    func floodIsBounded() async throws {
        var limits = RateLimits()
        limits.address = RateLimit(rate: 0.001, burst: 20)
        let fixture = try GuardFixture(limits: limits, newKeyLooks: [.milliseconds(5), .milliseconds(5)])
        let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<400 {
                let request = fixture.bearer(try Self.unknownText(number), source: "192.0.2.66")
                group.addTask { await fixture.refusal(request) }
            }
            return try await group.reduce(into: [String: Int]()) {
                $0[$1.split(separator: " ").first.map(String.init) ?? "", default: 0] += 1
            }
        }
        #expect(outcomes == ["API_KEY_INVALID": 20, "RATE_LIMITED": 380])
        // Each of the twenty was looked at three times, and each other one at most once.
        #expect(fixture.store.hashes.load(ordering: .relaxed) <= 20 * 3 + 380)
        let before = fixture.store.hashes.load(ordering: .relaxed)
        for number in 0..<50 {
            let reason = await fixture.refusal(fixture.bearer(try Self.unknownText(number), source: "192.0.2.66"))
            #expect(reason.hasPrefix("RATE_LIMITED"))
        }
        #expect(fixture.store.hashes.load(ordering: .relaxed) == before)
        // Nobody else feels it.
        #expect(await fixture.refusal(fixture.bearer(fixture.secretText, source: "192.0.2.7")) == "")
    }

    @Test("An address whose new key turns out to be good has its unit back")
    func goodKeysAreFree() async throws {
        var limits = RateLimits()
        limits.address = RateLimit(rate: 0.001, burst: 1)
        let fixture = try GuardFixture(limits: limits, newKeyLooks: Array(repeating: .milliseconds(5), count: 12_000))
        for number in 0..<3 {
            let (text, id) = (try Self.unknownText(number), "1b1d2c43-2222-4222-8333-94445556667\(number)")
            let before = fixture.store.hashes.load(ordering: .relaxed)
            async let admission = fixture.guardian.admit(fixture.bearer(text), to: GuardFixture.method)
            while fixture.store.hashes.load(ordering: .relaxed) == before {
                try await Task.sleep(for: .milliseconds(1))
            }
            try fixture.store.apply(
                .apiKey(GuardFixture.key(id, "acme", text, [], fixture.wall.now)), now: fixture.wall.now)
            let subject = try await admission.subject
            #expect(subject == "api-keys/\(id)")
        }
    }
}
