import IdentityContract
import Policy
import Testing
import Wire

@testable import Gateway

/// Keys that were made a moment ago.
@Suite struct NewKeyTests {
    private func newKey() throws -> (text: String, id: String) {
        (try #require(ApiKeyText(random: (0..<32).map { UInt8($0 + 77) })).text, "1b1d2c43-2222-4222-8333-944455566677")
    }

    @Test("A key that comes to be known while its first request waits is taken")
    func isLookedForAgain() async throws {
        // The last look is far off: the test does not depend on how fast the machine is.
        let fixture = try GuardFixture(newKeyLooks: Array(repeating: .milliseconds(20), count: 3_000))
        let (text, id) = try newKey()
        async let admission = fixture.guardian.admit(fixture.bearer(text), to: GuardFixture.method)
        try await Task.sleep(for: .milliseconds(50))
        try fixture.store.apply(
            .apiKey(GuardFixture.key(id, "acme", text, [], fixture.wall.now)), now: fixture.wall.now)
        let subject = try await admission.subject
        #expect(subject == "api-keys/\(id)")
    }

    @Test("One that stays unknown is refused after the last look, a malformed one at once")
    func isRefusedInTheEnd() async throws {
        let fixture = try GuardFixture(newKeyLooks: [.milliseconds(1), .milliseconds(1)])
        let (text, _) = try newKey()
        await #expect(throws: RPCError.self) {
            _ = try await fixture.guardian.admit(fixture.bearer(text), to: GuardFixture.method)
        }
        let patient = try GuardFixture(newKeyLooks: [.seconds(3_600)])
        await #expect(throws: RPCError.self) {
            _ = try await patient.guardian.admit(patient.bearer(String(text.dropLast())), to: GuardFixture.method)
        }
    }
}
