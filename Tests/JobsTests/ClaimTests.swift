import Foundation
import Persistence
import Testing

@testable import Jobs

@Suite struct ClaimTests {
    @Test(arguments: stores) func byPriorityThenAge(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let low = try await queue.greet("low", JobOptions(priority: 5))
            let first = try await queue.greet("first")
            let second = try await queue.greet("second")
            let urgent = try await queue.greet("urgent", JobOptions(priority: -5))
            #expect(try await queue.claim(3).map(\.id) == [urgent, first, second])
            #expect(try await queue.claim(3).map(\.id) == [low])
        }
    }

    @Test(arguments: stores) func scheduledJobsWaitForTheirTime(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind, clock.environment()) { queue in
            let id = try await queue.greet("later", JobOptions(start: .after(.seconds(60))))
            #expect(try await queue.state(id) == .scheduled)
            #expect(try await queue.claim().isEmpty)
            clock.advance(.seconds(60))
            #expect(try await queue.claim().map(\.id) == [id])
        }
    }

    @Test(arguments: stores) func noJobIsClaimedTwice(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let requests = try (0..<500).map { try JobKind.greet.request("\($0)") }
            let ids = try await queue.enqueue(requests, by: "t", for: acme)
            let claimed = try await withThrowingTaskGroup(of: [JobID].self) { group in
                for worker in 0..<5 {
                    group.addTask {
                        var own: [JobID] = []
                        while true {
                            let jobs = try await queue.claim(7, as: "w\(worker)")
                            if jobs.isEmpty { return own }
                            own += jobs.map(\.id)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 500)
            #expect(Set(claimed) == Set(ids))
        }
    }

    /// Whoever lost the lease can neither end the job nor have an effect.
    @Test(arguments: stores) func aLostLeaseIsFenced(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind, clock.environment()) { queue in
            let id = try await queue.greet("x")
            let stale = try await queue.claim(as: "slow")[0]
            clock.advance(.seconds(31))
            #expect(try await queue.rescue().count == 1)
            let fresh = try await queue.claim(as: "quick")[0]
            #expect(fresh.id == id)
            #expect(fresh.attempt == 2)
            let context = JobContext(stale, queue)
            let insert: @Sendable (borrowing Transaction) throws -> Void = { tx in
                try tx.run("INSERT INTO effects (organization, job, what) VALUES (\(.organization), 1, 'stale')")
            }
            let completed = await #expect(throws: JobError.self) { try await context.complete(.serializable, insert) }
            #expect(completed?.reason == .leaseLost)
            let written = await #expect(throws: JobError.self) { try await context.write(.serializable, insert) }
            #expect(written?.reason == .leaseLost)
            let late = try await queue.turn(as: "other", kinds: [], endings: [Ending(job: stale, outcome: .succeeded)])
            #expect(late.lost == 1)
            #expect(try await queue.state(id) == .running)
            // The worker itself can claim no more under its old name.
            #expect(try await queue.heartbeat("slow", lease: .seconds(30)) == nil)
            try await JobContext(fresh, queue).complete { tx in
                _ = try tx.run("INSERT INTO effects (organization, job, what) VALUES (\(.organization), 1, 'fresh')")
            }
            #expect(try await queue.state(id) == .succeeded)
            let what = try await queue.store.system(.test).read {
                try $0.values(String.self, "SELECT what FROM effects")
            }
            #expect(what == ["fresh"])
            #expect(try await queue.history(id).map(\.outcome) == ["lost"])
        }
    }

    @Test(arguments: stores) func heartbeatsKeepTheLease(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind, clock.environment()) { queue in
            let id = try await queue.greet("x")
            _ = try await queue.claim()
            for _ in 0..<5 {
                clock.advance(.seconds(20))
                #expect(try await queue.heartbeat("w", lease: .seconds(30)) == [])
                #expect(try await queue.rescue().count == 0)
            }
            #expect(try await queue.state(id) == .running)
        }
    }

    /// A job that takes its workers down with it does not do so for ever.
    @Test(arguments: stores) func rescuesCountAsAttempts(_ kind: Store.Kind) async throws {
        let clock = TestClock()
        try await withQueue(kind, clock.environment()) { queue in
            let id = try await queue.greet("poison", JobOptions(maximumAttempts: 3))
            for round in 0..<3 {
                #expect(try await queue.claim(as: "w\(round)").count == 1)
                clock.advance(.seconds(31))
                #expect(try await queue.rescue().count == 1)
            }
            let info = try await queue.info(id)
            #expect(info.state == .dead)
            #expect(info.reason == "lost")
            #expect(try await queue.claim(as: "w9").isEmpty)
        }
    }

    @Test(arguments: stores) func whatIsGivenBackCountsNothing(_ kind: Store.Kind) async throws {
        try await withQueue(kind) { queue in
            let id = try await queue.greet("x")
            _ = try await queue.claim()
            try await queue.leave("w")
            let info = try await queue.info(id)
            #expect(info.state == .ready)
            #expect(info.attempt == 0)
        }
    }
}
