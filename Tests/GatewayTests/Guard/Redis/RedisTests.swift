import Foundation
import Logging
import Testing

@testable import Gateway

/// What gateways share, over a real Redis.
struct RedisTests {
    private let subjects = [LimitSubject(kind: .key, id: "k"), LimitSubject(kind: .organization, id: "o")]

    private func limits(_ key: RateLimit, _ organization: RateLimit) -> RateLimits {
        var limits = RateLimits()
        (limits.caller, limits.organization) = (key, organization)
        return limits
    }

    @Test(
        "Addresses are read, with all that they hold",
        arguments: [
            ("redis://localhost", "localhost:6379/0"), ("redis://10.0.0.1:7000/3", "10.0.0.1:7000/3"),
            ("redis://[2001:db8::1]:7000", "[2001:db8::1]:7000/0"),
            ("unix:///run/redis.sock?db=2", "/run/redis.sock/2"),
            ("redis://u:p%40ss@h/1", "h:6379/1"),
        ])
    func addresses(text: String, shown: String) throws {
        let address = try #require(RedisAddress(setting: text))
        #expect(address.description == shown)
        #expect(address.settingText == text)
        if text.contains("p%40ss") { #expect(address.password == "p@ss" && address.user == "u") }
    }

    @Test(
        "What is no address is none",
        arguments: [
            "", "localhost", "rediss://h", "redis://", "redis://h/x", "redis://h/-1", "unix://host/x", "http://h",
        ])
    func noAddresses(text: String) { #expect(RedisAddress(setting: text) == nil) }

    @Test("Nonces count once over all gateways")
    func nonces() async throws {
        let server = try RedisServer()
        try await server.start()
        let (one, two) = (
            try await RedisClient.connected(to: server.address()), try await RedisClient.connected(to: server.address())
        )
        defer { one.close(); two.close() }
        let now = WallClock.now()
        let stores = [RedisNonces(one, prefix: "t:"), RedisNonces(two, prefix: "t:")]
        let nonce = { @Sendable (number: Int) in Nonce(keyID: "k", nonce: "n-\(number)") }
        // The first question sets the mark: what was made before it does not count.
        _ = await stores[0].use(nonce(0), created: now, expires: now + 60_000)
        let created = WallClock.now() + 1
        for number in 1...50 {
            let verdicts = await withTaskGroup(of: NonceVerdict.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        await stores[index % 2].use(nonce(number), created: created, expires: created + 60_000)
                    }
                }
                var verdicts: [NonceVerdict] = []
                for await verdict in group { verdicts.append(verdict) }
                return verdicts
            }
            #expect(verdicts.filter { $0 == .fresh }.count == 1)
            #expect(verdicts.filter { $0 == .used }.count == 7)
        }
    }

    @Test("A Redis that lost its memory makes what was made before stale, and one that is away is no answer")
    func lostMemory() async throws {
        let server = try RedisServer()
        try await server.start()
        let client = try await RedisClient.connected(to: server.address())
        defer { client.close() }
        let nonces = RedisNonces(client, prefix: "t:")
        _ = await nonces.use(
            Nonce(keyID: "k", nonce: "first"), created: WallClock.now(), expires: WallClock.now() + 60_000)
        let created = WallClock.now() + 1
        let nonce = Nonce(keyID: "k", nonce: "n")
        #expect(await nonces.use(nonce, created: created, expires: created + 60_000) == .fresh)
        server.kill()
        guard case .unavailable = await nonces.use(nonce, created: created, expires: created + 60_000) else {
            Issue.record("there was an answer")
            return
        }
        // One connection lost, the other one is looked at.
        try await until("the client knows") { !client.isUp }
        try await server.start()
        try await until("the client is back") { client.isUp }
        #expect(await nonces.use(nonce, created: created, expires: created + 60_000) == .tooOld)
        let later = WallClock.now() + 1
        #expect(await nonces.use(Nonce(keyID: "k", nonce: "n2"), created: later, expires: later + 60_000) == .fresh)
    }

    @Test("Redis that is full keeps no nonce, and so believes none")
    func full() async throws {
        let server = try RedisServer()
        try await server.start(["--maxmemory", "1"])
        let client = try await RedisClient.connected(to: server.address())
        defer { client.close() }
        let nonces = RedisNonces(client, prefix: "t:")
        let now = WallClock.now() + 1
        guard case .unavailable = await nonces.use(Nonce(keyID: "k", nonce: "n"), created: now, expires: now + 60_000)
        else {
            Issue.record("there was room")
            return
        }
    }

    @Test("Budgets are shared, taken together or not at all, and come back by Redis's clock")
    func sharedLimits() async throws {
        let server = try RedisServer()
        try await server.start()
        let (one, two) = (
            try await RedisClient.connected(to: server.address()), try await RedisClient.connected(to: server.address())
        )
        defer { one.close(); two.close() }
        // Nothing comes back while the test runs.
        let limits = limits(RateLimit(rate: 0.001, burst: 10), RateLimit(rate: 0.001, burst: 14))
        let gateways = [one, two].map {
            RedisLimiter($0, limits: limits, local: LocalLimiter(limits), prefix: "t:")
        }
        var granted = 0
        for index in 0..<8 where await gateways[index % 2].take(3, from: subjects).refusal == nil { granted += 1 }
        #expect(granted == 3)
        let other = [LimitSubject(kind: .key, id: "k2"), LimitSubject(kind: .organization, id: "o")]
        let fourth = await gateways[0].take(3, from: other)
        #expect(fourth.refusal == nil)
        let fifth = await gateways[1].take(3, from: other)
        #expect(fifth.refusal?.kind == .organization)
        // The refused call took nothing of the key's own.
        #expect(fifth.states[0].outcome.remaining(of: limits.caller) == 7)
        #expect((fifth.refusal?.outcome.retryAfter ?? 0) > 0)
    }

    @Test("While Redis is away each gateway keeps limits of its own, and after it the shared ones again")
    func limitsAway() async throws {
        let server = try RedisServer()
        try await server.start()
        let client = try await RedisClient.connected(to: server.address())
        defer { client.close() }
        let limits = limits(RateLimit(rate: 0.001, burst: 4), RateLimit(rate: 1_000, burst: 1_000))
        let gateways = (0..<2).map { _ in
            RedisLimiter(client, limits: limits, local: LocalLimiter(limits), prefix: "t:")
        }
        for _ in 0..<4 { #expect(await gateways[0].take(1, from: subjects).refusal == nil) }
        #expect(await gateways[1].take(1, from: subjects).refusal?.kind == .key)
        server.kill()
        // n gateways, n times the limit, and no more.
        var granted = 0
        for index in 0..<20 where await gateways[index % 2].take(1, from: subjects).refusal == nil { granted += 1 }
        #expect(granted == 8)
        try await until("the client knows") { !client.isUp }
        try await server.start()
        try await until("the client is back") { client.isUp }
        var shared = 0
        for index in 0..<20 where await gateways[index % 2].take(1, from: subjects).refusal == nil { shared += 1 }
        #expect(shared == 4)
    }

    @Test("A Redis that hangs is away after the longest wait, and nobody waits behind it")
    func hangs() async throws {
        let server = try RedisServer()
        try await server.start()
        let client = try await RedisClient.connected(to: server.address()) { $0.commandTimeout = .milliseconds(100) }
        defer { client.close() }
        server.pause()
        defer { server.resume() }
        await #expect(throws: RedisFailure.self) { try await client.run(RedisCommand(["PING"])) }
        await #expect(throws: RedisFailure.self) { try await client.run(RedisCommand(["PING"])) }
        try await until("both connections are given up") {
            _ = try? await client.run(RedisCommand(["PING"]))
            return !client.isUp
        }
        server.resume()
        try await until("the client is back") { (try? await client.run(RedisCommand(["PING"]))) == .status("PONG") }
    }

    @Test("Commands that wait at the same time each get their own reply")
    func batches() async throws {
        let server = try RedisServer()
        try await server.start(["--requirepass", "s3cret"])
        let client = try await RedisClient.connected(to: server.address(password: "s3cret"))
        defer { client.close() }
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<500 {
                group.addTask {
                    let reply = try? await client.run(RedisCommand(["ECHO", "text \(number)"]))
                    return reply == .bytes(Array("text \(number)".utf8))
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(throws: RedisFailure.self) {
            try RedisConnection(
                server.address(password: "wrong"), connectTimeout: .seconds(1), commandTimeout: .seconds(1))
        }
    }

    @Test("No more commands wait than may")
    func bounded() async throws {
        let server = try RedisServer()
        try await server.start()
        let client = try await RedisClient.connected(to: server.address()) {
            ($0.connections, $0.maxWaiting, $0.maxBatch) = (1, 4, 1)
        }
        defer { client.close() }
        server.pause()
        let failures = await withTaskGroup(of: RedisFailure?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    do throws(RedisFailure) { _ = try await client.run(RedisCommand(["PING"])) } catch { return error }
                    return nil
                }
            }
            try? await Task.sleep(for: .milliseconds(200))
            server.resume()
            var failures: [RedisFailure] = []
            for await failure in group { if let failure { failures.append(failure) } }
            return failures
        }
        #expect(failures.contains(.full))
    }
}
