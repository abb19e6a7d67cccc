import Dispatch
import Persistence
import Synchronization
import Testing

@testable import PipelineService

/// Threads that organizations share.
@Suite struct WorkPoolTests {
    private static let (busy, other) = (OrganizationID("busy"), OrganizationID("other"))

    /// A piece that holds its thread until it is let go, or not wanted any more.
    private final class Gate: Sendable {
        private let isOpen = Atomic(false)
        private let hasBegun = Atomic(false)

        func open() { isOpen.store(true, ordering: .sequentiallyConsistent) }

        func pass() {
            hasBegun.store(true, ordering: .sequentiallyConsistent)
            while !isOpen.load(ordering: .sequentiallyConsistent), WorkToken.current?.isCancelled != true {
                _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(2))
            }
        }

        func begin() async throws {
            while !hasBegun.load(ordering: .sequentiallyConsistent) { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    private final class Order: Sendable {
        private let names = Mutex<[String]>([])
        var found: [String] { names.withLock { $0 } }
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    @Test func organizationsTakeTurns() async throws {
        let (pool, gate) = (WorkPool(threads: 1), Gate())
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pool.run(for: Self.busy) { gate.pass() } }
            try await gate.begin()
            for name in ["a", "b", "c"] {
                group.addTask { try await pool.run(for: Self.busy) { order.add(name) } }
                try await Task.sleep(for: .milliseconds(20))
            }
            group.addTask { try await pool.run(for: Self.other) { order.add("other") } }
            try await Task.sleep(for: .milliseconds(50))
            gate.open()
            try await group.waitForAll()
        }
        let found = order.found
        #expect(found.count == 4)
        // Whoever came last with one piece does not wait for all that came before.
        #expect(found.firstIndex(of: "other") ?? 9 <= 1)
    }

    @Test func whatWaitsEndsAtOnceWhenItIsCancelled() async throws {
        let (pool, gate) = (WorkPool(threads: 1), Gate())
        let first = Task { try await pool.run(for: Self.busy) { gate.pass() } }
        try await gate.begin()
        let waiting = Task { try await pool.run(for: Self.busy) { Issue.record("it was cancelled before its turn") } }
        try await Task.sleep(for: .milliseconds(20))
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        gate.open()
        try await first.value
        let before = Task {
            // Until it is cancelled.
            while !Task.isCancelled { await Task.yield() }
            _ = try await pool.run(for: Self.busy) { Issue.record("it was cancelled before it came") }
        }
        before.cancel()
        await #expect(throws: CancellationError.self) { try await before.value }
        #expect(try await pool.run(for: Self.other) { 7 } == 7)
    }

    @Test func whatIsUnderWayCanSeeThatNobodyWaits() async throws {
        let (pool, gate) = (WorkPool(threads: 1), Gate())
        let task = Task { try await pool.run(for: Self.busy) { gate.pass() } }
        try await gate.begin()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await pool.run(for: Self.busy) { "free" } == "free")
    }

    @Test func allThreadsWork() async throws {
        let (pool, gates) = (WorkPool(threads: 3), [Gate(), Gate(), Gate()])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for gate in gates { group.addTask { try await pool.run(for: Self.busy) { gate.pass() } } }
            for gate in gates { try await gate.begin() }
            for gate in gates { gate.open() }
            try await group.waitForAll()
        }
    }

    @Test func errorsAreTheBodys() async {
        struct Broken: Error {}
        let pool = WorkPool(threads: 1)
        await #expect(throws: Broken.self) { try await pool.run(for: Self.busy) { throw Broken() } }
    }
}
