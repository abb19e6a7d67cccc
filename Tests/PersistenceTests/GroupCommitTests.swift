import Foundation
import StoreTesting
import Testing

@testable import Persistence

/// SQLite's writes that share a transaction.
@Suite struct GroupCommitTests {
    private struct Oops: Error {}

    /// Holds the writer until the body has queued its writes, which then are one group.
    private func asGroup(_ store: Store, queued count: Int, _ body: () -> Void) async throws {
        let isHeld = Locked(false)
        let isReleased = Locked(false)
        let holder = Task {
            try await store.engine.exclusive { _ in
                isHeld.withLock { $0 = true }
                while !isReleased.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.005) }
            }
        }
        while !isHeld.withLock({ $0 }) { await Task.yield() }
        body()
        while store.load.waiting < count { await Task.yield() }
        isReleased.withLock { $0 = true }
        try await holder.value
    }

    @Test func oneFailingMemberFailsAlone() async throws {
        try await withStore(.sqlite, { $0.pool.size = 2 }) { store in
            let tasks = Locked<[Task<Void, any Error>]>([])
            try await asGroup(store, queued: 20) {
                for index in 0..<20 {
                    let task = Task {
                        try await store.scoped(index.isMultiple(of: 2) ? acme : globex).write { tx in
                            try tx.add("n\(index)")
                            if index == 7 { throw Oops() }
                            if index == 8 { try tx.add("n8") }
                        }
                    }
                    tasks.withLock { $0.append(task) }
                }
            }
            var failed: [Int] = []
            for (index, task) in tasks.withLock({ $0 }).enumerated() {
                do { try await task.value } catch { failed.append(index) }
            }
            #expect(failed == [7, 8])
            #expect(try await store.ids().count == 18)
        }
    }

    /// A deferred constraint is found at the commit, which is everybody's: each is then tried alone.
    @Test func aCommitThatFailsIsItsCausesOwn() async throws {
        try await withStore(.sqlite) { store in
            let tasks = Locked<[Task<Void, any Error>]>([])
            try await asGroup(store, queued: 10) {
                for index in 0..<10 {
                    let task = Task {
                        try await store.scoped(acme).write { tx in
                            try tx.add("n\(index)")
                            let parent = index == 4 ? "none" : nil
                            try tx.run(
                                """
                                UPDATE notes SET parent = \(parent)
                                WHERE organization = \(.organization) AND id = \("n\(index)")
                                """)
                        }
                    }
                    tasks.withLock { $0.append(task) }
                }
            }
            var failed: [Int] = []
            for (index, task) in tasks.withLock({ $0 }).enumerated() {
                do { try await task.value } catch {
                    failed.append(index)
                    #expect((error as? StoreError)?.reason == .constraint)
                }
            }
            #expect(failed == [4])
            #expect(try await store.ids().count == 9)
        }
    }

    /// An interrupt ends SQLite's whole transaction: the other members run again.
    @Test func aCancelledMemberTakesNobodyAlong() async throws {
        try await withStore(
            .sqlite,
            { sqlite in
                if case .sqlite(var configuration) = sqlite.backend {
                    configuration.groupTime = .seconds(60)
                    sqlite.backend = .sqlite(configuration)
                }
            }
        ) { store in
            let tasks = Locked<[Task<Void, any Error>]>([])
            let isRunning = Locked(false)
            let runs = Locked(0)
            try await asGroup(store, queued: 4) {
                for index in 0..<3 {
                    let task = Task {
                        try await store.scoped(acme).write { tx in
                            runs.withLock { $0 += 1 }
                            try tx.add("n\(index)")
                        }
                    }
                    tasks.withLock { $0.append(task) }
                }
                // The last of the group.
                while store.load.waiting < 3 { Thread.sleep(forTimeInterval: 0.001) }
                let endless = Task {
                    try await store.system(.test).write { tx in
                        isRunning.withLock { $0 = true }
                        _ = try tx.run(Self.endless)
                    }
                }
                tasks.withLock { $0.append(endless) }
            }
            while !isRunning.withLock({ $0 }) { await Task.yield() }
            try await Task.sleep(for: .milliseconds(50))
            tasks.withLock { $0[3] }.cancel()
            var reasons: [StoreError.Reason?] = []
            for task in tasks.withLock({ $0 }) { reasons.append(await failure { try await task.value }?.reason) }
            #expect(reasons == [nil, nil, nil, .cancelled])
            // Each ran twice: the interrupt undid the first time.
            #expect(runs.withLock { $0 } == 6)
            #expect(try await store.ids() == ["n0", "n1", "n2"])
        }
    }

    private static let endless: SQL = """
        INSERT INTO notes (organization, id, body, stars)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000)
        SELECT 'x', 'x' || i, 'x' || i, i FROM n
        """

    @Test func writesWaitingTooLongAreRefused() async throws {
        try await withStore(
            .sqlite,
            {
                $0.pool.acquireTimeout = .milliseconds(300); $0.pool.maximumWaiters = 1
            }
        ) { store in
            let isReleased = Locked(false)
            let isHeld = Locked(false)
            let holder = Task {
                try await store.engine.exclusive { _ in
                    isHeld.withLock { $0 = true }
                    while !isReleased.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.005) }
                }
            }
            while !isHeld.withLock({ $0 }) { await Task.yield() }
            let first = Task { try await store.scoped(acme).write { try $0.add("a") } }
            while store.load.waiting < 1 { await Task.yield() }
            let second = await failure { try await store.scoped(acme).write { try $0.add("b") } }
            #expect(second?.reason == .exhausted)
            #expect(await failure { try await first.value }?.reason == .exhausted)
            isReleased.withLock { $0 = true }
            try await holder.value
            let ids = try await store.ids()
            #expect(ids.isEmpty)
        }
    }
}
