import ServiceKit
import Synchronization
import Testing

/// Many who watch one value.
struct SharedPollTests {
    private struct Failure: Error {}

    /// A value, and how often it was read.
    private final class Source: Sendable {
        let state = Mutex((value: 1, reads: 0))
        func read() -> Int {
            state.withLock {
                $0.reads += 1
                return $0.value
            }
        }
        func set(_ value: Int) { state.withLock { $0.value = value } }
        var reads: Int { state.withLock { $0.reads } }
    }

    private func poll(_ source: Source, heartbeat: Duration? = nil) -> SharedPoll<String, Int> {
        SharedPoll(
            interval: .milliseconds(1), heartbeat: heartbeat, isLast: { $0 == 0 },
            read: { key in
                if key == "bad" { throw Failure() }
                return source.read()
            })
    }

    @Test func tellsChangesUntilTheLast() async throws {
        let source = Source()
        let poll = poll(source)
        var told: [Int] = []
        for try await value in poll.values(of: "a") {
            told.append(value)
            if value > 0 { source.set(value == 3 ? 0 : value + 1) }
        }
        #expect(told == [1, 2, 3, 0])
        #expect(poll.count == 0)
    }

    @Test func readsOnceForAll() async throws {
        let source = Source()
        let poll = poll(source)
        let watchers = (0..<50).map { _ in
            let values = poll.values(of: "a")
            return Task {
                var told: [Int] = []
                for try await value in values { told.append(value) }
                return told
            }
        }
        #expect(poll.count == 1)
        while source.reads < 20 { try await Task.sleep(for: .milliseconds(1)) }
        source.set(0)
        for watcher in watchers {
            let told = try await watcher.value
            #expect(told == [1, 0] || told == [0])
        }
        #expect(poll.count == 0)
    }

    /// Whoever comes is told the value as it is, also where it has not changed since others were told.
    @Test func tellsWhoComesLater() async throws {
        let source = Source()
        let poll = poll(source)
        var first = poll.values(of: "a").makeAsyncIterator()
        #expect(try await first.next() == 1)
        var second = poll.values(of: "a").makeAsyncIterator()
        #expect(try await second.next() == 1)
    }

    @Test func tellsAgainAtItsHeartbeat() async throws {
        let poll = poll(Source(), heartbeat: .milliseconds(3))
        var values = poll.values(of: "a").makeAsyncIterator()
        for _ in 0..<3 { #expect(try await values.next() == 1) }
    }

    @Test func endsWithTheReadsError() async throws {
        let poll = poll(Source())
        await #expect(throws: Failure.self) { for try await _ in poll.values(of: "bad") {} }
        #expect(poll.count == 0)
    }

    /// Nothing is read for those who have gone, and their going is no error.
    @Test func stopsWhenNobodyWatches() async throws {
        let poll = poll(Source())
        let values = poll.values(of: "a")
        let watcher = Task { for try await _ in values {} }
        watcher.cancel()
        try await watcher.value
        #expect(poll.count == 0)
    }

    @Test func closes() async throws {
        let poll = poll(Source())
        let values = poll.values(of: "a")
        poll.close(throwing: Failure())
        await #expect(throws: Failure.self) { for try await _ in values {} }
        await #expect(throws: Failure.self) { for try await _ in poll.values(of: "b") {} }
        #expect(poll.count == 0)
    }
}
