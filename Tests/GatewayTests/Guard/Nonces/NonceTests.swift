import Testing

@testable import Gateway

/// Nonces that one gateway remembers.
struct NonceTests {
    private func nonce(_ number: Int, _ key: String = "k") -> Nonce { Nonce(keyID: key, nonce: "nonce-\(number)") }

    @Test("Each counts once, until its time is over and its signature with it")
    func once() async {
        let clock = TestClock(1_000_000)
        let nonces = LocalNonces(now: { clock.now })
        #expect(await nonces.use(nonce(1), created: 1_000_000, expires: 1_060_000) == .fresh)
        #expect(await nonces.use(nonce(1), created: 1_000_000, expires: 1_060_000) == .used)
        // The same nonce with another end lies in another bucket, and is found there.
        #expect(await nonces.use(nonce(1), created: 1_000_000, expires: 1_300_000) == .used)
        #expect(await nonces.use(nonce(1, "other"), created: 1_000_000, expires: 1_060_000) == .fresh)
        clock.advance(59_999)
        #expect(await nonces.use(nonce(1), created: 1_000_000, expires: 1_060_000) == .used)
        clock.advance(60_001)
        #expect(await nonces.use(nonce(2), created: 1_100_000, expires: 1_160_000) == .fresh)
        #expect(nonces.count == 1)
    }

    @Test("What was made before the start may have been used before the start")
    func beforeStart() async {
        let nonces = LocalNonces(now: { 1_000_000 })
        #expect(await nonces.use(nonce(1), created: 999_999, expires: 1_060_000) == .tooOld)
        #expect(await nonces.use(nonce(1), created: 1_000_000, expires: 1_060_000) == .fresh)
    }

    @Test("When there is no room nothing is forgotten and nothing is believed")
    func full() async {
        let clock = TestClock(1_000_000)
        var configuration = LocalNonces.Configuration()
        configuration.capacity = 3
        let nonces = LocalNonces(configuration, now: { clock.now })
        for number in 0..<3 {
            #expect(await nonces.use(nonce(number), created: clock.now, expires: clock.now + 60_000) == .fresh)
        }
        guard case .unavailable = await nonces.use(nonce(9), created: clock.now, expires: clock.now + 60_000) else {
            Issue.record("there was room")
            return
        }
        #expect(await nonces.use(nonce(0), created: clock.now, expires: clock.now + 60_000) == .used)
        clock.advance(100_000)
        #expect(await nonces.use(nonce(9), created: clock.now, expires: clock.now + 60_000) == .fresh)
    }

    @Test("Of many at once one is fresh")
    func atOnce() async {
        let nonces = LocalNonces(now: { 1_000_000 })
        let fresh = await withTaskGroup(of: NonceVerdict.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    await nonces.use(Nonce(keyID: "k", nonce: "n"), created: 1_000_000, expires: 1_060_000)
                }
            }
            var fresh = 0
            for await verdict in group where verdict == .fresh { fresh += 1 }
            return fresh
        }
        #expect(fresh == 1)
    }

    @Test("Keys and nonces do not run into each other")
    func separation() {
        #expect(Nonce(keyID: "a", nonce: "bc") != Nonce(keyID: "ab", nonce: "c"))
        #expect(Nonce(keyID: "a", nonce: "b").text.utf8.count == 32)
    }

    @Test("A guard whose nonces cannot be told refuses signed requests, and others not")
    func unavailable() async throws {
        struct Away: NonceStore {
            func use(_ nonce: Nonce, created: Int64, expires: Int64) async -> NonceVerdict { .unavailable("away") }
        }
        let fixture = try GuardFixture(nonces: Away())
        #expect(await fixture.refusal(try fixture.signed()) == "NONCES_UNAVAILABLE")
        #expect(await fixture.refusal(fixture.bearer(fixture.secretText)) == "")
    }
}
