import Foundation
import StoreTesting
import Testing

@testable import Persistence

/// A PostgreSQL that goes, comes back, or stops answering. Each test has a server of its own.
@Suite(.serialized) struct OutageTests {
    private func withServer(
        _ change: (inout StoreConfiguration) -> Void = { _ in }, _ body: (PostgresServer, Store) async throws -> Void
    ) async throws {
        let server = try PostgresServer()
        defer { server.end() }
        var configuration = StoreConfiguration.postgres(server.url)
        configuration.pool.size = 3
        change(&configuration)
        let store = try Store(configuration)
        try await Migrator(Note.migrations).migrate(store)
        try await body(server, store)
        await store.close()
    }

    @Test func comesBackByItself() async throws {
        try await withServer { server, store in
            // All connections of the pool are open, and will be stale.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<3 { group.addTask { try await store.scoped(acme).write { try $0.add("n\(index)") } } }
                try await group.waitForAll()
            }
            for way in ["stop", "crash"] {
                try server.command(way)
                let clock = ContinuousClock.now
                for attempt in [
                    await failure { try await store.ids() }, await failure { try await store.check() },
                    await failure { try await store.scoped(acme).write { try $0.add("down") } },
                ] {
                    #expect(attempt?.reason == .unavailable)
                    #expect(attempt?.isRetryable == true)
                    #expect(attempt?.message.contains("Connection refused") == true, "\(String(describing: attempt))")
                }
                // Refused at once: far from any of the bounds on waiting.
                #expect(ContinuousClock.now - clock < .seconds(20))
                try server.command("start")
                for _ in 0..<6 { #expect(try await store.ids().count == 3) }
                try await store.check()
            }
        }
    }

    /// A restart between two transactions is not seen at all.
    @Test func restartsGoUnnoticed() async throws {
        try await withServer { server, store in
            try await store.scoped(acme).write { try $0.add("a") }
            try server.command("crash")
            try server.command("start")
            try await store.scoped(acme).write { try $0.add("b") }
            #expect(try await store.ids() == ["a", "b"])
        }
    }

    /// The connection breaks in the middle: nothing is committed, so the transaction runs again.
    @Test func brokenTransactionsRunAgain() async throws {
        try await withServer { server, store in
            let runs = Locked(0)
            try await store.scoped(acme).write { tx in
                try tx.add("a")
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run == 1 {
                    try server.command("crash")
                    try server.command("start")
                }
                try tx.add("b")
            }
            #expect(runs.withLock { $0 } == 2)
            #expect(try await store.ids() == ["a", "b"])
        }
    }

    @Test func saysWhenACommitsOutcomeIsUnknown() async throws {
        try await withServer { server, store in
            try await store.system(.test).write { tx in
                // Runs within COMMIT, and gives the test time to crash the server there.
                try tx.run(
                    """
                    CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END'
                    """)
                try tx.run(
                    """
                    CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION linger()
                    """)
            }
            let writing = Task { try await store.scoped(acme).write { try $0.add("a") } }
            let waiting: SQL =
                "SELECT count(*) AS n FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'PgSleep'"
            while try await store.system(.test).read({ try $0.value(Int.self, waiting) }) == 0 {
                try await Task.sleep(for: .milliseconds(20))
            }
            try server.command("crash")
            let error = await failure { try await writing.value }
            #expect(error?.reason == .outcomeUnknown, "\(String(describing: error))")
            #expect(error?.isRetryable == false)
            try server.command("start")
            let ids = try await store.ids()
            #expect(ids.isEmpty)
        }
    }

    /// The server takes connections and answers nothing: only the client's own clock helps.
    @Test func aFrozenServerIsATimeout() async throws {
        try await withServer({
            $0.limits.statementTimeout = .milliseconds(500)
            $0.limits.unresponsiveAfter = .milliseconds(500)
        }) { server, store in
            try await store.scoped(acme).write { try $0.add("a") }
            try server.command("pause")
            let error = await failure { try await store.ids() }
            #expect(error?.reason == .timeout)
            #expect(error?.isRetryable == true)
            // A new connection gets no answer either.
            let connect = await failure { try await store.ids() }
            #expect(connect?.reason == .unavailable)
            try server.command("resume")
            #expect(try await store.ids() == ["a"])
        }
    }

    /// Cancelled, while the server does not even take the request to cancel.
    @Test func cancellationNeedsNoServer() async throws {
        try await withServer({ $0.limits.unresponsiveAfter = .milliseconds(500) }) { server, store in
            try await store.scoped(acme).write { try $0.add("a") }
            try server.command("pause")
            let reading = Task { try await store.ids() }
            while store.load.busy == 0 { await Task.yield() }
            try await Task.sleep(for: .milliseconds(100))
            reading.cancel()
            #expect(await failure { try await reading.value }?.reason == .cancelled)
            try server.command("resume")
            #expect(try await store.ids() == ["a"])
        }
    }

    @Test func locksHeldTooLongAreSaid() async throws {
        try await withServer({
            $0.limits.lockTimeout = .milliseconds(300); $0.retry.attempts = 2
        }) { _, store in
            try await store.scoped(acme).write { try $0.add("a") }
            let held = Locked(false)
            let done = Locked(false)
            let holder = Task {
                try await store.system(.test).write(.readCommitted) { tx in
                    try tx.run("UPDATE notes SET stars = 1")
                    held.withLock { $0 = true }
                    while !done.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.01) }
                }
            }
            while !held.withLock({ $0 }) { await Task.yield() }
            let error = await failure {
                try await store.system(.test).write(.readCommitted) { try $0.run("UPDATE notes SET stars = 2") }
            }
            #expect(error?.reason == .serialization)
            #expect(error?.isRetryable == true)
            done.withLock { $0 = true }
            try await holder.value
        }
    }

    @Test func aWrongAddressIsSaidOnFirstUse() async throws {
        let store = try Store(.postgres("postgresql://nobody@127.0.0.1:1/none"))
        let error = await failure { try await store.check() }
        #expect(error?.reason == .unavailable)
        #expect("\(store.configuration.backend)".contains("nobody") == false)
        await store.close()
    }
}
