import Foundation
import Persistence
import StoreTesting
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(5))) struct OutboxTests {
    private struct Oops: Error {}

    private func withOutbox(_ kind: Store.Kind, _ body: @escaping (Outbox) async throws -> Void) async throws {
        try await withQueue(kind) { try await body(Outbox($0.store)) }
    }

    private func send(_ outbox: Outbox, _ messages: [(key: String, text: String)]) async throws {
        try await outbox.store.scoped(acme).write { tx in
            for (key, text) in messages { try outbox.send(Array(text.utf8), to: "audit", key: key, in: tx) }
        }
    }

    private func relaying(
        _ outbox: Outbox, _ destination: OutboxDestination, relays: Int = 1, _ body: () async throws -> Void
    ) async throws {
        var configuration = RelayConfiguration()
        configuration.poll = .milliseconds(20)
        configuration.concurrency = relays
        let relay = OutboxRelay(outbox, [destination], configuration: configuration, logger: .quiet)
        let running = Task { try await relay.run() }
        do { try await body() } catch {
            running.cancel()
            try await running.value
            throw error
        }
        running.cancel()
        try await running.value
    }

    @Test(arguments: stores) func onlyWhatIsCommittedIsSent(_ kind: Store.Kind) async throws {
        try await withOutbox(kind) { outbox in
            await #expect(throws: Oops.self) {
                try await outbox.store.scoped(acme).write { tx in
                    try outbox.send([1], to: "audit", key: "k", in: tx)
                    throw Oops()
                }
            }
            try await send(outbox, [("k", "a")])
            let seen = Locked<[OutboxMessage]>([])
            let destination = OutboxDestination("audit") { messages in
                seen.withLock { $0 += messages }
                return []
            }
            try await relaying(outbox, destination) {
                try await eventually { try await outbox.depth("audit") == 0 }
            }
            #expect(seen.withLock { $0.map(\.payload) } == [Array("a".utf8)])
            #expect(seen.withLock { $0.first?.organization } == acme)
            let keys = try await outbox.store.system(.test).read {
                try $0.value(Int.self, "SELECT count(*) AS n FROM outbox_keys")
            }
            #expect(keys == 0)
        }
    }

    @Test(arguments: stores) func whatWaitsAndForHowLong(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind) { queue in
            let outbox = Outbox(queue.store, environment: clock.environment())
            let empty = try await outbox.waiting("audit")
            #expect(empty == OutboxWaiting(count: 0, oldestAge: .zero))
            try await send(outbox, [("k", "a")])
            clock.advance(.seconds(60))
            try await send(outbox, [("k", "b"), ("l", "c")])
            clock.advance(.seconds(30))
            let found = try await outbox.waiting("audit")
            #expect(found == OutboxWaiting(count: 3, oldestAge: .seconds(90)))
            let other = try await outbox.waiting("elsewhere")
            #expect(other.count == 0)
            try await relaying(outbox, OutboxDestination("audit") { _ in [] }) {
                try await eventually { try await outbox.waiting("audit").count == 0 }
            }
            let done = try await outbox.waiting("audit")
            #expect(done.oldestAge == .zero)
        }
    }

    /// Several relays, random failures of a part of each delivery, senders meanwhile.
    @Test(arguments: stores) func orderIsKeptForEachKey(_ kind: Store.Kind) async throws {
        try await withOutbox(kind) { outbox in
            let seen = Locked<[String: [Int]]>([:])
            var destination = OutboxDestination("audit") { messages in
                var failed: Set<String> = []
                var failures: [OutboxFailure] = []
                await Task.yield()
                for message in messages where !failed.contains(message.key) {
                    if Int.random(in: 0..<5) == 0 {
                        failed.insert(message.key)
                        failures.append(OutboxFailure(id: message.id, error: "not now"))
                    } else {
                        let number = Int(String(decoding: message.payload, as: UTF8.self)) ?? -1
                        seen.withLock { $0[message.key, default: []].append(number) }
                    }
                }
                if Int.random(in: 0..<10) == 0 { throw Oops() }
                return failures
            }
            destination.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
            destination.maximumMessages = 7
            destination.maximumKeys = 3
            try await relaying(outbox, destination, relays: 3) {
                for number in 0..<30 { try await send(outbox, (0..<5).map { ("key\($0)", "\(number)") }) }
                try await eventually { try await outbox.depth("audit") == 0 }
            }
            for (key, numbers) in seen.withLock({ $0 }) {
                // At least once: what repeats goes back, and then forward again without a gap.
                var highest = -1
                for number in numbers {
                    #expect(number <= highest + 1, "\(key) jumped from \(highest) to \(number)")
                    highest = max(highest, number)
                }
                #expect(highest == 29)
            }
            #expect(seen.withLock { $0.count } == 5)
        }
    }

    @Test(arguments: stores) func aStuckKeyHoldsBackOnlyItself(_ kind: Store.Kind) async throws {
        try await withOutbox(kind) { outbox in
            let isMended = Locked(false)
            let seen = Locked<[String]>([])
            var destination = OutboxDestination("audit") { messages in
                if !isMended.withLock({ $0 }), let first = messages.first(where: { $0.key == "stuck" }) {
                    seen.withLock { $0 += messages.filter { $0.key != "stuck" }.map(\.key) }
                    return [OutboxFailure(id: first.id, error: "no", isRetryable: false)]
                }
                seen.withLock { $0 += messages.map(\.key) }
                return []
            }
            destination.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
            destination.maximumMessages = 4
            // More than a search sees at once stand before the others.
            try await send(outbox, (0..<20).map { _ in ("stuck", "x") } + [("free", "1"), ("other", "2")])
            try await relaying(outbox, destination) {
                try await eventually { seen.withLock { $0.contains("free") && $0.contains("other") } }
                #expect(!seen.withLock { $0.contains("stuck") })
                try await eventually { try await outbox.depth("audit") == 20 }
                isMended.withLock { $0 = true }
                try await eventually { try await outbox.depth("audit") == 0 }
            }
            #expect(seen.withLock { $0.count { $0 == "stuck" } } == 20)
        }
    }

    @Test(arguments: stores) func deadLetters(_ kind: Store.Kind) async throws {
        try await withOutbox(kind) { outbox in
            let isMended = Locked(false)
            var destination = OutboxDestination("audit") { messages in
                if isMended.withLock({ $0 }) { return [] }
                return messages.filter { $0.payload == Array("bad".utf8) }.map {
                    OutboxFailure(id: $0.id, error: "bad")
                }
            }
            destination.exhausted = .deadLetter(afterAttempts: 3)
            destination.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
            try await send(outbox, [("k", "good"), ("k", "bad"), ("k", "after")])
            try await relaying(outbox, destination) {
                try await eventually { try await outbox.depth("audit") == 0 }
                let dead = try await outbox.dead("audit")
                #expect(dead.map(\.attempts) == [3])
                #expect(dead.map(\.error) == ["bad"])
                isMended.withLock { $0 = true }
                try await outbox.redrive(try #require(dead.first).id)
                try await eventually {
                    let isEmpty = try await outbox.dead("audit").isEmpty
                    return try await outbox.depth("audit") == 0 && isEmpty
                }
            }
        }
    }

    /// A relay that died keeps its keys no longer than its lease.
    @Test(arguments: stores) func keysOfDeadRelaysComeFree(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind) { queue in
            let outbox = Outbox(queue.store, environment: clock.environment())
            try await send(outbox, [("k", "a"), ("k", "b")])
            let destination = OutboxDestination("audit") { _ in [] }
            let taken = try await outbox.claim(destination, relay: "dies", lease: .seconds(30))
            #expect(taken.count == 2)
            #expect(try await outbox.claim(destination, relay: "lives", lease: .seconds(30)).isEmpty)
            clock.advance(.seconds(31))
            let again = try await outbox.claim(destination, relay: "lives", lease: .seconds(30))
            #expect(again.map(\.id) == taken.map(\.id))
            // The late one's failure is nobody's business any more.
            try await outbox.finish(
                taken, [OutboxFailure(id: taken[0].id, error: "late")], destination, relay: "dies")
            try await outbox.finish(again, [], destination, relay: "lives")
            #expect(try await outbox.depth("audit") == 0)
        }
    }
}
