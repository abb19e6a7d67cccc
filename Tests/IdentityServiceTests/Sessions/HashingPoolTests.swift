import Foundation
import StoreTesting
import Testing

@testable import IdentityService

/// The pool's bounds, and whose turn it is.
@Suite(.timeLimit(.minutes(5))) struct HashingPoolTests {
    private func configuration(threads: Int = 1, waiting: Int = 100) -> HashingPool.Configuration {
        var configuration = HashingPool.Configuration()
        (configuration.threads, configuration.maximumWaiting) = (threads, waiting)
        configuration.maximumWait = .seconds(3_600)
        return configuration
    }

    private func waitUntil(_ pool: HashingPool, waits count: Int) async {
        while pool.waiting != count { await Task.yield() }
    }

    @Test func noMoreRunThanThereAreThreads() async throws {
        let pool = HashingPool(configuration(threads: 2))
        defer { pool.close() }
        let running = Locked((now: 0, most: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await pool.run(source: "") { _ in
                        running.withLock {
                            $0.now += 1
                            $0.most = max($0.most, $0.now)
                        }
                        usleep(1_000)
                        running.withLock { $0.now -= 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(running.withLock { $0.most } <= 2)
    }

    @Test func whatDoesNotFitIsRefusedAtOnce() async throws {
        let (pool, gate) = (HashingPool(configuration(waiting: 2)), Gate())
        defer { pool.close() }
        let held = Task { try await pool.run(source: "") { _ in gate.wait() } }
        await gate.reached()
        let waiting = (0..<2).map { _ in Task { try await pool.run(source: "") { _ in } } }
        await waitUntil(pool, waits: 2)
        await #expect(throws: HashingPool.Busy.self) { try await pool.run(source: "") { _ in } }
        gate.open()
        try await held.value
        for task in waiting { try await task.value }
        try await pool.run(source: "") { _ in }
    }

    @Test func whatWouldWaitTooLongIsRefusedAsItComes() async throws {
        var configuration = configuration()
        configuration.maximumWait = .seconds(2)
        let (pool, gate) = (HashingPool(configuration), Gate())
        defer { pool.close() }
        // A hash takes longer here than anybody may wait; on a loaded machine a thread takes its time to wake up, too.
        try await pool.run(source: "") { _ in _ = usleep(2_500_000) }
        let held = Task { try await pool.run(source: "") { _ in gate.wait() } }
        await gate.reached()
        let busy = await #expect(throws: HashingPool.Busy.self) { try await pool.run(source: "") { _ in } }
        #expect(busy?.retryAfter ?? .zero >= .seconds(1))
        #expect(pool.waiting == 0)
        gate.open()
        try await held.value
    }

    @Test func whoIsCancelledLeavesTheQueue() async throws {
        let (pool, gate) = (HashingPool(configuration(waiting: 1)), Gate())
        defer { pool.close() }
        let held = Task { try await pool.run(source: "") { _ in gate.wait() } }
        await gate.reached()
        let hasRun = Locked(false)
        let waiting = Task { try await pool.run(source: "a") { _ in hasRun.withLock { $0 = true } } }
        await waitUntil(pool, waits: 1)
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(pool.waiting == 0)
        // Its place is another's.
        let other = Task { try await pool.run(source: "b") { _ in } }
        await waitUntil(pool, waits: 1)
        gate.open()
        try await held.value
        try await other.value
        #expect(!hasRun.withLock { $0 })
        let cancelled = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            try await pool.run(source: "") { _ in }
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
    }

    @Test func aPoolThatClosesLeavesNobodyWaiting() async throws {
        let (pool, gate) = (HashingPool(configuration()), Gate())
        let held = Task { try await pool.run(source: "") { _ in gate.wait() } }
        await gate.reached()
        let waiting = Task { try await pool.run(source: "") { _ in } }
        await waitUntil(pool, waits: 1)
        pool.close()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        gate.open()
        try await held.value
        await #expect(throws: CancellationError.self) { try await pool.run(source: "") { _ in } }
    }

    // MARK: Turns

    @Test func sourcesTakeTurns() {
        var queue = FairQueue<String>(maximum: 10)
        for number in 1...4 { _ = queue.add("a\(number)", id: UInt64(number), source: "a") }
        _ = queue.add("b1", id: 11, source: "b")
        _ = queue.add("c1", id: 21, source: "c")
        var order: [String] = []
        while let next = queue.next() { order.append(next) }
        #expect(order == ["a1", "b1", "c1", "a2", "a3", "a4"])
        #expect(queue.count == 0)
    }

    @Test func aFullQueueMakesRoomForWhoAskedLess() {
        var queue = FairQueue<String>(maximum: 3)
        for number in 1...3 { _ = queue.add("a\(number)", id: UInt64(number), source: "a") }
        guard case .displacing("a3") = queue.add("b1", id: 11, source: "b") else {
            Issue.record("the youngest of the many should go")
            return
        }
        // Two of one and one of the other: another of the other would not be fairer.
        guard case .refused = queue.add("b2", id: 12, source: "b") else {
            Issue.record("there is no room")
            return
        }
        guard case .refused = queue.add("a4", id: 4, source: "a") else {
            Issue.record("there is no room")
            return
        }
        #expect(queue.remove(2, source: "a") == "a2")
        #expect(queue.remove(2, source: "a") == nil)
        #expect(queue.count == 2)
        #expect(queue.removeAll().sorted() == ["a1", "b1"])
        #expect(queue.next() == nil)
    }
}
