import Foundation
import Persistence
import StoreTesting
import Testing

@testable import Jobs

/// As a service runs: as a role that owns nothing, under row-level security, which binds no superuser.
@Suite(.timeLimit(.minutes(5))) struct RoleTests {
    @Test func theRuntimeRoleCanDoAllOfIt() async throws {
        let server = try PostgresServer.shared.get()
        let address = try await server.makeDatabase()
        let owner = try Store(.postgres(address))
        try await owner.system(.test).write { _ = try $0.run("CREATE ROLE jobs_runtime LOGIN PASSWORD 'jobs_runtime'") }
        try await Migrator(JobsMigrations.all, runtimeRole: "jobs_runtime").migrate(owner)
        let host = try #require(address.split(separator: "@").last)
        let store = try Store(.postgres("postgresql://jobs_runtime:jobs_runtime@\(host)"))
        let (queue, outbox) = (JobQueue(store), Outbox(store))
        let handler = JobHandler(.greet, backoff: Backoff(first: .milliseconds(1))) { name, context in
            if name == "fails", context.job.attempt == 1 { throw JobRetry(after: .zero, "once more") }
            try await context.complete { tx in _ = try outbox.send([1], to: "audit", key: "k", in: tx) }
        }
        let relay = OutboxRelay(outbox, [OutboxDestination("audit") { _ in [] }], logger: .quiet)
        let relaying = Task { try await relay.run() }
        try await withWorker(queue, [handler]) { _ in
            let id = try await store.scoped(acme).write { tx in
                let limit = JobLimit(key: "one", concurrency: 1)
                try queue.enqueue(.greet, "a", JobOptions(uniqueKey: "u", limit: limit), by: "t", in: tx)
                try queue.put(
                    JobSchedule("daily", CronSchedule("@daily"), JobKind.greet.request("s"), for: acme, by: "t"), in: tx
                )
                return try queue.enqueue(.greet, "fails", JobOptions(limit: limit), by: "t", in: tx)
            }
            try await eventually { try await queue.states().values.allSatisfy { $0 == .succeeded } }
            try await eventually { try await outbox.depth("audit") == 0 }
            #expect(try await queue.history(id, for: acme).count == 1)
            #expect(try await queue.list(of: acme).jobs.count == 2)
            #expect(try await queue.list(of: globex).jobs.isEmpty)
            #expect(try await queue.schedules(of: globex).isEmpty)
            // A scoped statement that asks for everything sees its organization's rows only.
            let foreign = try await store.scoped(globex).read { tx in
                try tx.value(Int.self, "SELECT count(*) AS n FROM jobs WHERE \(.organization) <> ''")
            }
            #expect(foreign == 0)
            #expect(try await queue.removeExpired() == 0)
        }
        relaying.cancel()
        try await relaying.value
        await store.close()
        await owner.close()
    }
}
