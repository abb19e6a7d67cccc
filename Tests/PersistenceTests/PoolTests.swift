import Foundation
import StoreTesting
import Testing

@testable import Persistence

/// What happens when there is no connection to be had, or the caller goes.
@Suite struct PoolTests {
    /// Keeps all reading connections busy until `release` is called.
    private func occupied(_ store: Store, _ count: Int, _ body: () async throws -> Void) async throws {
        var slots: [Slot] = []
        for _ in 0..<count { slots.append(try await store.engine.readers.acquire()) }
        defer { for slot in slots { store.engine.readers.release(slot) } }
        try await body()
    }

    @Test(arguments: stores) func refusesWhenNoneComesFreeInTime(_ kind: Store.Kind) async throws {
        try await withStore(
            kind,
            {
                $0.pool.acquireTimeout = .seconds(1); $0.pool.size = 2
            }
        ) { store in
            try await occupied(store, 2) {
                let error = await failure { _ = try await store.ids() }
                #expect(error?.reason == .exhausted)
                #expect(error?.isRetryable == true)
            }
            let ids = try await store.ids()
            #expect(ids.isEmpty)
        }
    }

    @Test(arguments: stores) func boundsWaiters(_ kind: Store.Kind) async throws {
        try await withStore(
            kind,
            {
                $0.pool.maximumWaiters = 1; $0.pool.size = 1
            }
        ) { store in
            try await occupied(store, 1) {
                let waiting = Task { try await store.ids() }
                while store.load.waiting < 1 { await Task.yield() }
                let error = await failure { _ = try await store.ids() }
                #expect(error?.reason == .exhausted)
                waiting.cancel()
                #expect(await failure { _ = try await waiting.value }?.reason == .cancelled)
            }
        }
    }

    @Test(arguments: stores) func servesInOrder(_ kind: Store.Kind) async throws {
        try await withStore(kind, { $0.pool.size = 1 }) { store in
            let order = Locked<[Int]>([])
            var tasks: [Task<Void, any Error>] = []
            try await occupied(store, 1) {
                for index in 0..<5 {
                    tasks.append(
                        Task { try await store.system(.test).read { _ in order.withLock { $0.append(index) } } })
                    while store.load.waiting < index + 1 { await Task.yield() }
                }
            }
            for task in tasks { try await task.value }
            #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
        }
    }

    /// A statement that would run for minutes.
    private static let endless: SQL = """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT max(i) AS m FROM n
        """

    @Test(arguments: stores) func cancellationEndsStatements(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let started = Locked(false)
            for isWrite in [false, true] {
                started.withLock { $0 = false }
                let body: @Sendable (borrowing Transaction) throws -> Int? = { (tx: borrowing Transaction) in
                    started.withLock { $0 = true }
                    return try tx.value(Int.self, Self.endless)
                }
                let handle = store.system(.test)
                let task = Task { isWrite ? try await handle.write(.serializable, body) : try await handle.read(body) }
                while !started.withLock({ $0 }) { await Task.yield() }
                try await Task.sleep(for: .milliseconds(50))
                task.cancel()
                #expect(await failure { _ = try await task.value }?.reason == .cancelled)
            }
            try await store.scoped(acme).write { try $0.add("after") }
            #expect(try await store.ids() == ["after"])
        }
    }

    @Test(arguments: stores) func whatIsCancelledBeforeItStartsDoesNotRun(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let task = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                try await store.scoped(acme).write { try $0.add("never") }
            }
            #expect(await failure { try await task.value }?.reason == .cancelled)
            let ids = try await store.ids()
            #expect(ids.isEmpty)
        }
    }

    @Test(arguments: stores) func statementsHaveTheirTime(_ kind: Store.Kind) async throws {
        try await withStore(kind, { $0.limits.statementTimeout = .milliseconds(500) }) { store in
            for isWrite in [false, true] {
                let error = await failure {
                    _ =
                        isWrite
                        ? try await store.system(.test).write { try $0.value(Int.self, Self.endless) }
                        : try await store.system(.test).read { try $0.value(Int.self, Self.endless) }
                }
                #expect(error?.reason == .timeout)
                #expect(error?.isRetryable == true)
            }
            let ids = try await store.ids()
            #expect(ids.isEmpty)
        }
    }

    @Test(arguments: stores) func survivesMoreStatementsThanItCaches(_ kind: Store.Kind) async throws {
        try await withStore(
            kind,
            {
                $0.limits.statementCacheSize = 3; $0.pool.size = 1
            }
        ) { store in
            for round in 0..<3 {
                for columns in 1..<8 {
                    let sql = SQL.joined(Array(repeating: "\(round)", count: columns), separator: " + ")
                    let sum = try await store.system(.test).read { try $0.value(Int.self, "SELECT \(sql) AS s") }
                    #expect(sum == round * columns)
                }
            }
        }
    }

    @Test(arguments: stores) func aClosedStoreSaysSo(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            await store.close()
            #expect(await failure { _ = try await store.ids() }?.reason == .cancelled)
            #expect(await failure { try await store.scoped(acme).write { try $0.add("a") } }?.reason == .cancelled)
        }
    }

    @Test(.timeLimit(.minutes(1))) func idleConnectionsAreCheckedAndClosed() async throws {
        try await withStore(
            .postgres,
            { configuration in
                configuration.pool.tick = .milliseconds(10)
                configuration.pool.checkAfterIdle = .milliseconds(30)
                configuration.pool.closeAfterIdle = .milliseconds(300)
            }
        ) { store in
            let names: SQL = "SELECT current_database() AS n"
            let name = try await store.system(.test).read { try $0.value(String.self, names) } ?? ""
            let watcher = try Store(.postgres(PostgresServer.shared.get().url))
            func connections() async throws -> Int? {
                try await watcher.system(.test).read {
                    try $0.value(Int.self, "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = \(name)")
                }
            }
            // Ends by the test's own time limit if they never close.
            while try await connections() != 0 { try await Task.sleep(for: .milliseconds(20)) }
            #expect(store.load.busy <= 1)
            try await store.check()
            await watcher.close()
        }
    }

    /// Cancelled after its statements, before its commit: nothing has happened.
    @Test(arguments: stores) func cancellationBeforeTheCommitUndoes(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            let isWritten = Locked(false)
            let isCancelled = Locked(false)
            let task = Task {
                try await store.scoped(acme).write { tx in
                    try tx.add("never")
                    isWritten.withLock { $0 = true }
                    while !isCancelled.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.001) }
                    try? tx.add("nor this")
                }
            }
            while !isWritten.withLock({ $0 }) { await Task.yield() }
            task.cancel()
            isCancelled.withLock { $0 = true }
            #expect(await failure { try await task.value }?.reason == .cancelled)
            let ids = try await store.ids()
            #expect(ids.isEmpty)
        }
    }

    @Test(arguments: stores) func statementsOutliveMigrations(_ kind: Store.Kind) async throws {
        try await withStore(kind) { store in
            try await store.scoped(acme).write { try $0.add("a") }
            #expect(try await store.scoped(acme).read { try $0.note("a") } != nil)
            try await store.system(.test).write { tx in
                try tx.run("ALTER TABLE notes ADD COLUMN extra BIGINT")
                // The type of a result that prepared statements have: PostgreSQL refuses those from then on.
                if kind == .postgres { try tx.run("ALTER TABLE notes ALTER COLUMN stars TYPE INTEGER") }
            }
            #expect(try await store.scoped(acme).read { try $0.note("a") } != nil)
        }
    }
}
